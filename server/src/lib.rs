//! The login service for real: the production wiring of the seams, and nothing else.

mod options;
mod start;

pub use options::{AddClient, AddUser, Command, Options};
pub use start::{StartFailure, run};
