//! A highly available OpenID Connect login service, written against seams.
//!
//! The same code runs in the simulation and for real; see [`seams`].

pub mod analytics;
pub mod authorize;
pub mod clients;
pub mod config;
pub mod directory;
pub mod hash;
pub mod http;
pub mod keys;
pub mod leader;
mod ledger;
pub mod limits;
pub mod mail;
pub mod mailed_code;
pub mod redemption;
pub mod registry;
pub mod replica;
pub mod service;
pub mod session;
pub mod store;
pub mod unavailable;
pub mod users;

#[cfg(test)]
mod testing;
