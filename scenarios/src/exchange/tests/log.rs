//! The log.

use super::{judge, told};
use crate::vocabulary::Operators;

/// The log tells of each refusal what it must: the same history with another line in the log is rejected, for each reason.
#[test]
fn every_sentence_rejects_a_log_that_breaks_it() {
    let (plan, history, operators) = told("rule_breakers", 2);
    let of = |what: &str| {
        let found = operators
            .log
            .iter()
            .position(|written| written.line.text.contains(what));
        found.unwrap_or_else(|| panic!("no line of the log has {what:?}"))
    };
    let place = of("refused correlation=");
    let replace = |log: &mut Operators, place: usize, from: &str, to: &str| {
        let text = &mut log.log[place].line.text;
        let changed = text.replace(from, to);
        assert_ne!(*text, changed, "{from:?} is in it");
        *text = changed;
    };
    type Row<'a> = (&'static str, &'a dyn Fn(&mut Operators));
    let rows: [Row<'_>; 12] = [
        ("refusal-not-logged", &|log| drop(log.log.remove(place))),
        ("refusal-logged-twice", &|log| {
            log.log.insert(place, log.log[place].clone())
        }),
        ("another-request-in-the-log", &|log| {
            replace(log, place, "status=", "status=1")
        }),
        ("another-request-in-the-log", &|log| {
            replace(log, place, "path=/", "path=/x/")
        }),
        ("another-reason-in-the-log", &|log| {
            replace(log, of("error=other-browser"), "other-browser", "locked")
        }),
        ("another-reason-in-the-log", &|log| {
            replace(log, of("invalid_grant: no such code"), "no such code", "wrong verifier");
        }),
        ("another-client-in-the-log", &|log| {
            replace(log, of(" client=web parameter="), "client=web", "client=grafana");
        }),
        ("another-parameter-in-the-log", &|log| {
            replace(
                log,
                of(" parameter=code_challenge "),
                "parameter=code_challenge",
                "parameter=scope",
            );
        }),
        ("not-audited", &|log| {
            drop(log.log.remove(of("code issued correlation=")))
        }),
        ("audited-too-often", &|log| {
            let place = of("code redeemed correlation=");
            log.log.insert(place, log.log[place].clone());
        }),
        ("audited-otherwise", &|log| {
            replace(log, of("signed in correlation="), "subject=user-", "subject=other-");
        }),
        ("audited-without-reason", &|log| {
            let refused = &log.log[place].line.text;
            let reference = refused.split_whitespace().nth(1).unwrap_or_default().to_owned();
            let line = of("signed in correlation=");
            let own = log.log[line]
                .line
                .text
                .split_whitespace()
                .nth(2)
                .unwrap_or_default()
                .to_owned();
            let mut told = log.log[line].clone();
            told.line.text = told.line.text.replace(&own, &reference);
            log.log.push(told);
        }),
    ];
    for (reason, change) in rows {
        let mut changed = operators.clone();
        change(&mut changed);
        let found = judge(&plan, &history, &changed).violations;
        assert!(found.iter().any(|other| other.reason == reason), "{reason}: {found:?}");
    }
}
