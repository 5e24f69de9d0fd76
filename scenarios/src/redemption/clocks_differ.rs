//! The clocks of the replicas differ by one minute, or by more than four, and people log in across both.
//!
//! That is less than the documented disagreement (core/LIMITS.md, "disagreement of clocks"), and more than a code lives. Nobody
//! notices. (Inventory 7, 49.)

use crate::{
    catalogue::marks::somebody_logged_in,
    property::{AnyCodeVerifies, CodeRedeemedOnce, EmailCodeOnce, EveryoneCanLogIn, RightfulCodeHonoured},
    scenario::{Logins, Visitors, World, hosts::*, ms, secs},
    vocabulary::{Fault, Faults, Scenario},
};

/// By how much the clock of one replica is off, milliseconds.
const OFF_MS: [i64; 4] = [60_000, -60_000, 250_000, -250_000];

pub(crate) fn clocks_differ() -> Scenario {
    let off = OFF_MS.map(|offset_ms| Fault::ClockOffset {
        host: IDP_B.into(),
        offset_ms,
    });
    Scenario::new(
        "clocks_differ",
        "the clocks of the replicas differ by more than a code lives, and people log in across both",
    )
    .covering(&[7, 49])
    .world(World::standard())
    .workload(Logins::people(40).from(secs(3)).every(ms(1_200)))
    .workload(Visitors::looking(2, 12, secs(3)).from(secs(3)).every(secs(2)))
    .faults(Faults::new().one_at(secs(6)..secs(10), off).heal_at(secs(60)))
    .always(CodeRedeemedOnce)
    .always(EmailCodeOnce)
    .always(RightfulCodeHonoured)
    .always(AnyCodeVerifies)
    .eventually(EveryoneCanLogIn::within(secs(20)).at_any_time())
    .sometimes("somebody logged in", somebody_logged_in)
    .lasts(secs(76))
}
