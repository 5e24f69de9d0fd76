//! What a fault may be aimed at: something that the run itself says, and so much later.
//!
//! A race is lost in a window of a few milliseconds. A fault at a random time seldom meets it; one
//! that strikes relative to what happens does. An aim is data, so it replays and shrinks.

use crate::history::{Event, Op, Seen};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt};
use thiserror::Error;

/// Relative to what a fault strikes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aim {
    /// What must happen.
    pub event: Cue,
    /// How many times, counted from the time of the fault on; from 1.
    #[serde(default = "once")]
    pub nth: u32,
    /// How long after that the fault strikes, milliseconds. At 0 it strikes when everybody has done
    /// what there was to do in that millisecond, and nothing that was sent in it has arrived.
    #[serde(default)]
    pub offset_ms: u64,
}

fn once() -> u32 {
    1
}

impl Aim {
    /// At the first time that something happens.
    ///
    /// # Errors
    /// Nothing of that name ever happens.
    pub fn at(event: &str) -> Result<Aim, UnknownCue> {
        Ok(Aim {
            event: Cue::named(event)?,
            nth: once(),
            offset_ms: 0,
        })
    }
}

impl fmt::Display for Aim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.offset_ms {
            0 => f.write_str("at")?,
            ms => write!(f, "{ms} ms after")?,
        }
        match self.nth {
            1 => write!(f, " the first \u{201c}{}\u{201d}", self.event),
            nth => write!(f, " \u{201c}{}\u{201d} no. {nth}", self.event),
        }
    }
}

/// The name of something that happens in a run: one of [`Cue::all`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cue(String);

/// Nothing of that name ever happens.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("no run ever says {name:?}, so nothing can be aimed at it; {}", offered(.name))]
pub struct UnknownCue {
    /// The name asked for.
    pub name: String,
}

fn offered(name: &str) -> String {
    let words: BTreeSet<&str> = name.split_whitespace().collect();
    let alike = |cue: &str| cue.split_whitespace().filter(|word| words.contains(word)).count();
    let mut near = Cue::all();
    near.sort_by_key(|cue| std::cmp::Reverse(alike(cue)));
    let (many, most) = (near.len(), near.first().map_or(0, |cue| alike(cue)));
    near.retain(|cue| most > 0 && alike(cue) == most);
    let near: Vec<String> = near.into_iter().take(6).map(|cue| format!("{cue:?}")).collect();
    match near.is_empty() {
        true => format!("there are {many} events, as \"redeem begins\", \"lease renewed\" or \"sentinel says +odown\""),
        false => format!("near it are {}", near.join(", ")),
    }
}

/// Kinds of operations, as [`Op::kind`] names them.
const OPERATIONS: [&str; 10] = [
    "log-in",
    "open-login",
    "send-code",
    "await-mail",
    "verify-code",
    "receive-code",
    "redeem",
    "check-id-token",
    "user-info",
    "visit",
];

/// What operations do.
const TURNS: [&str; 5] = ["begins", "ends", "succeeds", "fails", "in doubt"];

/// What a Redis master writes for the service; each is one command, told in the millisecond in which
/// it was executed, before any replica has it.
const WRITES: [&str; 8] = [
    "flow stored",
    "code stored",
    "code taken",
    "email code stored",
    "email code taken",
    "lease granted",
    "lease renewed",
    "attempt counted",
];

/// The turns of a failover, in the Sentinels' words.
const SENTINEL: [&str; 14] = [
    "+sdown",
    "-sdown",
    "+odown",
    "-odown",
    "+new-epoch",
    "+vote-for-leader",
    "+try-failover",
    "+elected-leader",
    "+selected-slave",
    "+promoted-slave",
    "+switch-master",
    "+failover-end",
    "+convert-to-slave",
    "+tilt",
];

/// Everything else.
const OTHERS: [&str; 13] = [
    "redis-1 becomes master",
    "redis-1 becomes replica",
    "redis-2 becomes master",
    "redis-2 becomes replica",
    "idp-a opens its port",
    "idp-a closes its port",
    "idp-b opens its port",
    "idp-b closes its port",
    "code mailed",
    "reminder mailed",
    "hook called",
    "balancer answers",
    "session lost",
];

/// Marks that are worth aiming at: those of the service and of the world.
const MARKS: [&str; 17] = [
    "a code was redeemed",
    "a one-time code was put back",
    "a race for a code was lost",
    "a session was opened",
    "an authorization code was put back",
    "directory busy",
    "directory outcome unknown",
    "epoch fenced",
    "leader elected",
    "lease lost",
    "mail fate unknown",
    "master did not hold",
    "reminder sent",
    "replica degraded",
    "replica recovered",
    "store outcome unknown",
    "store refused, asked again",
];

