//! A replica's health says that it leads exactly from the line of its log with which it begins to lead to the one with which it
//! ends.
//!
//! Source: inventory 29 and 30 (who runs the jobs must be known); `core/MESSAGES.md`. Operators ask either of the two, and have
//! to learn the same.
//!
//! And whoever leads goes on: a further epoch begins only after something was broken, or somebody stopped. Two replicas that take
//! the lead from each other again and again are fenced, and do half of the work.
//!
//! Edges. A process that was paused may find that its lease has run out before it has told so.

use crate::{
    availability::{HealthAnswer, health_answers},
    property::{
        spans::{Span, spans},
        violation,
    },
    vocabulary::{Evidence, Fault, Violation},
};
use spec::ProcessEnd;

const BEGINS: &str = "leading epoch=";
const ENDS: &str = "no longer leading epoch=";
/// So long after a pause a process may not have told yet that its lease has run out, milliseconds.
const WAKES_MS: u64 = 100;

/// From which line to which a process led, milliseconds.
struct Leads<'a> {
    host: &'a str,
    from_ms: u64,
    to_ms: u64,
}

/// Judges this for [`LogAsDocumented`](super::log_as_documented::LogAsDocumented): the first answer that says something else.
pub(super) fn check(property: &str, evidence: &Evidence<'_>, ends: &[ProcessEnd<'_>]) -> Result<(), Violation> {
    let leads = leads(evidence, ends);
    let exact_ms = evidence.exact_to_ms;
    for answer in health_answers(evidence.history) {
        let HealthAnswer { asked_ms, at_ms, .. } = answer;
        let mut here = leads.iter().filter(|leads| leads.host == answer.host);
        let (what, is_wrong) = match answer.says["leader"] == true {
            // At some moment between the question and the answer.
            true => (
                "leads, and its log does not",
                !here
                    .any(|leads| leads.from_ms <= at_ms + exact_ms && asked_ms <= leads.to_ms.saturating_add(exact_ms)),
            ),
            false => (
                "does not lead, and its log says that it does",
                here.any(|leads| leads.from_ms + exact_ms < asked_ms && at_ms.saturating_add(exact_ms) < leads.to_ms),
            ),
        };
        let paused = was_paused(evidence, &answer).then_some("the process had been paused");
        if evidence.is_violated(is_wrong, paused) {
            let what = format!("the health of {} says that it {what}", answer.host);
            return Err(violation(property, at_ms, vec![answer.record], what).because("leader-told-otherwise"));
        }
    }
    goes_on(property, evidence, &leads)
}

/// So long after the end of a fault another epoch may begin, milliseconds, besides two leases.
const SETTLES_MS: u64 = 20_000;

/// The first epoch that begins although nothing was broken.
fn goes_on(property: &str, evidence: &Evidence<'_>, leads: &[Leads<'_>]) -> Result<(), Violation> {
    let felt_ms = 2 * evidence.plan.world.lease_ms + SETTLES_MS;
    let spans = spans(evidence.history);
    for Leads { host, from_ms, .. } in leads.iter().skip(1) {
        let felt = |span: &Span<'_>| span.from_ms <= *from_ms && *from_ms <= span.to_ms.saturating_add(felt_ms);
        let excuse = spans
            .iter()
            .any(felt)
            .then_some("something was broken, or somebody stopped");
        if evidence.is_violated(true, excuse) {
            let what = format!("{host} begins to lead in another epoch, and nothing was broken");
            return Err(violation(property, *from_ms, vec![], what).because("leads-for-no-reason"));
        }
    }
    Ok(())
}

