//! People log in again in the same browser, and others log in where somebody else was logged in. Whoever has a copy of the old
//! cookie is signed in for as long as the new one has not come, and no longer. Then they sign out, and no client gets anything
//! with what it was given before. (Inventory 8, 9, 55; RP-Initiated Logout section 2, RFC 6750 section 3.1.)

use crate::{
    catalogue::marks::{marked, somebody_logged_in},
    property::{CodeRedeemedOnce, EmailCodeOnce, NoSecretLogged, SessionsSurvive},
    scenario::{LogsInAgain, Visitors, World, ms, secs},
    vocabulary::Scenario,
};

pub(crate) fn logs_in_again() -> Scenario {
    Scenario::new(
        "logs_in_again",
        "people log in again where they or others are logged in, and the old cookies are looked at",
    )
    .covering(&[8, 9, 55])
    .world(World::standard())
    .workload(LogsInAgain::people(3, ms(700)..secs(4)).every(secs(2)))
    .workload(LogsInAgain::as_another(3, ms(700)..secs(4)).every(secs(2)))
    .workload(Visitors::looking(2, 12, ms(1500)).every(ms(700)))
    .always(SessionsSurvive::settling_within(secs(4)))
    .always(CodeRedeemedOnce)
    .always(EmailCodeOnce)
    .always(NoSecretLogged)
    .sometimes("somebody logged in", somebody_logged_in)
    .sometimes(
        "a session took the place of another",
        marked("a session took the place of another"),
    )
    .sometimes(
        "a code came after its person had signed out",
        marked("redemption met a session that had ended"),
    )
    .lasts(secs(50))
}
