//! HTTP: the surface for people and relying parties, and a small client.

pub mod client;
