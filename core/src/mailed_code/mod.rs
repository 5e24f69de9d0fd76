//! Logging in with a one-time code that is sent by mail.

use crate::store::Namespace;

/// A one-time code sent by mail.
pub const EMAIL_CODE: Namespace = Namespace::new("auth:email:code");
/// Counter: mails sent to one address.
pub const SENDS: Namespace = Namespace::new("auth:limit:send");
/// Marker: a mail was sent in this flow within the idempotency window.
pub const SEND_ONCE: Namespace = Namespace::new("auth:limit:send-once");
