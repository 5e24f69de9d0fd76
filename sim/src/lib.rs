//! A deterministic world for a login service, and what befalls it.

pub mod aim;
pub mod classic;
pub mod engine;
pub mod fault;
pub mod history;
pub mod linear;
pub mod log;
pub mod messages;
pub mod nemesis;
pub mod operators;
pub mod plan;
pub mod property;
pub mod recorder;
pub mod report;
pub mod run;
pub mod shrink;
pub mod simulator;
pub mod testing;
pub mod world;
