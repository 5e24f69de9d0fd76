//! HTTP: what all routes share. The accept loop, the layer around every request, reading requests, answers, the one place
//! that maps errors to status and codes, the frame of the pages; and a small client.

mod caller;
pub mod client;
mod client_address;
pub(crate) mod cors;
mod error;
pub(crate) mod head_time;
mod layer;
mod lingering;
pub(crate) mod page;
mod params;
pub(crate) mod read;
pub(crate) mod respond;
mod rest;
pub mod server;
mod style;
mod unattended;

#[cfg(test)]
mod tests;

pub(crate) use caller::Peer;
pub use caller::{Caller, Cookie};
pub use client_address::{ClientAddress, ForwardedBy, Network, TrustedProxies};
pub use error::{ErrorCode, JsonError, Kind, PageError, RedirectError, Rejected, RequestError};
pub(crate) use layer::surround;
pub use params::{Params, append};
