//! A page answers within its budget, whatever the mail relay and the analytics hook do.
//!
//! Source: inventory 1 (synchronous mail blocked the page for as long as the relay stalled), 33, 53.
//!
//! Edges. A fault on the path of a login may lengthen it: nothing is judged while replicas, the way to them, the store or
//! the directory are in trouble, by the account of the specification (`exchange::troubles`: from each fault to its own
//! end, and until all has settled). Wrong clocks make nothing slow. An operation of unknown outcome took its time as well, and counts. Where link latencies
//! differ from run to run, the budget includes a number of hops of the longest latency.

use crate::{
    exchange::troubles,
    mailed_code, people,
    property::{
        calm::UNENDED,
        human, invocations,
        reading::{TroubledTimes, touches_logins},
        violation,
    },
    redemption, session, store,
    vocabulary::{Evidence, Kind, Login, Op, Property, Violation},
};
use spec::Touches;
use std::time::Duration;

/// The largest number of calls that a replica makes one after the other for a page with its redirects. In a world where
/// calls wait (`call_pause_ms_max`), the time for a page includes that many waits.
const CALLS_MAX: u64 = 16;

/// Property: pages and tokens are answered within a budget of time. See the module.
pub struct LatencyBudget {
    page_ms: u64,
    token_ms: u64,
    hops: u64,
}

impl LatencyBudget {
    /// The longest time for a page, with all the redirects that lead to it.
    pub fn pages(limit: Duration) -> LatencyBudget {
        LatencyBudget {
            page_ms: limit.as_millis() as u64,
            token_ms: limit.as_millis() as u64,
            hops: 0,
        }
    }

    /// Adds this number of hops to the budget, each as long as the longest latency of the plan's links.
    pub fn and_hops(self, hops: u64) -> LatencyBudget {
        LatencyBudget { hops, ..self }
    }

    /// The longest time for an answer of the token or userinfo endpoint.
    pub fn tokens(self, limit: Duration) -> LatencyBudget {
        LatencyBudget {
            token_ms: limit.as_millis() as u64,
            ..self
        }
    }
}

impl Property<Login> for LatencyBudget {
    fn name(&self) -> String {
        "LatencyBudget".into()
    }
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        let hops = match self.hops {
            0 => String::new(),
            hops => format!(", each and {hops} hops"),
        };
        format!(
            "pages answer within {} and tokens within {}{hops}, whatever mail and analytics do",
            human(self.page_ms),
            human(self.token_ms)
        )
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let trouble = TroubledTimes::of(evidence.history, 20_000, touches_logins);
        let troubles = troubles(evidence.plan, evidence.history);
        let path = |touches: &Touches| touches.service || touches.store || touches.directory;
        for invocation in invocations(evidence.history) {
            let limit_ms = match invocation.op {
                Op::People(people::Op::OpenLogin)
                | Op::MailedCode(mailed_code::Op::SendCode { .. })
                | Op::MailedCode(mailed_code::Op::VerifyCode { .. })
                | Op::People(people::Op::ReceiveCode)
                | Op::Session(session::Op::Visit { .. } | session::Op::LogOut { .. }) => self.page_ms,
                Op::Redemption(redemption::Op::Redeem { .. }) | Op::Redemption(redemption::Op::UserInfo { .. }) => {
                    self.token_ms
                }
                Op::People(people::Op::LogIn)
                | Op::MailedCode(mailed_code::Op::AwaitMail { .. })
                | Op::Redemption(redemption::Op::CheckIdToken)
                | Op::Limits(_)
                | Op::Store(store::Op::CheckReplication) => continue,
            };
            let world = &evidence.plan.world;
            let pauses_ms = CALLS_MAX * world.call_pause_ms_max * u64::from(world.call_pause_percent > 0);
            let budget_ms = limit_ms + self.hops * world.latency_ms_max + pauses_ms;
            let Some(end) = invocation.end else {
                let wrong = invocation.began_ms + budget_ms < evidence.plan.lasts_ms;
                evidence.is_violated(wrong, Some(UNENDED));
                continue;
            };
            let (from_ms, to_ms) = (invocation.began_ms, end.at_ms);
            let troubled = !trouble.spares(from_ms, to_ms) && troubles.any(from_ms, to_ms, path);
            let excuse = troubled.then_some("a fault on the path of a login");
            if evidence.is_violated(end.took_ms > budget_ms, excuse) {
                let what = format!(
                    "{} {}, and waited {}; the budget is {}",
                    invocation.who,
                    sim::service::Op::describe(invocation.op),
                    human(end.took_ms),
                    human(budget_ms)
                );
                return Err(violation(&self.name(), end.at_ms, invocation.records(), what)
                    .because(format!("slow-{}", invocation.kind())));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        mail,
        property::testing::*,
        vocabulary::{Fault, Mode, OwnFault, Seen},
    };

    fn budget() -> LatencyBudget {
        LatencyBudget::pages(Duration::from_millis(500)).tokens(Duration::from_millis(300))
    }

    #[test]
    fn accepts_what_is_quick_or_struck() {
        let kill = Fault::Kill { host: "idp-a".into() };
        let story = Story::new()
            .op((0, 500), "ann", send("f1", "ann"), Seen::Ok)
            .op((0, 9000), "ann", Op::People(people::Op::LogIn), Seen::Ok)
            .fault(1000, kill)
            .op((990, 5000), "ben", send("f2", "ben"), unknown());
        assert_eq!(story.judged_by(&budget()), Ok(()));
    }

    #[test]
    fn a_fault_excuses_until_its_own_end_and_a_clock_excuses_nothing() {
        let host = || "idp-a".to_owned();
        let slow = |story: Story| {
            story
                .op((40_000, 41_000), "ann", send("f1", "ann"), Seen::Ok)
                .judged_by(&budget())
        };
        let killed = || Story::new().fault(1000, Fault::Kill { host: host() });
        assert_eq!(slow(killed()), Ok(()));
        assert!(slow(killed().fault(20_000, Fault::Start { host: host() })).is_err());
        let offset_ms = 500;
        let clock = Fault::ClockOffset {
            host: host(),
            offset_ms,
        };
        assert!(slow(Story::new().fault(1000, clock)).is_err());
    }

    #[test]
    fn rejects_what_is_slow_though_only_mail_hangs() {
        for seen in [Seen::Ok, unknown()] {
            let hang = Fault::Own(OwnFault::Mail(mail::Fault::Mail { mode: Mode::Hanging }));
            let story = Story::new()
                .fault(10, hang)
                .op((20, 521), "ann", send("f1", "ann"), seen);
            assert!(story.judged_by(&budget()).is_err());
        }
    }

    #[test]
    fn far_links_make_the_budget_longer() {
        let mut story = Story::new().op((0, 700), "ann", send("f1", "ann"), Seen::Ok);
        story.world.latency_ms_max = 40;
        assert_eq!(story.judged_by(&budget().and_hops(5)), Ok(()));
        let mut story = Story::new().op((0, 701), "ann", send("f1", "ann"), Seen::Ok);
        story.world.latency_ms_max = 40;
        assert!(story.judged_by(&budget().and_hops(5)).is_err());
    }

    #[test]
    fn rejects_a_slow_token() {
        let story = Story::new().op((0, 301), "ann", redeem("c1", "balancer", true), Seen::Ok);
        assert!(story.judged_by(&budget()).is_err());
    }
}
