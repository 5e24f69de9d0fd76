//! Everything at random.
//!
//! Each seed draws its own world, which kinds of people there are and how many, and which few kinds
//! of faults: a run in which every fault is possible seldom gets far enough to meet any. Some strike at
//! random times, some are aimed at what happens. Mild ones and harsh ones; then all heals, and
//! everything must work again. (All rows of the spine.)

use crate::{
    catalogue::marks::{fault_hit_somebody, marked, master_replaced, port_closed_and_opened, somebody_logged_in},
    property::{
        AnalyticsArrive, AnyCodeVerifies, AttemptsLimited, CodeRedeemedOnce, DegradedIsReported, EmailCodeOnce,
        ErrorsExplained, EveryReplicaServes, EveryoneCanLogIn, LatencyBudget, LimitsLetIn, MailArrives, NoLocalSuccess,
        NoSecretLogged, OneMailPerWindow, RemindersArrive, RemindersOnce, ReplicationCatchesUp, RightfulCodeHonoured,
        SendsLimited, SessionsSurvive, StolenCodesUseless,
    },
    scenario::{ms, secs},
    vocabulary::Scenario,
};

mod crowd;
mod draw;
mod hours;
mod trouble;

use hours::{LASTS_S, SETTLE_S};

pub(crate) fn swarm() -> Scenario {
    Scenario::new(
        "swarm",
        "everything at random, mild and harsh, and then everything heals",
    )
    .covering(&[
        1, 3, 4, 5, 6, 7, 9, 18, 20, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 33, 34, 37, 38, 39, 53, 54, 55, 56, 59, 61,
    ])
    .drawn(draw::draw)
    .drawn_plainly(draw::plainly)
    // About twice the worst seen in 90 seeds.
    .always(LatencyBudget::pages(ms(150)).and_hops(12))
    .always(CodeRedeemedOnce)
    .always(StolenCodesUseless)
    .always(RightfulCodeHonoured)
    .always(EmailCodeOnce)
    .always(AnyCodeVerifies)
    .always(AttemptsLimited)
    .always(SendsLimited)
    .always(OneMailPerWindow)
    .always(NoLocalSuccess)
    .always(RemindersOnce)
    .always(SessionsSurvive::settling_within(secs(SETTLE_S)))
    .always(ErrorsExplained)
    .always(NoSecretLogged)
    .eventually(RemindersArrive::within(secs(20)))
    .eventually(DegradedIsReported::within(secs(14)).recovers_within(secs(SETTLE_S)))
    .eventually(EveryoneCanLogIn::within(secs(30)).settling(secs(SETTLE_S)))
    .eventually(EveryReplicaServes::within(secs(30)).settling(secs(SETTLE_S)))
    .eventually(ReplicationCatchesUp::within(secs(SETTLE_S)))
    .eventually(LimitsLetIn::within(secs(30)).settling(secs(SETTLE_S)))
    .eventually(MailArrives::within(secs(10)).settling(secs(SETTLE_S)))
    .eventually(AnalyticsArrive::within(secs(5)).settling(secs(SETTLE_S)))
    .sometimes("a fault struck while somebody was doing something", fault_hit_somebody)
    .sometimes("somebody logged in", somebody_logged_in)
    .sometimes("the master was replaced", master_replaced)
    .sometimes("a replica closed its port and opened it again", port_closed_and_opened)
    .sometimes(
        "the balancer turned to the other replica",
        marked("the balancer turned to the next replica"),
    )
    .sometimes("the store's outcome was unknown", marked("store outcome unknown"))
    .lasts(secs(LASTS_S))
}
