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
//! Attackers and racing relying parties also reach the replicas past the balancer. This is the default; the plan
//! decides how many replicas, Redis replicas and Sentinels there are.

pub(crate) mod access;
pub mod analytics;
pub(crate) mod at_rest;
pub(crate) mod calls;
pub mod directory;
mod dual_stack;
pub mod hosts;
mod inbox;
pub mod mail;
mod mode;
mod offline;
pub(crate) mod replica;
pub(crate) mod rsa_keys;
mod scene;
mod signing_keys;
mod write_lock;

pub use inbox::{InboxMail, Inboxes};
pub use mode::{Mode, PeerMode};
pub use scene::{CodeFeed, RelyingPartyOptions, Scene, SeenCode};

use crate::{directory::Damaged, login::Login, oddities::Pool, store::history::StoreRecorder};
use at_rest::PutIntoStore;
use directory::SharedDirectory;
use sim::world::{LocationOptions, PathMatch, Start};
use std::sync::{Arc, Mutex, atomic::AtomicU64};

/// The paths on which people log in, as the balancer of a deployment knows them: see `README.md`. If no replica has its port for
/// logins open, another of its ports says so.
pub(crate) fn locations() -> Vec<LocationOptions> {
    let exact = |path: &str| PathMatch::Exact(path.into());
    [
        exact("/authorize"),
        exact("/login"),
        PathMatch::Prefix("/login/".into()),
        exact("/token"),
    ]
    .map(|path| LocationOptions {
        path,
        port: hosts::REPLICA_PORT,
        error_page: Some(hosts::ACCOUNT_PORT),
    })
    .into()
}

/// State that the hosts of one run share. Clones share it.
#[derive(Clone)]
pub struct Shared {
    /// The database that all replicas open.
    pub directory: Arc<SharedDirectory>,
    /// Time until which another connection holds the directory's write lock, milliseconds from the start of the run.
    pub(crate) busy_until_ms: Arc<AtomicU64>,
    /// Until when the directory's disk is full, milliseconds.
    pub(crate) full_until_ms: Arc<AtomicU64>,
    /// The signing key that is damaged.
    pub(crate) damaged_key: Arc<Mutex<Option<Damaged>>>,
    /// How the mail relay behaves.
    pub mail: PeerMode,
    /// What is done to those who want to get in there.
    pub(crate) tampering: mail::Tampering,
    /// How the analytics hook behaves.
    pub analytics: PeerMode,
    /// The mails that the relay has accepted.
    pub inboxes: Inboxes,
    /// The relying parties that the directory knows.
    pub clients: Vec<RelyingPartyOptions>,
    /// Codes that relying parties have received.
    pub codes: CodeFeed,
    /// What attackers who break rules know of others' requests.
    pub(crate) pool: Pool,
    /// The record of the replicas' calls to their store.
    pub store: StoreRecorder,
    /// What they have put into it.
    pub(crate) put: PutIntoStore,
}

impl Shared {
    /// The state at the beginning of a run.
    pub fn new(start: &Start<'_, Login>) -> Shared {
        let clients = RelyingPartyOptions::standard();
        let now_ms = start.now_ms.clone();
        access::tell(&start.plan.world, start.recorder);
        Shared {
            directory: Arc::new(SharedDirectory::new(start.plan, start.epoch)),
            busy_until_ms: Arc::default(),
            full_until_ms: Arc::default(),
            damaged_key: Arc::default(),
            mail: PeerMode::default(),
            tampering: mail::Tampering::default(),
            analytics: PeerMode::default(),
            inboxes: Inboxes::new(move || now_ms()),
            clients,
            codes: CodeFeed::default(),
            pool: Pool::default(),
            store: StoreRecorder::default(),
            put: PutIntoStore::default(),
        }
    }
}
