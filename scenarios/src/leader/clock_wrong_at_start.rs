//! A replica starts with a clock that is half a day ahead, or behind, while nobody else leads.
//!
//! The other one has stopped and given its lease back, so nothing but the disagreement with Redis's clock keeps this one from
//! leading from its first moment on. It asks for the time before it asks for the lease. (Inventory 24, 27, 29, 31.)

use crate::{
    catalogue::marks::{marked, somebody_logged_in},
    property::{CodeRedeemedOnce, DirectoryKept, EmailCodeOnce, HealthTells, RemindersArrive, RemindersOnce},
    scenario::{DirectoryReader, Logins, Monitor, World, clock_jump, hosts::*, kill, ms, secs, start, stop},
    vocabulary::{Faults, Plan, Scenario, TimedFault},
};
use sim::scenario::Dice;

/// Longer than a session lives.
const OFF_MS: i64 = 13 * 3600 * 1000;

pub(crate) fn clock_wrong_at_start() -> Scenario {
    Scenario::new(
        "clock_wrong_at_start",
        "a replica starts with a clock that is half a day ahead or behind, and nobody else leads",
    )
    .covering(&[24, 27, 29, 31])
    .world(
        World::standard()
            // Requests take some time, so that the faults meet them.
            .calls_wait(60, ms(60))
            .reminders(4, secs(38)..secs(44))
            .reminders(4, secs(60)..secs(70)),
    )
    .workload(Logins::people(60).from(secs(3)).every(ms(1_200)))
    .workload(DirectoryReader::every(ms(3_500)))
    .workload(Monitor::every(secs(1)))
    .faults(Faults::new().heal_at(secs(90)))
    .drawn(draw)
    .always(DirectoryKept)
    .always(CodeRedeemedOnce)
    .always(EmailCodeOnce)
    .always(RemindersOnce)
    .always(HealthTells)
    .eventually(RemindersArrive::within(secs(6)))
    .sometimes("a replica saw that the clocks disagree", marked("the clocks disagree"))
    .sometimes("a reminder was sent", marked("reminder sent"))
    .sometimes("somebody logged in", somebody_logged_in)
    .lasts(secs(110))
}

fn draw(seed: u64, plan: &mut Plan) {
    let mut dice = Dice::of(seed, "clock wrong at start");
    let (wrong, other) = dice.pick(&[(IDP_A, IDP_B), (IDP_B, IDP_A)]);
    let off_ms = dice.pick(&[OFF_MS, -OFF_MS]);
    let from_ms = dice.between(28_000, 34_000);
    let faults = [
        (0, kill(wrong)),
        (500, clock_jump(wrong, off_ms)),
        (1_000, stop(other)),
        // The lease has been given back by then.
        (dice.between(4_000, 7_000), start(wrong)),
        (dice.between(12_000, 20_000), start(other)),
    ];
    plan.faults
        .extend(faults.into_iter().map(|(after_ms, fault)| TimedFault {
            at_ms: from_ms + after_ms,
            fault,
            after: None,
        }));
    plan.faults.sort_by_key(|fault| fault.at_ms);
}
