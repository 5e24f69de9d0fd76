//! The models of Redis, Sentinel and nginx compared with the real programs. Each comparison is one function that does the
//! same to both and reports where they differ.
//!
//! A simulation can only find what its models show. Here the real `redis-server`, `redis-sentinel` and `nginx` that are
//! installed decide what is right. [`redis`] compares single nodes command by command; [`stack`] compares a master, its
//! replicas and three Sentinels under faults; [`nginx`] compares requests through a balancer. [`serve`] runs a model as a
//! real server, so that any client can ask it.

pub mod nginx;
pub mod port;
pub mod process;
pub mod redis;
pub mod report;
pub mod serve;
pub mod stack;

pub use process::Unavailable;

/// The result of a comparison.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Agreement {
    /// How many answers were compared.
    pub compared: u64,
    /// Where they differ, each as text for people: what was asked, and both answers.
    pub differences: Vec<String>,
    /// How many sequences were broken off because something expired between the two questions: then either answer
    /// would have been right.
    pub broken_off: u64,
}

impl Agreement {
    /// Both together.
    #[must_use]
    pub fn and(mut self, other: Agreement) -> Agreement {
        self.compared += other.compared;
        self.differences.extend(other.differences);
        self.broken_off += other.broken_off;
        self
    }
}

/// Compiles the example in the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
