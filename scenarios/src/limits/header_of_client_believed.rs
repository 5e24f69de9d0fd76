//! What a client says of its own address is believed (RFC 7239 section 8.1; RFC 9700 section 4.13).
//!
//! Seen in real systems: the first entry of `X-Forwarded-For` taken for the client, as in many rate limiters. Whoever sends
//! another one with each request is a new client each time.

use crate::vocabulary::PlantedBug;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "header_of_client_believed",
    title: "the first address in X-Forwarded-For is taken for the client's",
    covers: &[18],
    scenario: "strangers_at_the_door",
    detected_by: "AnswersAllowed",
    bug: |_, config, wiring| {
        // Whoever is trusted is passed over.
        config.proxies.networks = ["0.0.0.0/0", "::/0"]
            .map(|all| all.parse().expect("a network"))
            .to_vec();
        wiring
    },
};
