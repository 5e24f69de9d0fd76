//! A slow disk delays a page by a few commits at most, and while one replica waits for something else, nobody at the
//! other replica waits with it.
//!
//! Source: inventory 28. A commit holds the directory's write lock for as long as the disk takes; the other replica gets
//! SQLITE_BUSY. That ends with the commit, and one replica's writers do not starve the other's, which bounds the stall. A
//! lock that is held while its holder waits for something else has no such bound. Who only looks at a page waits for no
//! commit at all: SQLite's write-ahead log lets everybody read.
//!
//! Fairness. The property judges people who know one replica only
//! ([`Behaviour::Availability(availability::Behaviour::LogInAt)`]), and only the answers that the replica gives by
//! itself: waiting for mail is not judged. Faults excuse a delay until everything has healed and settled. The
//! exceptions are slow disks, and faults of the other replica, its links, mail or analytics. A pause of the other
//! replica does excuse, because it may be paused in the middle of a commit. The allowance is a number of the slowest
//! commits that the run has had; a run without slow disks has none. Looks at the account page are judged wherever they go;
//! any fault but a slow disk excuses them.
//!
//! Edges. A page of unknown outcome has kept somebody waiting as well. A page that is refused because the directory
//! stayed locked has waited for the lock longer than any commit takes. Both are violations. An operation that has not
//! ended when the run ends is a violation if its deadline is past.

use crate::{
    availability, mailed_code, people,
    property::{
        calm::{CUT_SHORT, first_of},
        faults, human, invocations,
        reading::{Invocation, TroubledTimes},
        violation,
    },
    session, store,
    vocabulary::{Behaviour, Evidence, Fault, Kind, Login, Op, Property, Seen, Violation},
};
use std::{collections::BTreeMap, time::Duration};

/// Property: a slow disk delays pages by a bounded time. See the module.
pub struct StallsBounded {
    page_ms: u64,
    commits: u64,
    /// The longest time for a look at the account page, if that is judged.
    look_ms: Option<u64>,
    settle_ms: u64,
}

impl StallsBounded {
    /// The longest time for a page, with all the redirects that lead to it, while disks are fast.
    pub fn pages(limit: Duration) -> StallsBounded {
        StallsBounded {
            page_ms: limit.as_millis() as u64,
            commits: 0,
            look_ms: None,
            settle_ms: 20_000,
        }
    }

    /// The number of commits that a page may have to wait for: its own, and those of others before it.
    pub fn and_commits(self, commits: u64) -> StallsBounded {
        StallsBounded { commits, ..self }
    }

    /// The longest time for a look at the account page, which reads and writes nothing.
    pub fn looks(self, limit: Duration) -> StallsBounded {
        let look_ms = Some(limit.as_millis() as u64);
        StallsBounded { look_ms, ..self }
    }

    /// How long the world needs to settle after healing.
    pub fn settling(self, settle: Duration) -> StallsBounded {
        StallsBounded {
            settle_ms: settle.as_millis() as u64,
            ..self
        }
    }
}

/// Whether a fault may delay somebody at this replica by more than a few commits.
fn excuses(fault: &Fault, replica: &str) -> bool {
    let elsewhere =
        |host: &&str| matches!(*host, "mail" | "analytics") || (host.starts_with("idp") && *host != replica);
    match fault {
        Fault::DiskSlow { .. } => false,
        Fault::Pause { .. } => true, // a process that is paused in a commit keeps the lock until it is resumed
        _ => !fault.hosts().iter().any(elsewhere),
    }
}

/// Whether a step is answered by the replica itself.
fn is_page(op: &Op) -> bool {
    !matches!(
        op,
        Op::People(people::Op::LogIn)
            | Op::MailedCode(mailed_code::Op::AwaitMail { .. })
            | Op::Limits(_)
            | Op::Store(store::Op::CheckReplication)
    )
}

impl Property<Login> for StallsBounded {
    fn name(&self) -> String {
        "StallsBounded".into()
    }
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        format!(
            "a page at one replica alone is answered within {} and {} of the slowest commits, whatever the other waits for",
            human(self.page_ms),
            self.commits
        )
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let slowest = faults(evidence.history).filter_map(|(.., fault)| match fault {
            Fault::DiskSlow { by_ms, .. } => Some(*by_ms),
            _ => None,
        });
        let budget_ms = self.page_ms + self.commits * slowest.max().unwrap_or(0);
        let operations = evidence.plan.operations.iter();
        let there: BTreeMap<&str, (&str, TroubledTimes)> = operations
            .filter_map(|operation| match &operation.does {
                Behaviour::Availability(availability::Behaviour::LogInAt { replica }) => {
                    let trouble = TroubledTimes::of(evidence.history, self.settle_ms, |fault| excuses(fault, replica));
                    Some((operation.who.as_str(), (replica.as_str(), trouble)))
                }
                _ => None,
            })
            .collect();
        for invocation in invocations(evidence.history)
            .iter()
            .filter(|invocation| is_page(invocation.op))
        {
            let Some((replica, trouble)) = there.get(invocation.who) else {
                continue;
            };
            let until_ms = invocation.ended_ms().min(invocation.began_ms + budget_ms);
            let excuse = first_of([
                (until_ms > evidence.plan.lasts_ms, CUT_SHORT),
                (
                    !trouble.spares(invocation.began_ms, until_ms),
                    "a fault that may delay it",
                ),
            ]);
            let waited = kept_waiting(invocation, budget_ms);
            let Some(why) = waited.filter(|_| evidence.is_violated(true, excuse)) else {
                if waited.is_none() {
                    evidence.is_violated(false, excuse);
                }
                continue;
            };
            let what = format!(
                "{} {} at {replica} alone, which {}, {} after it began; the budget is {}",
                invocation.who,
                sim::service::Op::describe(invocation.op),
                invocation.outcome(),
                human(invocation.end.map_or(budget_ms, |end| end.took_ms)),
                human(budget_ms)
            );
            return Err(violation(&self.name(), until_ms, invocation.records(), what).because(why));
        }
        self.check_looks(evidence)
    }
}

