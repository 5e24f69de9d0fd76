//! What each module does.

pub(super) mod clients;
pub(super) mod people;
pub(super) mod requests;
pub(super) mod tokens;
