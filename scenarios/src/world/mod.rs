//! The login service's world: its replicas, and the peers that it depends on.
//!
//! ```text
//! people ───┐                  ┌── idp-a ──┐  ┌── redis-1 ──┐
//!           ├── balancer ──────┤           ├──┤             ├── sentinel-1, -2, -3
//! attackers ┘        (nginx)   └── idp-b ──┘  └── redis-2 ──┘
//!           └──────────────────────┘ └─── mail, analytics, the shared directory
//! ```
//!
//! A developer's world has one replica, which keeps in its own memory what would be in Redis: neither Redis nor Sentinels are
//! there.
//!
//! Attackers and racing relying parties also reach the replicas past the balancer. How many replicas, Redis replicas and
//! Sentinels there are is up to the plan; this is the default.

pub mod analytics;
pub(crate) mod calls;
pub mod directory;
pub mod hosts;
mod inbox;
pub mod mail;
mod mode;
mod offline;
pub(crate) mod replica;
mod scene;

pub use inbox::{InboxMail, Inboxes};
pub use mode::{Mode, PeerMode};
pub use scene::{CodeFeed, RelyingPartyOptions, Scene, SeenCode};

use crate::{login::Login, oddities::Pool, store::history::StoreRecorder};
use directory::SharedDirectory;
use sim::world::Start;
use std::sync::{Arc, atomic::AtomicU64};

/// What the hosts of one run share. Clones share it.
#[derive(Clone)]
pub struct Shared {
    /// The database that all replicas open.
    pub directory: Arc<SharedDirectory>,
    /// Until when somebody else holds its write lock, milliseconds from the start of the run.
    pub(crate) busy_until_ms: Arc<AtomicU64>,
    /// How the mail relay behaves.
    pub mail: PeerMode,
    /// How the analytics hook behaves.
    pub analytics: PeerMode,
    /// What the relay has accepted.
    pub inboxes: Inboxes,
    /// The relying parties that the directory knows.
    pub clients: Vec<RelyingPartyOptions>,
    /// Codes that relying parties have received.
    pub codes: CodeFeed,
    /// What those who break rules know of others' requests.
    pub(crate) pool: Pool,
    /// What the replicas saw of the store that they share.
    pub store: StoreRecorder,
}

impl Shared {
    /// As it is when a run begins.
    pub fn new(start: &Start<'_, Login>) -> Shared {
        let clients = RelyingPartyOptions::standard();
        let now_ms = start.now_ms.clone();
        Shared {
            directory: Arc::new(SharedDirectory::new(start.plan, &clients, start.epoch)),
            busy_until_ms: Arc::default(),
            mail: PeerMode::default(),
            analytics: PeerMode::default(),
            inboxes: Inboxes::new(move || now_ms()),
            clients,
            codes: CodeFeed::default(),
            pool: Pool::default(),
            store: StoreRecorder::default(),
        }
    }
}
