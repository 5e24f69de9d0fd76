//! Pure state transitions. Time and randomness come in as values; nothing here waits or asks.

pub mod authorize;
pub mod code;
pub mod flow;
pub mod hash;
pub mod id_token;
pub mod limiter;
pub mod one_time;
pub mod params;
pub mod pkce;
pub mod scope;
pub mod session;
