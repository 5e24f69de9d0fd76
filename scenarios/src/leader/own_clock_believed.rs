//! The leader deletes what has expired by its own clock, whatever that says (inventory 24, 27).
//!
//! What this service did itself. Seen in real systems: a virtual machine that was resumed, or whose time zone somebody has "set
//! right" by setting the clock. Everybody is logged out, for good.

use crate::{planted::twist::by_its_own_clock, vocabulary::PlantedBug};
use idp::replica::Wiring;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "own_clock_believed",
    title: "the leader compares its clock with itself before it deletes what has expired",
    covers: &[24, 27],
    scenario: "clock_far_ahead",
    detected_by: "DirectoryKept",
    bug: |env, _, wiring| Wiring {
        store: by_its_own_clock(env, wiring.store),
        ..wiring
    },
};
