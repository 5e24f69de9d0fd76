//! Two replicas and Redis, with every lifetime and window of up to a quarter of an hour as documented: people, clients and
//! attackers come just before and just after each end, and nothing is broken. Keys of Redis expire by other code than those
//! of a store in memory, whose lifetimes [`super::long_day`] waits for. (Inventory 18, 20, 22, 24.)

use super::ends::{around_a_window, spread};
use crate::{
    catalogue::marks::{refused_with, somebody_logged_in},
    property::{CodeRedeemedOnce, EmailCodeOnce},
    scenario::{Logins, World, secs},
    vocabulary::{Plan, Scenario},
};
use sim::scenario::Dice;

/// A login in progress, and what people need besides.
const LASTS_S: u64 = 1_060;

pub(super) fn documented_lifetimes() -> Scenario {
    Scenario::new(
        "documented_lifetimes",
        "for longer than a login in progress lasts, people come just before and just after every documented end",
    )
    .covering(&[18, 20, 22, 24])
    .world(World::standard().limits_per(secs(300)))
    .workload(Logins::people(4).every(secs(200)))
    .drawn(draw)
    .always(CodeRedeemedOnce)
    .always(EmailCodeOnce)
    .sometimes("somebody logged in", somebody_logged_in)
    .sometimes("a login in progress had ended", refused_with("expired"))
    .sometimes("too many mails were asked for", refused_with("too-many-mails"))
    .lasts(secs(LASTS_S))
}

fn draw(seed: u64, plan: &mut Plan) {
    let mut dice = Dice::of(seed, "documented lifetimes");
    plan.operations.extend(spread(&plan.world, LASTS_S, &mut dice));
    let from_ms = dice.between(2_000, 60_000);
    plan.operations.extend(around_a_window(&plan.world, from_ms));
}
