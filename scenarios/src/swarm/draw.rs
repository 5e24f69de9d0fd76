//! How a seed of the swarm becomes a plan.
//!
//! Swarm testing (Groce et al., "Swarm testing", ISSTA 2012): each run leaves most kinds of things out, for a
//! run in which everything happens seldom gets far enough with anything. [`plainly`] draws without that.

use super::{crowd, hours::LASTS_S, trouble};
use crate::{
    scenario::Dice,
    vocabulary::{Persistence, Plan, ReminderOption, WorldOptions},
};
use model_redis::REPLICATION_LATE_PPM;

/// Everything that a seed decides.
pub(super) fn draw(seed: u64, plan: &mut Plan) {
    let dice = |part: &str| Dice::of(seed, &format!("swarm/{part}"));
    plan.world = WorldOptions {
        reminders: reminders(&mut dice("reminders")),
        ..world(&mut dice("world"))
    };
    plan.operations = crowd::some(&mut dice("crowd"));
    plan.faults = trouble::some(&mut dice("faults"));
    let mut disks = dice("slow disks");
    if disks.chance(20) {
        plan.faults.extend(trouble::slow_disks(&mut disks));
    }
}

/// The same, with every kind of fault and operation in every run, and default settings.
pub(super) fn plainly(seed: u64, plan: &mut Plan) {
    let dice = |part: &str| Dice::of(seed, &format!("swarm/plain/{part}"));
    plan.world = WorldOptions {
        reminders: reminders(&mut dice("reminders")),
        ..WorldOptions::default()
    };
    plan.operations = crowd::everybody(&mut dice("crowd"));
    plan.faults = trouble::of_every_kind(&mut dice("faults"));
    plan.faults.extend(trouble::slow_disks(&mut dice("slow disks")));
}

fn reminders(dice: &mut Dice) -> Vec<ReminderOption> {
    let reminders = (0..dice.between(0, 8)).map(|n| ReminderOption {
        who: format!("sleeper-{}", n + 1),
        due_ms: dice.between(5_000, (LASTS_S - 25) * 1000),
    });
    reminders.collect()
}

/// Settings; lifetimes and windows are shrunk to where faults can hit their edges.
fn world(dice: &mut Dice) -> WorldOptions {
    WorldOptions {
        latency_ms_max: dice.pick(&[1, 3, 10, 25, 40]),
        replication_ms: dice.pick(&[1, 5, 50, 300]),
        persistence: dice.pick(&[Persistence::None, Persistence::Aof]),
        down_after_ms: dice.pick(&[700, 1000, 3000]),
        failover_timeout_ms: dice.pick(&[5_000, 10_000, 20_000]),
        quorum: dice.pick(&[1, 2, 2, 3]),
        proxy_connect_timeout_ms: dice.pick(&[300, 1000, 3000]),
        proxy_read_timeout_ms: dice.pick(&[2000, 5000, 8000]),
        fail_timeout_ms: dice.pick(&[1000, 2000, 10_000]),
        upstream_keepalive: dice.pick(&[0, 1, 16]),
        code_ttl_s: dice.pick(&[10, 30, 60]),
        limit_window_s: dice.pick(&[10, 30, 60]),
        lease_ms: dice.pick(&[2000, 3000, 6000, 10_000]),
        // As measured, and harsher: what is rare for real is not to be rare here.
        replication_late_ppm: dice.pick(&[REPLICATION_LATE_PPM, 200_000, 500_000]),
        ..WorldOptions::default()
    }
}
