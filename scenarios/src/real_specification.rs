//! `squall specification --on`: the specification before the real service.

use crate::specification::{EXACT_IN_CALM, percent};
use comfy_table::Cell;
use scenarios::real_stack::specification::{Judged, Place, Tries, judge};
use seams_os::clock::Stopwatch;
use sim::command::{Conclusion, Trouble, say, table};

/// How many violations are shown.
const SHOWN: usize = 20;

/// Asks the real service, judges, and says how it went.
pub(crate) fn run(place: Place, json: bool) -> Result<Conclusion, Trouble> {
    let watch = Stopwatch::start();
    let progress = move |requests: u64, tries: &Tries| {
        let s = watch.elapsed().as_secs();
        eprintln!("{place}: {s} s, {requests} requests, {} of them changed", tries.sent);
    };
    let judged = judge(place, &std::env::current_exe()?, &progress)?;
    match json {
        true => say(format!("{:#}", as_json(&judged))),
        false => show(&judged),
    }
    let is_exact = percent(&judged.report.calm) >= EXACT_IN_CALM;
    Ok(match (judged.agrees(), judged.exchanges > 0 && is_exact) {
        (false, _) => Conclusion::Violated,
        (true, false) => Conclusion::Inconclusive,
        (true, true) => Conclusion::Held,
    })
}

fn as_json(judged: &Judged) -> serde_json::Value {
    let (tries, calm) = (&judged.tries, &judged.report.calm);
    let widened: serde_json::Map<String, serde_json::Value> = (calm.widened.iter())
        .map(|(why, times)| (why.to_string(), (*times).into()))
        .collect();
    serde_json::json!({
        "version": 1, "service": judged.place.to_string(), "exchanges": judged.exchanges, "unanswered": judged.unanswered,
        "mails": judged.mails, "changed_requests": tries.sent, "requests_changed": tries.requests,
        "changes_without_effect": tries.without_effect, "unfinished": tries.unfinished,
        "stalls": judged.stalls.len(), "judged_around_stalls": judged.report.troubled.judged,
        "judged": calm.judged, "exactly_one_allowed": calm.exact, "widened": widened,
        "violations": violations(judged), "wrong_answers_rejected": judged.rejected,
        "wrong_answers_accepted": judged.accepted, "asked_ms": judged.took_ms[0], "judging_ms": judged.took_ms[1],
    })
}

fn violations(judged: &Judged) -> Vec<String> {
    let by_specification = judged.report.violations.iter();
    let by_specification =
        by_specification.map(|wrong| format!("at {} ms, {}: {}", wrong.at_ms, wrong.reason, wrong.what));
    by_specification.chain(judged.violations.iter().cloned()).collect()
}

fn show(judged: &Judged) {
    let (tries, calm) = (&judged.tries, &judged.report.calm);
    let (service, count) = (judged.place.to_string(), |n: usize| table::thousands(n as u64));
    let mut rows = table::new(&table::look(), &[&service, ">"]);
    for (what, number) in [
        ("requests answered", table::thousands(judged.exchanges)),
        (
            "of them changed by the adversary, each in another way",
            count(tries.sent),
        ),
        (
            "requests that were changed (by client, method, path, parameters, cookies)",
            count(tries.requests),
        ),
        (
            "changes without effect: no such part, or no other value",
            count(tries.without_effect),
        ),
        ("mails", table::thousands(judged.mails)),
        (
            "answers judged by the rules of their route",
            table::thousands(calm.judged),
        ),
        ("exactly one allowed, per cent", format!("{:.2}", percent(calm))),
        (
            "wrong answers rejected, of those made to try the judge",
            format!(
                "{} of {}",
                judged.rejected.len(),
                judged.rejected.len() + judged.accepted.len()
            ),
        ),
        ("s, asking", format!("{:.1}", judged.took_ms[0] as f64 / 1000.0)),
        ("s, judging", format!("{:.1}", judged.took_ms[1] as f64 / 1000.0)),
    ] {
        rows.add_row([Cell::new(what), Cell::new(number)]);
    }
    say(rows);
    for (why, times) in &calm.widened {
        say(format!("more than one allowed because of {why}: {times}"));
    }
    if let Some(longest) = judged.stalls.iter().max_by_key(|stall| stall.late_ms) {
        say(format!(
            "This machine had no time for the service {} times, for up to {} ms: around them {} answers were judged as while a \
             process is paused.",
            judged.stalls.len(),
            longest.late_ms,
            judged.report.troubled.judged
        ));
    }
    for unfinished in &tries.unfinished {
        say(format!("not all changes were tried: {unfinished}"));
    }
    for accepted in &judged.accepted {
        say(format!("a wrong answer was not rejected: {accepted}"));
    }
    if judged.unanswered > 0 {
        say(format!("{} requests were not answered", judged.unanswered));
    }
    let violations = violations(judged);
    for violation in violations.iter().take(SHOWN) {
        say(violation);
    }
    say(match violations.len() {
        0 => "Every answer was allowed.".to_owned(),
        n => format!("{n} violations."),
    });
}
