//! The token endpoint and userinfo, as clients see them.

mod failures;
mod protocol;
mod reference;
