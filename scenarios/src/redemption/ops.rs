//! Behaviours and operations of relying parties and thieves with authorization codes.

use crate::{
    login::{self, Login},
    mailed_code,
    people::{
        calm::{self, Exchange, Style},
        person::Person,
    },
    redemption::thief,
    world::Scene,
};
use serde::{Deserialize, Serialize};
use sim::history::{Seen, Tag};
use std::sync::Arc;

/// A behaviour with authorization codes as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "does", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Behaviour {
    /// Logs in; the relying party presents its code to all replicas at the same instant.
    RaceCode,
    /// Logs in; before the relying party redeems its code, an attacker presents it with a wrong PKCE verifier, to burn
    /// it.
    BurnCode,
    /// From now on, replays every code that any relying party has received, at all replicas at the same instant:
    /// immediately, and again after each of these delays.
    StealCodes {
        /// Delays after the code was first seen, milliseconds.
        after_ms: Vec<u64>,
    },
}

impl sim::service::Behaviour<Login> for Behaviour {
    const KINDS: &'static [&'static str] = &["race-code", "burn-code", "steal-codes"];

    fn is_attack(&self) -> bool {
        matches!(self, Behaviour::StealCodes { .. })
    }

    fn plainer(&self) -> Vec<login::Behaviour> {
        match self {
            Behaviour::RaceCode | Behaviour::BurnCode => vec![mailed_code::Behaviour::LogIn.into()],
            Behaviour::StealCodes { .. } => vec![],
        }
    }
}

/// Performs a behaviour with an authorization code. A thief never ends, so this function does not wait for it.
pub(crate) async fn act(scene: &Scene, who: &str, does: Behaviour, label: &str) {
    let exchange = match does {
        Behaviour::RaceCode => Exchange::Race,
        Behaviour::BurnCode => Exchange::Burn,
        Behaviour::StealCodes { after_ms } => {
            let (scene, who) = (scene.clone(), who.to_owned());
            let env = scene.env.clone();
            env.spawn(async move { thief::steal(&scene, &who, &after_ms).await });
            return;
        }
    };
    let person = Arc::new(Person::new(scene, who, who, label));
    calm::log_in(&person, Style { clicks: None, exchange }).await;
}

/// An operation with an authorization code or its tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case")]
pub enum Op {
    /// Presented an authorization code at the token endpoint; success means that a token set came back.
    Redeem {
        /// The code.
        code: Tag,
        /// The replica that was asked, or `balancer`.
        at: String,
        /// Whether everything that binds the code (client, redirect URI, verifier) was right.
        rightful: bool,
    },
    /// Checked the ID token against the JWKS, the issuer, the audience, the nonce and the time.
    CheckIdToken,
    /// Asked `/userinfo` with the access token.
    UserInfo {
        /// The code for which the token was issued.
        code: Tag,
    },
}

impl sim::service::Op for Op {
    const KINDS: &'static [&'static str] = &["redeem", "check-id-token", "user-info"];

    fn kind(&self) -> String {
        match self {
            Op::Redeem { .. } => "redeem",
            Op::CheckIdToken => "check-id-token",
            Op::UserInfo { .. } => "user-info",
        }
        .into()
    }

    fn describe(&self) -> String {
        match self {
            Op::Redeem { code, at, rightful } => {
                let how = if *rightful { "" } else { ", with a wrong verifier" };
                format!("redeems authorization code {} at {at}{how}", code.0)
            }
            Op::CheckIdToken => "checks the ID token".into(),
            Op::UserInfo { code } => format!("asks who it is, with the token of code {}", code.0),
        }
    }

    fn detail(&self) -> Option<String> {
        match self {
            Op::Redeem { code, .. } => Some(format!("authorization code {}", code.0)),
            _ => None,
        }
    }

    fn routine(&self, seen: &Seen, by_attacker: bool) -> Option<&'static str> {
        match (self, seen) {
            (Op::Redeem { .. }, Seen::Fail(_)) if by_attacker => Some("attempts of attackers that were refused"),
            (Op::UserInfo { .. }, Seen::Ok | Seen::Fail(_)) if by_attacker => Some("questions of attackers who it is"),
            _ => None,
        }
    }
}
