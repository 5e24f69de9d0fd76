//! One stranger tries many addresses, a few times each: the limits of addresses never stop them, and those of a client do. Another
//! one begins logins that nobody ends: most of them leave nothing anywhere, and of those that are too long for their cookies a client
//! may begin so many. The others are let in meanwhile. (Inventory 18, 20, 22; SP 800-63B-4 section 3.2.2.)

use crate::{
    catalogue::marks::{marked, refused_to, somebody_logged_in},
    exchange, limits,
    property::{AttemptsLimited, EmailCodeOnce, EveryoneCanLogIn, NoSecretLogged, SendsLimited},
    scenario::{Logins, Sprayer, World, ms, secs},
    vocabulary::{Event, MarkView, Observation, Scenario, Workload},
};
use spec::exchange::Answered;

pub(crate) fn spraying() -> Scenario {
    Scenario::new(
        "spraying",
        "a stranger tries many addresses from one place, and none of them often",
    )
    .covering(&[18, 20, 22])
    .world(World::standard())
    .workload(Sprayer::of(35, 3, ms(100)).from(secs(1)..secs(2)))
    .workload(crawler("crawler", 90, 0).from(secs(1)))
    .workload(crawler("long-winded", 330, 900).from(secs(2)))
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
    .sometimes(
        "a login was too long for its cookie",
        marked("a login in progress was too long for its cookie"),
    )
    .sometimes("the limiter of clients refused a long login", refused_crawler)
    .sometimes("somebody logged in", somebody_logged_in)
    .lasts(secs(30))
}

/// Begins so many logins from one place, with so many bytes in `state` besides the usual ones.
fn crawler(name: &'static str, logins: u32, state_bytes: u32) -> Workload {
    let does = limits::Behaviour::BeginLogins {
        logins,
        every_ms: 60,
        state_bytes,
        from_many_places: false,
    };
    Workload::named(name, does.into())
}

fn refused_crawler(reached: &MarkView<'_>) -> bool {
    reached.history.records.iter().any(|record| match &record.event {
        Event::Own(Observation::Exchange(exchange::Observation::Answered {
            answer: Answered::With(answer),
            ..
        })) => record.who == "long-winded" && answer.status == 429,
        _ => false,
    })
}
