//! A highly available OpenID Connect login service, written against seams.
//!
//! The same code runs in the simulation and for real; see [`seams`].

pub mod config;
pub mod flow;
pub mod http;
pub mod job;
pub mod model;
pub mod replica;
pub mod seams;
pub mod store;

#[cfg(test)]
mod testing;
