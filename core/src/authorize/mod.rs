//! Logins in progress.

use crate::store::Namespace;

/// A login in progress, bound to a browser.
pub const FLOW: Namespace = Namespace::new("auth:oidc:flow");
