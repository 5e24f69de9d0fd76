//! A day that is longer than a session, with every lifetime and window as documented: people, clients and attackers come
//! just before and just after each end, and nothing is broken. What lasts too long is seen only by who waits for its end.
//! (Inventory 18, 20, 22, 24.)
//!
//! It is a developer's world: with Sentinels that ask each other all day whether all is well, a run takes 13 s of processor
//! time in a development build, and not 0.6 s.

use super::{
    Behaviour,
    ends::{around_a_window, spread},
};
use crate::{
    catalogue::marks::{refused_with, somebody_logged_in},
    limits, mailed_code,
    property::{CodeRedeemedOnce, EmailCodeOnce},
    scenario::{BurntCodes, CodeThief, Logins, Racers, World, secs},
    session,
    vocabulary::{Behaviour as AnyBehaviour, Operation, Plan, Scenario},
};
use sim::scenario::Dice;

/// A session, and what people need besides.
const LASTS_S: u64 = SESSION_S + 400;
/// As documented.
const SESSION_S: u64 = 43_200;
const HOUR_MS: u64 = 3_600_000;

pub(super) fn long_day() -> Scenario {
    Scenario::new(
        "long_day",
        "for longer than a session lasts, people come just before and just after every documented end",
    )
    .covering(&[18, 20, 22, 24])
    .world(World::of_a_developer().limits_per(secs(300)).lease(secs(600)))
    .workload(Logins::people(8).every(secs(5_000)))
    .workload(Racers::people(2).from(secs(2_000)).every(secs(15_000)))
    .workload(BurntCodes::people(2).from(secs(7_000)).every(secs(15_000)))
    .workload(CodeThief::replays_after(&[secs(59), secs(61), secs(3_600)]))
    .drawn(draw)
    .always(CodeRedeemedOnce)
    .always(EmailCodeOnce)
    .sometimes("somebody logged in", somebody_logged_in)
    .sometimes("an address was locked", refused_with("locked"))
    .sometimes("a login in progress had ended", refused_with("expired"))
    .lasts(secs(LASTS_S))
}

fn draw(seed: u64, plan: &mut Plan) {
    let mut dice = Dice::of(seed, "long day");
    plan.operations.extend(spread(&plan.world, LASTS_S, &mut dice));
    let from_ms = dice.between(HOUR_MS, 2 * HOUR_MS);
    plan.operations.extend(around_a_window(&plan.world, from_ms));
    let mut somebody = |at_ms: u64, who: &str, does: AnyBehaviour| {
        plan.operations.push(Operation {
            at_ms: at_ms + dice.between(0, 10_000),
            who: who.to_owned(),
            does,
        });
    };
    // A hundred failures in a row, slowly enough for the limits of attempts and of mails; then the victim comes.
    let guess = limits::Behaviour::Guess {
        victim: "lotta".into(),
        guesses: 124,
        every_ms: 31_000,
        in_one_place: false,
        known_as: None,
    };
    somebody(3 * HOUR_MS, "patient-attacker", guess.into());
    somebody(6 * HOUR_MS, "lotta", mailed_code::Behaviour::LogIn.into());
    // Looks at the account page, the last time without the cookie: the browser has dropped it.
    let stay = session::Behaviour::StayLoggedIn {
        every_ms: 4 * HOUR_MS,
        looks: 3,
    };
    somebody(1_000, "all-day", stay.into());
    for (who, hours_ms, prompt, max_age) in [
        ("back-soon", 2 * HOUR_MS, "", ""),
        ("back-in-time", SESSION_S * 1000 - 5_000, "", ""),
        ("back-too-late", SESSION_S * 1000 + 5_000, "", ""),
        ("asked-again", 5 * HOUR_MS, "login", ""),
        ("asked-silently", 9 * HOUR_MS, "none", ""),
        ("silently-too-late", SESSION_S * 1000 + 5_000, "none", ""),
        ("young-enough", HOUR_MS - 60_000, "", "3600"),
        ("too-old", HOUR_MS + 60_000, "", "3600"),
    ] {
        let again = Behaviour::LogInTwice {
            after_ms: hours_ms,
            scope: "openid profile email".into(),
            prompt: prompt.into(),
            max_age: max_age.into(),
            verifier: String::new(),
        };
        somebody(2_000, who, again.into());
    }
}
