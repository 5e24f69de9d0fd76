//! What befalls the world.

use super::hours::HEAL_S;
use crate::{
    scenario::{
        Dice, acknowledgement_lost, analytics, cut, cut_one_way, directory_busy, disk_fails, disk_slow, hosts::*, kill,
        latency, latency_spike, loss, mail, mend, ms, pause, power_loss, resume, secs, start,
    },
    vocabulary::{Fault, Mode, TimedFault, Trigger},
};

/// Kinds of faults.
const KINDS: u64 = 16;

/// How much of what befalls a world.
struct Climate {
    kinds: Vec<u64>,
    faults: u64,
    /// So many of a hundred faults are aimed at something.
    aimed_percent: u64,
    /// So many of a hundred end by themselves; the others last until everything heals.
    ended_percent: u64,
}

/// A few kinds of faults, mild or harsh.
pub(super) fn some(dice: &mut Dice) -> Vec<TimedFault> {
    let kinds = (0..dice.between(1, 4)).map(|_| dice.between(0, KINDS - 1));
    let climate = Climate {
        kinds: kinds.collect(),
        faults: dice.pick(&[1, 2, 3, 5, 8]),
        aimed_percent: dice.pick(&[0, 30, 80]),
        ended_percent: dice.pick(&[40, 70, 100]),
    };
    under(&climate, dice)
}

/// All kinds of faults.
pub(super) fn of_every_kind(dice: &mut Dice) -> Vec<TimedFault> {
    let climate = Climate {
        kinds: (0..KINDS).collect(),
        faults: dice.between(1, 8),
        aimed_percent: 30,
        ended_percent: 70,
    };
    under(&climate, dice)
}

/// Slow disks, drawn apart, so that the rest of a seed's plan is what it would be without. Mild ones: everybody waits,
/// and nobody in vain.
pub(super) fn slow_disks(dice: &mut Dice) -> Vec<TimedFault> {
    let replicas: &[&str] = dice.pick(&[&[IDP_A][..], &[IDP_B], &[IDP_A, IDP_B]]);
    let (by, lasts) = (ms(dice.pick(&[10, 40, 150])), secs(dice.between(1, 8)));
    let at_ms = dice.between(2_000, (HEAL_S - 10) * 1000);
    let slow = |replica: &&str| TimedFault::at(at_ms, disk_slow(replica, by, lasts));
    replicas.iter().map(slow).collect()
}

fn under(climate: &Climate, dice: &mut Dice) -> Vec<TimedFault> {
    let mut faults = vec![];
    for _ in 0..climate.faults {
        let kind = dice.pick(&climate.kinds);
        let strikes = one(dice, kind);
        let aim = dice.chance(climate.aimed_percent).then(|| aim(dice));
        // Most people are there early, and what they do is what is aimed at.
        let at_ms = match aim {
            Some(_) => dice.between(1_000, 20_000),
            None => dice.between(3_000, (HEAL_S - 10) * 1000),
        };
        let ends = dice.chance(climate.ended_percent);
        let lasts_ms = dice.pick(&[50, 500, 2_000, 5_000]) + dice.between(0, 5_000);
        let timed = |fault, later_ms| match &aim {
            None => TimedFault::at(at_ms + later_ms, fault),
            // Both count from the same moment.
            Some(aim) => TimedFault {
                at_ms,
                fault,
                after: Some(Trigger {
                    offset_ms: aim.offset_ms + later_ms,
                    ..aim.clone()
                }),
            },
        };
        for (strikes, end) in strikes {
            faults.push(timed(strikes, 0));
            faults.extend(end.filter(|_| ends).map(|fault| timed(fault, lasts_ms)));
        }
    }
    faults.push(TimedFault::at(HEAL_S * 1000, Fault::Heal));
    faults
}

/// A fault of a kind, or several that come together, each with what ends it.
fn one(dice: &mut Dice, kind: u64) -> Vec<(Fault, Option<Fault>)> {
    // The master more often than others, for its fall has the most consequences.
    let servers = [
        IDP_A,
        IDP_B,
        REDIS_1,
        REDIS_1,
        REDIS_1,
        REDIS_2,
        SENTINELS[0],
        SENTINELS[1],
        SENTINELS[2],
    ];
    let links = [
        (IDP_A, REDIS_1),
        (IDP_A, REDIS_2),
        (IDP_B, REDIS_1),
        (IDP_B, REDIS_2),
        (REDIS_1, REDIS_2),
        (SENTINELS[0], REDIS_1),
        (SENTINELS[1], REDIS_1),
        (SENTINELS[0], SENTINELS[1]),
        (BALANCER, IDP_A),
        (BALANCER, IDP_B),
        (PEOPLE, BALANCER),
        (IDP_A, MAIL),
    ];
    let host = dice.pick(&servers);
    let (a, b) = dice.pick(&links);
    let replica = dice.pick(&[IDP_A, IDP_B]);
    let late = ms(dice.pick(&[20, 150, 600, 2000]));
    let manner = dice.pick(&[
        Mode::Hanging,
        Mode::Failing,
        Mode::Garbage,
        Mode::Slow { by_ms: 400 },
        Mode::Slow { by_ms: 6000 },
    ]);
    // A replica and a Redis node share a machine.
    let machine = dice.pick(&[[IDP_A, REDIS_1], [IDP_B, REDIS_1], [IDP_A, REDIS_2]]);
    let strikes = match kind {
        0 => (kill(host), Some(start(host))),
        1 => (power_loss(host), Some(start(host))),
        2 => (pause(host), Some(resume(host))),
        3 => (cut(a, b), Some(mend(a, b))),
        4 if dice.chance(50) => (cut_one_way(a, b), Some(mend(a, b))),
        4 => (cut_one_way(b, a), Some(mend(a, b))),
        5 => (loss(a, b, dice.pick(&[2, 10, 40])), Some(loss(a, b, 0))),
        6 => (latency(a, b, late), Some(latency(a, b, ms(0)))),
        7 => (latency_spike(a, b, late, secs(dice.between(1, 8))), None),
        8 => (clock(dice, host), None),
        9 => (mail(manner), Some(mail(Mode::Healthy))),
        10 => (analytics(manner), Some(analytics(Mode::Healthy))),
        11 => (directory_busy(ms(dice.between(200, 5000))), None),
        12 => (disk_fails(replica, ms(dice.between(200, 5000))), None),
        13 => (acknowledgement_lost(replica, ms(dice.between(200, 5000))), None),
        14 => return machine.map(|host| (pause(host), Some(resume(host)))).into(),
        _ => return machine.map(|host| (power_loss(host), Some(start(host)))).into(),
    };
    vec![strikes]
}

/// A clock goes wrong, by less than the slack that the service allows for (300 s).
fn clock(dice: &mut Dice, host: &str) -> Fault {
    let size = dice.pick(&[500, 5_000, 30_000, 100_000]);
    let offset_ms = if dice.chance(50) { size } else { -size };
    let host = host.to_owned();
    Fault::ClockOffset { host, offset_ms }
}

/// Draws a trigger: near the event itself more often than far from it.
fn aim(dice: &mut Dice) -> Trigger {
    use sim::service::Service;
    let event = match dice.chance(75) {
        true => dice.pick(crate::login::Login::USUAL_TRIGGERS),
        false => dice.pick(crate::login::Login::RARE_TRIGGERS),
    };
    let nth = dice.pick(&[1, 1, 1, 2, 3, 6]);
    let offset_ms = dice.pick(&[0, 0, 1, 2, 4, 10, 40, 200, 1000]);
    Trigger {
        event: event.to_owned(),
        nth,
        offset_ms,
    }
}
