//! What somebody tries, as the history has it.

use serde::{Deserialize, Serialize};
use sim::history::{Seen, Tag};

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

impl sim::service::Op for Op {
    const KINDS: &'static [&'static str] = &[
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

    fn kind(&self) -> String {
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

    fn describe(&self) -> String {
        match self {
            Op::LogIn => "begins to log in".into(),
            Op::OpenLogin => "opens the login page".into(),
            Op::SendCode { flow, address } => format!("presses send, for {address} (flow {})", flow.0),
            Op::AwaitMail { address } => format!("waits for the mail to {address}"),
            Op::VerifyCode { flow, address, code } => {
                format!("types mailed code {} for {address} (flow {})", code.0, flow.0)
            }
            Op::ReceiveCode => "comes back with an authorization code".into(),
            Op::Redeem { code, at, rightful } => {
                let how = if *rightful { "" } else { ", with a wrong verifier" };
                format!("redeems authorization code {} at {at}{how}", code.0)
            }
            Op::CheckIdToken => "checks the ID token".into(),
            Op::UserInfo { code } => format!("asks who it is, with the token of code {}", code.0),
            Op::Visit { session } => format!("looks at the account page (session {})", session.0),
            Op::CheckReplication => "looks whether Redis is one master and its replica".into(),
        }
    }

    fn is_compound(&self) -> bool {
        *self == Op::LogIn
    }

    fn describe_end(&self, seen: &Seen) -> String {
        match seen {
            Seen::Ok => "is logged in",
            Seen::Fail(_) => "gives up: not logged in",
            Seen::Unknown(_) => "gives up: cannot tell whether logged in",
        }
        .into()
    }

    fn describe_whole(&self, steps: &[&Op]) -> String {
        let codes = steps.iter().filter_map(|step| match step {
            Op::Redeem { code, .. } => Some(code.0.as_str()),
            _ => None,
        });
        match codes.collect::<Vec<_>>().as_slice() {
            [] => "logs in".into(),
            codes => format!("logs in, with authorization code {}", codes.join(", ")),
        }
    }

    fn routine(&self, seen: &Seen, by_attacker: bool) -> Option<&'static str> {
        match (self, seen) {
            (Op::Visit { .. }, Seen::Ok) => Some("looks at the account page that showed it"),
            (Op::Redeem { .. } | Op::VerifyCode { .. }, Seen::Fail(_)) if by_attacker => {
                Some("attempts of attackers that were refused")
            }
            _ => None,
        }
    }
}
