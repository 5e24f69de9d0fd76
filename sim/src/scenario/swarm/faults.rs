//! The faults of a run.

use super::{DrawFaults, Swarm, targets::Targets};
use crate::{
    calls::{CallFault, CallOutcome},
    fault::{Fault, TimedFault},
    refusal::{REFUSALS, Refusal},
    scenario::{
        Dice, acknowledgement_lost, at_its_call, bad_certificate, cut, cut_one_way, disk_fails, disk_slow,
        draw_trigger, kill, latency, latency_spike, loss, mend, ms, no_descriptors, pause, power_loss, redis_refuses,
        resume, secs, sentinel_refuses, start, stop,
    },
    service::Service,
    tls::DEFECTS,
    trigger::Trigger,
    world::{HostKind, World},
};

/// A kind of fault.
#[derive(Clone)]
enum Kind<S: Service> {
    Kill,
    PowerLoss,
    Pause,
    Clock,
    /// Two hosts at once.
    PausedMachine,
    /// Two hosts at once.
    MachinePowerLoss,
    Cut,
    CutOneWay,
    Loss,
    Latency,
    Spike,
    DiskError,
    LostAcknowledgement,
    SlowDisk,
    NoDescriptors,
    /// One call of a process of the service.
    Call,
    /// One Redis node, or all of them.
    RedisRefuses,
    /// One Sentinel asks for a password, or all of them do.
    SentinelRefuses,
    /// A host with a certificate presents a bad one.
    BadCertificate,
    /// The password of the service's user is another one at all Redis nodes.
    AnotherPassword,
    Own(DrawFaults<S>),
}

/// How many faults a run has, and of which kinds.
struct Intensity<S: Service> {
    kinds: Vec<Kind<S>>,
    faults: u64,
    /// The percentage of faults that wait for a trigger.
    triggered_percent: u64,
    /// The percentage of faults that end by themselves; the others last until everything heals.
    ended_percent: u64,
}

impl<S: Service> Swarm<S> {
    /// A few kinds of faults, mild or harsh.
    pub(super) fn some_faults(&self, world: &World<S>, dice: &mut Dice) -> Vec<TimedFault<S>> {
        let targets = Targets::of(world);
        let all = self.kinds(&targets, world);
        let kinds = match all.is_empty() {
            true => vec![],
            false => (0..dice.between(1, 4)).map(|_| dice.pick(&all)).collect(),
        };
        let intensity = Intensity {
            kinds,
            faults: dice.pick(&[1, 2, 3, 5, 8]),
            triggered_percent: dice.pick(&[0, 30, 80]),
            ended_percent: dice.pick(&[40, 70, 100]),
        };
        self.schedule(&intensity, world, &targets, dice)
    }

    /// All kinds of faults.
    pub(super) fn faults_of_every_kind(&self, world: &World<S>, dice: &mut Dice) -> Vec<TimedFault<S>> {
        let targets = Targets::of(world);
        let intensity = Intensity {
            kinds: self.kinds(&targets, world),
            faults: dice.between(1, 8),
            triggered_percent: 30,
            ended_percent: 70,
        };
        self.schedule(&intensity, world, &targets, dice)
    }

    /// A process of the service is asked to end, in every fourth run. Drawn apart from all other faults: an operator stops a
    /// process whatever else happens.
    pub(super) fn perhaps_a_stop(&self, world: &World<S>, dice: &mut Dice) -> Vec<TimedFault<S>> {
        match dice.chance(25) {
            true => self.a_stop(world, dice),
            false => vec![],
        }
    }

    /// A process of the service is asked to end, and is started again soon afterwards, or when everything heals.
    pub(super) fn a_stop(&self, world: &World<S>, dice: &mut Dice) -> Vec<TimedFault<S>> {
        let processes = world.of_kind(HostKind::Service);
        if processes.is_empty() {
            return vec![];
        }
        let host = dice.pick(&processes);
        let heal_ms = self.heals_at_ms();
        let at_ms = dice.between(3000, heal_ms - (heal_ms / 4).min(10_000));
        let starts_ms = at_ms + dice.between(50, 8_000);
        let starts = dice.chance(70) && starts_ms < heal_ms;
        let starts = starts.then(|| TimedFault::at(starts_ms, start(&host)));
        std::iter::once(TimedFault::at(at_ms, stop(&host)))
            .chain(starts)
            .collect()
    }

