//! The machine of the directory loses power, and with it all replicas.
//!
//! The disk under the directory loses what was not synced; SQLite recovers from the rest when a replica opens the file
//! again. Whatever somebody was told before is still so: people are logged in, codes are spent, reminders have been sent.
//! (Inventory 7, 27, 31, 54, 61.)

use crate::{
    catalogue::marks::{fault_hit_somebody, marked, somebody_logged_in},
    property::{
        CodeRedeemedOnce, EmailCodeOnce, ErrorsExplained, EveryReplicaServes, EveryoneCanLogIn, NoSecretLogged,
        RemindersOnce, RightfulCodeHonoured, SessionsSurvive, StolenCodesUseless, faults, invocations,
    },
    scenario::{CodeThief, Logins, Monitor, Probe, Visitors, World, hosts::*, ms, power_loss, secs, start},
    session,
    vocabulary::{Fault, Faults, MarkView, Op, Scenario},
    world::directory::POWER_LOST,
};

pub(crate) fn directory_loses_power() -> Scenario {
    Scenario::new(
        "directory_loses_power",
        "the machine of the directory loses power, and with it all replicas",
    )
    .covering(&[7, 27, 31, 54, 61])
    .world(
        World::standard()
            .links_take_up_to(ms(10)..ms(30))
            .reminders(3, secs(12)..secs(20)),
    )
    .workload(Visitors::looking(4, 20, ms(1500)).every(ms(900)))
    .workload(Logins::people(30).from(secs(5)).every(ms(450)))
    .workload(CodeThief::replays_after(&[secs(6)]))
    .workloads(Probe::everything_from(secs(40)))
    .workload(Monitor::every(secs(4)))
    .faults(
        Faults::new()
            .at(secs(11)..secs(17), power_loss(IDP_A))
            .and(power_loss(IDP_B))
            .then(secs(1)..secs(4), start(IDP_A))
            .and(start(IDP_B))
            .heal_at(secs(26)),
    )
    .always(SessionsSurvive::settling_within(secs(4)))
    .always(CodeRedeemedOnce)
    .always(StolenCodesUseless)
    .always(RightfulCodeHonoured)
    .always(EmailCodeOnce)
    .always(RemindersOnce)
    .always(ErrorsExplained)
    .always(NoSecretLogged)
    .eventually(EveryoneCanLogIn::within(secs(8)).settling(secs(5)))
    .eventually(EveryReplicaServes::within(secs(8)).settling(secs(6)))
    .sometimes("the power was lost while somebody was there", fault_hit_somebody)
    .sometimes("the directory's machine lost power", marked(POWER_LOST))
    .sometimes("a visit succeeded after the power was back", visited_afterwards)
    .sometimes("somebody logged in", somebody_logged_in)
    .lasts(secs(54))
}

/// Whether a visit succeeded after the power loss.
fn visited_afterwards(reached: &MarkView<'_>) -> bool {
    let lost = faults(reached.history).find(|(.., fault)| matches!(fault, Fault::PowerLoss { .. }));
    let Some((lost_ms, ..)) = lost else { return false };
    let visits = invocations(reached.history);
    visits.iter().any(|invocation| {
        matches!(invocation.op, Op::Session(session::Op::Visit { .. }))
            && invocation.ok()
            && invocation.began_ms > lost_ms
    })
}
