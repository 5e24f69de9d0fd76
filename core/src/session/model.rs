//! How the value of a session cookie comes about.

use super::Session;
use crate::hash::{Pepper, same};

/// The cookie of the session that a one-time code opens in a browser.
///
/// It is derived, not drawn. A person who clicks twice, or whose first answer is lost, ends up with
/// the same session on either replica, and neither has to tell the other (inventory 4). It cannot be
/// guessed: the pepper is secret, and so are the flow's identifier and its cookie.
pub fn value(pepper: &Pepper, flow_id: &str, flow_cookie: &str, opened_by: &str) -> String {
    pepper.token("session", &[flow_id, flow_cookie, opened_by])
}

/// Whether a session was opened in this very flow and browser: what `prompt=login` asks for. Needs
/// no note in the store, for the cookie proves it.
pub fn opened_in(session: &Session, pepper: &Pepper, flow_id: &str, flow_cookie: &str, presented: &str) -> bool {
    same(&value(pepper, flow_id, flow_cookie, &session.opened_by), presented)
}

#[cfg(test)]
mod tests {
    use super::*;
    use seams::Timestamp;

    #[test]
    fn a_cookie_follows_from_flow_cookie_and_code() {
        let pepper = Pepper::new([1; 32]);
        let ours = value(&pepper, "flow", "cookie", "mac");
        let session = Session {
            id_hash: String::new(),
            user_id: "user-ann".into(),
            authenticated_at: Timestamp(1),
            expires_at: Timestamp(2),
            opened_by: "mac".into(),
            sid: String::new(),
            replaces: None,
        };
        assert!(opened_in(&session, &pepper, "flow", "cookie", &ours));
        assert!(!opened_in(&session, &pepper, "flow2", "cookie", &ours));
        assert!(!opened_in(&session, &pepper, "flow", "cookie2", &ours));
        assert_ne!(ours, value(&pepper, "flow", "cookie", "other"));
    }
}
