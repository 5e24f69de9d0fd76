//! The mail relay stalls, and people press the send button six times.
//!
//! The page answers all the same. When the relay works again, the mails arrive late and several at a time; every code
//! among them works. (Inventory 1, 3, 5.)

use crate::{
    catalogue::marks::{marked, somebody_logged_in, stalled},
    mail, mailed_code,
    property::{
        AnyCodeVerifies, EmailCodeOnce, EveryReplicaServes, EveryoneCanLogIn, HealthTells, LatencyBudget, MailArrives,
        OneMailPerWindow, RemindersArrive, RemindersOnce, SendsLimited, invocations,
    },
    scenario::{ImpatientPeople, Logins, Monitor, Probe, World, mail, ms, secs},
    vocabulary::{Fault, Faults, MarkView, Mode, Op, OwnFault, Scenario},
};

pub(crate) fn mail_stalls() -> Scenario {
    let stalls = [
        mail(Mode::Hanging),
        mail(Mode::Slow { by_ms: 8_000 }),
        mail(Mode::Slow { by_ms: 30_000 }),
        mail(Mode::Failing),
        mail(Mode::Garbage),
    ];
    Scenario::new(
        "mail_stalls",
        "the mail relay stalls and people press the button six times",
    )
    .covering(&[1, 3, 4, 5])
    .world(World::standard().reminders(4, secs(6)..secs(26)))
    .workload(ImpatientPeople::clicking(4, 6).every(ms(700)))
    .workload(Logins::people(14).every(ms(250)))
    .workload(ImpatientPeople::clicking(2, 6).from(secs(42)).every(secs(1)))
    .workload(Logins::people(2).from(secs(42)).every(secs(1)))
    .workload(Monitor::every(secs(3)))
    .workloads(Probe::everything_from(secs(50)))
    .faults(
        Faults::new()
            .one_at(secs(2)..secs(4), stalls)
            .heal_at(secs(28)..secs(36)),
    )
    .always(LatencyBudget::pages(ms(500)).tokens(ms(400)))
    .always(HealthTells)
    .always(OneMailPerWindow)
    .always(SendsLimited)
    .always(AnyCodeVerifies)
    .always(EmailCodeOnce)
    .eventually(EveryoneCanLogIn::within(secs(15)).settling(secs(5)))
    .eventually(EveryReplicaServes::within(secs(10)).settling(secs(12)))
    .always(RemindersOnce)
    .eventually(RemindersArrive::within(secs(4)).settling(secs(5)))
    .eventually(MailArrives::within(secs(6)).settling(secs(12)))
    .sometimes(
        "the relay stalled while somebody pressed the button",
        send_pressed_while_mail_stalled,
    )
    .sometimes(
        "a second press sent no second mail",
        marked("a second press sent no second mail"),
    )
    .sometimes("somebody logged in", somebody_logged_in)
    .lasts(secs(65))
}

/// Whether somebody pressed a button while the mail relay did not answer.
fn send_pressed_while_mail_stalled(reached: &MarkView<'_>) -> bool {
    stalled(reached, |fault| match fault {
        Fault::Own(OwnFault::Mail(mail::Fault::Mail { mode })) => Some(*mode),
        _ => None,
    })
    .is_some_and(|(from, to)| {
        invocations(reached.history).iter().any(|invocation| {
            matches!(invocation.op, Op::MailedCode(mailed_code::Op::SendCode { .. }))
                && invocation.ok()
                && (from..to).contains(&invocation.began_ms)
        })
    })
}
