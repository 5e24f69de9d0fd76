//! The world: the topology, drawn once, and its hosts.

pub mod balancer;
pub mod hosts;
mod inbox;
mod scene;

pub use inbox::{InboxMail, Inboxes};
pub use scene::{CodeFeed, RelyingPartyOptions, Rewire, Scene, SeenCode, Workload};
