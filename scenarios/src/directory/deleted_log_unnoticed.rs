//! A replica does not notice that the files of its directory were deleted, and goes on with them (inventory 26, 27).
//!
//! What this service did itself. SQLite does not look either: its manual names it as a way to corrupt a database ("How To
//! Corrupt An SQLite Database File", sections 1.4 and 2.4).
//!
//! The mistake is made below the service, with the same effect: the disk does not say which files the names stand for.

use crate::vocabulary::PlantedBug;
use model_disk::Disk;

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "deleted_log_unnoticed",
    title: "a replica goes on with files of its directory that were deleted",
    covers: &[26, 27],
    scenario: "log_deleted",
    detected_by: "SessionsSurvive",
    bug: |_, config, wiring| {
        if let Some(disk) = Disk::of(&config.directory) {
            disk.be_silent(true);
        }
        wiring
    },
};
