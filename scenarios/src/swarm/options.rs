//! The topology and the settings of a run.

use crate::vocabulary::{AccessOption, ClientsTold, Persistence, ReminderOption, WorldOptions};
use sim::{scenario::Dice, world::REPLICATION_LATE_PPM};

/// Reminders are due before this time of the run, milliseconds.
const LAST_REMINDER_MS: u64 = 105_000;

/// Random settings. Lifetimes and windows are shortened so that faults can hit their edges.
pub(super) fn some(dice: &mut Dice) -> WorldOptions {
    let sentinels = dice.pick(&[3, 3, 3, 5]);
    let options = WorldOptions {
        // Two replicas are the deployment of the incident reports; other numbers show what depends on there being two.
        replicas: dice.pick(&[1, 2, 2, 2, 2, 2, 3, 4, 8]),
        redis_replicas: dice.pick(&[1, 1, 1, 2]),
        sentinels,
        quorum: dice.pick(&[1, 2, 2, sentinels]),
        latency_ms_max: dice.pick(&[1, 3, 10, 25, 40]),
        replication_ms: dice.pick(&[1, 5, 50, 300]),
        persistence: dice.pick(&[Persistence::None, Persistence::Aof]),
        down_after_ms: dice.pick(&[700, 1000, 3000]),
        failover_timeout_ms: dice.pick(&[5_000, 10_000, 20_000]),
        proxy_connect_timeout_ms: dice.pick(&[300, 1000, 3000]),
        proxy_read_timeout_ms: dice.pick(&[2000, 5000, 8000]),
        fail_timeout_ms: dice.pick(&[1000, 2000, 10_000]),
        upstream_keepalive: dice.pick(&[0, 1, 16]),
        code_ttl_s: dice.pick(&[10, 30, 60]),
        limit_window_s: dice.pick(&[10, 30, 60]),
        lease_ms: dice.pick(&[2000, 3000, 6000, 10_000]),
        // The measured value, and higher ones, so that an event that is rare in reality is not rare here.
        replication_late_ppm: dice.pick(&[REPLICATION_LATE_PPM, 200_000, 500_000]),
        reminders: reminders(dice),
        ..WorldOptions::default()
    };
    // Drawn last, so that all other draws stay as they were. In most runs no time passes between two calls.
    let (call_pause_percent, call_pause_ms_max) = dice.pick(&[(0, 0), (0, 0), (0, 0), (10, 20), (60, 20)]);
    WorldOptions {
        call_pause_percent,
        call_pause_ms_max,
        clients_told: dice.pick(&[
            ClientsTold::XForwardedFor,
            ClientsTold::XForwardedFor,
            ClientsTold::DualStack,
            ClientsTold::Forwarded,
        ]),
        ..options
    }
}

/// The same, in a world in which passwords and TLS are asked for.
pub(super) fn guarded(dice: &mut Dice) -> WorldOptions {
    let options = some(dice);
    WorldOptions {
        access: access(dice),
        ..options
    }
}

/// Default settings of such a world.
pub(super) fn guarded_default(dice: &mut Dice) -> WorldOptions {
    let options = default(dice);
    WorldOptions {
        access: access(dice),
        ..options
    }
}

fn access(dice: &mut Dice) -> AccessOption {
    dice.pick(&[AccessOption::Guarded, AccessOption::GuardedImplicit])
}

/// Default settings.
pub(super) fn default(dice: &mut Dice) -> WorldOptions {
    WorldOptions {
        reminders: reminders(dice),
        ..WorldOptions::default()
    }
}

fn reminders(dice: &mut Dice) -> Vec<ReminderOption> {
    let reminders = (0..dice.between(0, 8)).map(|n| ReminderOption {
        who: format!("sleeper-{}", n + 1),
        due_ms: dice.between(5_000, LAST_REMINDER_MS),
    });
    reminders.collect()
}
