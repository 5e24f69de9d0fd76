//! The clock of one replica, which may lead, is set half a day ahead, and set right after some minutes.
//!
//! To it everything has expired. It deletes nothing. (Inventory 24, 27, 29.)

use crate::{
    catalogue::marks::{marked, somebody_logged_in},
    property::{CodeRedeemedOnce, DirectoryKept, EmailCodeOnce},
    scenario::{DirectoryReader, Logins, World, clock_jump, hosts::*, ms, secs},
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
    .covering(&[24, 27, 29])
    .world(World::standard())
    .workload(Logins::people(60).from(secs(3)).every(ms(800)))
    .workload(DirectoryReader::every(ms(3_500)))
    .faults(
        Faults::new()
            .one_at(secs(32)..secs(40), [ahead(IDP_A), ahead(IDP_B)])
            .heal_at(secs(130)),
    )
    .always(DirectoryKept)
    .always(CodeRedeemedOnce)
    .always(EmailCodeOnce)
    .sometimes("a leader saw that the clocks disagree", marked("the clocks disagree"))
    .sometimes("somebody logged in", somebody_logged_in)
    .lasts(secs(140))
}
