//! A run as a text or a page that a stranger can read.
//!
//! [`Story`] puts the history into rows (`row`), which say what the service's own types say of themselves, and sets them in
//! columns; [`html`] makes pages. Nothing here judges: verdicts come from properties.

mod brief;
mod change;
mod columns;
pub mod html;
mod row;
mod sentinel;
mod story;
mod words;

#[cfg(test)]
mod tests;

pub use columns::Look;
pub use row::LogRow;
pub use story::Story;
pub use words::{duration, seconds, seen};
