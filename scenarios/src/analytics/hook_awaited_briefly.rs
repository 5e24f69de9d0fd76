//! The login waits for the analytics hook, but not for long (inventory 53).
//!
//! The obvious fix, and not enough: a short deadline (as asked for in privacyidea/privacyidea#5751). Each page stays
//! within its budget. Only a comparison with the same plan and a healthy hook shows that the hook still delays logins.

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
