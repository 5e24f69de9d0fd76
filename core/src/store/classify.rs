//! What an error of redis-rs says about whether the command was executed.
//!
//! redis-rs's own advice cannot be followed here: for a time-out it is "retry immediately", which redeems a
//! code twice when the command is a GETDEL whose reply was lost (inventory 23; measured on redis-rs
//! 1.8.1).

use ::redis::{ErrorKind, RedisError, ServerErrorKind};
use seams::{Cause, Failure};

/// A classified error: the outcome, and whether the connection is still good.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) failure: Failure,
    /// The connection must be dropped, and the master looked up again.
    pub(super) reconnect: bool,
}

/// Judges an error that a command got after it was handed to a live connection.
pub(super) fn classify(error: &RedisError) -> Verdict {
    if let Some(refused) = refused_in_transaction(error) {
        return classify(&refused);
    }
    let text = || text(error);
    match error.kind() {
        // An aborted transaction executed nothing: one of its commands was refused when queued.
        ErrorKind::Server(
            ServerErrorKind::ReadOnly
            | ServerErrorKind::BusyLoading
            | ServerErrorKind::MasterDown
            | ServerErrorKind::ExecAbort,
        ) => Verdict {
            failure: Failure::Fail(Cause::Refused(text())),
            reconnect: true,
        },
        // An error in the place of a reply means that the command was not executed. This node is the master, and cannot write
        // for a reason that another connection, and another replica of this service, has as well.
        ErrorKind::Extension if matches!(error.code(), Some("OOM" | "MISCONF")) => Verdict {
            failure: Failure::Fail(Cause::WritesRefused(text())),
            reconnect: false,
        },
        // The same; but a master that has lost its replicas may have been replaced.
        ErrorKind::Extension if error.code() == Some("NOREPLICAS") => Verdict {
            failure: Failure::Fail(Cause::WritesRefused(text())),
            reconnect: true,
        },
        // A script runs; it is over for all connections at once.
        ErrorKind::Extension if error.code() == Some("BUSY") => Verdict {
            failure: Failure::Fail(Cause::Refused(text())),
            reconnect: false,
        },
        // NOAUTH and others that redis-rs has no name for.
        ErrorKind::Extension => Verdict {
            failure: Failure::Fail(Cause::Refused(text())),
            reconnect: true,
        },
        ErrorKind::Server(_) => Verdict {
            failure: Failure::Fail(Cause::Protocol(text())),
            reconnect: false,
        },
        ErrorKind::Client | ErrorKind::InvalidClientConfig => Verdict {
            failure: Failure::Fail(Cause::Protocol(error.to_string())),
            reconnect: false,
        },
        ErrorKind::Io => Verdict {
            failure: Failure::Unknown(Cause::ConnectionLost(error.to_string())),
            reconnect: true,
        },
        // A reply that could not be understood: the command may well have been executed, and
        // whatever follows on this connection cannot be trusted.
        _ => Verdict {
            failure: Failure::Unknown(Cause::Protocol(error.to_string())),
            reconnect: true,
        },
    }
}

/// How Redis says that it refuses EXEC itself, and why.
const NOT_EXECUTED: &str = "Transaction discarded because of: ";

/// Why a transaction was aborted: what was said of the first of its commands that was refused, or of EXEC. `EXECABORT` alone says
/// neither what is wrong nor whether another connection could help.
fn refused_in_transaction(error: &RedisError) -> Option<RedisError> {
    if error.kind() != ErrorKind::Server(ServerErrorKind::ExecAbort) {
        return None;
    }
    if let Some(why) = error.detail().and_then(|detail| detail.strip_prefix(NOT_EXECUTED)) {
        let reply = ::redis::parse_redis_value(format!("-{why}\r\n").as_bytes());
        return reply.and_then(|value| value.extract_error()).err();
    }
    let refused = error.clone().into_server_errors()?;
    let (_, first) = refused.first()?;
    let first = RedisError::from(first.clone());
    (first.kind() != error.kind()).then_some(first)
}

