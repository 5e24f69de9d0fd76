//! The mail relay refuses all mails for a while, and later takes them without saying so.
//!
//! What it has refused is tried again after documented pauses. What it may have taken is not, because a second mail would
//! be worse than none; whoever gets none presses again. (Inventory 1, 3.)

use crate::{
    catalogue::marks::{marked, somebody_logged_in},
    property::{
        EmailCodeOnce, EveryReplicaServes, EveryoneCanLogIn, LatencyBudget, MailArrives, MailsTriedAgain,
        OneMailPerWindow, RemindersArrive, RemindersOnce,
    },
    scenario::{Logins, Probe, World, mail, ms, secs},
    vocabulary::{Faults, Mode, Scenario},
};

pub(crate) fn relay_refuses() -> Scenario {
    Scenario::new(
        "relay_refuses",
        "the mail relay refuses all mails for a while, and later takes them without an answer",
    )
    .covering(&[1, 3])
    .world(
        World::standard()
            .reminders(3, secs(6)..secs(14))
            .reminders(2, secs(60)..secs(62)),
    )
    .workload(Logins::people(30).from(secs(2)).every(ms(700)))
    .workload(Logins::people(6).from(secs(45)).every(ms(700)))
    .workload(Logins::people(2).from(secs(72)).every(secs(1)))
    .workloads(Probe::everything_from(secs(74)))
    .faults(
        Faults::new()
            .at(secs(4)..secs(5), mail(Mode::Failing))
            .then(ms(600)..secs(17), mail(Mode::Healthy))
            .at(secs(45), mail(Mode::Dropping))
            .heal_at(secs(50)),
    )
    .always(LatencyBudget::pages(ms(500)).tokens(ms(400)))
    .always(MailsTriedAgain)
    .always(OneMailPerWindow)
    .always(EmailCodeOnce)
    .always(RemindersOnce)
    .eventually(RemindersArrive::within(secs(4)).settling(secs(5)))
    .eventually(EveryoneCanLogIn::within(secs(15)).settling(secs(5)))
    .eventually(EveryReplicaServes::within(secs(10)).settling(secs(12)))
    .eventually(MailArrives::within(secs(6)).settling(secs(12)))
    .sometimes("it was unknown whether a mail was sent", marked("mail fate unknown"))
    .sometimes("somebody logged in", somebody_logged_in)
    .lasts(secs(90))
}
