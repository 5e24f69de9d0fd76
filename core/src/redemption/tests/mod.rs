//! The token endpoint and userinfo, as clients see them.

mod basic_op;
mod failures;
mod pkce;
mod protocol;
mod reference;
mod reuse;
