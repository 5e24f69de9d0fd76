//! Records in the store: JSON.

use seams::{Cause, Failure, Outcome};
use serde::{Serialize, de::DeserializeOwned};

/// A record as the store keeps it.
pub(crate) fn encode(record: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(record).expect("records have string keys and no floats, so they encode")
}

/// Reads a record.
///
/// # Errors
/// Not a record of this kind: not written by this version of the service.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Outcome<T> {
    // The cause names no value: values are secrets.
    serde_json::from_slice(bytes)
        .map_err(|_| Failure::Fail(Cause::Protocol("a record in the store cannot be read".into())))
}
