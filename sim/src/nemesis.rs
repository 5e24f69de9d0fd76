//! Performs the faults of a plan.
//!
//! It acts on what a real world would let it act on: processes, power, links, clocks, the manners
//! of mail and analytics, the lock and the disk of the directory. It scripts no consequence.

mod check;
mod links;
mod lookout;
mod still;

pub use check::{PlanError, check};
pub(crate) use lookout::Lookout;

use crate::{
    engine::HostId,
    fault::{Fault, TimedFault},
    history::Event,
    recorder::Recorder,
    simulator::Simulator,
    world::{Machinery, hosts},
};
use links::Links;
use std::{cell::RefCell, rc::Rc};
use still::Still;

/// The number by which the process of a replica calls when it begins to stand still in a call to its disk; smaller ones
/// are places of faults.
pub(crate) fn stall_of(replica: &str) -> usize {
    let place = hosts::REPLICAS.iter().position(|host| *host == replica);
    usize::MAX - place.expect("only replicas use the directory")
}

/// Arms the engine with all faults of a plan that [`check`] has accepted.
pub(crate) fn arm(
    engine: &dyn Simulator,
    faults: &[TimedFault],
    machinery: Rc<Machinery>,
    recorder: &Recorder,
    lookout: Lookout,
) {
    let nemesis = Rc::new(Nemesis {
        links: RefCell::new(Links::new()),
        still: RefCell::new(Still::nobody(machinery.directory.lock())),
        machinery,
        recorder: recorder.clone(),
        busy_until_ms: RefCell::new(0),
        lookout,
    });
    for timed in faults.iter().filter(|timed| timed.after.is_none()) {
        let (nemesis, timed) = (nemesis.clone(), timed.clone());
        engine.at(timed.at_ms, move |engine| nemesis.strike(engine, timed));
    }
    let faults = faults.to_vec();
    engine.on_call(Box::new(move |engine, number| {
        let stalls = |host: &&str| stall_of(host) == number;
        if let Some(host) = hosts::REPLICAS.into_iter().find(stalls) {
            nemesis.clone().stall(engine, host);
        } else if nemesis.lookout.strikes(number, engine.now_ms()) {
            nemesis.clone().strike(engine, faults[number].clone());
        }
    }));
}

struct Nemesis {
    machinery: Rc<Machinery>,
    recorder: Recorder,
    links: RefCell<Links>,
    still: RefCell<Still>,
    busy_until_ms: RefCell<u64>,
    lookout: Lookout,
}

impl Nemesis {
    fn id(&self, host: &str) -> HostId {
        self.machinery.hosts[host] // `check` has refused every other name
    }

    fn strike(self: Rc<Self>, engine: &dyn Simulator, TimedFault { fault, after, .. }: TimedFault) {
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
                self.still.borrow_mut().gone(self.id(&host));
            }
            Fault::PowerLoss { host } => {
                engine.power_loss(self.id(&host));
                self.still.borrow_mut().gone(self.id(&host));
                if let Some(disk) = self.machinery.redis_disks.get(host.as_str()) {
                    disk.power_loss();
                }
            }
            Fault::Start { host } => self.start(engine, self.id(&host)),
            Fault::Pause { host } => self.still.borrow_mut().stop(engine, self.id(&host)),
            Fault::Resume { host } => self.still.borrow_mut().go_on(engine, self.id(&host)),
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
            Fault::Mail { manner } => self.machinery.mail.set(manner),
            Fault::Analytics { manner } => self.machinery.analytics.set(manner),
            Fault::DirectoryBusy { lasts_ms } => {
                let until = engine.now_ms() + lasts_ms;
                self.busy_until_ms.replace_with(|before| until.max(*before));
                self.lock_directory(engine);
            }
            Fault::DirectoryIoError {
                host,
                after_commit,
                lasts_ms,
            } => self.machinery.disks[host.as_str()].fail_until(after_commit, engine.now_ms() + lasts_ms),
            Fault::DirectorySlow { host, by_ms, lasts_ms } => {
                self.machinery.disks[host.as_str()].slow_until(by_ms, engine.now_ms() + lasts_ms);
            }
            Fault::Heal => {
                self.lookout.call_off(engine.now_ms());
                self.heal(engine);
            }
        }
    }

    /// Somebody else takes the directory's write lock as soon as it can be had, and keeps it for as long as it is to be
    /// busy.
    fn lock_directory(self: Rc<Self>, engine: &dyn Simulator) {
        let (now_ms, until_ms) = (engine.now_ms(), *self.busy_until_ms.borrow());
        let lock = self.machinery.directory.lock();
        if now_ms >= until_ms {
            lock.give_back();
            return;
        }
        let next_ms = if lock.take() { until_ms } else { now_ms + 1 };
        engine.at(next_ms, move |engine| self.lock_directory(engine));
    }

    /// The process of a replica stands still in a call to its disk.
    fn stall(self: Rc<Self>, engine: &dyn Simulator, host: &str) {
        let until_ms = engine.now_ms() + self.machinery.disks[host].slow_by_ms();
        let host = self.id(host);
        self.still.borrow_mut().call(engine, host, until_ms);
        engine.at(until_ms, move |engine| self.still.borrow_mut().look(engine, host));
    }

    fn start(&self, engine: &dyn Simulator, host: HostId) {
        if !engine.is_up(host) {
            self.still.borrow_mut().gone(host);
        }
        start(engine, host);
    }

    /// Repairs everything, links before processes, so that what starts finds its peers.
    fn heal(&self, engine: &dyn Simulator) {
        self.links.borrow_mut().heal(engine);
        let hosts: Vec<HostId> = self.machinery.hosts.values().copied().collect();
        for &from in &hosts {
            for &to in hosts.iter().filter(|&&to| to != from) {
                engine.mend_one_way(from, to);
            }
            engine.clock_offset_ms(from, 0);
        }
        self.machinery.mail.set(crate::fault::Manner::Healthy);
        self.machinery.analytics.set(crate::fault::Manner::Healthy);
        self.busy_until_ms.replace(0);
        self.machinery.directory.lock().give_back();
        for disk in self.machinery.disks.values() {
            disk.heal();
        }
        for &host in &hosts {
            self.still.borrow_mut().gone(host);
            engine.resume(host);
            self.start(engine, host);
        }
    }
}

/// Boots a host unless it is up.
pub(crate) fn start(engine: &dyn Simulator, host: HostId) {
    if !engine.is_up(host) {
        engine.start(host);
    }
}
