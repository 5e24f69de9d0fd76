//! What people and the outside world could see, with simulated time.

use crate::{aim::Aim, fault::Fault};
use serde::{Deserialize, Serialize};

/// What an operation came to: the triple of [`seams::Outcome`], seen from outside. A time-out,
/// a reset, a 502 or a 504 is `Unknown`: it may have happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Seen {
    /// It happened.
    Ok,
    /// It definitely did not happen. The text is what the person was told: `invalid_grant`, "too
    /// many attempts", a status.
    Fail(String),
    /// It may have happened.
    Unknown(String),
}

/// Identifies one invocation: its completion carries the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OpId(pub u64);

/// A secret's stand-in: equal for equal secrets, and of no use to anybody. Short hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Tag(pub String);

impl Tag {
    /// The stand-in of a secret: the first 32 bits of its SHA-256.
    pub fn of(secret: impl AsRef<[u8]>) -> Tag {
        use sha2::{Digest, Sha256};
        let hash = Sha256::digest(secret);
        Tag(format!(
            "{:08x}",
            u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])
        ))
    }
}

/// What somebody tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case")]
pub enum Op {
    /// A whole login: from the relying party's page to its checked ID token. Each step below is an
    /// operation of its own as well.
    LogIn,
    /// Opened the authorize URL and got the login page.
    OpenLogin,
    /// Pressed "Send login code". One flow, one address; `flow` tags the flow.
    SendCode {
        /// The login in progress.
        flow: Tag,
        /// Whose address.
        address: String,
    },
    /// Waited for the mail with the code.
    AwaitMail {
        /// Whose inbox.
        address: String,
    },
    /// Typed a code and pressed "Verify". Success means that the browser is logged in.
    VerifyCode {
        /// The login in progress.
        flow: Tag,
        /// Whose address.
        address: String,
        /// The code typed.
        code: Tag,
    },
    /// Got an authorization code at the redirect URI.
    ReceiveCode,
    /// Presented an authorization code at the token endpoint; success means a token set came back.
    Redeem {
        /// The code.
        code: Tag,
        /// Which replica was asked, or `balancer`.
        at: String,
        /// Whether everything that binds the code (client, redirect URI, verifier) was right.
        rightful: bool,
    },
    /// Checked the ID token against the JWKS, the issuer, the audience, the nonce and the time.
    CheckIdToken,
    /// Asked `/userinfo` with the access token.
    UserInfo {
        /// The code that the token came from.
        code: Tag,
    },
    /// Looked at the account page with the session cookie; success means "signed in as".
    Visit {
        /// The session cookie, as the browser keeps it.
        session: Tag,
    },
    /// Looked whether one Redis node is the master and the other takes what is written there.
    CheckReplication,
}

impl Op {
    /// Its kind, as in a written history: `send-code`.
    pub fn kind(&self) -> String {
        match self {
            Op::LogIn => "log-in",
            Op::OpenLogin => "open-login",
            Op::SendCode { .. } => "send-code",
            Op::AwaitMail { .. } => "await-mail",
            Op::VerifyCode { .. } => "verify-code",
            Op::ReceiveCode => "receive-code",
            Op::Redeem { .. } => "redeem",
            Op::CheckIdToken => "check-id-token",
            Op::UserInfo { .. } => "user-info",
            Op::Visit { .. } => "visit",
            Op::CheckReplication => "check-replication",
        }
        .into()
    }
}

/// Something that was seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// Somebody began an operation.
    Began {
        /// Which.
        id: OpId,
        /// What.
        op: Op,
    },
    /// It completed.
    Ended {
        /// Which.
        id: OpId,
        /// What.
        op: Op,
        /// How.
        seen: Seen,
        /// How long it took, milliseconds.
        took_ms: u64,
    },
    /// A browser lost its session: the service deleted the cookie, or showed somebody who has a
    /// session cookie the page for strangers.
    LoggedOut {
        /// The session cookie it had.
        session: Tag,
    },
    /// The relay accepted a mail with a one-time code.
    CodeMailed {
        /// To whom.
        address: String,
        /// The code.
        code: Tag,
    },
    /// The relay accepted a reminder.
    ReminderMailed {
        /// To whom.
        address: String,
        /// When it was due, milliseconds since the Unix epoch.
        due_ms: u64,
    },
    /// The analytics hook was called.
    HookCalled {
        /// Whether it answered as it should.
        answered: bool,
    },
    /// A fault struck (or trouble ended).
    Fault {
        /// Which.
        fault: Fault,
        /// Operations in flight at that moment: a fault that hits nothing tests nothing.
        in_flight: usize,
        /// What it was aimed at, if it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<Aim>,
    },
    /// A Redis node changed its role, as its own process says.
    Role {
        /// Which node.
        host: String,
        /// `master` or `replica`.
        role: String,
    },
    /// A Sentinel said something, in Sentinel's own words: `+sdown`, `+switch-master`.
    Sentinel {
        /// Which Sentinel.
        host: String,
        /// Its event.
        says: String,
    },
    /// A replica opened or closed its port to the balancer.
    Ready {
        /// Which replica.
        host: String,
        /// Whether it takes requests.
        ready: bool,
        /// Why not.
        why: String,
    },
    /// The balancer answered by itself (502, 504), or its client went away before there was an answer (499).
    Balancer {
        /// What it did and why.
        says: String,
    },
}

/// An event, its moment and its place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Simulated time, milliseconds from the start of the run.
    pub at_ms: u64,
    /// Who: a person, an attacker, a host, `nemesis`.
    pub who: String,
    /// What.
    #[serde(flatten)]
    pub event: Event,
}

/// The whole history of a run, in order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// In the order in which it happened.
    pub records: Vec<Record>,
}
