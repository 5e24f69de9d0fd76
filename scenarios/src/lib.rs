//! x

pub mod workload;
