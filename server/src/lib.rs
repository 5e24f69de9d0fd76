//! The login service for real: the production wiring of the seams, and the operator's commands.

mod access;
mod demo;
mod descriptors;
mod dev;
mod directory;
mod issuer;
mod operate;
mod options;
mod program;
mod rsa_key;
mod secret;
mod start;

pub use options::{
    Access, AddClient, AddUser, AlgorithmChoice, At, ChangeClient, ChangeUser, Command, ImportSigningKey, MailTls,
    OneClient, OneUser, Options, PkceChoice,
};
pub use program::program;
pub use start::{StartFailure, run};
