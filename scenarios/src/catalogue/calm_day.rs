//! Nothing fails, and everything works.
//!
//! Two replicas behind a balancer that sends each request to the other one. People log in, come
//! back and are reminded of things. It is the claim that keeps the others honest. (Inventory 33.)

use super::marks::{marked, somebody_logged_in};
use crate::{
    property::{
        AnyCodeVerifies, CodeRedeemedOnce, EmailCodeOnce, EveryoneCanLogIn, LatencyBudget, NothingFails,
        RemindersArrive, RemindersOnce, RightfulCodeHonoured, SessionsSurvive,
    },
    scenario::{Logins, Scenario, Visitors, World, ms, secs},
};

pub(super) fn calm_day() -> Scenario {
    Scenario::new(
        "calm_day",
        "nothing fails and everything works, within its budget of time",
    )
    .covering(&[33])
    .world(
        World::standard()
            .reminders(3, secs(8)..secs(12))
            .reminders(3, secs(20)..secs(25)),
    )
    .workload(Logins::people(16).every(secs(2)))
    .workload(Visitors::looking(4, 8, secs(3)).every(secs(3)))
    .always(NothingFails)
    .always(LatencyBudget::pages(ms(500)).tokens(ms(400)))
    .always(CodeRedeemedOnce)
    .always(EmailCodeOnce)
    .always(AnyCodeVerifies)
    .always(RightfulCodeHonoured)
    .always(RemindersOnce)
    .always(SessionsSurvive::settling_within(secs(0)))
    .eventually(RemindersArrive::within(secs(3)))
    .eventually(EveryoneCanLogIn::within(secs(6)).at_any_time())
    .sometimes("somebody logged in", somebody_logged_in)
    .sometimes("a reminder was sent", marked("reminder sent"))
    .lasts(secs(50))
}
