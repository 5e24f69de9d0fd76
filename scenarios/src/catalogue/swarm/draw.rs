//! How a seed of the swarm becomes a plan.

use crate::scenario::{
    BurntCodes, Cast, CodeThief, Dice, Eavesdropper, Flooder, Guesser, ImpatientPeople, Logins, Racers, Visitors,
    acknowledgement_lost, analytics, cut, cut_one_way, directory_busy, disk_fails, hosts::*, kill, latency,
    latency_spike, loss, mail, mend, ms, pause, power_loss, resume, secs, start,
};
use sim::{
    fault::{Fault, Manner, TimedFault},
    plan::{Operation, Persistence, Plan, ReminderOption, WorldOptions},
};

/// When everything heals, seconds.
const HEAL_S: u64 = 45;
/// How long the world may take to settle after that, seconds.
pub(super) const SETTLE_S: u64 = 45;
/// How long a run lasts, seconds.
pub(super) const LASTS_S: u64 = HEAL_S + SETTLE_S + 40;

/// Everything that a seed decides.
pub(super) fn draw(seed: u64, plan: &mut Plan) {
    let dice = |part: &str| Dice::of(seed, &format!("swarm/{part}"));
    plan.world = world(&mut dice("world"));
    plan.operations = crowd(&mut dice("crowd"));
    plan.faults = faults(&mut dice("faults"));
}

fn world(dice: &mut Dice) -> WorldOptions {
    let reminders = (0..dice.between(0, 8)).map(|n| ReminderOption {
        who: format!("sleeper-{}", n + 1),
        due_ms: dice.between(5_000, (LASTS_S - 25) * 1000),
    });
    WorldOptions {
        reminders: reminders.collect(),
        latency_ms_max: dice.pick(&[3, 10, 25, 40]),
        replication_ms: dice.pick(&[1, 5, 50, 300]),
        persistence: dice.pick(&[Persistence::None, Persistence::Aof]),
        down_after_ms: dice.pick(&[700, 1000, 3000]),
        failover_timeout_ms: dice.pick(&[5_000, 10_000, 20_000]),
        quorum: dice.pick(&[1, 2, 2, 3]),
        proxy_connect_timeout_ms: dice.pick(&[300, 1000, 3000]),
        proxy_read_timeout_ms: dice.pick(&[2000, 5000, 8000]),
        fail_timeout_ms: dice.pick(&[1000, 2000, 10_000]),
        code_ttl_s: dice.pick(&[30, 60]),
        limit_window_s: dice.pick(&[30, 60]),
        lease_ms: dice.pick(&[3000, 6000, 10_000]),
        ..WorldOptions::default()
    }
}

fn crowd(dice: &mut Dice) -> Vec<Operation> {
    let (mut cast, mut operations) = (Cast::default(), vec![]);
    let mut some = |dice: &mut Dice, percent: u64, workload: crate::scenario::Workload| {
        if dice.chance(percent) {
            operations.extend(workload.from(secs(1)..secs(15)).draw(dice, &mut cast));
        }
    };
    let (few, gap) = (dice.between(1, 4) as usize, ms(dice.between(200, 2000)));
    some(dice, 100, Logins::people(few + 8).every(gap));
    some(dice, 50, Logins::people(few + 2).every(ms(300)));
    some(dice, 40, ImpatientPeople::clicking(few, 6).every(gap));
    some(dice, 50, Visitors::looking(few, 30, secs(3)).every(gap));
    some(dice, 50, Racers::people(few).every(gap));
    some(dice, 40, BurntCodes::people(few).every(gap));
    some(
        dice,
        60,
        CodeThief::replays_after(&[secs(1), secs(3), secs(8), secs(15)]),
    );
    some(dice, 30, Guesser::of("victor", 60, ms(700)));
    some(dice, 30, Flooder::of("flora", 30, ms(800)));
    some(dice, 40, Logins::of("wendy"));
    some(dice, 40, Eavesdropper::of("wendy", secs(4)));
    // And after all is well again:
    let late = Logins::people(4).every(secs(2)).from(secs(HEAL_S + SETTLE_S));
    operations.extend(late.draw(dice, &mut cast));
    operations
}

/// Kinds of faults. A seed has a few of them.
const KINDS: u64 = 15;

fn faults(dice: &mut Dice) -> Vec<TimedFault> {
    let kinds: Vec<u64> = (0..dice.between(1, 5)).map(|_| dice.between(0, KINDS - 1)).collect();
    let mut faults = vec![];
    for _ in 0..dice.between(1, 8) {
        let at_ms = dice.between(3_000, (HEAL_S - 10) * 1000);
        let kind = dice.pick(&kinds);
        let (strikes, ends) = one(dice, kind);
        faults.push(TimedFault::at(at_ms, strikes));
        // Some trouble ends by itself, some only when everything heals.
        if let Some(fault) = ends.filter(|_| dice.chance(70)) {
            let at_ms = at_ms + dice.between(300, 10_000);
            faults.push(TimedFault::at(at_ms, fault));
        }
    }
    let at_ms = HEAL_S * 1000;
    faults.push(TimedFault::at(at_ms, Fault::Heal));
    faults
}

/// One fault of a kind, and what ends it.
fn one(dice: &mut Dice, kind: u64) -> (Fault, Option<Fault>) {
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
        Manner::Hanging,
        Manner::Erring,
        Manner::Garbage,
        Manner::Slow { by_ms: 400 },
        Manner::Slow { by_ms: 6000 },
    ]);
    match kind {
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
        9 => (mail(manner), Some(mail(Manner::Healthy))),
        10 => (analytics(manner), Some(analytics(Manner::Healthy))),
        11 => (directory_busy(ms(dice.between(200, 5000))), None),
        12 => (disk_fails(replica, ms(dice.between(200, 5000))), None),
        13 => (kill(REDIS_1), None),
        _ => (acknowledgement_lost(replica, ms(dice.between(200, 5000))), None),
    }
}

/// A clock goes wrong, by less than the slack that the service allows for (300 s).
fn clock(dice: &mut Dice, host: &str) -> Fault {
    let size = dice.pick(&[500, 5_000, 30_000, 100_000]);
    let offset_ms = if dice.chance(50) { size } else { -size };
    let host = host.to_owned();
    Fault::ClockOffset { host, offset_ms }
}
