//! The login service for real: the production wiring of the seams, and the operator's commands.

mod demo;
mod dev;
mod directory;
mod issuer;
mod operate;
mod options;
mod program;
mod start;

pub use options::{AddClient, AddUser, At, ChangeClient, ChangeUser, Command, OneClient, OneUser, Options};
pub use program::program;
pub use start::{StartFailure, run};