/// When each process led, as its log says; `ends` are those of processes.
fn leads<'a>(evidence: &'a Evidence<'_>, ends: &[ProcessEnd<'_>]) -> Vec<Leads<'a>> {
    let lines: Vec<_> = evidence.operators.log.iter().map(|written| &written.line).collect();
    let begun = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| line.text.starts_with(BEGINS));
    begun
        .map(|(place, line)| {
            let mut later = lines[place..].iter().filter(|other| other.host == line.host);
            let told_ms = later
                .find(|other| other.text.starts_with(ENDS))
                .map(|other| other.at_ms);
            let ended = ends
                .iter()
                .filter(|end| *end.host == *line.host && end.at_ms >= line.at_ms);
            let ended_ms = ended.map(|end| end.at_ms).min();
            Leads {
                host: &line.host,
                from_ms: line.at_ms,
                to_ms: told_ms.unwrap_or(u64::MAX).min(ended_ms.unwrap_or(u64::MAX)),
            }
        })
        .collect()
}

fn was_paused(evidence: &Evidence<'_>, answer: &HealthAnswer<'_>) -> bool {
    spans(evidence.history).iter().any(|span| {
        matches!(span.fault, Fault::Pause { host } if host == answer.host)
            && span.from_ms <= answer.at_ms
            && answer.asked_ms <= span.to_ms.saturating_add(WAKES_MS)
    })
}

#[cfg(test)]
mod tests {
    use crate::{
        operators::log_as_documented::LogAsDocumented,
        property::testing::*,
        scenario::{kill, pause, resume},
    };

    fn health(story: Story, at_ms: u64, leader: bool) -> Story {
        story.health(at_ms, serde_json::json!({ "leader": leader }))
    }

    fn led() -> Story {
        Story::new().logged_at(1000, "INFO", "leading epoch=1").logged_at(
            5000,
            "WARN",
            "no longer leading epoch=1 why=somebody else holds the lease, or nobody",
        )
    }

    fn reason(story: Story) -> Result<(), String> {
        story.judged_by(&LogAsDocumented).map_err(|violation| violation.reason)
    }

    #[test]
    fn health_and_log_agree() {
        let otherwise = Err("leader-told-otherwise".to_owned());
        for (at_ms, leader, right) in [
            (900, false, true),
            (900, true, false),
            (998, true, true),
            (998, false, true),
            (1002, true, true),
            (1002, false, false),
            (4993, false, false),
            (4998, false, true),
            (5002, true, false),
        ] {
            let expected = if right { Ok(()) } else { otherwise.clone() };
            assert_eq!(reason(health(led(), at_ms, leader)), expected, "{at_ms} {leader}");
        }
    }

    #[test]
    fn a_process_that_was_killed_leads_no_longer() {
        let killed = || {
            let led = Story::new().logged_at(1000, "INFO", "leading epoch=1");
            led.fault(3000, kill("idp-a"))
        };
        assert_eq!(reason(health(killed(), 4000, false)), Ok(()));
        assert!(reason(health(killed(), 4000, true)).is_err());
    }

    #[test]
    fn a_process_that_was_paused_may_not_have_told_yet() {
        let paused = || {
            let led = Story::new().logged_at(1000, "INFO", "leading epoch=1");
            led.fault(2000, pause("idp-a")).fault(20_000, resume("idp-a"))
        };
        assert_eq!(reason(health(paused(), 20_000, false)), Ok(()));
        assert_eq!(reason(health(paused(), 20_090, false)), Ok(()));
        assert!(reason(health(paused(), 20_101, false)).is_err());
    }

    #[test]
    fn whoever_leads_goes_on() {
        let another = |at_ms: u64, story: Story| {
            let begins = "leading epoch=2";
            reason(story.logged_at(at_ms, "INFO", begins))
        };
        let broken = || {
            led()
                .fault(4000, kill("redis-1"))
                .fault(9000, crate::scenario::start("redis-1"))
        };
        assert_eq!(another(49_000, broken()), Ok(()));
        assert_eq!(another(49_001, broken()), Err("leads-for-no-reason".into()));
        assert_eq!(another(5500, led()), Err("leads-for-no-reason".into()));
    }
}
