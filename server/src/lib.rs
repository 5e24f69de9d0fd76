//! The login service for real: the production wiring of the seams, and nothing else.

mod options;
mod program;
mod start;

pub use options::{AddClient, AddUser, Command, Options};
pub use program::program;
pub use start::{StartFailure, run};
