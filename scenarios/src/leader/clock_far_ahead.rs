//! The clock of one replica, which may lead, is set half a day ahead, and set right after some minutes.
//!
//! To it everything has expired, and everything is due. It deletes nothing and sends nothing: another replica leads. (Inventory 24,
//! 27, 29, 31.)

use crate::{
    catalogue::marks::{marked, somebody_logged_in},
    property::{CodeRedeemedOnce, DirectoryKept, EmailCodeOnce, HealthTells, RemindersArrive, RemindersOnce},
    scenario::{DirectoryReader, Logins, Monitor, World, clock_jump, hosts::*, ms, secs},
    vocabulary::{Faults, Scenario},
};

/// Longer than a session lives.
const AHEAD_MS: i64 = 13 * 3600 * 1000;

pub(crate) fn clock_far_ahead() -> Scenario {
    let ahead = |host| clock_jump(host, AHEAD_MS);
    Scenario::new(
        "clock_far_ahead",
        "the clock of one replica is half a day ahead for some minutes",
    )
    .covering(&[24, 27, 29, 31])
    .world(
        World::standard()
            // Requests take some time, so that the fault meets them.
            .calls_wait(60, ms(60))
            .reminders(4, secs(60)..secs(70))
            .reminders(4, secs(112)..secs(120)),
    )
    .workload(Logins::people(60).from(secs(3)).every(ms(800)))
    .workload(DirectoryReader::every(ms(3_500)))
    .workload(Monitor::every(secs(3)))
    .faults(
        Faults::new()
            .one_at(secs(32)..secs(40), [ahead(IDP_A), ahead(IDP_B)])
            .heal_at(secs(130)),
    )
    .always(DirectoryKept)
    .always(CodeRedeemedOnce)
    .always(EmailCodeOnce)
    .always(RemindersOnce)
    .always(HealthTells)
    .eventually(RemindersArrive::within(secs(6)))
    .sometimes("a leader saw that the clocks disagree", marked("the clocks disagree"))
    .sometimes("a reminder was sent", marked("reminder sent"))
    .sometimes("somebody logged in", somebody_logged_in)
    .lasts(secs(140))
}
