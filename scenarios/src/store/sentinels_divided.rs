//! The old master and one Sentinel are cut off, another master is elected, and then a Sentinel of the majority dies: of the two
//! that are left, each names another master. Both replicas start anew and have to choose.
//!
//! Neither has the majority of three. The one with the higher epoch knows of the newer election, whoever answers first. Both
//! replicas choose the same node, and people log in across both. (Inventory 37, 39.)

use super::master_cut_off::cut_off;
use crate::{
    catalogue::marks::{marked, master_replaced, somebody_logged_in},
    property::{CodeRedeemedOnce, EmailCodeOnce, EveryoneCanLogIn, NewestMasterAsked, SessionsSurvive},
    scenario::{Logins, Visitors, World, hosts::*, kill, ms, secs, start},
    vocabulary::Scenario,
};

pub(crate) fn sentinels_divided() -> Scenario {
    let [.., third] = SENTINELS;
    Scenario::new(
        "sentinels_divided",
        "two Sentinels are left, each names another master, and the replicas have to choose",
    )
    .covering(&[37, 39])
    // Of hosts that have a certificate is known who talks to them.
    .world(World::guarded().links_take_up_to(ms(5)..ms(20)).calls_wait(60, ms(60)))
    .workload(Logins::people(8).from(secs(3)).every(secs(1)))
    .workload(Logins::people(40).from(secs(46)).every(ms(600)))
    .workload(Visitors::looking(2, 10, secs(5)).from(secs(3)).every(secs(2)))
    .faults(
        cut_off(secs(10)..secs(12))
            // The other node is the master by then.
            .at(secs(32)..secs(33), kill(third))
            .at(secs(34)..secs(35), kill(IDP_A))
            .at(secs(34)..secs(35), kill(IDP_B))
            .at(secs(36)..secs(38), start(IDP_A))
            .at(secs(36)..secs(38), start(IDP_B))
            .heal_at(secs(84)),
    )
    .always(NewestMasterAsked)
    .always(CodeRedeemedOnce)
    .always(EmailCodeOnce)
    .always(SessionsSurvive::settling_within(secs(0)))
    .eventually(EveryoneCanLogIn::within(secs(12)).after_last_fault(secs(10)))
    .sometimes("the master was replaced", master_replaced)
    .sometimes("the Sentinels were divided", marked("the sentinels are divided"))
    .sometimes("somebody logged in", somebody_logged_in)
    .lasts(secs(100))
}