    /// Every kind of fault that this world can have.
    fn kinds(&self, targets: &Targets, world: &World<S>) -> Vec<Kind<S>> {
        let mut kinds = vec![];
        if targets.has_processes() {
            kinds.extend([Kind::Kill, Kind::PowerLoss, Kind::Pause, Kind::Clock]);
        }
        if targets.has_machines() {
            kinds.extend([Kind::PausedMachine, Kind::MachinePowerLoss]);
        }
        if targets.has_links() {
            kinds.extend([Kind::Cut, Kind::CutOneWay, Kind::Loss, Kind::Latency, Kind::Spike]);
        }
        if targets.has_disks() {
            kinds.extend([Kind::DiskError, Kind::LostAcknowledgement, Kind::SlowDisk]);
        }
        if !world.of_kind(HostKind::Service).is_empty() {
            kinds.push(Kind::NoDescriptors);
            if !S::CALLS.is_empty() {
                kinds.push(Kind::Call);
            }
        }
        if !world.of_kind(HostKind::Redis).is_empty() {
            kinds.push(Kind::RedisRefuses);
        }
        if !world.of_kind(HostKind::Sentinel).is_empty() {
            kinds.push(Kind::SentinelRefuses);
        }
        if !world.certified().is_empty() {
            kinds.push(Kind::BadCertificate);
        }
        if world.redis_has_user() {
            kinds.push(Kind::AnotherPassword);
        }
        kinds.extend(self.faults.iter().copied().map(Kind::Own));
        kinds
    }

    fn schedule(
        &self,
        intensity: &Intensity<S>,
        world: &World<S>,
        targets: &Targets,
        dice: &mut Dice,
    ) -> Vec<TimedFault<S>> {
        let heal_ms = self.heals_at_ms();
        // Most people begin early, and triggers wait for their operations. A fault without a trigger comes after all
        // hosts have booted, and early enough to have an effect before everything heals.
        let triggered = (1000, heal_ms / 2);
        let untriggered = (3000, heal_ms - (heal_ms / 4).min(10_000));
        let mut faults = vec![];
        let count = if intensity.kinds.is_empty() {
            0
        } else {
            intensity.faults
        };
        for _ in 0..count {
            let kind = dice.pick(&intensity.kinds);
            let injected = self.of_kind(&kind, world, targets, dice);
            let trigger = match (&injected[..], dice.chance(intensity.triggered_percent)) {
                ([(Fault::Call(fault), _)], _) => Some(at_its_call(fault, dice)),
                (_, true) => draw_trigger(dice, world),
                (_, false) => None,
            };
            let (from_ms, to_ms) = if trigger.is_some() { triggered } else { untriggered };
            let at_ms = dice.between(from_ms, to_ms);
            let ends = dice.chance(intensity.ended_percent);
            let lasts_ms = dice.pick(&[50, 500, 2_000, 5_000]) + dice.between(0, 5_000);
            for (fault, end) in injected {
                faults.push(timed(&trigger, at_ms, 0, fault));
                let end = end.filter(|_| ends && at_ms + lasts_ms < heal_ms);
                faults.extend(end.map(|end| timed(&trigger, at_ms, lasts_ms, end)));
            }
        }
        faults.push(TimedFault::at(heal_ms, Fault::Heal));
        faults
    }

