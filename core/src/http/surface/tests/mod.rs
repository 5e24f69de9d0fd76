//! The surface, driven as people and clients drive it.

mod login;
mod malformed;
mod protocol;
mod reference;
mod trouble;
