//! A request is dropped where it stands when its client leaves (inventory 3, 4).
//!
//! Seen in this service, and the default of every server that polls a handler inside of its connection: whoever pressed
//! "Send" twice while the store was 5 ms away was told that a mail is on its way, and it was not: the first press had left its
//! mark and no mail.

use crate::vocabulary::PlantedBug;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "request_dropped",
    title: "a request is dropped where it stands when its client leaves",
    covers: &[3, 4],
    scenario: "clients_leave",
    detected_by: "MailArrives",
    bug: |_, config, wiring| {
        config.limits.unattended = 0;
        wiring
    },
};
