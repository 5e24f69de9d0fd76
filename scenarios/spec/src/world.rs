//! What the specification is told: who exists, what happened, and when something was broken.

use crate::{
    commands::Command,
    exchange::{Exchange, Mail},
    secret::Tag,
    settings::Settings,
    times::Times,
};

/// The world as documented: its clients, its people, its numbers.
#[derive(Debug, Clone)]
pub struct World {
    /// The issuer identifier.
    pub issuer: String,
    /// Wall-clock time at which everything starts, milliseconds since the Unix epoch.
    pub epoch_ms: u64,
    /// Registered clients.
    pub clients: Vec<Client>,
    /// People who may log in.
    pub people: Vec<Person>,
    /// What people are to be reminded of.
    pub reminders: Vec<Reminder>,
    /// Lifetimes, windows, limits.
    pub settings: Settings,
    /// How many replicas there are.
    pub replicas: usize,
    /// The port at which each of them tells operators how it is.
    pub operators_port: u16,
    /// Host and port of the analytics hook. `None`: there is none, and events are nobody's business.
    pub hook: Option<String>,
    /// Who sends mails.
    pub mail_from: String,
    /// Who takes requests for the replicas.
    pub balancer: Option<Balancer>,
    /// Whether codes are printed on the service's terminal instead of being mailed, as a developer's server does.
    pub prints_mails: bool,
}

/// Who takes requests for the replicas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balancer {
    /// Its host.
    pub door: String,
    /// For how long it asks no replica that has not answered in time, milliseconds (nginx: `fail_timeout`).
    pub avoids_ms: u64,
}

/// A registered client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// `client_id`.
    pub id: String,
    /// What people know it by.
    pub name: String,
    /// The tag of its secret; `None`: a public client.
    pub secret: Option<Tag>,
    /// Its redirect URIs.
    pub redirect_uris: Vec<String>,
    /// Whether each of its authorization requests must have a PKCE challenge: always if it is a public one (RFC 9700 section
    /// 2.1.1).
    pub is_pkce_required: bool,
    /// Where people may be sent after it has signed them out.
    pub post_logout_redirect_uris: Vec<String>,
    /// The algorithm that signs its ID tokens, by its name in RFC 7518 (OpenID Connect Dynamic Registration section 2).
    pub id_token_alg: String,
}

impl Client {
    /// Whether it may be answered there: exactly where it is registered (RFC 9700 section 2.1), but for the port of a
    /// loopback address, which a native application may choose (RFC 8252 section 7.3).
    pub(crate) fn may_be_answered_at(&self, uri: &str) -> bool {
        self.redirect_uris
            .iter()
            .any(|known| known == uri || is_loopback_twin(known, uri))
    }
}

impl Client {
    /// Whether another program may take the answer that is sent there: a public client on somebody's own computer (RFC 8252
    /// section 8.6).
    pub(crate) fn may_be_impersonated_at(&self, uri: &str) -> bool {
        self.secret.is_none() && !uri.starts_with("https:")
    }
}

fn is_loopback_twin(registered: &str, presented: &str) -> bool {
    ["http://127.0.0.1", "http://[::1]"].into_iter().any(|host| {
        let (known, asked) = (registered.strip_prefix(host), presented.strip_prefix(host));
        let (Some(path), Some(asked)) = (known.filter(|path| path.starts_with('/')), asked) else {
            return false;
        };
        let port = asked.strip_prefix(':').and_then(|rest| rest.strip_suffix(path));
        // As a URL is written: without zeros before it, and without the port that needs no saying (RFC 3986 section 6.2.3).
        port.is_some_and(|port| port != "80" && port.parse::<u16>().is_ok_and(|number| number.to_string() == port))
    })
}

/// Somebody who may log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// `sub`.
    pub id: String,
    /// Mail address, in lower case.
    pub address: String,
    /// Name.
    pub name: String,
    /// `preferred_username`.
    pub username: Option<String>,
    /// The groups that they are in.
    pub groups: Vec<String>,
}

/// Something that somebody is to be reminded of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reminder {
    /// Its name.
    pub id: String,
    /// To whom the mail goes.
    pub address: String,
    /// What it says.
    pub text: String,
    /// When it falls due, milliseconds since the Unix epoch.
    pub due_ms: u64,
}