impl Cue {
    /// The event of a name.
    ///
    /// # Errors
    /// There is none.
    pub fn named(name: &str) -> Result<Cue, UnknownCue> {
        match Cue::all().iter().any(|known| known == name) {
            true => Ok(Cue(name.to_owned())),
            false => Err(UnknownCue { name: name.to_owned() }),
        }
    }

    /// The names of all events, always in the same order.
    pub fn all() -> Vec<String> {
        let operations = OPERATIONS
            .iter()
            .flat_map(|kind| TURNS.map(|turn| format!("{kind} {turn}")));
        let sentinel = SENTINEL.iter().map(|word| format!("sentinel says {word}"));
        let marks = MARKS.iter().map(|mark| format!("mark: {mark}"));
        let plain = WRITES.iter().chain(&OTHERS).map(|name| (*name).to_owned());
        operations.chain(plain).chain(sentinel).chain(marks).collect()
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// Whether an event of the history is it.
    pub(crate) fn is_event(&self, event: &Event) -> bool {
        let turn = |op: &Op, turns: &[&str]| {
            let rest = self.0.strip_prefix(op.kind().as_str());
            rest.and_then(|rest| rest.strip_prefix(' '))
                .is_some_and(|turn| turns.contains(&turn))
        };
        match event {
            Event::Began { op, .. } => turn(op, &["begins"]),
            Event::Ended { op, seen: Seen::Ok, .. } => turn(op, &["ends", "succeeds"]),
            Event::Ended {
                op,
                seen: Seen::Fail(_),
                ..
            } => turn(op, &["ends", "fails"]),
            Event::Ended {
                op,
                seen: Seen::Unknown(_),
                ..
            } => turn(op, &["ends", "in doubt"]),
            Event::LoggedOut { .. } => self.0 == "session lost",
            Event::CodeMailed { .. } => self.0 == "code mailed",
            Event::ReminderMailed { .. } => self.0 == "reminder mailed",
            Event::HookCalled { .. } => self.0 == "hook called",
            Event::Balancer { .. } => self.0 == "balancer answers",
            Event::Role { host, role } => self.0 == format!("{host} becomes {role}"),
            Event::Ready { host, ready: true, .. } => self.0 == format!("{host} opens its port"),
            Event::Ready { host, ready: false, .. } => self.0 == format!("{host} closes its port"),
            Event::Sentinel { says, .. } => {
                let word = self.0.strip_prefix("sentinel says ");
                word.is_some_and(|word| says.split_whitespace().next() == Some(word))
            }
            Event::Fault { .. } => false,
        }
    }

    /// Whether a mark is it.
    pub(crate) fn is_mark(&self, mark: &str) -> bool {
        self.0.strip_prefix("mark: ") == Some(mark)
    }

    /// Whether a command that a Redis master executed is it.
    pub(crate) fn is_write(&self, command: &str, key: &str) -> bool {
        written(command, key) == Some(self.0.as_str())
    }
}

/// What a write means; the service's key prefixes are those of [`idp::store::Namespace`]. A key that
/// expires is taken, too: Redis tells its replicas of both by DEL.
fn written(command: &str, key: &str) -> Option<&'static str> {
    use idp::{
        authorize::FLOW as Flow,
        leader::LEASE as Lease,
        limits::{LOGIN_ATTEMPTS as LoginAttempts, VERIFY_ATTEMPTS as VerifyAttempts},
        mailed_code::EMAIL_CODE as EmailCode,
        redemption::CODE as Code,
    };
    let of = |namespace: idp::store::Namespace| {
        let rest = key.strip_prefix(namespace.prefix());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
    };
    match command.to_ascii_uppercase().as_str() {
        "SET" if of(Flow) => Some("flow stored"),
        "SET" if of(Code) => Some("code stored"),
        "DEL" if of(Code) => Some("code taken"),
        "SET" if of(EmailCode) => Some("email code stored"),
        "DEL" if of(EmailCode) => Some("email code taken"),
        "SET" if of(Lease) => Some("lease granted"),
        "PEXPIREAT" | "PEXPIRE" if of(Lease) => Some("lease renewed"),
        "INCR" | "INCRBY" if of(LoginAttempts) || of(VerifyAttempts) => Some("attempt counted"),
        _ => None,
    }
}

impl TryFrom<String> for Cue {
    type Error = UnknownCue;

    fn try_from(name: String) -> Result<Cue, UnknownCue> {
        Cue::named(&name)
    }
}

impl From<Cue> for String {
    fn from(cue: Cue) -> String {
        cue.0
    }
}

impl fmt::Display for Cue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