impl StallsBounded {
    fn check_looks(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let Some(limit_ms) = self.look_ms else {
            return Ok(());
        };
        let is_other = |fault: &Fault| !matches!(fault, Fault::DiskSlow { .. });
        let trouble = TroubledTimes::of(evidence.history, self.settle_ms, is_other);
        let looks = invocations(evidence.history);
        for look in looks
            .iter()
            .filter(|look| matches!(look.op, Op::Session(session::Op::Visit { .. })))
        {
            // One that has not ended has taken until the end of the run.
            let left_ms = evidence.plan.lasts_ms.saturating_sub(look.began_ms);
            let took_ms = look.end.map_or(left_ms, |end| end.took_ms);
            let (from_ms, to_ms) = (look.began_ms, look.began_ms + took_ms);
            let excuse = (!trouble.spares(from_ms, to_ms)).then_some("a fault that may delay it");
            if evidence.is_violated(took_ms > limit_ms, excuse) {
                let what = format!(
                    "{} {}, which only reads, and waited {}; the budget is {}",
                    look.who,
                    sim::service::Op::describe(look.op),
                    human(took_ms),
                    human(limit_ms)
                );
                return Err(violation(&self.name(), to_ms, look.records(), what).because("look"));
            }
        }
        Ok(())
    }
}

fn kept_waiting(invocation: &Invocation<'_>, budget_ms: u64) -> Option<&'static str> {
    match invocation.end {
        None => Some("never-ended"),
        Some(end) if end.took_ms > budget_ms => Some("late"),
        Some(end) => match end.seen {
            Seen::Unknown(_) => Some("in-doubt"),
            Seen::Fail(told) if told.contains("temporarily") => Some("refused"),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        directory,
        property::testing::*,
        vocabulary::{Operation, OwnFault},
    };

    /// A probe at idp-b alone, and a disk on which each commit takes 50 ms.
    fn slow() -> Story {
        let mut story = Story::new().fault(
            1000,
            Fault::DiskSlow {
                host: "idp-a".into(),
                by_ms: 50,
                lasts_ms: 60_000,
            },
        );
        let does = Behaviour::Availability(availability::Behaviour::LogInAt {
            replica: "idp-b".into(),
        });
        let who = "probe-b".into();
        story.operations.push(Operation { at_ms: 0, who, does });
        story
    }

    fn claim() -> StallsBounded {
        StallsBounded::pages(Duration::from_millis(500)).and_commits(4)
    }

    fn cut(a: &str, b: &str) -> Fault {
        let (a, b) = (a.into(), b.into());
        Fault::Cut { a, b }
    }

    #[test]
    fn accepts_bounded_stalls_trouble_and_what_is_not_its_business() {
        let verify = || verify("f", "probe-b", "c");
        for story in [
            slow().op((2000, 2700), "probe-b", verify(), Seen::Ok),
            slow().op((2000, 2100), "probe-b", verify(), fail("wrong-code")),
            slow().op((2000, 9000), "ann", verify(), unknown()),
            slow().op((2000, 9000), "probe-b", Op::People(people::Op::LogIn), Seen::Ok),
            slow().unended(119_500, "probe-b", verify()),
            slow()
                .fault(1500, cut("idp-b", "redis-1"))
                .op((2000, 3000), "probe-b", verify(), unknown()),
            slow()
                .fault(
                    2300,
                    Fault::Own(OwnFault::Directory(directory::Fault::DirectoryBusy { lasts_ms: 2000 })),
                )
                .op((2000, 3000), "probe-b", verify(), Seen::Ok),
        ] {
            assert_eq!(story.judged_by(&claim()), Ok(()));
        }
    }

    #[test]
    fn who_only_looks_waits_for_no_commit() {
        let claim = || claim().looks(Duration::from_millis(60));
        let visit = || Op::Session(session::Op::Visit { session: tag("s1") });
        let look = |story: Story, took_ms: u64| story.op((2000, 2000 + took_ms), "ann", visit(), Seen::Ok);
        assert_eq!(look(slow(), 60).judged_by(&claim()), Ok(()));
        assert_eq!(
            look(slow().fault(1500, cut("idp-a", "redis-1")), 90).judged_by(&claim()),
            Ok(())
        );
        assert_eq!(look(slow(), 61).judged_by(&claim()).unwrap_err().reason, "look");
        let never = slow().unended(2000, "ann", visit());
        assert_eq!(never.judged_by(&claim()).unwrap_err().reason, "look");
    }

    #[test]
    fn rejects_each_way_of_being_kept_waiting_though_the_other_replica_is_in_trouble() {
        let verify = || verify("f", "probe-b", "c");
        let trouble = || slow().fault(1500, cut("idp-a", "redis-1"));
        for (story, reason) in [
            (trouble().op((2000, 2701), "probe-b", verify(), Seen::Ok), "late"),
            (trouble().op((2000, 2100), "probe-b", verify(), unknown()), "in-doubt"),
            (
                trouble().op((2000, 2600), "probe-b", verify(), fail("temporarily-unavailable")),
                "refused",
            ),
            (trouble().unended(2000, "probe-b", verify()), "never-ended"),
        ] {
            assert_eq!(story.judged_by(&claim()).unwrap_err().reason, reason);
        }
    }
}