/// An error of the server as it said it: its code and what follows.
pub(super) fn text(error: &RedisError) -> String {
    match error.detail() {
        Some(detail) => format!("{} {detail}", error.code().unwrap_or("error")),
        None => error.code().map_or_else(|| error.to_string(), str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::redis::{ParsingError, make_extension_error};
    use std::io;

    /// The error that redis-rs makes of a reply.
    fn reply(line: &str) -> RedisError {
        ::redis::parse_redis_value(format!("{line}\r\n").as_bytes())
            .and_then(|value| value.extract_error())
            .expect_err("an error reply")
    }

    /// Golden replies of Redis 7.0.15.
    #[test]
    fn refusals_definitely_did_not_happen() {
        for line in [
            "-READONLY You can't write against a read only replica.",
            "-LOADING Redis is loading the dataset in memory",
            "-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
            "-EXECABORT Transaction discarded because of previous errors.",
        ] {
            let verdict = classify(&reply(line));
            assert!(
                matches!(&verdict.failure, Failure::Fail(Cause::Refused(why)) if why.starts_with(&line[1..5])),
                "{line}: {verdict:?}"
            );
            assert!(verdict.reconnect, "{line}");
        }
    }

    /// Golden replies of Redis 7.0.15 to EXEC, if a command of the transaction was allowed when it was queued, and is not any more.
    #[test]
    fn why_a_transaction_was_not_executed_counts() {
        let verdict = classify(&reply(
            "-EXECABORT Transaction discarded because of: OOM command not allowed when used memory > 'maxmemory'.",
        ));
        assert!(
            matches!(&verdict.failure, Failure::Fail(Cause::WritesRefused(why)) if why.starts_with("OOM ")),
            "{verdict:?}"
        );
        assert!(!verdict.reconnect);
        let verdict = classify(&reply(
            "-EXECABORT Transaction discarded because of: READONLY You can't write against a read only replica.",
        ));
        assert!(
            matches!(&verdict.failure, Failure::Fail(Cause::Refused(_))),
            "{verdict:?}"
        );
        assert!(verdict.reconnect);
    }

    #[test]
    fn a_mistake_of_ours_is_no_reason_to_reconnect() {
        let verdict = classify(&reply(
            "-WRONGTYPE Operation against a key holding the wrong kind of value",
        ));
        assert!(matches!(verdict.failure, Failure::Fail(_)), "{verdict:?}");
        let verdict = classify(&reply("-ERR syntax error"));
        assert!(
            matches!(verdict.failure, Failure::Fail(Cause::Protocol(_))),
            "{verdict:?}"
        );
        assert!(!verdict.reconnect);
    }

    #[test]
    fn a_lost_reply_is_unknown() {
        for kind in [
            io::ErrorKind::TimedOut,
            io::ErrorKind::ConnectionReset,
            io::ErrorKind::BrokenPipe,
            io::ErrorKind::UnexpectedEof,
        ] {
            let verdict = classify(&io::Error::from(kind).into());
            assert!(verdict.failure.is_unknown(), "{kind}: {verdict:?}");
            assert!(verdict.reconnect, "{kind}");
        }
    }

    #[test]
    fn an_answer_that_cannot_be_understood_is_unknown() {
        let verdict = classify(&ParsingError::from("gibberish").into());
        assert!(verdict.failure.is_unknown(), "{verdict:?}");
        assert!(verdict.reconnect);
    }

    #[test]
    fn a_code_that_redis_rs_does_not_know_is_a_refusal() {
        let said = |code: &str| classify(&make_extension_error(code.into(), Some("no".into())));
        let is_of_everybody = |verdict: &Verdict| match &verdict.failure {
            Failure::Fail(Cause::WritesRefused(_)) => true,
            Failure::Fail(Cause::Refused(_)) => false,
            other => panic!("{other:?}"),
        };
        for (code, of_everybody, reconnect) in [
            ("OOM", true, false),
            ("MISCONF", true, false),
            ("NOREPLICAS", true, true),
            ("BUSY", false, false),
            ("NOAUTH", false, true),
        ] {
            let verdict = said(code);
            assert_eq!(is_of_everybody(&verdict), of_everybody, "{code}");
            assert_eq!(verdict.reconnect, reconnect, "{code}");
        }
    }
}
