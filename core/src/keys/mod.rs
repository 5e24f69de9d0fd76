//! The service's own keys: what signs ID tokens, and what keys the hashes of short codes.

mod algorithm;
mod es256;
mod hint;
mod jwt;
mod maker;
mod repository;
mod routes;
mod rs256;
mod signing;
mod sqlite;

pub use algorithm::Algorithm;
pub use hint::{Hint, read_hint};
pub use maker::RsaKeyMaker;
pub use repository::{KeyRepository, SigningKeyRecord};
pub use routes::routes;
pub use signing::{Keys, SigningKey, UnreadableKey};
pub(crate) use sqlite::{SCHEMA, algorithm};
