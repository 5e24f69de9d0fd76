//! The scenario in which everything is random.
//!
//! Each seed draws a topology and settings, kinds of people and their numbers, and a few kinds of faults, mild or
//! harsh. Then everything heals, and everything must work again. (All rows of the inventory that concern a running
//! system.)

mod crowd;
mod faults;
mod guarded_swarm;
mod options;

pub(crate) use guarded_swarm::guarded_swarm;

use crate::{
    catalogue::marks::{fault_hit_somebody, marked, master_replaced, port_closed_and_opened, somebody_logged_in},
    property::{
        AnalyticsArrive, AnyCodeVerifies, AttemptsLimited, CodeRedeemedOnce, DegradedIsReported, EmailCodeOnce,
        ErrorsExplained, EveryReplicaServes, EveryoneCanLogIn, LatencyBudget, LimitsLetIn, LoginsSideBySide,
        MailArrives, NoLocalSuccess, NoSecretLogged, NobodyHarmed, OneMailPerWindow, RemindersArrive, RemindersOnce,
        ReplicationCatchesUp, RightfulCodeHonoured, SendsLimited, SessionsSurvive, StolenCodesUseless,
    },
    scenario::{ms, secs},
    vocabulary::{Login, Scenario},
};
use sim::scenario::Swarm;
use std::time::Duration;

/// Time at which everything heals.
const HEALS_AT: Duration = secs(45);
/// How long the world may take to settle after healing.
const SETTLES_WITHIN: Duration = secs(45);

pub(crate) fn swarm() -> Scenario {
    let swarm = of_everybody().options(options::some).plain_options(options::default);
    let swarm = Scenario::new(
        "swarm",
        "everything at random, mild and harsh, and then everything heals",
    )
    .swarm(swarm);
    claimed_of(swarm, 12)
        // Rare here; the scenario `redis_unreachable` reaches it in every run.
        .sometimes_one_in(
            60,
            "a replica closed its port and opened it again",
            port_closed_and_opened,
        )
        .sometimes_one_in(
            6,
            "the balancer turned to the other replica",
            marked("the balancer turned to the next replica"),
        )
        .sometimes_one_in(
            6,
            "a request went on without its client",
            marked("a request went on without its client"),
        )
        .sometimes("the store's outcome was unknown", marked("store outcome unknown"))
}

/// The people and the faults of any world, and when everything is well again.
fn of_everybody() -> Swarm<Login> {
    Swarm::new()
        .background(&[crowd::people])
        .crowd(crowd::KINDS)
        .after_healing(&[crowd::late])
        .follow_up(crowd::victims_and_probes)
        .faults(faults::KINDS)
        .sequence(6, faults::log_deleted)
        .heals_at(HEALS_AT)
        .settles_within(SETTLES_WITHIN)
}

/// What is claimed of the service whatever happens, and what happens in any swarm. A page waits for at most so many messages
/// between hosts.
fn claimed_of(swarm: Scenario, hops: u64) -> Scenario {
    swarm
        .covering(&[
            1, 3, 4, 5, 6, 7, 9, 18, 20, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 33, 34, 37, 38, 39, 53, 54, 55, 56,
            59, 61,
        ])
        // About twice the longest time seen in 90 seeds.
        .always(LatencyBudget::pages(ms(150)).and_hops(hops))
        .always(CodeRedeemedOnce)
        .always(StolenCodesUseless)
        .always(RightfulCodeHonoured)
        .always(EmailCodeOnce)
        .always(AnyCodeVerifies)
        .always(LoginsSideBySide)
        .always(NobodyHarmed)
        .always(AttemptsLimited)
        .always(SendsLimited)
        .always(OneMailPerWindow)
        .always(NoLocalSuccess)
        .always(RemindersOnce)
        .always(SessionsSurvive::settling_within(SETTLES_WITHIN))
        .always(ErrorsExplained)
        .always(NoSecretLogged)
        .eventually(RemindersArrive::within(secs(20)))
        .eventually(DegradedIsReported::within(secs(14)).recovers_within(SETTLES_WITHIN))
        .eventually(EveryoneCanLogIn::within(secs(30)).settling(SETTLES_WITHIN))
        .eventually(EveryReplicaServes::within(secs(30)).settling(SETTLES_WITHIN))
        .eventually(ReplicationCatchesUp::within(SETTLES_WITHIN))
        .eventually(LimitsLetIn::within(secs(30)).settling(SETTLES_WITHIN))
        .eventually(MailArrives::within(secs(10)).settling(SETTLES_WITHIN))
        .eventually(AnalyticsArrive::within(secs(5)).settling(SETTLES_WITHIN))
        .sometimes("a fault struck while somebody was doing something", fault_hit_somebody)
        .sometimes("somebody logged in", somebody_logged_in)
        .sometimes("the master was replaced", master_replaced)
}
