//! How long the way back to a client may be.
//!
//! `state` is the client's, and anybody can be the client: a link is enough. It goes back in `Location`, where a byte becomes
//! up to three. A balancer takes an answer whose head is too large for a failure of the replica, and sends nobody there for a
//! while (nginx: `proxy_buffer_size`; inventory 33). So what would not fit is refused when it comes, before a login or a code
//! depends on it. The refusal has no `state`, which RFC 6749 section 4.1.2.1 asks for: it is what does not fit.

use crate::{config::Config, http::append};

/// Whether an answer with this `state` is short enough for this redirect URI.
pub(super) fn fits(config: &Config, redirect_uri: &str, state: Option<&str>) -> bool {
    let mut params = vec![("iss", config.issuer.as_str())];
    params.extend(state.map(|state| ("state", state)));
    append(redirect_uri, &params).len() <= config.limits.way_back()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::StateConfig;

    #[test]
    fn what_counts_is_the_state_as_it_is_encoded() {
        let config = Config::new("idp", "https://i", StateConfig::Memory);
        let around = "https://c/cb?iss=https%3A%2F%2Fi&state=".len();
        let room = config.limits.way_back() - around;
        let fits = |state: &str| super::fits(&config, "https://c/cb", Some(state));
        assert!(fits(&"a".repeat(room)));
        assert!(!fits(&"a".repeat(room + 1)));
        assert!(fits(&"{".repeat(room / 3)));
        assert!(!fits(&"{".repeat(room / 3 + 1)));
        assert!(!fits(&"\u{e4}".repeat(room / 6 + 1)));
        assert!(super::fits(&config, "https://c/cb", None));
    }
}
