//! The Redis master dies with a redemption that was not replicated.
//!
//! Sentinel promotes a replica on which the spent code still seems valid. Everybody who presents it afterwards must be
//! refused. (Inventory 7, 23, 37, 39.)

use crate::{
    catalogue::marks::{fault_hit_somebody, marked, master_replaced, replaced_ms},
    property::{
        AnalyticsArrive, CodeRedeemedOnce, EmailCodeOnce, ErrorsExplained, EveryReplicaServes, EveryoneCanLogIn,
        MailArrives, NoSecretLogged, RemindersArrive, RemindersOnce, ReplicationCatchesUp, StolenCodesUseless,
        invocations,
    },
    redemption,
    scenario::{CodeThief, Logins, Probe, World, cut, hosts::*, kill, ms, secs},
    store::history::TAKEN_CAME_BACK,
    vocabulary::{Faults, MarkView, Op, Scenario},
};

pub(crate) fn failover_mid_redemption() -> Scenario {
    Scenario::new(
        "failover_mid_redemption",
        "the Redis master dies holding a redemption that its replica never saw",
    )
    .covering(&[7, 23, 37, 39])
    .world(
        World::standard()
            .reminder_at(secs(80))
            .replication_takes(ms(1)..ms(50))
            .links_take_up_to(ms(25)..ms(50)),
    )
    .workload(Logins::people(24).from(secs(7)).every(ms(330)))
    .workload(Logins::people(4).from(secs(28)).every(secs(1)))
    .workload(Logins::people(4).from(secs(66)).every(secs(1)))
    .workload(CodeThief::replays_after(&[
        secs(2),
        secs(4),
        secs(6),
        secs(10),
        secs(16),
    ]))
    .workloads(Probe::everything_from(secs(70)))
    .faults(
        Faults::new()
            .at(secs(12)..secs(16), cut(REDIS_1, REDIS_2))
            .then(ms(100)..ms(900), kill(REDIS_1))
            .heal_at(secs(45)),
    )
    .always(CodeRedeemedOnce)
    .always(StolenCodesUseless)
    .always(EmailCodeOnce)
    .always(RemindersOnce)
    .always(ErrorsExplained)
    .always(NoSecretLogged)
    // An election that failed is repeated after Sentinel's failover-timeout, which is 10 s here.
    .eventually(EveryoneCanLogIn::within(secs(24)).after_last_fault(secs(3)))
    .eventually(EveryReplicaServes::within(secs(8)).settling(secs(20)))
    .eventually(ReplicationCatchesUp::within(secs(20)))
    .eventually(RemindersArrive::within(secs(3)).settling(secs(15)))
    .eventually(MailArrives::within(secs(6)).settling(secs(12)))
    .eventually(AnalyticsArrive::within(secs(3)).settling(secs(5)))
    .sometimes("the master died on somebody", fault_hit_somebody)
    .sometimes("the master was replaced", master_replaced)
    .sometimes(
        "a replayed code was refused after the failover",
        replay_refused_after_failover,
    )
    .sometimes(
        "the ledger refused what the store had let through",
        marked("redemption met a spent code"),
    )
    .sometimes(TAKEN_CAME_BACK, marked(TAKEN_CAME_BACK))
    .lasts(secs(90))
}

/// Whether a redeemed code was refused after the master was replaced.
fn replay_refused_after_failover(reached: &MarkView<'_>) -> bool {
    let Some(replaced_ms) = replaced_ms(reached) else {
        return false;
    };
    let invocations = invocations(reached.history);
    let redeemed = |wanted| {
        invocations.iter().any(|invocation| {
            matches!(invocation.op, Op::Redemption(redemption::Op::Redeem { code, .. }) if code == wanted)
                && invocation.ok()
                && invocation.ended_ms() < replaced_ms
        })
    };
    invocations.iter().any(|invocation| match invocation.op {
        Op::Redemption(redemption::Op::Redeem { code, .. }) if invocation.began_ms > replaced_ms => {
            invocation.failure() == Some("invalid_grant") && redeemed(code)
        }
        _ => false,
    })
}
