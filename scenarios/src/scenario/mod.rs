//! The vocabulary of the login service's scenarios: workloads, worlds and faults, beside those of [`sim::scenario`].

mod faults;
mod workload;
mod world;

pub use crate::vocabulary::{Faults, Scenario, Workload};
pub use faults::{
    analytics, answer_lost, call_fails, call_late, clear_behind_starttls, directory_busy, directory_full,
    directory_log_deleted, mail, no_starttls, relay_bars, relay_password, signing_key_damaged,
};
pub use sim::scenario::acknowledgement_lost;
pub use sim::scenario::{
    Cast, Dice, Same, Spread, bad_certificate, clock_jump, cut, cut_one_way, disk_fails, disk_slow, kill, latency,
    latency_spike, loss, mend, ms, no_descriptors, pause, power_loss, redis_refuses, resume, secs, sentinel_refuses,
    start, stop,
};
pub use workload::{
    Administrator, AmongCookies, BurntCodes, Clients, CodeThief, DirectoryReader, Eavesdropper, Flooder, GoesOn,
    Guesser, HastyPeople, ImpatientPeople, Logins, LogsInAgain, ManyBrowsers, Monitor, Operator, Probe, Racers,
    RestoredTabs, Returns, SentElsewhere, SignsOut, Sprayer, Stranger, Visitors,
};
pub use world::World;

pub use crate::world::hosts;
