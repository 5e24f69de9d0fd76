//! A browser has one cookie for all its logins in progress: whatever begins a login ends those that had begun before (inventory 9).
//!
//! Seen in this service: the cookie of a browser was set anew by each answer to a request that had come without it. Two tabs that
//! were restored at once, of which the first was told after a right code that its sign-in belonged to another browser; and any
//! site could end all logins of its visitors by a form, with which no `SameSite=Lax` cookie comes. Here the last login to begin
//! has the only cookie.

use crate::vocabulary::PlantedBug;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "one_cookie_for_all_flows",
    title: "a browser has one cookie for all its logins in progress, and each login that begins ends the others",
    covers: &[9],
    scenario: "several_logins",
    detected_by: "LoginsSideBySide",
    bug: |_, config, wiring| {
        config.limits.flows_in_browser = 1;
        wiring
    },
};
