//! What the service's log tells of requests, by the reference that people and clients got: refusals, and who did what.

use crate::vocabulary::Operators;
use spec::exchange::{Audited, Refused};
use std::collections::{BTreeMap, BTreeSet};

/// What is told, by correlation ID.
pub(super) type Refusals<'a> = BTreeMap<&'a str, Told>;

/// What is told of one request.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) refused: Vec<Refused>,
    pub(super) audited: Vec<Audited>,
}

/// Reads the lines `refused correlation=… method=… path=… status=… [client=…] [parameter=…] error=… [cause=…]`.
pub(super) fn refusals(operators: &Operators) -> Refusals<'_> {
    let mut refusals = Refusals::new();
    let away: BTreeSet<&str> = (operators.log.iter())
        .filter_map(|written| read_code_away(&written.line.text))
        .collect();
    for written in &operators.log {
        if let Some((correlation, mut refused)) = read(&written.line.text) {
            refused.is_code_away = away.contains(correlation);
            refusals.entry(correlation).or_default().refused.push(refused);
        }
        if let Some((correlation, audited)) = read_audited(&written.line.text) {
            refusals.entry(correlation).or_default().audited.push(audited);
        }
    }
    refusals
}

fn read(line: &str) -> Option<(&str, Refused)> {
    let rest = line.strip_prefix("refused correlation=")?;
    let (correlation, rest) = rest.split_once(" method=")?;
    let (method, rest) = rest.split_once(" path=")?;
    let (path, rest) = rest.split_once(" status=")?;
    let (before, rest) = rest.split_once(" error=")?;
    let (before, parameter) = optional(before, " parameter=");
    let (status, client) = optional(before, " client=");
    let (error, cause) = match rest.split_once(" cause=") {
        Some((error, cause)) => (error, Some(cause.to_owned())),
        None => (rest, None),
    };
    let refused = Refused {
        method: method.to_owned(),
        path: path.to_owned(),
        status: status.parse().ok()?,
        error: error.to_owned(),
        cause,
        client,
        parameter,
        is_code_away: false,
    };
    Some((correlation, refused))
}

/// Reads the lines that say that a code of either kind was taken, or may have been, and is not back.
fn read_code_away(line: &str) -> Option<&str> {
    let lost = line.strip_prefix("a code could not be put back correlation=");
    let unsure = || line.strip_prefix("taking a code; the ledger decides correlation=");
    let mailed = line.strip_prefix("a one-time code could not be put back correlation=");
    let rest = lost
        .or(mailed)
        .or_else(|| unsure().filter(|rest| rest.contains(" failure=outcome unknown: ")))?;
    rest.split(' ').next()
}

/// Reads the lines `signed in correlation=… client=… subject=…`, and those like it, of which some have no client.
fn read_audited(line: &str) -> Option<(&str, Audited)> {
    let what = Audited::WHATS.into_iter().find(|what| line.starts_with(what))?;
    let rest = line.strip_prefix(what)?.strip_prefix(" correlation=")?;
    let (rest, subject) = rest.rsplit_once(" subject=")?;
    let (correlation, client) = optional(rest, " client=");
    let audited = Audited {
        what: what.to_owned(),
        client,
        subject: subject.to_owned(),
    };
    Some((correlation, audited))
}

/// What stands before the last field of a text, and the field, if it has it.
fn optional<'a>(text: &'a str, field: &str) -> (&'a str, Option<String>) {
    match text.rsplit_once(field) {
        Some((before, value)) => (before, Some(value.to_owned())),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_line() {
        let line = "refused correlation=0a1b method=POST path=/token status=503 error=temporarily_unavailable \
                    cause=counting: connection lost: error=x";
        let (correlation, refused) = read(line).unwrap();
        assert_eq!((correlation, refused.status), ("0a1b", 503));
        assert_eq!((refused.method.as_str(), refused.path.as_str()), ("POST", "/token"));
        assert_eq!(refused.error, "temporarily_unavailable");
        assert_eq!(refused.cause.as_deref(), Some("counting: connection lost: error=x"));
        let line = "refused correlation=0a1b method=POST path=/token status=400 error=invalid_grant: no such code";
        assert_eq!(read(line).unwrap().1.error, "invalid_grant: no such code");
        let line = "refused correlation=0a1b method=GET path=/authorize status=303 client=grafana parameter=prompt \
                    error=invalid_request";
        let refused = read(line).unwrap().1;
        assert_eq!((refused.status, refused.error.as_str()), (303, "invalid_request"));
        assert_eq!(refused.client.as_deref(), Some("grafana"));
        assert_eq!(refused.parameter.as_deref(), Some("prompt"));
        assert_eq!(read("refused correlation=0a1b method=POST"), None);
        assert_eq!(read("ready"), None);
    }

    #[test]
    fn reads_where_a_code_is() {
        let away = |line| read_code_away(line) == Some("0a1b");
        assert!(away(
            "a code could not be put back correlation=0a1b why=not done: the directory is locked failure=not done: x"
        ));
        assert!(away(
            "taking a code; the ledger decides correlation=0a1b failure=outcome unknown: connection lost: y"
        ));
        assert!(!away(
            "taking a code; the ledger decides correlation=0a1b failure=not done: connection refused"
        ));
        assert!(away(
            "a one-time code could not be put back correlation=0a1b why=x failure=y"
        ));
    }

    #[test]
    fn reads_who_did_what() {
        let (correlation, audited) = read_audited("signed in correlation=0a1b client=web subject=user-ann").unwrap();
        assert_eq!((correlation, audited.what.as_str()), ("0a1b", "signed in"));
        assert_eq!(
            (audited.client.as_deref(), audited.subject.as_str()),
            (Some("web"), "user-ann")
        );
        let (_, audited) = read_audited("signed out correlation=0a1b subject=user-ann").unwrap();
        assert_eq!(audited.client, None);
        assert_eq!(read_audited("signed in"), None);
    }
}
