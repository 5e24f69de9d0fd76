//! Redis nodes and Sentinels on the simulation's event loop. What a failover loses must follow from the models and must not
//! be scripted. Expected values were measured on Redis and Sentinel 7.0.15.

mod failover;
mod replication;
