//! The world: the topology, drawn once, and its hosts.

pub mod analytics;
pub mod balancer;
pub mod hosts;
mod inbox;
pub mod mail;
mod manners;
pub mod redis;
mod scene;

pub use inbox::{InboxMail, Inboxes};
pub use manners::Manners;
pub use scene::{CodeFeed, RelyingPartyOptions, Rewire, Scene, SeenCode, Workload};
