//! Only `state` itself is bounded, and not what it becomes on its way back (inventory 33).
//!
//! Seen in this service: `state` of 2,048 times `{` is 6 KB in `Location`. nginx takes a head of more than a page for a failure
//! of the replica; two links in a chat took the whole service away from everybody.

use crate::vocabulary::PlantedBug;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "heads_without_bound",
    title: "the head of an answer is as large as a stranger wants it",
    covers: &[33],
    scenario: "large_heads",
    detected_by: "NobodyHarmed",
    bug: |_, config, wiring| {
        config.limits.answer_head = 1 << 20;
        wiring
    },
};
