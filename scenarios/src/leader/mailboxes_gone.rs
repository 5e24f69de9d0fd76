//! The relay refuses the mail of twenty people, for good or for the time being, and nothing is broken.
//!
//! Their reminders are the oldest. All others must arrive in time nevertheless. (Inventory 31.)

use crate::{
    catalogue::marks::{marked, somebody_logged_in},
    property::{LeaseKept, RemindersArrive, RemindersOnce},
    scenario::{Logins, World, ms, secs},
    vocabulary::Scenario,
    world::mail::{FULL, GONE},
};

pub(crate) fn mailboxes_gone() -> Scenario {
    Scenario::new(
        "mailboxes_gone",
        "the relay refuses the mail of some people, for good or for the time being",
    )
    .covering(&[31])
    .world(
        World::standard()
            .refused_reminders(FULL, 10, secs(8))
            .refused_reminders(GONE, 10, secs(9))
            .reminders(6, secs(14)..secs(20))
            .reminders(3, secs(24)..secs(30)),
    )
    .workload(Logins::people(4).from(secs(3)).every(ms(2_500)))
    .always(LeaseKept)
    .always(RemindersOnce)
    .eventually(RemindersArrive::within(secs(6)))
    .sometimes("a reminder was given up", marked("reminder given up"))
    .sometimes("a reminder was given back", marked("reminder given back"))
    .sometimes("a reminder was sent", marked("reminder sent"))
    .sometimes("somebody logged in", somebody_logged_in)
    .lasts(secs(45))
}
