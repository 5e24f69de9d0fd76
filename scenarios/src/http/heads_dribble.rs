//! Strangers connect to the replicas and never finish the head of a request: they say nothing, stop in the midst, or say a byte now
//! and then.
//!
//! Nothing is broken. Each connection is closed once the head has been awaited for as long as documented, and no earlier; people log
//! in meanwhile. (Inventory 45.)

use crate::{
    catalogue::marks::somebody_logged_in,
    http::{Head, Observation as Seen},
    property::{CodeRedeemedOnce, EveryReplicaServes, EveryoneCanLogIn, NobodyHarmed, NothingFails},
    scenario::{Logins, Probe, Stranger, World, ms, secs},
    vocabulary::{Event, MarkView, Observation, Scenario},
};

pub(crate) fn heads_dribble() -> Scenario {
    let mut story = Scenario::new(
        "heads_dribble",
        "strangers connect and never finish the head of a request",
    )
    .covering(&[45])
    .world(World::standard())
    .workload(Logins::people(8).every(secs(3)));
    let heads = [Head::Nothing, Head::Half, Head::ByBytes, Head::SecondByBytes];
    for (nth, head) in heads.into_iter().enumerate() {
        let name = ["silent", "half-way", "by-bytes", "second-by-bytes"][nth];
        for twice in 0..2 {
            let from = secs(2) + ms(700 * nth as u64 + 300 * twice);
            let name = [name, "again"][..=twice as usize].join("-");
            story = story.workload(Stranger::holds_heads(head, 3).called(name).from(from));
        }
    }
    story
        .workloads(Probe::everything_from(secs(38)))
        .always(NobodyHarmed)
        .always(NothingFails)
        .always(CodeRedeemedOnce)
        .eventually(EveryoneCanLogIn::within(secs(6)).at_any_time())
        .eventually(EveryReplicaServes::within(secs(6)).settling(secs(0)))
        .sometimes("somebody logged in", somebody_logged_in)
        .sometimes("a replica gave up a head", a_head_was_given_up)
        .lasts(secs(50))
}

fn a_head_was_given_up(reached: &MarkView<'_>) -> bool {
    let mut records = reached.history.records.iter();
    records.any(|record| {
        let Event::Own(Observation::Http(Seen::HeadHeld { closed, .. })) = &record.event else {
            return false;
        };
        *closed
    })
}
