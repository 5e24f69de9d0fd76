//! What runs beside the requests: the leader's lease and its jobs, the outbox, analytics, and the
//! watch over the store's health.

mod analytics;
mod console;
mod health;
mod leader;
mod mail;
mod outbox;
mod reminder;
mod sweep;

pub use analytics::{AnalyticsHook, NoAnalytics};
pub use console::ConsoleMailer;
pub use health::{Health, watch_health};
pub use leader::{Leadership, seek_leadership};
pub use outbox::Outbox;
pub use reminder::send_reminders;
pub use sweep::sweep_directory;
