//! Whatever comes, an answer goes back.

mod bytes;
mod malformed;
