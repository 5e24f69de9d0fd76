//! The surface, driven as people and clients drive it.

mod bytes;
mod login;
mod malformed;
mod protocol;
mod reference;
mod trouble;
