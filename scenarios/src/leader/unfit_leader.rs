//! The mail relay is out of reach of one replica, which may be the leader, and of nobody else.
//!
//! Reminders that fall due meanwhile are sent by another one. (Inventory 30, 31.)

use crate::{
    catalogue::marks::{marked, somebody_logged_in},
    property::{CodeRedeemedOnce, RemindersArrive, RemindersOnce},
    scenario::{Logins, World, cut, hosts::*, ms, secs},
    vocabulary::{Faults, Scenario},
};

pub(crate) fn unfit_leader() -> Scenario {
    Scenario::new(
        "unfit_leader",
        "the mail relay is out of reach of one replica, which may lead",
    )
    .covering(&[30, 31])
    .world(
        World::standard()
            // Requests take some time, so that the fault meets them.
            .calls_wait(60, ms(60))
            .reminders(6, secs(16)..secs(24))
            .reminders(4, secs(40)..secs(50)),
    )
    .workload(Logins::people(30).from(secs(3)).every(ms(600)))
    .faults(
        Faults::new()
            .one_at(secs(12)..secs(14), [cut(IDP_A, MAIL), cut(IDP_B, MAIL)])
            .heal_at(secs(96)),
    )
    .always(RemindersOnce)
    .always(CodeRedeemedOnce)
    .eventually(RemindersArrive::within(secs(6)))
    .sometimes("an unfit leader gave way", marked("an unfit leader gave way"))
    .sometimes("a reminder was sent", marked("reminder sent"))
    .sometimes("somebody logged in", somebody_logged_in)
    .lasts(secs(110))
}