/// What happened, in the order in which it ended.
#[derive(Debug, Clone)]
pub enum Fact<'a> {
    /// An exchange ended.
    Exchange(Exchange<'a>),
    /// A mail arrived.
    Mailed {
        /// Where.
        address: &'a str,
        /// What it was.
        mail: &'a Mail,
    },
    /// Analytics was told of an event.
    Told {
        /// The event, as sent.
        event: &'a serde_json::Value,
        /// The `Host` that it was sent to.
        host: &'a str,
        /// Over which connection.
        connection: u64,
    },
    /// An operator's command ended.
    Command(Command<'a>),
}

/// A fact, its moment and where it stands.
#[derive(Debug, Clone)]
pub struct Timed<'a> {
    /// Milliseconds from the start of the run.
    pub at_ms: u64,
    /// Its place in the history: the evidence of a violation.
    pub record: usize,
    /// What.
    pub fact: Fact<'a>,
}

/// A time in which something was broken, or may not have settled yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// From when, milliseconds from the start of the run.
    pub from_ms: u64,
    /// Until when; `u64::MAX`: the end.
    pub until_ms: u64,
    /// What it can do.
    pub touches: Touches,
}

/// What trouble can do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Touches {
    /// The store of what is short-lived may not answer.
    pub store: bool,
    /// The shared directory may not answer.
    pub directory: bool,
    /// Replicas, or the way to them, may not answer; what was asked may be done later, twice, or not at all.
    pub service: bool,
    /// Mails may be late or lost.
    pub mail: bool,
    /// Events for analytics may be late or lost.
    pub analytics: bool,
    /// The leader's jobs may be interrupted.
    pub jobs: bool,
    /// A replica that was asked to is stopping, or has not started again: whoever asks it alone finds nobody.
    pub stops: bool,
    /// A balancer may have connections to a replica of whose end nobody has told it: a request that must not be sent twice may be lost
    /// on each of them.
    pub stale: bool,
    /// A replica that starts may be unable to read its signing keys: it goes on trying, and says so.
    pub keys: bool,
    /// By how much hosts' clocks may differ from the true time, milliseconds.
    pub clocks_ms: u64,
    /// By how much what replicas date may, of which another one judges, milliseconds: they go by the clock of Redis as long as
    /// theirs is not too far from it (`core/LIMITS.md`, "Clocks").
    pub dates_ms: u64,
    /// By how much replicas' own clocks may be ahead of the true time, milliseconds.
    pub ahead_ms: u64,
    /// By how much the leader may be wrong about the time, milliseconds: nobody leads whose clock is too far from that of Redis.
    pub leader_ms: u64,
}

/// A time at which the store lost what it had been told, or got back what it had given away: it was replaced by a node
/// that had not heard all, or it came back empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forgetting {
    /// What was told from then on may be lost, milliseconds from the start of the run.
    pub told_from_ms: u64,
    /// From when on it may be missed.
    pub from_ms: u64,
    /// What is told after that is safe.
    pub until_ms: u64,
}

/// When something was broken.
#[derive(Debug, Clone, Default)]
pub struct Troubles {
    /// What was broken, and when.
    pub spans: Vec<Trouble>,
    /// Until when the service was starting, milliseconds from the start of the run: nothing is promised before.
    pub started_ms: u64,
    /// When the store forgot.
    pub forgettings: Vec<Forgetting>,
}

impl Troubles {
    /// Whether something of a kind was broken at some moment from one time to another, both included.
    pub fn any(&self, from_ms: u64, to_ms: u64, of: fn(&Touches) -> bool) -> bool {
        let overlaps = |trouble: &&Trouble| trouble.from_ms <= to_ms && from_ms <= trouble.until_ms;
        self.spans.iter().filter(overlaps).any(|trouble| of(&trouble.touches))
    }

    /// When the first thing broke, or, if nothing ever did, never.
    pub fn first_ms(&self) -> u64 {
        self.spans
            .iter()
            .map(|trouble| trouble.from_ms)
            .min()
            .unwrap_or(u64::MAX)
    }

    /// Whether something had broken by a moment.
    pub fn broke_by(&self, at_ms: u64) -> bool {
        self.spans.iter().any(|trouble| trouble.from_ms <= at_ms)
    }

