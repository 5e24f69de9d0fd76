//! Limits of attempts to log in.

use super::{FailureRepository, LOGIN_ATTEMPTS, VERIFY_ATTEMPTS, admits};
use crate::{
    hash::sha256_hex,
    http::{Kind, PageError, Rejected},
    service::Service,
    store::Key,
    unavailable::{During, Unavailable},
};
use seams::Outcome;
use std::{sync::Arc, time::Duration};

/// The limiters of attempts. A way to log in asks them before it looks at what was presented.
pub struct Limits {
    service: Service,
    failures: Arc<dyn FailureRepository>,
}

/// Why an attempt is refused before it is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LimitRefused {
    /// Too many attempts in this login.
    TooManyAttempts,
    /// Too many attempts at this address, over all logins.
    TooManyLogins {
        /// The window of the limiter: it admits again when that has passed, at the latest.
        window: Duration,
    },
    /// Too many consecutive failures at this address (SP 800-63B-4 section 3.2.2).
    Locked,
    /// Not now.
    Unavailable(Unavailable),
}

impl From<Unavailable> for LimitRefused {
    fn from(unavailable: Unavailable) -> LimitRefused {
        LimitRefused::Unavailable(unavailable)
    }
}

impl From<LimitRefused> for Rejected {
    fn from(refused: LimitRefused) -> Rejected {
        Rejected::Page(match refused {
            LimitRefused::TooManyAttempts => PageError::new(
                Kind::TooMany,
                "too-many-attempts",
                "Too many attempts",
                "This sign-in has had too many wrong codes. Go back to the application and start again.",
            ),
            LimitRefused::TooManyLogins { window } => PageError::new(
                Kind::TooMany,
                "too-many-logins",
                "Too many attempts",
                "There were too many attempts to sign in at this address. Please wait before you try again.",
            )
            .retry_after(window),
            LimitRefused::Locked => PageError::new(
                Kind::TooMany,
                "locked",
                "This address is locked",
                "There were too many wrong codes in a row. Ask the people who run this service to unlock it.",
            ),
            LimitRefused::Unavailable(unavailable) => return unavailable.into(),
        })
    }
}

impl Limits {
    /// Limits as configured; consecutive failures are counted here.
    pub fn new(service: Service, failures: Arc<dyn FailureRepository>) -> Limits {
        Limits { service, failures }
    }

    /// The limiters of a login in progress (its hash) and of an address, before the code is looked at: each counts this
    /// attempt first and judges then, so that replicas that look at the same moment admit no more than the limit
    /// together (inventory 18). Nothing here is ever reset by sending a new code (inventory 20).
    ///
    /// # Errors
    /// See [`LimitRefused`].
    pub async fn charge(&self, flow_hash: &str, address: &str) -> Result<(), LimitRefused> {
        let Service { env, config, store, .. } = &self.service;
        let limits = &config.limits;
        // The flow first: somebody who guesses in one flow is stopped there, and does not use up the attempts of
        // the person whose address it is.
        let in_flow = Key::new(VERIFY_ATTEMPTS, flow_hash);
        let counted = store.count(&in_flow, config.ttl.flow).await;
        if !admits(counted.during("counting attempts in a login")?, limits.verify_attempts) {
            env.mark("an attempt was refused by the limiter of its flow");
            return Err(LimitRefused::TooManyAttempts);
        }
        let at_address = Key::new(LOGIN_ATTEMPTS, sha256_hex(address));
        let counted = store.count(&at_address, limits.window).await;
        if !admits(
            counted.during("counting attempts at an address")?,
            limits.login_attempts,
        ) {
            env.mark("an attempt was refused by the limiter of its address");
            return Err(LimitRefused::TooManyLogins { window: limits.window });
        }
        Ok(())
    }

    /// How many consecutive failures there are at an address. With too many of them it is locked, whatever is presented.
    ///
    /// # Errors
    /// See [`LimitRefused`].
    pub async fn earlier_failures(&self, address: &str) -> Result<u64, LimitRefused> {
        let failures = self.failures.failures(address).await;
        let failures = failures.during("reading the failures of an address")?;
        if failures >= self.service.config.limits.consecutive_failures {
            self.service.env.mark("an attempt met a locked address");
            return Err(LimitRefused::Locked);
        }
        Ok(failures)
    }

    /// Counts a failure, durably. The caller says "wrong" only after that: an answer that is not counted would be a
    /// free guess.
    ///
    /// # Errors
    /// The directory did not count it, or may not have.
    pub async fn count_failure(&self, address: &str) -> Result<(), Unavailable> {
        let counted = self.failures.count_failure(address).await;
        counted.during("counting a failure").map(|_| ())
    }

    /// Forgets the failures of an address, after a success.
    ///
    /// # Errors
    /// The directory did not forget them, or may not have.
    pub async fn forget_failures(&self, address: &str) -> Outcome<()> {
        self.failures.clear_failures(address).await
    }
}
