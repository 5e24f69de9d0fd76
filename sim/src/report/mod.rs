//! A run as text or as a page, for readers who do not know the run.
//!
//! [`Story`] converts the history into rows (`row`), whose texts come from the service's own types, and formats them in
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
pub use words::{duration, orders, seconds, seen};
