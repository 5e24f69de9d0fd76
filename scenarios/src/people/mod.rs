//! What all people have in common: a browser, a relying party, patience. All are HTTP clients; none knows
//! more of the service than its pages and its documents say.

// People and attackers.
pub(crate) mod answer;
pub(crate) mod browser;
#[cfg(test)]
mod bytes_tests;
pub(crate) mod calm;
pub(crate) mod choices;
mod es256;
pub(crate) mod id_token;
pub(crate) mod jar;
mod ops;
pub(crate) mod page;
pub(crate) mod person;
pub(crate) mod relying_party;
pub(crate) mod reply;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
pub(crate) mod token_endpoint;

pub use ops::Op;
