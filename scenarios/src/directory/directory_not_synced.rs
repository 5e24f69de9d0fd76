//! The directory's commits are not synced to the disk (inventory 27, 61).
//!
//! Seen in real systems: `PRAGMA synchronous = OFF`, or NORMAL beside a write-ahead log, is what guides to a faster SQLite
//! recommend. Nothing is wrong as long as the machine has power. After a power loss the newest commits are gone: people are
//! logged out, tokens are unknown, and codes are no longer known to be spent.
//!
//! The setting belongs to the connection, which a replica does not hand out. The mistake is made below it, with the same
//! effect: the disk of the directory ignores syncs.

use crate::vocabulary::PlantedBug;
use model_disk::Disk;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "directory_not_synced",
    title: "the directory's commits are not synced to the disk",
    covers: &[27, 61],
    scenario: "directory_loses_power",
    detected_by: "SessionsSurvive",
    bug: |_, config, wiring| {
        if let Some(disk) = Disk::of(&config.directory) {
            disk.ignore_syncs(true);
        }
        wiring
    },
};
