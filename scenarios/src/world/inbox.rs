//! People's inboxes: the mails that the relay has accepted. People read their codes here.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex},
};
use tokio::sync::Notify;

/// A mail in an inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxMail {
    /// When the relay accepted it, milliseconds from the start of the run.
    pub at_ms: u64,
    /// Its subject.
    pub subject: String,
    /// Its text; lines end with `\n`.
    pub body: String,
    /// Its header fields, unfolded, in their order.
    pub headers: Vec<(String, String)>,
}

impl InboxMail {
    /// The first header field of this name (RFC 5322 section 1.2.2: names ignore case).
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The one-time code, if the mail carries one: eight digits after "Your login code is", and then nothing, or more words.
    pub fn code(&self) -> Option<&str> {
        self.body.lines().find_map(|line| {
            let rest = line.trim().strip_prefix("Your login code is ")?;
            let code = rest.split(' ').next()?.trim_end_matches('.');
            (code.len() == 8 && code.bytes().all(|b| b.is_ascii_digit())).then_some(code)
        })
    }
}

/// All inboxes, by address. Clones share them.
#[derive(Clone)]
pub struct Inboxes {
    shared: Arc<Shared>,
}

struct Shared {
    now_ms: Box<dyn Fn() -> u64 + Send + Sync>,
    mails: Mutex<BTreeMap<String, Vec<InboxMail>>>,
    arrived: Notify, // wakes in the order of waiting
}

impl Inboxes {
    /// Empty inboxes; `now_ms` returns the simulated time, milliseconds.
    pub fn new(now_ms: impl Fn() -> u64 + Send + Sync + 'static) -> Inboxes {
        Inboxes {
            shared: Arc::new(Shared {
                now_ms: Box::new(now_ms),
                mails: Mutex::default(),
                arrived: Notify::new(),
            }),
        }
    }

    /// Simulated time, milliseconds.
    pub(crate) fn now_ms(&self) -> u64 {
        (self.shared.now_ms)()
    }

    /// Puts a mail into an inbox.
    pub fn deliver(&self, address: &str, subject: String, headers: Vec<(String, String)>, body: String) -> InboxMail {
        let mail = InboxMail {
            at_ms: (self.shared.now_ms)(),
            subject,
            body,
            headers,
        };
        let mut mails = self
            .shared
            .mails
            .lock()
            .expect("nobody panics while holding the inboxes");
        mails.entry(address.to_lowercase()).or_default().push(mail.clone());
        drop(mails);
        self.shared.arrived.notify_waiters();
        mail
    }

    /// All mails to an address, oldest first.
    pub fn list(&self, address: &str) -> Vec<InboxMail> {
        let mails = self
            .shared
            .mails
            .lock()
            .expect("nobody panics while holding the inboxes");
        mails.get(&address.to_lowercase()).cloned().unwrap_or_default()
    }

    /// How many mails an address has.
    pub fn count(&self, address: &str) -> usize {
        let mails = self
            .shared
            .mails
            .lock()
            .expect("nobody panics while holding the inboxes");
        mails.get(&address.to_lowercase()).map_or(0, Vec::len)
    }

    /// Waits until an address has more than `since` mails; returns those after the first `since`,
    /// oldest first.
    pub async fn wait_for_new(&self, address: &str, since: usize) -> Vec<InboxMail> {
        loop {
            let arrived = self.shared.arrived.notified(); // before the check, so that no arrival is missed
            let mut mails = self.list(address);
            if mails.len() > since {
                return mails.split_off(since);
            }
            arrived.await;
        }
    }
}

impl fmt::Debug for Inboxes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Inboxes")
    }
}
