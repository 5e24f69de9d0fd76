//! The measure of the judge.
//!
//! Whoever plants a bug knows what will detect it. So mistakes are made in `core/src` by rule, without a look at any property,
//! and the simulation alone says of each whether it noticed. All of them are in **one** build, each behind a switch that the
//! environment sets, so that a mutant costs seconds.
//!
//! - [`discover`] finds the places, [`operator`] has the rules, [`site`] names the mutants, [`matters`] which of them are
//!   about security.
//! - [`render`] writes a file again with [`switch`]es in it; [`copy`] does so with the workspace, under `target/mutants`,
//!   and builds it without what the compiler refuses.
//! - [`judge`](judge()) performs the runs that reach a mutant, until a property objects or the budget is spent.
//! - [`sample`] draws, [`results`] keeps, [`known`] has what people found out, [`report`] writes the page; [`cli`].
//!
//! Deliberately absent: mutants of constants and patterns, which no switch can change at run time (constants are mutated where
//! they are used, the configuration's values where it is built); of macros that are no expressions, which is to say of pages;
//! of the harness, its models and the scenarios. Nothing of this is in a production build, and `core/` has no line of it.

pub mod cli;
pub mod copy;
pub mod discover;
pub mod judge;
pub mod known;
pub mod matters;
pub mod operator;
pub mod render;
pub mod report;
pub mod results;
pub mod sample;
pub mod site;
pub mod switch;
pub mod trouble;

pub use judge::judge;
