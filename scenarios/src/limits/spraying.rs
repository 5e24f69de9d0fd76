//! One stranger tries many addresses, a few times each: the limits of addresses never stop them, and those of a client do. The
//! others are let in meanwhile. (Inventory 18, 20; SP 800-63B-4 section 3.2.2.)

use crate::{
    catalogue::marks::{refused_to, somebody_logged_in},
    property::{AttemptsLimited, EmailCodeOnce, EveryoneCanLogIn, NoSecretLogged, SendsLimited},
    scenario::{Logins, Sprayer, World, ms, secs},
    vocabulary::Scenario,
};

pub(crate) fn spraying() -> Scenario {
    Scenario::new(
        "spraying",
        "a stranger tries many addresses from one place, and none of them often",
    )
    .covering(&[18, 20])
    .world(World::standard())
    .workload(Sprayer::of(35, 3, ms(100)).from(secs(1)..secs(2)))
    .workload(Logins::people(3).from(secs(3)).every(secs(6)))
    .always(AttemptsLimited)
    .always(SendsLimited)
    .always(EmailCodeOnce)
    .always(NoSecretLogged)
    .eventually(EveryoneCanLogIn::within(secs(10)).at_any_time())
    .sometimes(
        "the limiter of clients refused the stranger",
        refused_to("sprayer", "too-many-from-here"),
    )
    .sometimes("somebody logged in", somebody_logged_in)
    .lasts(secs(30))
}
