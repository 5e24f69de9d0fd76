//! Whatever a replica says to the relay, to Redis and to the Sentinels, it says over TLS, to whoever has proved to be them, and
//! after it has said who it is itself.
//!
//! Source: RFC 3207 section 6 (whoever takes STARTTLS out of an answer must not get the mail in clear), RFC 8314 section 3,
//! RFC 4954 section 4 (passwords are for encrypted connections), RFC 6125 section 6, CVE-2011-0411; inventory 56 (no secret
//! leaks).
//!
//! Fairness. Judged is what was on the path and what went inside of TLS, not what the service says of it, and only in worlds in
//! which it was told to encrypt and got passwords. In clear, a client of STARTTLS may greet, ask for TLS and leave; nobody else
//! may say anything. A secret is a word that somebody has as one, also in base64.
//!
//! Edges. A connection on which nothing was said has said nothing wrong. Of long connections only the beginning is judged: what
//! is in clear then, and in which order the client gets in.

use crate::{
    property::violation,
    vocabulary::{AccessOption, Evidence, Kind, Login, Property, Violation},
    world::hosts,
};
use sim::overheard::{Layer, Overheard};

/// Property: nothing is said in clear, to somebody else, or before the password. See the module.
pub struct NoSecretInClear;

/// What a client may say to a relay before the connection is encrypted (RFC 3207 section 4).
const BEFORE_TLS: [&str; 4] = ["EHLO ", "STARTTLS", "RSET", "QUIT"];

impl Property<Login> for NoSecretInClear {
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "where passwords and TLS are asked for, nothing is said in clear, to somebody else, or before the password"
            .into()
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let access = evidence.plan.world.access;
        if !access.is_guarded() {
            return Ok(());
        }
        evidence.judged(evidence.overheard.len());
        let wrong = evidence
            .overheard
            .iter()
            .find_map(|heard| Some((heard, wrong(heard, access)?)));
        let Some((heard, (reason, why))) = wrong else {
            return Ok(());
        };
        let what = format!("{} {why} {}: {:?}", heard.from, heard.to, shown(&heard.said));
        Err(violation(&self.name(), heard.at_ms, vec![], what).because(reason))
    }
}

/// What is wrong with it: the reason, and the words between the replica and the other end.
fn wrong(heard: &Overheard, access: AccessOption) -> Option<(String, &'static str)> {
    match heard.layer {
        Layer::Clear => {
            if let Some(kind) = heard.secrets.first() {
                return Some((sim::shrink::slug(kind), "said a secret in clear to"));
            }
            if heard.believed.is_some() {
                return Some((
                    "certificate-believed".into(),
                    "trusted a certificate that proves nothing, of",
                ));
            }
            let may_greet = heard.to == hosts::MAIL && access == AccessOption::Guarded;
            let is_greeting = |line: &str| BEFORE_TLS.iter().any(|says| line.starts_with(says));
            let is_right = heard.said.is_empty() || may_greet && heard.said.lines().all(is_greeting);
            (!is_right).then(|| ("in-clear".into(), "spoke in clear to"))
        }
        Layer::Encrypted => {
            let is_right = match heard.to == hosts::MAIL {
                true => is_known_before_the_mail(&heard.said),
                false => heard.said.is_empty() || first_word(&heard.said).is_some_and(|word| word == "AUTH"),
            };
            (!is_right).then(|| ("before-the-password".into(), "did not begin with its password at"))
        }
    }
}

/// Whether a client of SMTP gives its password before it says anything of a mail.
fn is_known_before_the_mail(said: &str) -> bool {
    let place = |verb: &str| said.lines().position(|line| line.starts_with(verb));
    match (place("AUTH "), place("MAIL ")) {
        (_, None) => true,
        (auth, Some(mail)) => auth.is_some_and(|auth| auth < mail),
    }
}

/// The first word of a Redis command: the third line of `*2 $4 AUTH …`.
fn first_word(said: &str) -> Option<&str> {
    said.lines().nth(2)
}

/// The beginning, for a person.
fn shown(said: &str) -> String {
    said.chars().take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::property::testing::*;

    const GREETING: &str = "EHLO idp-a\r\nSTARTTLS\r\n";
    const LOGS_IN: &str = "EHLO idp-a\r\nAUTH PLAIN (relay password)\r\nMAIL FROM:<login@login.example>\r\n";
    const REDIS: &str = "*3\r\n$4\r\nAUTH\r\n$3\r\nidp\r\n$19\r\n(Redis password)\r\n*1\r\n$4\r\nROLE\r\n";

    fn heard(to: &str, layer: Layer, said: &str) -> Overheard {
        Overheard {
            at_ms: 5,
            from: "idp-a".into(),
            to: to.into(),
            layer,
            said: said.into(),
            secrets: vec![],
            believed: None,
        }
    }

    fn judged(access: AccessOption, heard: Overheard) -> Result<(), String> {
        let mut story = Story::new();
        story.world.access = access;
        let judged = story.heard(heard).judged_by(&NoSecretInClear);
        judged.map_err(|violation| violation.reason)
    }

    #[test]
    fn accepts_clients_that_encrypt_and_log_in() {
        use AccessOption::{Guarded, GuardedImplicit, Open};
        for (access, heard) in [
            (Guarded, heard("mail", Layer::Clear, GREETING)),
            (Guarded, heard("mail", Layer::Clear, "EHLO idp-a\r\n")),
            (Guarded, heard("mail", Layer::Encrypted, LOGS_IN)),
            (Guarded, heard("mail", Layer::Encrypted, "EHLO idp-a\r\n")),
            (GuardedImplicit, heard("mail", Layer::Clear, "")),
            (Guarded, heard("redis-1", Layer::Clear, "")),
            (Guarded, heard("redis-1", Layer::Encrypted, REDIS)),
            (Guarded, heard("sentinel-1", Layer::Encrypted, "")),
            (Open, heard("mail", Layer::Clear, "MAIL FROM:<login@login.example>\r\n")),
        ] {
            assert_eq!(judged(access, heard.clone()), Ok(()), "{heard:?}");
        }
    }

    #[test]
    fn rejects_what_is_in_clear_or_before_the_password() {
        use AccessOption::{Guarded, GuardedImplicit};
        let leaks = Overheard {
            secrets: vec!["relay password"],
            ..heard("mail", Layer::Clear, "EHLO idp-a\r\nAUTH PLAIN (relay password)\r\n")
        };
        let believes = Overheard {
            believed: Some("invalid peer certificate: UnknownIssuer".into()),
            ..heard("mail", Layer::Clear, GREETING)
        };
        let role = "*1\r\n$4\r\nROLE\r\n";
        for (access, heard, reason) in [
            (Guarded, leaks, "relay-password"),
            (Guarded, believes, "certificate-believed"),
            (
                Guarded,
                heard("mail", Layer::Clear, "EHLO idp-a\r\nMAIL FROM:<a@b.c>\r\n"),
                "in-clear",
            ),
            (GuardedImplicit, heard("mail", Layer::Clear, GREETING), "in-clear"),
            (Guarded, heard("redis-1", Layer::Clear, role), "in-clear"),
            (Guarded, heard("redis-1", Layer::Encrypted, role), "before-the-password"),
            (
                Guarded,
                heard(
                    "mail",
                    Layer::Encrypted,
                    "EHLO idp-a\r\nMAIL FROM:<a@b.c>\r\nAUTH LOGIN\r\n",
                ),
                "before-the-password",
            ),
        ] {
            assert_eq!(judged(access, heard.clone()), Err(reason.to_owned()), "{heard:?}");
        }
    }
}
