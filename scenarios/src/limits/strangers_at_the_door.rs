//! Strangers use up what an address has: from a single place, with a header of their own that names others, and from many
//! places at once. The owner logs in nevertheless, in a browser that has logged in before.
//!
//! A single client is stopped before it has used up what everybody has at the address, and leaves room for the owner in a new
//! browser. Many clients together leave none, and lock the address for good: then only a known browser is let in.
//! (Inventory 18, 20, 24; SP 800-63B-4 section 3.2.2.)

use crate::{
    catalogue::marks::{marked, refused_to},
    property::{AttemptsLimited, EmailCodeOnce, LimitsLetIn, NoSecretLogged, SendsLimited},
    scenario::{Flooder, Guesser, Logins, Returns, World, ms, secs},
    vocabulary::Scenario,
};

pub(crate) fn strangers_at_the_door() -> Scenario {
    Scenario::new(
        "strangers_at_the_door",
        "strangers use up the limits of an address, and its owner logs in in a known browser",
    )
    .covering(&[18, 20, 24])
    .world(World::standard().limits_per(secs(20)).clients_told_in_any_way())
    // One stranger, who says to be somebody else each time.
    .workload(Guesser::in_one_place("victor", 60, ms(300)).from(secs(2)))
    .workload(Flooder::in_one_place("victor", 30, ms(600)).from(secs(2)))
    .workload(Logins::of("victor").from(secs(9)..secs(11)))
    // Many.
    .workload(Returns::of("olga", secs(30)).from(secs(1)))
    .workload(Guesser::of("olga", 120, ms(250)).called("horde").from(secs(5)))
    .workload(Flooder::of("olga", 60, ms(500)).called("flood").from(secs(5)))
    .always(AttemptsLimited)
    .always(SendsLimited)
    .always(EmailCodeOnce)
    .always(NoSecretLogged)
    .eventually(LimitsLetIn::within(secs(8)))
    .sometimes(
        "the limiter of clients refused the liar",
        refused_to("liar", "too-many-from-here"),
    )
    .sometimes(
        "the limiter of the address refused the horde",
        refused_to("horde", "too-many-logins"),
    )
    .sometimes("a limit refused a mail", marked("a mail was refused by the limiter"))
    .lasts(secs(60))
}
