//! The nemesis: injects the faults of a plan.
//!
//! It acts only on what fails in a real world: processes, power, links, clocks, disks, and the targets of the service's
//! own faults. It never scripts a consequence.

mod check;
mod links;
mod paused;
mod refusals;
mod stops;
#[cfg(test)]
mod tests;
mod triggers;

pub use check::{PlanError, check, is_name};
pub(crate) use triggers::Triggers;

use crate::{
    calls::CallBook,
    driver::Simulator,
    engine::HostId,
    fault::{Fault, TimedFault},
    history::Event,
    recorder::Recorder,
    refusal::{Refusal, sentinel_asks, sentinel_asks_no_more},
    service::{Service, ServiceFault},
    tls::Certificate,
    world::{Console, Descriptors, Disk, Machinery, SENTINEL_PORT},
};
use links::Links;
use paused::Paused;
use refusals::Refusals;
use std::{cell::RefCell, rc::Rc};
use stops::Stops;

/// The number with which a host calls the engine when its process is blocked in a call to its disk. `host` is the
/// host's position in the world; smaller numbers are positions of faults in the plan.
pub(crate) fn call_number(host: usize) -> usize {
    usize::MAX - host
}

/// The number with which a host calls the engine when the main function of its process has returned.
pub(crate) fn return_number(host: usize) -> usize {
    call_number(host) - HOSTS_MAX
}

/// More hosts than any world has.
const HOSTS_MAX: usize = 1 << 16;

/// Schedules all faults of a plan that [`check`] has accepted.
pub(crate) fn arm<S: Service>(
    engine: &dyn Simulator,
    faults: &[TimedFault<S>],
    machinery: Rc<Machinery<S>>,
    recorder: &Recorder<S>,
    triggers: Triggers,
    calls: CallBook,
) {
    let nemesis = Rc::new(Nemesis {
        links: RefCell::new(Links::new()),
        paused: RefCell::default(),
        machinery,
        recorder: recorder.clone(),
        triggers,
        calls,
        refusals: RefCell::default(),
        stops: RefCell::default(),
    });
    for timed in faults.iter().filter(|timed| timed.after.is_none()) {
        let (nemesis, timed) = (nemesis.clone(), timed.clone());
        engine.at(timed.at_ms, move |engine| nemesis.inject(engine, timed));
    }
    let faults = faults.to_vec();
    engine.on_call(Box::new(move |engine, number| {
        let host = usize::MAX - number;
        if host < nemesis.machinery.hosts.len() {
            nemesis.clone().block(engine, host);
        } else if let Some(host) = host.checked_sub(HOSTS_MAX).filter(|host| *host < HOSTS_MAX) {
            nemesis.returned(engine, host);
        } else {
            if nemesis.triggers.injects(number, engine.now_ms()) {
                nemesis.clone().inject(engine, faults[number].clone());
            }
            nemesis.calls.go_on();
        }
    }));
}

/// The part of a run that a fault of the service's own may act on.
pub struct Control<'a, S: Service> {
    engine: &'a dyn Simulator,
    machinery: &'a Rc<Machinery<S>>,
}

impl<S: Service> Control<'_, S> {
    /// The state that the hosts share.
    pub fn shared(&self) -> &S::Shared {
        &self.machinery.shared
    }

    /// Simulated time, milliseconds from the start of the run.
    pub fn now_ms(&self) -> u64 {
        self.engine.now_ms()
    }

    /// Performs an action at a later time, milliseconds from the start of the run.
    pub fn at(&self, at_ms: u64, action: impl FnOnce(&Control<'_, S>) + 'static) {
        let machinery = self.machinery.clone();
        self.engine.at(at_ms, move |engine| {
            let machinery = &machinery;
            action(&Control { engine, machinery });
        });
    }
}

struct Nemesis<S: Service> {
    machinery: Rc<Machinery<S>>,
    recorder: Recorder<S>,
    links: RefCell<Links>,
    paused: RefCell<Paused>,
    triggers: Triggers,
    calls: CallBook,
    refusals: RefCell<Refusals>,
    stops: RefCell<Stops>,
}

impl<S: Service> Nemesis<S> {
    fn id(&self, host: &str) -> HostId {
        self.machinery.host(host).id // `check` has refused every other name
    }

    fn disk(&self, host: &str) -> &Disk {
        let disk = self.machinery.host(host).disk.as_ref();
        disk.expect("`check` has refused hosts without a disk of their own")
    }

