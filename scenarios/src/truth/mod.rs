//! The models against the real programs: each comparison is one function that asks both, the same.
//!
//! A simulation is worth what its models are worth, and a pass means as much as the model behind it
//! tells the truth. Here the judge is the real `redis-server`, `redis-sentinel` and `nginx`.

pub mod anomalies;
pub mod arm;
pub mod balance;
mod compare;
mod grammar;
pub mod house;
mod port;
pub mod process;
pub mod random;
pub mod rates;
pub mod real;
mod reply;
pub mod report;
pub mod stack;
pub mod stream;
mod templates;
pub mod timeline;
pub mod vectors;

pub use arm::{Arm, Heard, ModelArm};
pub use process::Unavailable;
pub use real::{RealArm, RealRedis};

/// What was compared, and how it went.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Agreement {
    /// How many answers were compared.
    pub compared: u64,
    /// Where they differ, each for people to read: what was asked, and both answers.
    pub differences: Vec<String>,
    /// How many sequences were broken off, because something expired between the two questions: either answer
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
