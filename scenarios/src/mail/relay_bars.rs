//! The mail relay refuses every mail of the service for a reason of policy, until somebody mends its configuration.
//!
//! A reply of the 500s, but it says nothing of the mail: it is tried again, and nobody is given up. (Inventory 1, 3, 31.)

use super::Barred;
use crate::{
    catalogue::marks::somebody_logged_in,
    property::{
        EmailCodeOnce, EveryReplicaServes, EveryoneCanLogIn, HealthTells, LatencyBudget, MailArrives, MailsTriedAgain,
        OneMailPerWindow, RemindersArrive, RemindersOnce,
    },
    scenario::{Logins, Monitor, Probe, World, ms, relay_bars, secs},
    vocabulary::{Faults, Scenario},
};
use std::time::Duration;

pub(crate) fn relay_bars_the_service() -> Scenario {
    let barred = |lasts: Duration| {
        [Barred::Sender, Barred::Recipient, Barred::Content]
            .map(|what| relay_bars(what, lasts))
            .to_vec()
    };
    Scenario::new(
        "relay_bars",
        "the mail relay refuses all mails for a reason of policy, until its configuration is mended",
    )
    .covering(&[1, 3, 31])
    .world(
        World::standard()
            .reminders(3, secs(6)..secs(14))
            .reminders(2, secs(44)..secs(46)),
    )
    .workload(Logins::people(26).from(secs(2)).every(ms(700)))
    // Many at the moment in which it begins.
    .workload(Logins::people(24).from(ms(3_500)).every(ms(60)))
    .workload(Logins::people(3).from(secs(40)).every(secs(1)))
    .workloads(Probe::everything_from(secs(44)))
    .workload(Monitor::every(secs(2)))
    .faults(
        Faults::new()
            .one_at(
                secs(4)..secs(5),
                [barred(secs(5)), barred(secs(9)), barred(secs(14))].concat(),
            )
            .heal_at(secs(24)),
    )
    .always(LatencyBudget::pages(ms(500)).tokens(ms(400)))
    .always(HealthTells)
    .always(MailsTriedAgain)
    .always(OneMailPerWindow)
    .always(EmailCodeOnce)
    .always(RemindersOnce)
    .eventually(RemindersArrive::within(secs(4)).settling(secs(5)))
    .eventually(EveryoneCanLogIn::within(secs(15)).settling(secs(5)))
    .eventually(EveryReplicaServes::within(secs(10)).settling(secs(12)))
    .eventually(MailArrives::within(secs(6)).settling(secs(12)))
    .sometimes("somebody logged in", somebody_logged_in)
    .lasts(secs(60))
}
