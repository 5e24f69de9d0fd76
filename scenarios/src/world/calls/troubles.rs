//! What a replica's peers and links can do to one of its calls. Each is a fault of the world; no result is scripted.

use crate::{
    login::Login,
    scenario::{analytics, directory_busy, kill, latency_spike, mail, ms, pause, power_loss, resume, secs, start},
    vocabulary::{Fault, Mode},
    world::hosts,
};
use sim::{
    calls::{CallTrouble, Moment},
    world::{HostKind, World},
};

/// How long a peer misbehaves, milliseconds.
const SPELL_MS: u64 = 3_000;

/// The troubles that may happen to a call of a replica.
pub(crate) fn of_call(host: &str, call: &str, world: &World<Login>) -> Vec<CallTrouble<Login>> {
    let dependency = call.split(' ').next().unwrap_or_default();
    match (dependency, call) {
        ("store", _) => store(host, world),
        ("directory", _) => directory(host, world),
        (_, "mail enqueue" | "mail deliver" | "connect mail") => peer(mail),
        (_, "hook record" | "connect hook") => peer(analytics),
        (_, "sentinel find") => vec![before(
            "the first Sentinel is killed",
            vec![(0, kill(hosts::SENTINELS[0])), (SPELL_MS, start(hosts::SENTINELS[0]))],
        )],
        _ => vec![],
    }
}

fn before(name: &'static str, faults: Vec<(u64, Fault)>) -> CallTrouble<Login> {
    CallTrouble {
        name,
        moment: Moment::Before,
        faults,
    }
}

fn store(host: &str, world: &World<Login>) -> Vec<CallTrouble<Login>> {
    let nodes = world.of_kind(HostKind::Redis);
    if nodes.is_empty() {
        return vec![]; // nothing lies between a replica and its own memory
    }
    // Longer than the deadline of a call: the command arrives after its caller has given up.
    let slow = |node: &String| (0, latency_spike(host, node, ms(900), ms(200)));
    vec![
        before("it reaches Redis after its deadline", nodes.iter().map(slow).collect()),
        before(
            "the master is killed",
            vec![(0, kill(hosts::REDIS_1)), (SPELL_MS, start(hosts::REDIS_1))],
        ),
        CallTrouble {
            name: "the master is killed once it has answered",
            moment: Moment::After,
            faults: vec![(0, kill(hosts::REDIS_1)), (SPELL_MS, start(hosts::REDIS_1))],
        },
        before(
            "the master is paused",
            vec![(0, pause(hosts::REDIS_1)), (SPELL_MS, resume(hosts::REDIS_1))],
        ),
    ]
}

fn directory(host: &str, world: &World<Login>) -> Vec<CallTrouble<Login>> {
    let replicas = world.of_kind(HostKind::Service);
    let (lose, back) = (
        replicas.iter().map(|replica| (0, power_loss(replica))),
        replicas.iter().map(|replica| (SPELL_MS, start(replica))),
    );
    let disk = |after_commit| Fault::DiskError {
        host: host.into(),
        after_commit,
        lasts_ms: 1,
    };
    vec![
        before("somebody holds the lock", vec![(0, directory_busy(ms(1_500)))]),
        before("the disk fails", vec![(0, disk(false))]),
        before("the disk loses the acknowledgement", vec![(0, disk(true))]),
        before(
            "the disk is slow",
            vec![(0, sim::scenario::disk_slow(host, ms(400), secs(1)))],
        ),
        CallTrouble {
            name: "its machine loses power once it is done",
            moment: Moment::After,
            faults: lose.chain(back).collect(),
        },
    ]
}

fn peer(set: fn(Mode) -> Fault) -> Vec<CallTrouble<Login>> {
    let spell = |name, mode| before(name, vec![(0, set(mode)), (SPELL_MS, set(Mode::Healthy))]);
    vec![
        spell("the peer answers with errors", Mode::Failing),
        spell("the peer takes it and closes the connection", Mode::Dropping),
        spell("the peer hangs", Mode::Hanging),
        spell("the peer answers garbage", Mode::Garbage),
        spell("the peer is slow", Mode::Slow { by_ms: 2_500 }),
    ]
}
