//! Each replica in turn is asked to end while events wait for an analytics hook that is slow, or takes none.
//!
//! What waits is told before the process ends, or the log counts it. (Inventory 1, 53.)

use crate::{
    catalogue::marks::{marked, somebody_logged_in},
    property::{CodeRedeemedOnce, EventsCounted, LatencyBudget, StopsInOrder},
    scenario::{Logins, World, analytics, hosts::*, ms, secs, start, stop},
    vocabulary::{Faults, HookOption, Mode, Scenario},
};

pub(crate) fn events_at_a_stop() -> Scenario {
    // Slow by less than the deadline of one event, so that nothing is given up; or nothing is taken at all.
    let trouble = [
        analytics(Mode::Slow { by_ms: 900 }),
        analytics(Mode::Slow { by_ms: 1_500 }),
        analytics(Mode::Hanging),
        analytics(Mode::Failing),
    ];
    Scenario::new(
        "events_at_a_stop",
        "replicas are asked to end while events wait for the analytics hook",
    )
    .covering(&[1, 53])
    .world(World::standard().hook(HookOption::DefaultPort))
    .workload(Logins::people(8).from(secs(3)).every(ms(150)))
    .workload(Logins::people(8).from(secs(33)).every(ms(150)))
    .workload(Logins::people(3).from(secs(64)).every(secs(1)))
    .faults(
        Faults::new()
            .one_at(ms(1_500)..secs(2), trouble)
            .at(secs(6)..secs(8), stop(IDP_A))
            .then(secs(18)..secs(20), start(IDP_A))
            .at(secs(36)..secs(38), stop(IDP_B))
            .then(secs(18)..secs(20), start(IDP_B))
            .heal_at(secs(60)),
    )
    .always(EventsCounted)
    .always(StopsInOrder)
    .always(CodeRedeemedOnce)
    .always(LatencyBudget::pages(ms(500)).tokens(ms(400)))
    .sometimes(WAITED, marked(WAITED))
    .sometimes("somebody logged in", somebody_logged_in)
    .lasts(secs(76))
}

/// Events waited when a replica had nothing else to do before its end.
const WAITED: &str = "events waited for the stop";
