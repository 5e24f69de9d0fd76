//! Support for tests that need no plan, world or scenario: hosts on a network without faults that talk for a few
//! simulated seconds ([`Stage`]), a Redis under Sentinel with faults at fixed times ([`RedisCluster`]), fuzz targets
//! ([`fuzz`]), and signals to real processes ([`signal`]).

mod cluster;
pub mod fuzz;
mod signal;
mod stage;

pub use cluster::{ClusterClient, ClusterEvent, Connection, RedisCluster};
pub use signal::signal;
pub use stage::{Stage, answer_requests, exchange};
