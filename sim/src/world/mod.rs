//! The declaration of a world: its hosts, their software, and their links.
//!
//! ```text
//! World::new()
//!     .redis("redis", &RedisOptions::default())
//!     .sentinels("sentinel", 3, "redis", "shop", &SentinelOptions::default())
//!     .service(["shop-1", "shop-2"], 8080, run_shop)
//!     .nginx("front", 80, "shop", 8080, &NginxOptions::default())
//!     .people("people", act)
//! ```
//!
//! The order of declaration decides the addresses of the hosts. The options of a plan decide their numbers.

mod balancer;
mod build;
mod console;
mod declare;
mod descriptors;
mod disk;
mod host;
mod http;
mod marks;
mod models;
mod people;
mod port;
mod signals;
mod tap;

pub use balancer::{ForwardedFor, LocationOptions, NginxOptions, PathMatch};
pub(crate) use build::RunningWorld;
pub(crate) use console::{Console, Operator, ServiceUser};
pub use declare::World;
pub(crate) use descriptors::Descriptors;
pub use disk::StorageLock;
pub(crate) use disk::{Disk, SoundDisk};
pub use host::{Host, HostKind, Install, Installed, Process, Start};
pub(crate) use host::{Machine, Machinery};
pub use http::{Answer, Http, PATIENCE};
pub use marks::MarkRecord;
pub(crate) use marks::Marks;
pub use models::{
    PASSWORD_REFUSED, Persistence, REDIS_PORT, REPLICATION_LATE_PPM, RedisOptions, RedisPasswords, SENTINEL_PORT,
    SMTP_PORT, SentinelOptions,
};
pub use people::{Act, Scene, join_all};
pub use port::{CERTIFICATE_REFUSED, DEGRADED, HANDSHAKE_BROKEN, RECOVERED};
pub use signals::{Signals, StopSignal};

use seams::Timestamp;

/// Wall-clock time at which every run starts, milliseconds since the Unix epoch: 2026-09-21.
pub const EPOCH: Timestamp = Timestamp(1_790_000_000_000);
