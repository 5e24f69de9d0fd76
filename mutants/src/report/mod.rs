//! The page of numbers.

mod counts;
mod page;

pub use counts::{Counts, Share};
pub use page::{Measurement, markdown};