    /// A fault of a kind, or several that come together, each with the fault that ends it.
    fn of_kind(
        &self,
        kind: &Kind<S>,
        world: &World<S>,
        targets: &Targets,
        dice: &mut Dice,
    ) -> Vec<(Fault<S>, Option<Fault<S>>)> {
        let late = ms(dice.pick(&[20, 150, 600, 2000]));
        let disk_lasts = ms(dice.between(200, 5000));
        let one = |fault, end| vec![(fault, end)];
        match kind {
            Kind::Kill => {
                let host = targets.process(dice);
                one(kill(&host), Some(start(&host)))
            }
            Kind::PowerLoss => {
                let host = targets.process(dice);
                one(power_loss(&host), Some(start(&host)))
            }
            Kind::Pause => {
                let host = targets.process(dice);
                one(pause(&host), Some(resume(&host)))
            }
            Kind::Clock => {
                let host = targets.process(dice);
                let size_ms = dice.pick(&self.clock_offsets_ms);
                let offset_ms = if dice.chance(50) { size_ms } else { -size_ms };
                one(Fault::ClockOffset { host, offset_ms }, None)
            }
            Kind::PausedMachine => {
                let hosts = targets.machine(dice);
                hosts.map(|host| (pause(&host), Some(resume(&host)))).into()
            }
            Kind::MachinePowerLoss => {
                let hosts = targets.machine(dice);
                hosts.map(|host| (power_loss(&host), Some(start(&host)))).into()
            }
            Kind::Cut => {
                let (a, b) = targets.link(dice);
                one(cut(&a, &b), Some(mend(&a, &b)))
            }
            Kind::CutOneWay => {
                let (a, b) = targets.link(dice);
                let (from, to) = if dice.chance(50) { (&a, &b) } else { (&b, &a) };
                one(cut_one_way(from, to), Some(mend(&a, &b)))
            }
            Kind::Loss => {
                let (a, b) = targets.link(dice);
                one(loss(&a, &b, dice.pick(&[2, 10, 40])), Some(loss(&a, &b, 0)))
            }
            Kind::Latency => {
                let (a, b) = targets.link(dice);
                one(latency(&a, &b, late), Some(latency(&a, &b, ms(0))))
            }
            Kind::Spike => {
                let (a, b) = targets.link(dice);
                one(latency_spike(&a, &b, late, secs(dice.between(1, 8))), None)
            }
            Kind::DiskError => {
                let hosts = targets.disks(dice).into_iter();
                hosts.map(|host| (disk_fails(&host, disk_lasts), None)).collect()
            }
            Kind::LostAcknowledgement => {
                let hosts = targets.disks(dice).into_iter();
                hosts
                    .map(|host| (acknowledgement_lost(&host, disk_lasts), None))
                    .collect()
            }
            Kind::SlowDisk => {
                // Mild: operations wait, and none gives up.
                let (by, lasts) = (ms(dice.pick(&[10, 40, 150])), secs(dice.between(1, 8)));
                let hosts = targets.disks(dice).into_iter();
                hosts.map(|host| (disk_slow(&host, by, lasts), None)).collect()
            }
            Kind::NoDescriptors => {
                let host = dice.pick(&world.of_kind(HostKind::Service));
                one(no_descriptors(&host, ms(dice.between(200, 6000))), None)
            }
            Kind::RedisRefuses => {
                let (mut nodes, why) = (world.of_kind(HostKind::Redis), dice.pick(&REFUSALS));
                let lasts = ms(dice.between(200, 6000));
                if dice.chance(50) {
                    nodes = vec![dice.pick(&nodes)];
                }
                nodes
                    .iter()
                    .map(|node| (redis_refuses(node, why, lasts), None))
                    .collect()
            }
            Kind::SentinelRefuses => {
                let (mut sentinels, lasts) = (world.of_kind(HostKind::Sentinel), ms(dice.between(200, 6000)));
                if dice.chance(50) {
                    sentinels = vec![dice.pick(&sentinels)];
                }
                let asks = sentinels.iter().map(|host| (sentinel_refuses(host, lasts), None));
                asks.collect()
            }
            Kind::BadCertificate => {
                let host = dice.pick(&world.certified());
                let why = dice.pick(&DEFECTS);
                one(bad_certificate(&host, why, ms(dice.between(200, 6000))), None)
            }
            Kind::AnotherPassword => {
                let (nodes, lasts) = (world.of_kind(HostKind::Redis), ms(dice.between(200, 6000)));
                let refuses = |node: &String| (redis_refuses(node, Refusal::AnotherPassword, lasts), None);
                nodes.iter().map(refuses).collect()
            }
            Kind::Call => vec![(
                Fault::Call(some_call::<S>(&world.of_kind(HostKind::Service), dice)),
                None,
            )],
            Kind::Own(draw) => draw(dice, world),
        }
    }
}

/// What becomes of the next call of some kind at some host.
fn some_call<S: Service>(hosts: &[String], dice: &mut Dice) -> CallFault {
    let site = dice.pick(S::CALLS);
    let late_ms = match (dice.pick(&[5, 50, 400]), site.errors) {
        // A call that cannot fail asks nobody outside of its process: it is late by a moment at most.
        (ms, []) => ms.min(5),
        (ms, _) => ms,
    };
    let error = (!site.errors.is_empty()).then(|| dice.pick(site.errors));
    let (outcome, error, by_ms) = match (error, dice.between(0, 3)) {
        (Some(error), 0) if (error.failure)().is_unknown() => (CallOutcome::AnswerLost, error.name, error.after_ms),
        (Some(error), 0 | 1) => (CallOutcome::Fails, error.name, error.after_ms),
        (_, 2) => (CallOutcome::Late, "", late_ms),
        _ => (CallOutcome::AnswerLate, "", late_ms),
    };
    CallFault {
        host: dice.pick(hosts),
        call: site.name.to_owned(),
        outcome,
        error: error.to_owned(),
        by_ms,
    }
}

/// A fault at a time after `at_ms`, or after its trigger. A fault and its end are relative to the same event.
fn timed<S: Service>(trigger: &Option<Trigger>, at_ms: u64, later_ms: u64, fault: Fault<S>) -> TimedFault<S> {
    match trigger {
        None => TimedFault::at(at_ms + later_ms, fault),
        Some(trigger) => TimedFault {
            at_ms,
            fault,
            after: Some(Trigger {
                offset_ms: trigger.offset_ms + later_ms,
                ..trigger.clone()
            }),
        },
    }
}
