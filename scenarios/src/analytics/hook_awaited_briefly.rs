//! The login waits for the analytics hook, but not for long (inventory 53).
//!
//! The fix that people reach for first: a short deadline (as asked for in privacyidea/privacyidea#5751). Each page
//! is within its budget; that the hook costs logins anything shows only beside the same day with a healthy one.

use crate::{analytics::hook_awaited::awaiting_at_most, vocabulary::PlantedBug};
use std::time::Duration;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "hook_awaited_briefly",
    title: "a login waits for the analytics hook for at most 80 ms",
    covers: &[53],
    scenario: "analytics_hangs",
    detected_by: "SameWithHealthyHook",
    bug: |env, config, wiring| awaiting_at_most(Duration::from_millis(80), env, config, wiring),
};