    /// By how much a clock may have been wrong up to a moment. What was dated by a wrong clock stays so.
    pub fn clocks_ms(&self, to_ms: u64) -> u64 {
        self.most_ms(to_ms, |touches| touches.clocks_ms)
    }

    /// By how much what replicas had dated up to a moment may have been wrong.
    pub fn dates_ms(&self, to_ms: u64) -> u64 {
        self.most_ms(to_ms, |touches| touches.dates_ms)
    }

    /// By how much replicas' own clocks may have been ahead up to a moment.
    pub fn ahead_ms(&self, to_ms: u64) -> u64 {
        self.most_ms(to_ms, |touches| touches.ahead_ms)
    }

    /// By how much the leader may have been wrong about the time up to a moment.
    pub fn leader_ms(&self, to_ms: u64) -> u64 {
        self.most_ms(to_ms, |touches| touches.leader_ms)
    }

    fn most_ms(&self, to_ms: u64, of: fn(&Touches) -> u64) -> u64 {
        let earlier = self.spans.iter().filter(|trouble| trouble.from_ms <= to_ms);
        earlier.map(|trouble| of(&trouble.touches)).max().unwrap_or(0)
    }

    /// Whether the store may have forgotten, up to a moment, what it was told at some time.
    pub fn forgets(&self, told: Times, at: Times) -> bool {
        self.forgettings.iter().any(|forgetting| forgetting.concerns(told, at))
    }

    /// Whether the store may have forgotten it in the midst of this: it was there when it began, and is not any more.
    pub fn forgets_within(&self, told: Times, at: Times) -> bool {
        let goes_on = |forgetting: &Forgetting| at.from_ms <= forgetting.until_ms;
        (self.forgettings.iter()).any(|forgetting| forgetting.concerns(told, at) && goes_on(forgetting))
    }
}

impl Forgetting {
    fn concerns(&self, told: Times, at: Times) -> bool {
        told.to_ms >= self.told_from_ms && told.from_ms <= self.until_ms && at.to_ms >= self.from_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_forgets_in_the_midst_of_what_goes_on_while_it_does() {
        let forgetting = Forgetting {
            told_from_ms: 1000,
            from_ms: 5000,
            until_ms: 6000,
        };
        let troubles = Troubles {
            forgettings: vec![forgetting],
            ..Troubles::default()
        };
        let within =
            |told_ms, from_ms, to_ms| troubles.forgets_within(Times::new(told_ms, told_ms), Times::new(from_ms, to_ms));
        assert!(within(2000, 4900, 5000) && within(2000, 6000, 6100));
        assert!(!within(2000, 6001, 6100), "it was forgotten before that");
        assert!(!within(2000, 4800, 4999) && !within(900, 5000, 5100) && !within(6500, 5900, 6600));
        assert!(troubles.forgets(Times::new(2000, 2000), Times::new(9000, 9100)));
    }

    #[test]
    fn only_the_port_of_a_loopback_address_is_free() {
        let client = Client {
            id: "cli".into(),
            name: "cli".into(),
            secret: None,
            redirect_uris: vec!["http://127.0.0.1/cb".into(), "https://app.example/cb".into()],
            is_pkce_required: true,
            post_logout_redirect_uris: vec![],
            id_token_alg: "ES256".into(),
        };
        for good in [
            "http://127.0.0.1/cb",
            "http://127.0.0.1:49152/cb",
            "https://app.example/cb",
        ] {
            assert!(client.may_be_answered_at(good), "{good}");
        }
        for bad in [
            "http://127.0.0.1:49152/other",
            "https://127.0.0.1:49152/cb",
            "http://127.0.0.2:49152/cb",
            "http://[::1]:49152/cb",
            "http://localhost:49152/cb",
            "http://x@127.0.0.1:49152/cb",
            "http://127.0.0.1:49152/cb?x=1",
            "http://127.0.0.1:049152/cb",
            "http://127.0.0.1:99999/cb",
            "http://127.0.0.1:80/cb",
            "https://app.example:444/cb",
        ] {
            assert!(!client.may_be_answered_at(bad), "{bad}");
        }
    }
}
