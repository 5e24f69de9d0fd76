//! The world: the topology, drawn once, and its hosts.
//!
//! ```text
//! people ───┐                  ┌── idp-a ──┐  ┌── redis-1 ──┐
//!           ├── balancer ──────┤           ├──┤             ├── sentinel-1, -2, -3
//! attackers ┘        (nginx)   └── idp-b ──┘  └── redis-2 ──┘
//!           └──────────────────────┘ └─── mail, analytics, the shared directory
//! ```
//!
//! Attackers and racing relying parties also reach the replicas past the balancer.

pub mod analytics;

mod build;
mod declare;
mod desk;
pub mod directory;
mod disk;
pub mod hosts;
mod inbox;
mod machinery;
pub mod mail;
mod manners;

mod replica;
mod scene;

mod watch;

pub(crate) use build::World;
pub(crate) use directory::WriteLock;
pub use inbox::{InboxMail, Inboxes};
pub(crate) use machinery::Machinery;
pub use manners::Manners;
pub(crate) use scene::Inhabitants;
pub use scene::{CodeFeed, RelyingPartyOptions, Rewire, Scene, SeenCode, Workload};
pub use watch::Moment;

use seams::Timestamp;

/// Wall-clock time at which every run starts, milliseconds since the Unix epoch: 2026-09-21.
pub const EPOCH: Timestamp = Timestamp(1_790_000_000_000);
