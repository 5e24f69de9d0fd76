//! One person logs in while a reminder is due, so that a leader is at work, and nothing fails.
//!
//! `squall calls` performs this scenario once more for each call that a replica makes during it, and for each way in
//! which that call can go wrong. One more reminder is due long after everything has healed. (Inventory 29, 30, 31.)

use crate::{
    catalogue::marks::{marked, somebody_logged_in},
    property::{
        CodeRedeemedOnce, EmailCodeOnce, ErrorsExplained, EveryReplicaServes, EveryoneCanLogIn, LatencyBudget,
        NoSecretLogged, NothingFails, RemindersArrive, RemindersOnce, ReplicationCatchesUp, RightfulCodeHonoured,
    },
    scenario::{Guesser, Logins, Probe, World, ms, secs},
    vocabulary::Scenario,
};
use sim::calls::CallStory;

/// How `squall calls` performs the scenario again for each call.
pub(crate) const EVERY_CALL: CallStory = CallStory {
    scenario: "one_reminder",
    until_ms: 10_000,
    heals_at_ms: 17_000,
    pause_ms: 6_000,
};

pub(crate) fn one_reminder() -> Scenario {
    Scenario::new(
        "one_reminder",
        "one person logs in while a reminder is due, and nothing fails",
    )
    .covering(&[29, 30, 31, 33])
    .world(
        World::standard()
            .lease(secs(4))
            .reminders(2, secs(4)..secs(5))
            .reminder_at(secs(36)),
    )
    .workload(Logins::of("ann").every(secs(0)).from(secs(3)))
    .workloads(Probe::everything_from(secs(34)))
    // After the calls that are made to fail: somebody is refused, and asks for the reason.
    .workload(Guesser::of("zed", 1, ms(400)).from(secs(28)))
    .always(NothingFails)
    .always(LatencyBudget::pages(ms(500)).tokens(ms(400)))
    .always(RemindersOnce)
    .always(CodeRedeemedOnce)
    .always(RightfulCodeHonoured)
    .always(EmailCodeOnce)
    .always(ErrorsExplained)
    .always(NoSecretLogged)
    .eventually(RemindersArrive::within(secs(3)).settling(secs(15)))
    .eventually(EveryoneCanLogIn::within(secs(40)).at_any_time())
    .eventually(EveryReplicaServes::within(secs(8)).settling(secs(15)))
    .eventually(ReplicationCatchesUp::within(secs(15)))
    .sometimes("somebody logged in", somebody_logged_in)
    .sometimes("a reminder was sent", marked("reminder sent"))
    .lasts(secs(46))
}
