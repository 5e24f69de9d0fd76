//! The leader does its work for some minutes, and nothing is broken.
//!
//! More reminders fall due at once than it sends after one look; sessions and tokens expire, and are deleted; every replica
//! comes back for the lease at the documented pace. An operator reads the directory. (Inventory 24, 29, 30, 31.)

use crate::{
    catalogue::marks::{marked, somebody_logged_in},
    property::{
        CodeRedeemedOnce, DirectoryKept, EmailCodeOnce, LeaseKept, LedgerRemembers, NothingFails, RemindersArrive,
        RemindersOnce,
    },
    scenario::{DirectoryReader, Logins, Monitor, Probe, Visitors, World, ms, secs},
    vocabulary::Scenario,
};

pub(crate) fn leader_at_work() -> Scenario {
    Scenario::new(
        "leader_at_work",
        "for some minutes the leader sends reminders and deletes what has expired, and nothing fails",
    )
    .covering(&[24, 29, 30, 31])
    .world(
        World::standard()
            .sessions_and_tokens_live(secs(50), secs(25))
            .reminders(20, secs(14)..secs(20))
            .reminders(9, secs(90)..secs(100))
            .reminders(3, secs(130)..secs(140)),
    )
    .workload(Logins::people(16).from(secs(3)).every(secs(9)))
    .workload(Visitors::looking(3, 6, secs(3)).from(secs(5)).every(secs(40)))
    .workloads(Probe::everything_from(secs(170)))
    .workload(Monitor::every(secs(5)))
    .workload(DirectoryReader::every(ms(3_500)))
    .always(NothingFails)
    .always(LeaseKept)
    .always(DirectoryKept)
    .always(LedgerRemembers)
    .always(RemindersOnce)
    .always(CodeRedeemedOnce)
    .always(EmailCodeOnce)
    .eventually(RemindersArrive::within(secs(10)))
    .sometimes("somebody logged in", somebody_logged_in)
    .sometimes("a reminder was sent", marked("reminder sent"))
    .lasts(secs(200))
}
