//! The directory and its disk.

mod fault;
mod ops;
mod reader;

pub(crate) use fault::Damaged;
pub use fault::{Damage, Fault};
pub(crate) use ops::act;
pub use ops::{Behaviour, Observation, ReminderRow};

// Properties.
pub(crate) mod directory_kept;
pub(crate) mod ledger_remembers;
pub(crate) mod stalls_bounded;

// Planted bugs.
pub(crate) mod deleted_log_unnoticed;
pub(crate) mod directory_not_synced;
pub(crate) mod hung_disk_untold;
pub(crate) mod lock_across_await;
pub(crate) mod one_connection;
pub(crate) mod probe_writes_nothing;
pub(crate) mod unreadable_key_replaced;
pub(crate) mod writes_past_its_queue;

// Scenarios.
pub(crate) mod directory_loses_power;
pub(crate) mod disk_hangs;
pub(crate) mod disk_is_full;
pub(crate) mod log_deleted;
pub(crate) mod signing_key_damaged;
pub(crate) mod slow_disk;
pub(crate) mod writers_crowd;

use crate::vocabulary::{PlantedBug, Scenario};

/// The planted bugs that the properties of this module must detect, in the order of the inventory's rows.
pub(crate) fn bugs() -> Vec<PlantedBug> {
    vec![
        directory_not_synced::PLANTED,
        deleted_log_unnoticed::PLANTED,
        hung_disk_untold::PLANTED,
        writes_past_its_queue::PLANTED,
        lock_across_await::PLANTED,
        one_connection::PLANTED,
        probe_writes_nothing::PLANTED,
        unreadable_key_replaced::PLANTED,
    ]
}

/// The scenarios of this module.
pub(crate) fn stories() -> Vec<Scenario> {
    vec![
        slow_disk::slow_disk(),
        writers_crowd::writers_crowd(),
        directory_loses_power::directory_loses_power(),
        disk_hangs::disk_hangs(),
        disk_is_full::disk_is_full(),
        log_deleted::log_deleted(),
        signing_key_damaged::signing_key_damaged_meanwhile(),
    ]
}
