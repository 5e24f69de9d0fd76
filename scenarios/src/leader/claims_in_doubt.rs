//! Single calls of the leader fail in the middle of its work: a claim, its record, a mail, and what it gives back.
//!
//! A claim of unknown outcome is given back, because nothing was sent; a mail of unknown outcome is not sent again. Whatever
//! can still be sent without a doubt arrives. (Inventory 29, 30, 31.)

use crate::{
    catalogue::marks::{marked, somebody_logged_in},
    property::{DirectoryKept, EveryoneCanLogIn, RemindersArrive, RemindersOnce},
    scenario::{DirectoryReader, Logins, Monitor, Probe, World, answer_lost, call_fails, hosts::*, secs},
    vocabulary::{Faults, Scenario},
};

pub(crate) fn claims_in_doubt() -> Scenario {
    // Whichever replica leads meets it.
    let at_both = |faults: Faults, when, fault: fn(&str) -> crate::vocabulary::Fault| {
        faults.at(when, fault(IDP_A)).and(fault(IDP_B))
    };
    let mut faults = at_both(Faults::new(), secs(10), |host| {
        answer_lost(host, "directory claim_reminder", "SQLITE_IOERR_FSYNC")
    });
    faults = at_both(faults, secs(22), |host| {
        call_fails(host, "directory claim_reminder", "SQLITE_IOERR")
    });
    faults = at_both(faults, secs(34), |host| call_fails(host, "mail deliver", "451"));
    faults = at_both(faults, secs(34), |host| {
        call_fails(host, "directory unclaim_reminder", "SQLITE_BUSY")
    });
    faults = at_both(faults, secs(46), |host| {
        call_fails(host, "directory due_reminders", "SQLITE_IOERR")
    });
    faults = at_both(faults, secs(58), |host| {
        answer_lost(host, "directory finish_reminder", "SQLITE_IOERR_FSYNC")
    });
    Scenario::new(
        "claims_in_doubt",
        "single calls of the leader fail while it sends reminders",
    )
    .covering(&[29, 30, 31])
    .world(
        World::standard()
            .lease(secs(4))
            .reminders(3, secs(11)..secs(13))
            .reminders(3, secs(23)..secs(25))
            .reminders(3, secs(35)..secs(37))
            .reminders(3, secs(47)..secs(49))
            .reminders(3, secs(59)..secs(61))
            .reminders(3, secs(76)..secs(78)),
    )
    .workload(Logins::people(4).from(secs(3)).every(secs(15)))
    .workloads(Probe::everything_from(secs(80)))
    .workload(Monitor::every(secs(4)))
    .workload(DirectoryReader::every(secs(4)))
    .faults(faults.heal_at(secs(70)))
    .always(RemindersOnce)
    .always(DirectoryKept)
    .eventually(RemindersArrive::within(secs(4)).settling(secs(6)))
    .eventually(EveryoneCanLogIn::within(secs(10)).at_any_time())
    .sometimes("a reminder was given back", marked("reminder given back"))
    .sometimes("somebody logged in", somebody_logged_in)
    .lasts(secs(90))
}
