//! Browsers in which a person has logged in before. Limits that anybody can use up do not hold there: otherwise whoever knows
//! a mail address could keep its owner out (SP 800-63B-4 section 3.2.2 names signs of the rightful claimant, such as
//! data of the browser, as a means against that).
//!
//! The cookie proves nothing but that: a code is needed there as anywhere else. It counts its own attempts, with the same
//! limits, so it is worth no more guesses to whoever steals it than an address is to strangers.

use super::{KnownBrowser, Limits};
use crate::{
    hash::{Pepper, is_token, sha256_hex},
    http::{Caller, Cookie},
    unavailable::{During, Unavailable},
    users::User,
};
use seams::Outcome;

/// The cookie of a known browser. It knows one person: who logged in there last.
pub const COOKIE: Cookie = Cookie::new("known");

/// A browser in which the person is known who has the address that is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The value of its cookie.
    pub(crate) cookie: String,
    /// What stands for it wherever it is kept.
    pub(crate) hash: String,
}

/// The cookie by which a browser is known from a login on. Derived, as that of the session is, so that two presses of the
/// button get the same one.
pub(crate) fn new_cookie(pepper: &Pepper, flow_id: &str, flow_cookie: &str, opened_by: &str) -> String {
    pepper.token("known-browser", &[flow_id, flow_cookie, opened_by])
}

impl Limits {
    /// Whether the person with this address is known in the browser that calls.
    ///
    /// # Errors
    /// The directory did not answer.
    pub async fn known(&self, caller: &Caller, address: &str) -> Result<Option<Known>, Unavailable> {
        let Some(cookie) = caller.cookie(&COOKIE).filter(|cookie| is_token(cookie)) else {
            return Ok(None);
        };
        let (hash, limit) = (sha256_hex(cookie), self.service.config.limits.consecutive_failures);
        let found = self.failures.is_known(&hash, address, self.service.now(), limit);
        let is_known = found.await.during("looking up a known browser")?;
        Ok(is_known.then(|| Known {
            cookie: cookie.to_owned(),
            hash,
        }))
    }

    /// Forgets the failures of an address after a success, and knows the browser with this cookie from now on.
    ///
    /// # Errors
    /// The directory did not do it, or may not have.
    pub async fn succeed(&self, user: &User, address: &str, cookie: &str) -> Outcome<()> {
        let (config, now) = (&self.service.config, self.service.now());
        let browser = KnownBrowser {
            cookie_hash: sha256_hex(cookie),
            user_id: user.id.clone(),
            address: address.to_owned(),
            at: now,
            until: now + config.ttl.known_browser,
            at_most: config.limits.known_browsers,
        };
        self.failures.succeed(browser).await
    }
}
