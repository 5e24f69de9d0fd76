//! People come just before and just after the end of lifetimes and windows, and the clock of one replica is a minute off, or more
//! than four.
//!
//! All replicas go by the clock of Redis, so a lifetime is as long as documented at both of them, to a second (core/LIMITS.md,
//! "Clocks"). (Inventory 7, 24, 49.)

use super::ends::{coming, waiting};
use crate::{
    catalogue::marks::somebody_logged_in,
    property::{CodeRedeemedOnce, EmailCodeOnce},
    scenario::{Logins, Visitors, World, hosts::*, ms, secs},
    vocabulary::{Fault, Faults, Plan, Scenario, WorldOptions},
};
use sim::scenario::Dice;

/// By how much the clock of one replica is off, milliseconds: first in one direction, then in the other.
const OFF_MS: [i64; 4] = [60_000, -60_000, 250_000, -250_000];
/// When it is set to be off in the other direction, seconds.
const TURNS_S: u64 = 45;
/// When the clock is set right, seconds.
const HEALS_S: u64 = 80;
/// From when on people come, milliseconds; and how long one needs besides waiting, seconds.
const FROM_MS: u64 = 12_000;
const LOGIN_S: u64 = 10;

pub(super) fn edges_across_clocks() -> Scenario {
    let off = OFF_MS.map(|offset_ms| Fault::ClockOffset {
        host: IDP_B.into(),
        offset_ms,
    });
    Scenario::new(
        "edges_across_clocks",
        "people come just before and just after the end of lifetimes, and the replicas' clocks differ",
    )
    .covering(&[7, 24, 49])
    .world(World::standard().calls_wait(60, ms(60)))
    .workload(Logins::people(20).from(secs(3)).every(secs(3)))
    .workload(Visitors::looking(2, 12, secs(3)).from(secs(3)).every(secs(2)))
    .faults(Faults::new().one_at(secs(6)..secs(10), off).heal_at(secs(HEALS_S)))
    .drawn(draw)
    .always(CodeRedeemedOnce)
    .always(EmailCodeOnce)
    .sometimes("somebody logged in", somebody_logged_in)
    .lasts(secs(HEALS_S + 10))
}

/// Those who have done before the clock is set right.
fn draw(seed: u64, plan: &mut Plan) {
    let mut dice = Dice::of(seed, "edges across clocks");
    let mut turned: Vec<_> = plan.faults.clone();
    turned.retain_mut(|timed| match &mut timed.fault {
        Fault::ClockOffset { offset_ms, .. } => {
            (timed.at_ms, *offset_ms) = (TURNS_S * 1000, -*offset_ms);
            true
        }
        _ => false,
    });
    plan.faults.extend(turned);
    plan.faults.sort_by_key(|timed| timed.at_ms);
    plan.world = WorldOptions {
        code_ttl_s: 9,
        access_token_ttl_s: 15,
        session_ttl_s: 30,
        send_once_s: 8,
        ..plan.world.clone()
    };
    let came = coming(waiting(&plan.world), &mut dice, |one| {
        let last_s = HEALS_S.checked_sub(one.ends_s + LOGIN_S + FROM_MS / 1000)?;
        Some((FROM_MS, FROM_MS + last_s * 1000))
    });
    plan.operations.extend(came);
    plan.operations.sort_by_key(|operation| operation.at_ms);
}
