//! One replica, which keeps short-lived state in its own memory, as a developer has it: people log in, mistype, ask for many
//! mails and let things expire; a crawler begins so many logins that the store sweeps out what has expired; and at last the
//! process restarts, which forgets all that was in progress. (Inventory 6, 22, 23.)

use crate::{
    catalogue::marks::{fault_hit_somebody, refused_with, somebody_logged_in},
    limits,
    oddities::ends::{around_a_window, spread},
    property::{CodeRedeemedOnce, EmailCodeOnce, NoSecretLogged, RemindersArrive, RemindersOnce},
    scenario::{
        BurntCodes, CodeThief, ImpatientPeople, Logins, Racers, SignsOut, Visitors, World, hosts::IDP_A, kill, ms,
        secs, start,
    },
    vocabulary::{Faults, HookOption, Operation, Plan, Scenario, TimedFault, Trigger},
};
use sim::scenario::Dice;

/// When the process restarts, seconds: longer than a login in progress lasts, and all around it.
const RESTARTS_S: u64 = 1_060;

pub(crate) fn memory_store() -> Scenario {
    Scenario::new(
        "memory_store",
        "one replica with everything in its own memory, as a developer has it, until it restarts",
    )
    .covering(&[6, 22, 23])
    .world(
        World::of_a_developer()
            .hook(HookOption::None)
            .limits_per(secs(300))
            .reminders(3, secs(200)..secs(300))
            .reminder_at(secs(RESTARTS_S + 40)),
    )
    .workload(Logins::people(10).every(secs(90)))
    .workload(ImpatientPeople::clicking(2, 6).every(secs(300)))
    .workload(Racers::people(2).from(secs(60)).every(secs(200)))
    .workload(BurntCodes::people(2).from(secs(100)).every(secs(200)))
    .workload(Visitors::looking(1, 5, secs(200)))
    .workload(SignsOut::of("sally").from(secs(20)))
    .workload(CodeThief::replays_after(&[secs(59), secs(61)]))
    // Around the restart.
    .workload(Logins::people(8).from(secs(RESTARTS_S - 2)).every(ms(800)))
    .faults(Faults::new().heal_at(secs(RESTARTS_S + 12)))
    .drawn(draw)
    .always(CodeRedeemedOnce)
    .always(EmailCodeOnce)
    .always(RemindersOnce)
    .always(NoSecretLogged)
    .eventually(RemindersArrive::within(secs(3)).settling(secs(15)))
    .sometimes("a fault struck while somebody was doing something", fault_hit_somebody)
    .sometimes("somebody logged in", somebody_logged_in)
    .sometimes("a login in progress had ended", refused_with("expired"))
    .sometimes("too many mails were asked for", refused_with("too-many-mails"))
    .lasts(secs(RESTARTS_S + 80))
}

fn draw(seed: u64, plan: &mut Plan) {
    let mut dice = Dice::of(seed, "memory store");
    // Those who wait for an end, and are done before the restart.
    plan.operations.extend(spread(&plan.world, RESTARTS_S, &mut dice));
    plan.operations
        .extend(around_a_window(&plan.world, dice.between(2_000, 30_000)));
    // What does not fit into cookies fills the store, while others' logins are in progress.
    let crawl = limits::Behaviour::BeginLogins {
        logins: 1_100,
        every_ms: 5,
        state_bytes: 900,
        from_many_places: true,
    };
    plan.operations.push(Operation {
        at_ms: dice.between(50_000, 600_000),
        who: "crawler".into(),
        does: crawl.into(),
    });
    restart(plan, &mut dice);
}

/// The process is killed in the middle of what somebody does, and started again.
fn restart(plan: &mut Plan, dice: &mut Dice) {
    let event = dice.pick(&["send-code begins", "verify-code begins", "redeem begins"]);
    let (nth, killed_ms) = (dice.between(1, 3) as u32, dice.between(0, 12));
    let started_ms = killed_ms + dice.between(500, 2_000);
    for (fault, offset_ms) in [(kill(IDP_A), killed_ms), (start(IDP_A), started_ms)] {
        plan.faults.push(TimedFault {
            at_ms: RESTARTS_S * 1000,
            fault,
            after: Some(Trigger {
                event: event.into(),
                nth,
                offset_ms,
            }),
        });
    }
}
