//! Somebody guesses codes, alternating between the replicas, and Redis fails over meanwhile.
//!
//! The guesser and a flooder use up their limits on a master that is cut off from its replica, and go on at the
//! promoted node, which does not have these counts. This is the documented edge: one more limit, and not more than one.
//! The "plodder" guesses as fast as the limit allows until the directory's hard stop, which forgets nothing. (Inventory
//! 18, 20, 24; SP 800-63B-4 section 3.2.2.)

use crate::{
    catalogue::marks::{marked, master_replaced, refused_to, replaced_ms},
    property::{
        AttemptsLimited, EmailCodeOnce, ErrorsExplained, EveryReplicaServes, EveryoneCanLogIn, LimitsLetIn,
        NoSecretLogged, OneMailPerWindow, ReplicationCatchesUp, SendsLimited, WRONG_CODE, invocations, limits,
    },
    scenario::{Flooder, Guesser, Logins, Probe, World, cut, hosts::*, kill, ms, secs},
    store::history::COUNTED_BACK,
    vocabulary::{Faults, MarkView, Scenario},
};

pub(crate) fn guesser_across_failover() -> Scenario {
    Scenario::new(
        "guesser_across_failover",
        "somebody guesses codes at both replicas, and Redis fails over meanwhile",
    )
    .covering(&[18, 20, 24])
    // The window is longer than a failover, and short enough for a hundred guesses within the limit.
    .world(World::standard().limits_per(secs(8)).links_take_up_to(ms(10)..ms(20)))
    .workload(Guesser::of("victor", 60, ms(150)).from(secs(9)..ms(9500)))
    .workload(Flooder::of("flora", 40, ms(250)).from(secs(9)..ms(9500)))
    .workload(Guesser::of("walter", 165, ms(500)).called("plodder").from(secs(1)))
    .workload(Logins::people(6).from(secs(5)).every(ms(700)))
    .workload(Logins::people(3).from(secs(46)).every(secs(1)))
    .workload(Guesser::of("olga", 32, ms(2500)).called("dripper").from(secs(2)))
    .workload(Logins::of("victor").from(secs(56)))
    .workload(Logins::of("flora").from(secs(56)))
    .workload(Logins::of("olga").from(secs(58)))
    .workloads(Probe::everything_from(secs(66)))
    .faults(
        Faults::new()
            .at(secs(8)..secs(9), cut(REDIS_1, REDIS_2))
            .at(ms(12_000)..secs(13), kill(REDIS_1))
            .heal_at(secs(40)),
    )
    .always(AttemptsLimited)
    .always(SendsLimited)
    .always(OneMailPerWindow)
    .always(EmailCodeOnce)
    .always(ErrorsExplained)
    .always(NoSecretLogged)
    .eventually(EveryoneCanLogIn::within(secs(6)).settling(secs(5)))
    .eventually(EveryReplicaServes::within(secs(8)).settling(secs(20)))
    .eventually(ReplicationCatchesUp::within(secs(20)))
    .eventually(LimitsLetIn::within(secs(8)))
    .sometimes(
        "the failover gave the guesser another limit",
        failover_gave_another_limit,
    )
    .sometimes("a limit refused the guesser after the failover", limited_after_failover)
    .sometimes("a limit refused a mail", marked("a mail was refused by the limiter"))
    .sometimes("the hard stop refused the plodder", refused_to("plodder", "locked"))
    .sometimes("the master was replaced", master_replaced)
    .sometimes(COUNTED_BACK, marked(COUNTED_BACK))
    .lasts(secs(100))
}

/// The service looked at more of the guesser's codes in the first window than its limit, because the master was
/// replaced: the documented edge.
fn failover_gave_another_limit(reached: &MarkView<'_>) -> bool {
    let invocations = invocations(reached.history);
    let mut looked_at = invocations
        .iter()
        .filter(|invocation| invocation.who == "guesser" && invocation.failure() == Some(WRONG_CODE));
    let Some(first) = looked_at.next() else { return false };
    let until_ms = first.began_ms + reached.plan.world.limit_window_s * 1000;
    let more = looked_at.filter(|invocation| invocation.ended_ms() < until_ms).count() as u64;
    master_replaced(reached) && 1 + more > limits().login_attempts
}

/// A limit refused a guess, or a mail with a code to guess, after the master was replaced.
fn limited_after_failover(reached: &MarkView<'_>) -> bool {
    let Some(replaced_ms) = replaced_ms(reached) else {
        return false;
    };
    invocations(reached.history).iter().any(|invocation| {
        invocation.who == "guesser"
            && invocation.began_ms > replaced_ms
            && invocation.failure().is_some_and(|told| told.starts_with("too-many"))
    })
}
