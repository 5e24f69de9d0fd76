//! What a failover takes back, and what holds.

use super::super::stack::{
    Act::{Ask, Cut, Kill, Mend, Pause, Resume, Start},
    Link::{Replication, Sentinels},
    Node::{Master, Replica, Second},
    PLAIN, Story,
};
use model_redis::PersistenceMode::{Aof, Rdb};

/// All of them. Failover takes 2.3 s after a kill and 2.9 s after a pause: 4 s are enough.
pub(super) const STORIES: &[Story] = &[
    Story {
        name: "a_code_comes_back",
        claim: "a code redeemed at a master whose replica has not heard of it is live again after the failover",
        acts: &[
            (0, Ask("set", Master, &["SET code v PX 600000", "WAIT 1 1000"])),
            (1_000, Cut(Replication(Replica))),
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
            (500, Cut(Replication(Replica))),
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
            (500, Cut(Replication(Replica))),
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
            (0, Cut(Replication(Replica))),
            (500, Ask("after a write", Master, &["SET k v", "WAIT 1 300"])),
            (1_000, Ask("fresh", Master, &["WAIT 1 300"])),
            (2_000, Mend(Replication(Replica))),
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
            (500, Cut(Replication(Replica))),
            (5_000, Ask("refused", Master, &["GETDEL code"])),
            (5_200, Ask("still there", Master, &["GET code"])),
            (5_500, Mend(Replication(Replica))),
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
            (500, Cut(Sentinels(Master))),
            (600, Cut(Replication(Replica))),
            (5_500, Ask("the new master", Replica, &["ROLE"])),
            (6_000, Mend(Sentinels(Master))),
            (6_100, Mend(Replication(Replica))),
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
    Story {
        name: "two_replicas_and_wait_for_one",
        claim: "WAIT 1 is not enough with two replicas: the one that heard of it need not be the one that is promoted",
        replicas: 2,
        acts: &[
            (0, Ask("set", Master, &["SET code v", "WAIT 2 1000"])),
            (500, Cut(Replication(Second))),
            (700, Cut(Sentinels(Replica))),
            (1_000, Ask("redeemed", Master, &["GETDEL code", "WAIT 1 1000"])),
            (3_500, Kill(Master)),
            (8_500, Ask("role", Second, &["ROLE"])),
            (8_700, Ask("after the failover", Second, &["GETDEL code"])),
        ],
        answers: &[
            ("set", "2"),
            ("redeemed", "1"),
            ("role", "master"),
            ("after the failover", "v"),
        ],
        ..PLAIN
    },
    Story {
        name: "a_snapshot_brings_a_code_back",
        claim: "a node that restarts from a snapshot has the code again, although WAIT had confirmed its redemption",
        persistence: Rdb {
            after_s: 3_600,
            changes: 1_000_000,
        },
        acts: &[
            (0, Ask("set", Master, &["SET code v", "SAVE", "WAIT 1 1000"])),
            (500, Ask("redeemed", Master, &["GETDEL code", "WAIT 1 1000"])),
            (1_000, Kill(Master)),
            (1_100, Start(Master)),
            (2_500, Ask("role", Master, &["ROLE"])),
            (2_600, Ask("again", Master, &["GETDEL code"])),
        ],
        answers: &[("set", "1"), ("redeemed", "1"), ("role", "master"), ("again", "v")],
        ..PLAIN
    },
    Story {
        name: "a_lease_outlives_its_master",
        claim: "with clocks that are right, a lease that its replica has heard of is held across the failover",
        acts: &[
            (0, Ask("A", Master, &["SET lease A NX PX 30000"])),
            (500, Ask("confirmed", Master, &["SET other v", "WAIT 1 1000"])),
            (1_000, Kill(Master)),
            (5_500, Ask("B", Replica, &["SET lease B NX PX 30000"])),
        ],
        answers: &[("A", "OK"), ("confirmed", "1"), ("B", "nil")],
        ..PLAIN
    },
    Story {
        name: "a_clock_ahead_grants_a_second_lease",
        claim: "a replica whose clock is 45 s ahead, promoted, has the lease of 30 s expired: it is granted again at once",
        clocks_ms: [0, 45_000, 0],
        acts: &[
            (0, Ask("A", Master, &["SET lease A NX PX 30000"])),
            (500, Ask("confirmed", Master, &["SET other v", "WAIT 1 1000"])),
            (1_000, Kill(Master)),
            (5_500, Ask("B", Replica, &["SET lease B NX PX 30000"])),
        ],
        answers: &[("A", "OK"), ("confirmed", "1"), ("B", "OK")],
        ..PLAIN
    },
    Story {
        name: "a_clock_behind_lengthens_a_code",
        claim: "a replica whose clock is 45 s behind, promoted, honours a code of 5 s for 45 s longer",
        clocks_ms: [0, -45_000, 0],
        acts: &[
            (0, Ask("set", Master, &["SET code v PX 5000", "WAIT 1 1000"])),
            (500, Kill(Master)),
            (8_000, Ask("longer than it may", Replica, &["GETDEL code"])),
        ],
        answers: &[("set", "1"), ("longer than it may", "v")],
        ..PLAIN
    },
];
