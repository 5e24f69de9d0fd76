//! A run, told so that a stranger can read it.
//!
//! `story` puts the history into rows (`row`), `words` puts events into plain words, `columns` sets
//! the rows in columns; `html` makes a page of it. Nothing here judges: verdicts come from properties.

mod brief;
mod columns;
pub mod html;
mod row;
mod story;
mod words;

#[cfg(test)]
mod tests;

pub use columns::Look;
pub use row::LogRow;
pub use story::Story;
pub use words::{duration, kind_name as op_kind, op, seconds, seen};
