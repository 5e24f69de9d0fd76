//! The analytics hook hangs, answers with errors or answers garbage, and no login is affected.
//!
//! Judged twice: by the latency budget, and by a second run of the same plan with a healthy hook, which must show the
//! same logins with the same latencies. (Inventory 53.)

use crate::{
    analytics,
    catalogue::marks::{somebody_logged_in, stalled},
    people,
    property::{
        AnalyticsArrive, CodeRedeemedOnce, EveryReplicaServes, EveryoneCanLogIn, LatencyBudget, human, invocations,
        violation,
    },
    scenario::{Logins, Probe, Same, Visitors, World, analytics, ms, secs},
    vocabulary::{Fault, Faults, MarkView, Mode, Op, OwnFault, Plan, Run, Scenario, Violation},
};

pub(crate) fn analytics_hangs() -> Scenario {
    let stalls = [
        analytics(Mode::Hanging),
        analytics(Mode::Slow { by_ms: 5_000 }),
        analytics(Mode::Failing),
        analytics(Mode::Garbage),
    ];
    Scenario::new("analytics_hangs", "the analytics hook hangs, errs or answers garbage")
        .covering(&[53])
        .world(World::standard())
        .workload(Logins::people(8).every(ms(250)))
        .workload(Logins::people(10).from(secs(4)).every(secs(1)))
        .workload(Visitors::looking(2, 6, secs(2)))
        .workloads(Probe::everything_from(secs(31)))
        .faults(Faults::new().one_at(secs(2)..secs(4), stalls).heal_at(secs(26)))
        .always(LatencyBudget::pages(ms(500)).tokens(ms(400)))
        .always(CodeRedeemedOnce)
        .eventually(EveryoneCanLogIn::within(secs(6)).at_any_time())
        .eventually(EveryReplicaServes::within(secs(6)).settling(secs(4)))
        .eventually(AnalyticsArrive::within(secs(3)).settling(secs(4)))
        .same_as(Same {
            name: SAME,
            change: with_a_healthy_hook,
            agree: same_logins,
        })
        .sometimes("somebody logged in while the hook misbehaved", login_while_hook_stalled)
        .sometimes("somebody logged in", somebody_logged_in)
        .lasts(secs(40))
}

/// Name of the property that a hook in trouble changes no login.
const SAME: &str = "SameWithHealthyHook";

fn with_a_healthy_hook(plan: &mut Plan) {
    plan.faults.retain(|fault| {
        !matches!(
            fault.fault,
            Fault::Own(OwnFault::Analytics(analytics::Fault::Analytics { .. }))
        )
    });
}

/// In both runs each login ended at the same moment and with the same outcome.
fn same_logins(run: &Run, twin: &Run) -> Result<(), Violation> {
    let logins = |run| {
        invocations(run)
            .into_iter()
            .filter(|invocation| *invocation.op == Op::People(people::Op::LogIn))
            .collect::<Vec<_>>()
    };
    let (these, those) = (logins(&run.history), logins(&twin.history));
    for (this, that) in these.iter().zip(&those) {
        let agree = this.who == that.who && this.outcome() == that.outcome() && this.ended_ms() == that.ended_ms();
        if !agree {
            let what = format!(
                "the login of {} {} at {}; with a healthy hook it {} at {}",
                this.who,
                this.outcome(),
                human(this.ended_ms()),
                that.outcome(),
                human(that.ended_ms())
            );
            let at_ms = this.ended_ms().min(run.plan.lasts_ms);
            return Err(violation(SAME, at_ms, this.records(), what));
        }
    }
    Ok(())
}

/// Somebody logged in from beginning to end while the analytics hook misbehaved.
fn login_while_hook_stalled(reached: &MarkView<'_>) -> bool {
    stalled(reached, |fault| match fault {
        Fault::Own(OwnFault::Analytics(analytics::Fault::Analytics { mode })) => Some(*mode),
        _ => None,
    })
    .is_some_and(|(from, to)| {
        let within = |began, ended| from <= began && ended <= to;
        invocations(reached.history).iter().any(|invocation| {
            *invocation.op == Op::People(people::Op::LogIn)
                && invocation.ok()
                && within(invocation.began_ms, invocation.ended_ms())
        })
    })
}
