//! A guesser keeps below the limits for a long time. Failures are counted in a row: a login of the owner ends the row, and the
//! hundredth failure locks the address, for the owner too.
//!
//! Windows are short in this world, so that a hundred guesses fit into a minute. (Inventory 18, 20; SP 800-63B-4 section
//! 3.2.2.)

use crate::{
    catalogue::marks::refused_to,
    property::{AttemptsLimited, EmailCodeOnce, NoSecretLogged},
    scenario::{Guesser, Logins, Returns, World, ms, secs},
    vocabulary::Scenario,
};
use std::time::Duration;

const AT_ONCE: [&str; 3] = ["crowd-1", "crowd-2", "crowd-3"];
const LATER: [(&str, Duration); 4] = [
    ("crowd-4", ms(400)),
    ("crowd-5", ms(800)),
    ("crowd-6", ms(1_200)),
    ("crowd-7", ms(1_600)),
];

pub(crate) fn failures_in_a_row() -> Scenario {
    Scenario::new(
        "failures_in_a_row",
        "failures are counted in a row, which a login ends and the hundredth locks",
    )
    .covering(&[18, 20])
    .world(World::standard().limits_per(secs(3)))
    // Together more than a hundred, but a login comes in between.
    .workload(Guesser::of("wendy", 75, ms(400)).called("first-guesser").from(secs(2)))
    .workload(Returns::of("wendy", secs(41)).from(secs(38)))
    .workload(
        Guesser::of("wendy", 75, ms(400))
            .called("second-guesser")
            .from(secs(40)),
    )
    .workload(
        Guesser::of("victor", 150, ms(400))
            .called("third-guesser")
            .from(secs(20)),
    )
    .workload(Logins::of("victor").from(secs(80)))
    // Together they use up what a window admits. Three come at once: the hundredth has others at its side.
    .workloads(AT_ONCE.map(|name| {
        let guesser = Guesser::of("ulla", 50, ms(2100)).called(name);
        guesser.from(secs(20)).every(Duration::ZERO)
    }))
    .workloads(LATER.map(|(name, later)| {
        let guesser = Guesser::of("ulla", 50, ms(2100)).called(name);
        guesser.from(secs(20).saturating_add(later)).every(Duration::ZERO)
    }))
    .always(AttemptsLimited)
    .always(EmailCodeOnce)
    .always(NoSecretLogged)
    .sometimes(
        "the hard stop refused the guesser",
        refused_to("third-guesser", "locked"),
    )
    .lasts(secs(90))
}
