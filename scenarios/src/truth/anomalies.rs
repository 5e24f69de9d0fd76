//! What a failover takes back, and what holds: the same stories on the real programs and in the
//! simulation. Every answer was measured on Redis 7.0.15; each is asked anew of what is installed.

use super::{
    Agreement,
    process::Unavailable,
    stack::{
        Act::{Ask, Cut, Kill, Mend, Pause, Resume, Start},
        Link::{Replication, Sentinels},
        Node::{Master, Replica},
        Seen, Story, perform_in_simulation, perform_really,
    },
};
use sim::{
    engine::EngineError,
    world::redis::PersistenceMode::{Aof, None as Nothing},
};

pub(super) const PLAIN: Story = Story {
    name: "",
    claim: "",
    persistence: Nothing,
    min_replicas_to_write: 0,
    acts: &[],
    answers: &[],
};

/// All of them. Failover takes 2.3 s after a kill and 2.9 s after a pause: 4 s are enough.
pub const STORIES: &[Story] = &[
    Story {
        name: "a_code_comes_back",
        claim: "a code redeemed at a master whose replica has not heard of it is live again after the failover",
        acts: &[
            (0, Ask("set", Master, &["SET code v PX 600000", "WAIT 1 1000"])),
            (1_000, Cut(Replication)),
            (1_500, Ask("redeemed", Master, &["GETDEL code"])),
            (1_700, Ask("again", Master, &["GETDEL code"])),
            (2_000, Kill(Master)),
            (6_500, Ask("role", Replica, &["ROLE"])),
            (6_700, Ask("after the failover", Replica, &["GETDEL code"])),
        ],
        answers: &[
            ("set", "1"),
            ("redeemed", "v"),
            ("again", "nil"),
            ("role", "master"),
            ("after the failover", "v"),
        ],
        ..PLAIN
    },
    Story {
        name: "two_leases",
        claim: "a lease is granted twice: by the master before it dies, and by its replica after",
        acts: &[
            (500, Cut(Replication)),
            (1_000, Ask("A", Master, &["SET lease A NX PX 30000"])),
            (1_200, Ask("B, too early", Master, &["SET lease B NX PX 30000"])),
            (1_500, Kill(Master)),
            (6_000, Ask("B", Replica, &["SET lease B NX PX 30000"])),
        ],
        answers: &[("A", "OK"), ("B, too early", "nil"), ("B", "OK")],
        ..PLAIN
    },
    Story {
        name: "a_counter_moves_back",
        claim: "a limit's counter forgets what its replica had not heard",
        acts: &[
            (0, Ask("before", Master, &["INCRBY counter 3", "WAIT 1 1000"])),
            (500, Cut(Replication)),
            (1_000, Ask("at the master", Master, &["INCRBY counter 5"])),
            (1_500, Kill(Master)),
            (6_000, Ask("read", Replica, &["GET counter"])),
            (6_200, Ask("counted", Replica, &["INCR counter"])),
        ],
        answers: &[("before", "1"), ("at the master", "8"), ("read", "3"), ("counted", "4")],
        ..PLAIN
    },
    Story {
        name: "wait_keeps_a_code_spent",
        claim: "with one replica, a redemption that WAIT has confirmed survives the master's death",
        acts: &[
            (0, Ask("set", Master, &["SET code v", "WAIT 1 1000"])),
            (500, Ask("redeemed", Master, &["GETDEL code", "WAIT 1 1000"])),
            (1_000, Kill(Master)),
            (5_500, Ask("after the failover", Replica, &["GETDEL code"])),
        ],
        answers: &[("set", "1"), ("redeemed", "1"), ("after the failover", "nil")],
        ..PLAIN
    },
    Story {
        name: "wait_counts_what_its_connection_wrote",
        claim: "WAIT waits for its own connection's last command: on a fresh one it counts a replica that hears nothing",
        acts: &[
            (0, Cut(Replication)),
            (500, Ask("after a write", Master, &["SET k v", "WAIT 1 300"])),
            (1_000, Ask("fresh", Master, &["WAIT 1 300"])),
            (2_000, Mend(Replication)),
        ],
        answers: &[("after a write", "0"), ("fresh", "1")],
        ..PLAIN
    },
    Story {
        name: "min_replicas_refuses_before_it_acts",
        claim: "NOREPLICAS refuses before execution: the code stays",
        min_replicas_to_write: 1,
        acts: &[
            (0, Ask("set", Master, &["SET code v", "WAIT 1 1000"])),
            (500, Cut(Replication)),
            (5_000, Ask("refused", Master, &["GETDEL code"])),
            (5_200, Ask("still there", Master, &["GET code"])),
            (5_500, Mend(Replication)),
            (9_500, Ask("redeemed", Master, &["GETDEL code"])),
        ],
        answers: &[
            ("set", "1"),
            ("refused", "NOREPLICAS"),
            ("still there", "v"),
            ("redeemed", "v"),
        ],
        ..PLAIN
    },
    Story {
        name: "a_paused_master_answers_late",
        claim: "what a paused master has in its socket it executes when it resumes, whatever its successor did meanwhile",
        acts: &[
            (0, Ask("set", Master, &["SET code v", "WAIT 1 1000"])),
            (500, Pause(Master)),
            (5_000, Ask("at the successor", Replica, &["GETDEL code"])),
            (5_500, Ask("at the paused one", Master, &["GETDEL code"])),
            (6_500, Resume(Master)),
        ],
        answers: &[("set", "1"), ("at the successor", "v"), ("at the paused one", "v")],
        ..PLAIN
    },
    Story {
        name: "an_old_master_loses_what_it_took",
        claim: "a master that was isolated stays writable when it is back, is demoted after some 10 s, and loses what it took",
        acts: &[
            (0, Ask("set", Master, &["SET before v", "WAIT 1 1000"])),
            (500, Cut(Sentinels)),
            (600, Cut(Replication)),
            (5_500, Ask("the new master", Replica, &["ROLE"])),
            (6_000, Mend(Sentinels)),
            (6_100, Mend(Replication)),
            (7_500, Ask("taken", Master, &["SET stray v"])),
            (24_000, Ask("role", Master, &["ROLE"])),
            (24_200, Ask("stray", Master, &["GET stray"])),
            (24_400, Ask("before", Master, &["GET before"])),
        ],
        answers: &[
            ("set", "1"),
            ("the new master", "master"),
            ("taken", "OK"),
            ("role", "slave"),
            ("stray", "nil"),
            ("before", "v"),
        ],
        ..PLAIN
    },
    Story {
        name: "an_append_only_file_keeps_a_code_spent",
        claim: "with an append-only file a master that is killed and started at once knows what it had acknowledged",
        persistence: Aof,
        acts: &[
            (0, Ask("set", Master, &["SET code v", "SET other w", "WAIT 1 1000"])),
            (500, Ask("redeemed", Master, &["GETDEL code"])),
            (1_000, Kill(Master)),
            (1_100, Start(Master)),
            (2_500, Ask("role", Master, &["ROLE"])),
            (2_600, Ask("again", Master, &["GETDEL code"])),
            (2_700, Ask("other", Master, &["GET other"])),
        ],
        answers: &[
            ("set", "1"),
            ("redeemed", "v"),
            ("role", "master"),
            ("again", "nil"),
            ("other", "w"),
        ],
        ..PLAIN
    },
    Story {
        name: "an_empty_master_empties_its_replica",
        claim: "without persistence, a master that restarts before anybody notices is empty, and its replica follows it",
        acts: &[
            (0, Ask("set", Master, &["SET k v", "WAIT 1 1000"])),
            (1_000, Kill(Master)),
            (1_100, Start(Master)),
            (5_500, Ask("role", Master, &["ROLE"])),
            (5_600, Ask("at the master", Master, &["GET k"])),
            (5_700, Ask("at the replica", Replica, &["GET k"])),
        ],
        answers: &[
            ("set", "1"),
            ("role", "master"),
            ("at the master", "nil"),
            ("at the replica", "nil"),
        ],
        ..PLAIN
    },
];

