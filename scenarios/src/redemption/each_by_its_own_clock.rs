//! Each replica dates codes by its own clock, and compares those of others with it (inventory 7, 49).
//!
//! What this service did itself: with clocks that differed by a minute, a code that one replica had issued was refused by the
//! other one as expired, at once.

use crate::{planted::twist::by_its_own_clock, vocabulary::PlantedBug};
use idp::replica::Wiring;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "each_by_its_own_clock",
    title: "a replica takes its own clock for that of all replicas",
    covers: &[7, 49],
    scenario: "clocks_differ",
    detected_by: "RightfulCodeHonoured",
    bug: |env, _, wiring| Wiring {
        store: by_its_own_clock(env, wiring.store),
        ..wiring
    },
};
