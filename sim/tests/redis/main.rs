//! Redis and Sentinel on the engine: what failovers take back has to emerge, unscripted. Expected values
//! were measured on Redis and Sentinel 7.0.15.

mod cluster;
mod failover;
mod replication;
mod store;
