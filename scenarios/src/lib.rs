//! What is claimed of the login service: stories, the properties that judge them, and the mistakes
//! that the properties must find.
//!
//! A [`scenario::Scenario`] draws a plan from a seed; [`judge::judge`] performs it and judges what
//! was seen. The [`catalogue`] has all scenarios, [`planted`] all mistakes.

pub mod catalogue;
pub mod fuzz;
pub mod guide;
pub mod judge;
pub mod planted;
pub mod property;
pub mod real_stack;
pub mod regression;
pub mod scenario;
pub mod shrink;
pub mod store_history;
pub mod workload;

mod nearest;