    fn descriptors(&self, host: &str) -> &Descriptors {
        let descriptors = self.machinery.host(host).descriptors.as_ref();
        descriptors.expect("`check` has refused hosts that are no processes of the service")
    }

    fn certificate(&self, host: &str) -> &Certificate {
        let certificate = self.machinery.host(host).certificate.as_ref();
        certificate.expect("`check` has refused hosts that have none")
    }

    fn console(&self, host: &str) -> &Console {
        let console = self.machinery.host(host).console.as_ref();
        console.expect("`check` has refused hosts that are no Redis nodes and no Sentinels")
    }

    fn type_in(&self, host: &str, commands: Vec<String>) {
        let commands = self.refusals.borrow().with_password(host, commands);
        self.console(host).type_in(commands);
    }

    /// A node or a Sentinel begins to refuse.
    fn refuse(self: Rc<Self>, engine: &dyn Simulator, host: String, why: Refusal, lasts_ms: u64) {
        let until_ms = engine.now_ms() + lasts_ms;
        let console = self.console(&host);
        match console.port() {
            SENTINEL_PORT => self.type_in(&host, sentinel_asks()),
            _ => self.type_in(&host, why.begins(lasts_ms, console.operator())),
        }
        self.refusals.borrow_mut().begin(&host, why, until_ms);
        engine.at(until_ms, move |engine| {
            let ends = self.refusals.borrow_mut().end(&host, why, engine.now_ms());
            if ends {
                self.take_back(&host, why);
            }
        });
    }

    /// Takes back what was typed.
    fn take_back(&self, host: &str, why: Refusal) {
        let console = self.console(host);
        match console.port() {
            SENTINEL_PORT => console.insist(sentinel_asks_no_more(console.operator())),
            _ => self.type_in(host, why.ends(console.operator())),
        }
    }

    fn inject(self: Rc<Self>, engine: &dyn Simulator, TimedFault { fault, after, .. }: TimedFault<S>) {
        let in_flight = self.recorder.in_flight();
        let event = Event::Fault {
            fault: fault.clone(),
            in_flight,
            after,
        };
        self.recorder.note("nemesis", event);
        match fault {
            Fault::Kill { host } => {
                engine.kill(self.id(&host));
                self.paused.borrow_mut().forget(self.machinery.host(&host));
                self.stops.borrow_mut().forget(self.id(&host));
            }
            Fault::Stop { host } => self.stop(engine, &host),
            Fault::PowerLoss { host } => {
                engine.power_loss(self.id(&host));
                let machine = self.machinery.host(&host);
                self.paused.borrow_mut().forget(machine);
                self.stops.borrow_mut().forget(machine.id);
                if let Some(loses) = &machine.power_loss {
                    loses();
                }
            }
            Fault::Start { host } => self.start(engine, &host),
            Fault::Pause { host } => self.paused.borrow_mut().pause(engine, self.machinery.host(&host)),
            Fault::Resume { host } => self.paused.borrow_mut().resume(engine, self.machinery.host(&host)),
            Fault::Cut { a, b } => {
                engine.cut_one_way(self.id(&a), self.id(&b));
                engine.cut_one_way(self.id(&b), self.id(&a));
            }
            Fault::CutOneWay { from, to } => engine.cut_one_way(self.id(&from), self.id(&to)),
            Fault::Mend { a, b } => {
                engine.mend_one_way(self.id(&a), self.id(&b));
                engine.mend_one_way(self.id(&b), self.id(&a));
            }
            Fault::Loss { a, b, percent } => {
                let mut links = self.links.borrow_mut();
                links.lose(engine, (self.id(&a), self.id(&b)), percent);
            }
            Fault::Latency { a, b, added_ms } => {
                let mut links = self.links.borrow_mut();
                links.slow(engine, (self.id(&a), self.id(&b)), added_ms);
            }
            Fault::LatencySpike {
                a,
                b,
                added_ms,
                lasts_ms,
            } => {
                let ends = (self.id(&a), self.id(&b));
                let spike = self.links.borrow_mut().begin_spike(engine, ends, added_ms);
                let until = engine.now_ms() + lasts_ms;
                engine.at(until, move |engine| self.links.borrow_mut().end_spike(engine, spike));
            }
            Fault::ClockOffset { host, offset_ms } => engine.clock_offset_ms(self.id(&host), offset_ms),
            Fault::ClockJump { host, by_ms } => engine.clock_jump_ms(self.id(&host), by_ms),
            Fault::DiskError {
                host,
                after_commit,
                lasts_ms,
            } => self.disk(&host).fail_until(after_commit, engine.now_ms() + lasts_ms),
            Fault::DiskSlow { host, by_ms, lasts_ms } => {
                let until_ms = engine.now_ms() + lasts_ms;
                self.disk(&host).slow_until(by_ms, until_ms);
                self.calls.disk_takes(&host, by_ms, until_ms);
            }
            Fault::RedisRefuses { host, why, lasts_ms } => self.refuse(engine, host, why, lasts_ms),
            Fault::SentinelRefuses { host, lasts_ms } => self.refuse(engine, host, Refusal::Password, lasts_ms),
            Fault::NoDescriptors { host, lasts_ms } => {
                let until_ms = engine.now_ms() + lasts_ms;
                self.descriptors(&host).run_out_until(until_ms);
                engine.at(until_ms, move |_| self.descriptors(&host).are_back(until_ms));
            }
            Fault::BadCertificate { host, why, lasts_ms } => {
                let until_ms = engine.now_ms() + lasts_ms;
                self.certificate(&host).break_until(why, until_ms);
                engine.at(until_ms, move |_| self.certificate(&host).mend(until_ms));
            }
            Fault::Call(call) => self.calls.strike(call),
            Fault::Heal => {
                self.triggers.call_off(engine.now_ms());
                self.calls.heal();
                self.heal(engine);
            }
            Fault::Own(own) => own.inject(&self.control(engine)),
        }
    }

