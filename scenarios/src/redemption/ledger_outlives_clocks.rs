//! The leader's clock is nearly five minutes fast, and the leader deletes what has expired from the ledger. Redis fails over
//! and gives a redeemed code back, which by the other replica's clock is still good.
//!
//! The ledger must remember a code for longer than any clock within the documented disagreement can believe in it
//! (core/LIMITS.md, "disagreement of clocks"). (Inventory 7, 23.)

use crate::{
    catalogue::marks::{marked, master_replaced},
    property::{CodeRedeemedOnce, NoSecretLogged, StolenCodesUseless},
    scenario::{CodeThief, Logins, World, cut, hosts::*, kill, ms, secs, start},
    vocabulary::{Fault, Faults, Plan, Scenario},
};

/// Codes live long enough for the leader to sweep meanwhile, which it does once a minute.
const CODE_S: u64 = 120;
/// Just within the documented disagreement of clocks.
const FAST_MS: i64 = 280_000;

pub(crate) fn ledger_outlives_clocks() -> Scenario {
    let fast = Fault::ClockOffset {
        host: IDP_A.into(),
        offset_ms: FAST_MS,
    };
    Scenario::new(
        "ledger_outlives_clocks",
        "the leader's clock is fast, and a failover gives a redeemed code back",
    )
    .covering(&[7, 23])
    .world(
        World::standard()
            .replication_takes(ms(1)..ms(50))
            .links_take_up_to(ms(25)..ms(50)),
    )
    .drawn(|_, plan: &mut Plan| plan.world.code_ttl_s = CODE_S)
    .workload(Logins::people(40).from(secs(17)).every(ms(180)))
    .workload(CodeThief::replays_after(&[secs(44), secs(60), secs(75)]))
    .faults(
        Faults::new()
            // Alone at first, the replica with the fast clock becomes the leader.
            .at(ms(300), kill(IDP_B))
            .at(ms(400), fast)
            .at(secs(14), start(IDP_B))
            .at(secs(20)..secs(24), cut(REDIS_1, REDIS_2))
            .then(ms(100)..ms(900), kill(REDIS_1))
            .heal_at(secs(110)),
    )
    .always(CodeRedeemedOnce)
    .always(StolenCodesUseless)
    .always(NoSecretLogged)
    .sometimes("the master was replaced", master_replaced)
    .sometimes(
        "the ledger refused what the store had let through",
        marked("redemption met a spent code"),
    )
    .lasts(secs(120))
}
