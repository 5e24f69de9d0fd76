//! Limits of attempts to log in.

use super::{
    CLIENT_ATTEMPTS, CLIENT_SENDS, CountedAttempt, FailureRepository, Known, LOGIN_ATTEMPTS, LONG_LOGINS, SENDS,
    VERIFY_ATTEMPTS, admits,
};
use crate::{
    hash::sha256_hex,
    http::{Caller, Kind, PageError, Rejected},
    service::Service,
    store::{Key, Namespace},
    unavailable::{During, Unavailable},
};
use std::{sync::Arc, time::Duration};

/// The limiters of attempts. A way to log in asks them before it looks at what was presented.
pub struct Limits {
    pub(super) service: Service,
    pub(super) failures: Arc<dyn FailureRepository>,
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
    /// Too many attempts, or mails, from this client.
    TooManyFromHere {
        /// As above.
        window: Duration,
    },
    /// Too many mails to this address.
    TooManyMails {
        /// As above.
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
            LimitRefused::TooManyFromHere { window } => PageError::new(
                Kind::TooMany,
                "too-many-from-here",
                "Too many attempts",
                "There were too many attempts to sign in from where you are. Please wait before you try again.",
            )
            .retry_after(window),
            LimitRefused::TooManyMails { window } => PageError::new(
                Kind::TooMany,
                "too-many-mails",
                "Too many mails",
                "So many codes were sent to this address that the next has to wait. A code that has arrived for this sign-in still works.",
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

    /// The limiters of a login in progress (its hash), of the client and of an address, before the code is looked at: each
    /// counts this attempt first and judges then, so that replicas that look at the same moment admit no more than the limit
    /// together (inventory 18). Nothing here is ever reset by sending a new code (inventory 20).
    ///
    /// # Errors
    /// See [`LimitRefused`].
    pub async fn charge(
        &self,
        caller: &Caller,
        flow_hash: &str,
        address: &str,
        known: Option<&Known>,
    ) -> Result<(), LimitRefused> {
        let limits = &self.service.config.limits;
        // The flow first: somebody who guesses in one flow is stopped there, and does not use up the attempts of
        // the person whose address it is. Then the client, for the same reason.
        let in_flow = Key::new(VERIFY_ATTEMPTS, flow_hash);
        let counted = self.service.store.count(&in_flow, self.service.config.ttl.flow).await;
        if !admits(counted.during("counting attempts in a login")?, limits.verify_attempts) {
            self.service
                .env
                .mark("an attempt was refused by the limiter of its flow");
            return Err(LimitRefused::TooManyAttempts);
        }
        let mine = ClientLimits {
            of: CLIENT_ATTEMPTS,
            at_address: limits.client_login_attempts,
            in_all: limits.client_login_attempts_in_all,
            doing: "counting attempts of a client",
        };
        self.charge_client(caller, address, known, &mine).await?;
        let at_address = Key::new(LOGIN_ATTEMPTS, counted_at(address, known));
        let counted = self.service.store.count(&at_address, limits.window).await;
        if !admits(
            counted.during("counting attempts at an address")?,
            limits.login_attempts,
        ) {
            self.service
                .env
                .mark("an attempt was refused by the limiter of its address");
            return Err(LimitRefused::TooManyLogins { window: limits.window });
        }
        Ok(())
    }

    /// The limiters of mails, of the client and of the address, before a code is sent.
    ///
    /// # Errors
    /// See [`LimitRefused`].
    pub async fn charge_mail(&self, caller: &Caller, address: &str, known: Option<&Known>) -> Result<(), LimitRefused> {
        let limits = &self.service.config.limits;
        let mine = ClientLimits {
            of: CLIENT_SENDS,
            at_address: limits.client_sends,
            in_all: limits.client_sends_in_all,
            doing: "counting mails of a client",
        };
        self.charge_client(caller, address, known, &mine).await?;
        let sends = Key::new(SENDS, counted_at(address, known));
        let counted = self.service.store.count(&sends, limits.window).await;
        if !admits(counted.during("counting mails")?, limits.sends) {
            self.service.env.mark("a mail was refused by the limiter");
            return Err(LimitRefused::TooManyMails { window: limits.window });
        }
        Ok(())
    }

    /// The limiters of a client, of which a known browser is free: many people may share an address (an office, a mobile
    /// network), and some of them may be up to no good.
    async fn charge_client(
        &self,
        caller: &Caller,
        address: &str,
        known: Option<&Known>,
        mine: &ClientLimits,
    ) -> Result<(), LimitRefused> {
        if known.is_some() {
            return Ok(());
        }
        let window = self.service.config.limits.window;
        let client = sha256_hex(&caller.client.to_string());
        let pair = format!("{client}:{}", sha256_hex(address));
        // All addresses first: whoever has too many there makes no counters for addresses of their invention.
        for (of, limit) in [(client, mine.in_all), (pair, mine.at_address)] {
            let counted = self.service.store.count(&Key::new(mine.of, of), window).await;
            if !admits(counted.during(mine.doing)?, limit) {
                self.service.env.mark("a limiter of its client refused somebody");
                return Err(LimitRefused::TooManyFromHere { window });
            }
        }
        Ok(())
    }

    /// Counts an attempt, durably, as a failure, which it is until it succeeds. With too many in a row before it the address is
    /// locked, whatever is presented. The attempt is judged only after that: an answer that is not counted would be a free
    /// guess.
    ///
    /// # Errors
    /// See [`LimitRefused`]. The directory may not have counted it.
    pub async fn count_attempt(&self, address: &str, known: Option<&Known>) -> Result<(), LimitRefused> {
        let attempt = CountedAttempt {
            address: address.to_owned(),
            known: known.map(|known| known.hash.clone()),
            at: self.service.now(),
            limit: self.service.config.limits.consecutive_failures,
        };
        let counted = self.failures.count_attempt(attempt).await;
        if counted.during("counting an attempt")?.is_none() {
            self.service.env.mark("an attempt met a locked address");
            return Err(LimitRefused::Locked);
        }
        Ok(())
    }
}

/// The limiter of logins that are too long for their cookies, and are kept from their beginning on. Who is signed in, in the session
/// with this hash, is counted there, so that strangers at the same address do not keep them from going on.
///
/// # Errors
/// See [`LimitRefused`].
pub(crate) async fn charge_long_login(
    service: &Service,
    caller: &Caller,
    signed_in: Option<&str>,
) -> Result<(), LimitRefused> {
    let limits = &service.config.limits;
    let who = signed_in.map_or_else(
        || sha256_hex(&caller.client.to_string()),
        |session| format!("session:{session}"),
    );
    let key = Key::new(LONG_LOGINS, who);
    let counted = service.store.count(&key, limits.window).await;
    if admits(
        counted.during("counting the long logins of a client")?,
        limits.client_long_logins,
    ) {
        return Ok(());
    }
    service.env.mark("a limiter of its client refused somebody");
    Err(LimitRefused::TooManyFromHere { window: limits.window })
}

/// How many a client may have in a window.
struct ClientLimits {
    of: Namespace,
    /// At one address.
    at_address: u64,
    /// At all of them together.
    in_all: u64,
    /// What is being done, for the log.
    doing: &'static str,
}

/// Where it counts: at the address, or in the browser in which its owner is known.
fn counted_at(address: &str, known: Option<&Known>) -> String {
    known.map_or_else(|| sha256_hex(address), |known| format!("known:{}", known.hash))
}
