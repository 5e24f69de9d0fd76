//! What a world is made of, for those who build it and trouble it.

use super::{Manners, directory, disk::Disk};
use crate::engine::HostId;
use model_redis as redis;
use std::collections::BTreeMap;

/// What the nemesis acts on, besides the engine.
pub(crate) struct Machinery {
    pub(crate) hosts: BTreeMap<&'static str, HostId>,
    pub(crate) mail: Manners,
    pub(crate) analytics: Manners,
    pub(crate) directory: directory::SharedDirectory,
    /// The directory's disk, as each replica sees it.
    pub(crate) disks: BTreeMap<&'static str, Disk>,
    /// The disks of the Redis nodes.
    pub(crate) redis_disks: BTreeMap<&'static str, redis::Disk>,
}
