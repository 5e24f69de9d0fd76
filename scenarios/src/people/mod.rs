//! Parts common to all people: a browser, a relying party, patience. People are HTTP clients that know nothing of the
//! service but its pages and its published documents.

// People and attackers.
pub(crate) mod answer;
pub(crate) mod browser;
#[cfg(test)]
mod bytes_tests;
pub(crate) mod calm;
pub(crate) mod choices;
pub(crate) mod id_token;
pub(crate) mod jar;
mod ops;
pub(crate) mod page;
pub(crate) mod person;
pub(crate) mod place;
pub(crate) mod relying_party;
pub(crate) mod reply;
mod signatures;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
pub(crate) mod token_endpoint;

pub use ops::Op;
