//! A single node: `redis-server` and the model get the same commands, and every reply is compared.
//!
//! [`vectors`] are replies that were measured once; [`cases`] are single behaviours, step by step; [`random`] makes up sequences
//! on three connections, and compares what a replica receives too. Proptest shrinks a sequence that shows a difference.

pub mod acknowledgement;
pub mod cases;
mod compare;
mod grammar;
pub mod random;
mod real;
mod reply;
mod server;
mod stream;
mod templates;
pub mod vectors;

pub use real::{RealServer, RedisProcess};
pub use server::{ModelServer, Received, Server, request};