    fn control<'a>(&'a self, engine: &'a dyn Simulator) -> Control<'a, S> {
        let machinery = &self.machinery;
        Control { engine, machinery }
    }

    /// Called when a process is blocked in a call to its disk: blocks it for as long as that takes.
    fn block(self: Rc<Self>, engine: &dyn Simulator, host: usize) {
        let machine = &self.machinery.hosts[host];
        let by_ms = machine.disk.as_ref().map_or(0, Disk::take_blocked_ms);
        if by_ms == 0 {
            return; // two commits of one millisecond have blocked it once
        }
        let until_ms = engine.now_ms() + by_ms;
        self.paused.borrow_mut().block(engine, machine, until_ms);
        engine.at(until_ms, {
            let nemesis = self.clone();
            move |engine| {
                let machine = &nemesis.machinery.hosts[host];
                nemesis.paused.borrow_mut().resume_if_free(engine, machine);
            }
        });
    }

    fn start(&self, engine: &dyn Simulator, host: &str) {
        let machine = self.machinery.host(host);
        if self.stops.borrow_mut().start_later(machine.id) {
            return;
        }
        if !engine.is_up(machine.id) {
            self.paused.borrow_mut().forget(machine);
        }
        start(engine, machine.id);
    }

    /// Repairs everything, links before processes, so that a process that starts finds its peers.
    fn heal(&self, engine: &dyn Simulator) {
        self.links.borrow_mut().heal(engine);
        // In the order of their names, because recorded plans were performed in that order.
        let hosts: Vec<_> = self
            .machinery
            .by_name
            .values()
            .map(|index| &self.machinery.hosts[*index])
            .collect();
        for from in &hosts {
            for to in hosts.iter().filter(|to| to.id != from.id) {
                engine.mend_one_way(from.id, to.id);
            }
            engine.clock_offset_ms(from.id, 0);
        }
        S::Fault::heal(&self.control(engine));
        for disk in hosts.iter().filter_map(|host| host.disk.as_ref()) {
            disk.heal();
        }
        for descriptors in hosts.iter().filter_map(|host| host.descriptors.as_ref()) {
            descriptors.are_back(u64::MAX);
        }
        self.heal_consoles();
        for certificate in hosts.iter().filter_map(|host| host.certificate.as_ref()) {
            certificate.mend(u64::MAX);
        }
        for host in &hosts {
            self.paused.borrow_mut().forget(host);
            engine.resume(host.id);
            if !self.stops.borrow_mut().start_later(host.id) {
                start(engine, host.id);
            }
        }
    }

    /// Takes back what was typed at consoles and has not ended.
    fn heal_consoles(&self) {
        let open = self.refusals.borrow().open();
        for (host, why) in open {
            self.take_back(&host, why);
        }
        self.refusals.borrow_mut().clear();
    }
}

/// Boots a host unless it is up.
pub(crate) fn start(engine: &dyn Simulator, host: HostId) {
    if !engine.is_up(host) {
        engine.start(host);
    }
}
