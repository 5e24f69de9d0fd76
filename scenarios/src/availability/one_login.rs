//! One person logs in, looks at the account page and logs out, and nothing fails.
//!
//! `squall calls` performs this scenario once more for each call that a replica makes during it, and for each way in
//! which that call can go wrong. A thief presents the code again: a code that comes back does harm only if somebody
//! presents it. Afterwards probes check that everything works. (Inventory 7, 23, 27, 33, 54.)

use crate::{
    catalogue::marks::somebody_logged_in,
    property::{
        AnalyticsArrive, AnyCodeVerifies, CodeRedeemedOnce, EmailCodeOnce, ErrorsExplained, EveryReplicaServes,
        EveryoneCanLogIn, LatencyBudget, MailArrives, NoSecretLogged, NothingFails, OneMailPerWindow,
        ReplicationCatchesUp, RightfulCodeHonoured, SendsLimited, SessionsSurvive, StolenCodesUseless, invocations,
    },
    scenario::{CodeThief, Logins, Probe, SignsOut, World, ms, secs},
    session,
    vocabulary::{MarkView, Op, Scenario},
};
use sim::calls::CallStory;

/// How `squall calls` performs the scenario again for each call.
pub(crate) const EVERY_CALL: CallStory = CallStory {
    scenario: "one_login",
    until_ms: 12_000,
    heals_at_ms: 18_000,
    pause_ms: 6_000,
};

pub(crate) fn one_login() -> Scenario {
    Scenario::new(
        "one_login",
        "one person logs in, looks at the account page and logs out, and nothing fails",
    )
    .covering(&[7, 23, 27, 33, 54])
    .world(World::standard().lease(secs(4)))
    .workload(SignsOut::of("ann").from(secs(2)))
    .workload(CodeThief::replays_after(&[secs(2)]))
    .workload(Logins::of("ben").from(secs(34)))
    .workloads(Probe::everything_from(secs(35)))
    .always(NothingFails)
    .always(LatencyBudget::pages(ms(500)).tokens(ms(400)))
    .always(CodeRedeemedOnce)
    .always(StolenCodesUseless)
    .always(RightfulCodeHonoured)
    .always(EmailCodeOnce)
    .always(AnyCodeVerifies)
    .always(OneMailPerWindow)
    .always(SendsLimited)
    .always(SessionsSurvive::settling_within(secs(15)))
    .always(ErrorsExplained)
    .always(NoSecretLogged)
    // Long enough whatever happens to one call: a lost mail costs 25 s, and a paused process a few more.
    .eventually(EveryoneCanLogIn::within(secs(40)).at_any_time())
    .eventually(EveryReplicaServes::within(secs(8)).settling(secs(15)))
    .eventually(ReplicationCatchesUp::within(secs(15)))
    .eventually(MailArrives::within(secs(6)).settling(secs(15)))
    .eventually(AnalyticsArrive::within(secs(3)).settling(secs(15)))
    .sometimes("somebody logged in", somebody_logged_in)
    .sometimes("somebody logged out", somebody_logged_out)
    .lasts(secs(50))
}

fn somebody_logged_out(reached: &MarkView<'_>) -> bool {
    invocations(reached.history)
        .iter()
        .any(|invocation| matches!(invocation.op, Op::Session(session::Op::LogOut { .. })) && invocation.ok())
}
