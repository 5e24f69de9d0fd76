//! A replica that is asked to end does so at once (inventory 1, 34).
//!
//! Seen at the service itself: SIGTERM ended it in the middle of requests, and the mails in its outbox were lost. Twelve people
//! were told that a mail comes, and four mails came.

use crate::vocabulary::PlantedBug;
use std::time::Duration;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "stops_at_once",
    title: "a replica that is asked to end does not wait for anything",
    covers: &[1, 34],
    scenario: "rolling_restart",
    detected_by: "StopsInOrder",
    bug: |_, config, wiring| {
        config.deadlines.stop = Duration::ZERO;
        config.deadlines.stop_work = Duration::ZERO;
        wiring
    },
};
