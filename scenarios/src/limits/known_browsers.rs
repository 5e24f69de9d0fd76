//! What a known browser is worth, to its owner and to others, and until when. Strangers use up the limits of each address all
//! the while, so that it shows who is known.
//!
//! - Ann has more browsers than may be known: in the first one she is a stranger again.
//! - Bea comes back before the end of the time for which a browser is known, and Cleo after it.
//! - Eve has an account of her own, and guesses at Dora's address in the browser in which she is known herself.
//! - Somebody at one of Ulla's devices guesses there until it is known no longer. Her other one goes on to be known.
//!
//! Windows are short in this world, so that a hundred guesses fit into a minute. (Inventory 18, 20, 24; SP 800-63B-4 section
//! 3.2.2.)

use crate::{
    catalogue::marks::refused_to,
    property::{AttemptsLimited, EmailCodeOnce, NoSecretLogged, SendsLimited},
    scenario::{Guesser, ManyBrowsers, Returns, World, ms, secs},
    vocabulary::Scenario,
};

pub(crate) fn known_browsers() -> Scenario {
    Scenario::new(
        "known_browsers",
        "people come back to browsers in which they are known, are known no longer, or never were",
    )
    .covering(&[18, 20, 24])
    .world(World::standard().limits_per(secs(3)).browsers_known_for(secs(40)))
    .workload(ManyBrowsers::of("ann", 9, ms(200), secs(5)).from(secs(1)))
    .workload(Returns::of("bea", secs(25)).from(secs(1)))
    .workload(Returns::of("cleo", secs(45)).from(secs(1)))
    .workload(Guesser::known_as("eve", "dora", 30, ms(200)).from(secs(2)))
    .workload(Guesser::known_as("ulla", "ulla", 150, ms(250)).from(secs(2)))
    .workload(Returns::of("ulla", secs(38)).from(secs(12)))
    .workload(
        Guesser::of("ann", 130, ms(120))
            .called("strangers-of-ann")
            .from(secs(24)),
    )
    .workload(
        Guesser::of("bea", 40, ms(120))
            .called("strangers-of-bea")
            .from(secs(24)),
    )
    .workload(
        Guesser::of("cleo", 60, ms(120))
            .called("strangers-of-cleo")
            .from(secs(43)),
    )
    .workload(
        Guesser::of("ulla", 40, ms(120))
            .called("strangers-of-ulla")
            .from(secs(48)),
    )
    .always(AttemptsLimited)
    .always(SendsLimited)
    .always(EmailCodeOnce)
    .always(NoSecretLogged)
    .sometimes(
        "the limiter of clients refused whoever was known as somebody else",
        refused_to("eve", "too-many-from-here"),
    )
    .sometimes(
        "the limiter of the address refused somebody in a browser that is known no longer",
        refused_to("cleo", "too-many-logins"),
    )
    .lasts(secs(75))
}
