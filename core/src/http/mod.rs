//! HTTP: the surface for people and relying parties, and a small client.

pub mod client;
pub mod error;
mod respond;
pub mod server;
pub mod surface;
