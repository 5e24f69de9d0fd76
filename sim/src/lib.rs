//! A deterministic simulation and chaos-testing harness for services that must survive their dependencies.
//!
//! A service that is written against the seams of [`seams`] is run in a simulated world of hosts and links, under faults
//! that a seed or a file decides, and judged by what can be seen from outside. See `GUIDE.md`.

pub mod at_rest;
pub mod calls;
pub mod classic;
pub mod command;
pub mod compose;
mod driver;
pub mod engine;
pub mod fault;
pub mod guidance;
pub mod history;
pub mod judge;
pub mod linear;
pub mod log;
pub mod messages;
mod nearest;
pub mod nemesis;
pub mod operators;
pub mod overheard;
pub mod plan;
pub mod prelude;
pub mod property;
pub mod recorder;
pub mod refusal;
pub mod regression;
pub mod report;
pub mod run;
pub mod scenario;
pub mod service;
pub mod shrink;
pub mod simulator;
pub mod suite;
pub mod testbed;
#[cfg(test)]
mod testing;
pub mod tls;
pub mod trigger;
pub mod world;
