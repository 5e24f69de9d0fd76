//! The hosts of the world.

pub mod redis;
pub mod sentinel;
