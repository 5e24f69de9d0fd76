//! No line that a replica logs in production contains a secret.
//!
//! Source: inventory 56. More people read a log than a database, and a log is sent to more places and kept for longer.
//!
//! Fairness. Secrets are values that somebody in the run has had: cookies, mailed codes, authorization codes,
//! verifiers, tokens, client secrets. The property looks for them as whole words; a part of a longer word does not
//! count. It judges the log at production's level. Lines of lower levels are for debugging, and appear only on request.
//!
//! Edges. A secret that was already useless when it was logged is a violation as well, because its uselessness is luck.

use crate::{
    property::{reading::Invocation, violation},
    vocabulary::{Evidence, Kind, Login, Property, Violation},
};

/// Property: no line of the log contains a secret. See the module.
pub struct NoSecretLogged;

impl Property<Login> for NoSecretLogged {
    fn name(&self) -> String {
        "NoSecretLogged".into()
    }
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "no line of a replica's log has a code, cookie, verifier, token or client secret in it".into()
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        evidence.judged(evidence.operators.log.len());
        let leak = evidence
            .operators
            .log
            .iter()
            .find(|written| !written.secrets.is_empty());
        let Some(leak) = leak else { return Ok(()) };
        let (line, kinds) = (&leak.line, leak.secrets.join(" and "));
        let meanwhile = crate::property::invocations(evidence.history);
        let under_way =
            |invocation: &&Invocation<'_>| invocation.began_ms <= line.at_ms && line.at_ms <= invocation.ended_ms();
        let records = meanwhile
            .iter()
            .filter(under_way)
            .flat_map(Invocation::records)
            .collect();
        let what = format!("{} logged a secret ({kinds}): {:?}", line.host, line.text);
        Err(violation(&self.name(), line.at_ms, records, what).because(sim::shrink::slug(leak.secrets[0])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        people,
        property::testing::*,
        vocabulary::{Op, Seen},
    };

    #[test]
    fn accepts_lines_without_secrets() {
        let story = Story::new()
            .op((0, 9), "ann", Op::People(people::Op::LogIn), Seen::Ok)
            .logged(5, "ready", &[]);
        assert_eq!(story.judged_by(&NoSecretLogged), Ok(()));
    }

    #[test]
    fn rejects_a_secret_with_what_was_going_on() {
        let story = Story::new()
            .op((0, 9), "ann", Op::People(people::Op::LogIn), Seen::Ok)
            .op((10, 12), "ben", Op::People(people::Op::LogIn), Seen::Ok)
            .logged(5, "ready", &[])
            .logged(7, "sent (mailed code)", &["mailed code"]);
        let violation = story.judged_by(&NoSecretLogged).unwrap_err();
        assert_eq!(violation.reason, "mailed-code");
        assert_eq!((violation.at_ms, violation.evidence), (7, vec![0, 1]));
    }
}