/// Simulated runs of each story: the answers must not hang on luck.
pub const SEEDS: std::ops::Range<u64> = 1..21;

/// A story on the real programs.
///
/// # Errors
/// They are absent.
pub fn real(story: &Story) -> Result<Agreement, Unavailable> {
    Ok(judge("the real stack", story, &perform_really(story)?))
}

/// A story in the simulation, over [`SEEDS`].
///
/// # Errors
/// The engine's own.
pub fn simulated(story: &Story) -> Result<Agreement, EngineError> {
    SEEDS.clone().try_fold(Agreement::default(), |sum, seed| {
        let seen = perform_in_simulation(story, seed)?;
        Ok(sum.and(judge(&format!("the simulation, seed {seed},"), story, &seen)))
    })
}

fn judge(who: &str, story: &Story, seen: &Seen) -> Agreement {
    let wrong = story.answers.iter().filter_map(|(name, expected)| {
        let answer = seen.answers.get(name).map_or("nothing", String::as_str);
        (answer != *expected).then(|| {
            let events = seen.events.iter().filter(|event| event.at_ms >= 0);
            let events: Vec<String> = events
                .map(|event| format!("\n    {} ms {}", event.at_ms, event.says))
                .collect();
            format!(
                "{}, {name:?}: expected {expected}, {who} answers {answer}{}",
                story.name,
                events.concat()
            )
        })
    });
    Agreement {
        compared: story.answers.len() as u64,
        differences: wrong.collect(),
        ..Agreement::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stories_are_told_in_order_and_every_answer_is_asked_for() {
        for story in STORIES {
            assert!(story.acts.is_sorted_by_key(|(at, _)| at), "{}", story.name);
            let asked = story.acts.iter().filter_map(|(_, act)| match act {
                Ask(name, ..) => Some(*name),
                _ => None,
            });
            let asked: Vec<_> = asked.collect();
            let expected: Vec<_> = story.answers.iter().map(|(name, _)| *name).collect();
            assert_eq!(asked, expected, "{}", story.name);
        }
    }

    #[test]
    fn the_simulation_tells_every_story() {
        for story in STORIES {
            let agreement = simulated(story).expect("the engine goes on");
            assert!(agreement.differences.is_empty(), "{}", agreement.differences[0]);
        }
    }
}
