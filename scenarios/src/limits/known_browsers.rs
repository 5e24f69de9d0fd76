//! What a known browser is worth, to its owner and to others, and until when. Strangers use up the limits of each address all
//! the while, so that it shows who is known.
//!
//! - Ada has as many browsers as may be known, and Ann one more: in the first one she is a stranger again.
//! - Bea comes back before the end of the time for which a browser is known, Cleo and Cora after it.
//! - Eve has an account of her own, and guesses at Dora's address in the browser in which she is known herself.
//! - Somebody at one of Ulla's devices guesses there until it is known no longer. Her other one goes on to be known.
//!
//! Windows are short in this world, so that a hundred guesses fit into a minute. (Inventory 18, 20, 24; SP 800-63B-4 section
//! 3.2.2.)

use crate::{
    catalogue::marks::refused_to,
    property::{AttemptsLimited, EmailCodeOnce, NoSecretLogged, SendsLimited},
    scenario::{Flooder, Guesser, ManyBrowsers, Returns, World, ms, secs},
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
    .workload(ManyBrowsers::of("ada", 8, ms(200), secs(6)).from(secs(1)))
    .workload(Returns::of("bea", secs(25)).from(secs(1)))
    .workload(Returns::of("cleo", secs(42)).from(secs(1)))
    .workload(Returns::of("cora", secs(43)).from(secs(1)))
    .workload(Guesser::known_as("eve", "dora", 30, ms(200)).from(secs(2)))
    .workload(
        Guesser::known_as("ulla", "ulla", 250, ms(100))
            .called("nephew")
            .from(secs(2)),
    )
    .workload(Returns::of("ulla", secs(38)).from(secs(12)))
    .workload(Flooder::of("ann", 90, ms(120)).called("flood-of-ann").from(secs(22)))
    .workload(Flooder::of("ada", 60, ms(150)).called("flood-of-ada").from(secs(20)))
    .workload(Flooder::of("bea", 40, ms(120)).called("flood-of-bea").from(secs(24)))
    .workload(Flooder::of("cleo", 50, ms(120)).called("flood-of-cleo").from(secs(43)))
    .workload(
        Guesser::of("cora", 50, ms(120))
            .called("strangers-of-cora")
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
        "somebody was refused a mail in a browser that is known no longer",
        refused_to("cleo", "too-many-mails"),
    )
    .lasts(secs(75))
}
