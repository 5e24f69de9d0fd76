//! Scripts about data: which writes a failover loses, and which survive.

use crate::stack::{
    Action::{Ask, Cut, Kill, Mend, Pause, Resume, Start},
    EMPTY_SCRIPT,
    Link::{Replication, Sentinels},
    Node::{Master, Replica, Second},
    Script,
};
use model_redis::PersistenceMode::{Aof, Rdb};

/// All scripts about data. A failover takes 2.3 s after a kill and 2.9 s after a pause: 4 s are enough.
pub(super) const SCRIPTS: &[Script] = &[
    Script {
        name: "a_taken_item_comes_back",
        claim: "an item taken (GETDEL) from a master is there again after the failover if the replica had not received the GETDEL",
        actions: &[
            (0, Ask("set", Master, &["SET item v PX 600000", "WAIT 1 1000"])),
            (1_000, Cut(Replication(Replica))),
            (1_500, Ask("taken", Master, &["GETDEL item"])),
            (1_700, Ask("again", Master, &["GETDEL item"])),
            (2_000, Kill(Master)),
            (6_500, Ask("role", Replica, &["ROLE"])),
            (6_700, Ask("after the failover", Replica, &["GETDEL item"])),
        ],
        answers: &[
            ("set", "1"),
            ("taken", "v"),
            ("again", "nil"),
            ("role", "master"),
            ("after the failover", "v"),
        ],
        ..EMPTY_SCRIPT
    },
    Script {
        name: "two_leases",
        claim: "a lease is granted twice: by the master before it dies, and by its replica afterwards",
        actions: &[
            (500, Cut(Replication(Replica))),
            (1_000, Ask("A", Master, &["SET lease A NX PX 30000"])),
            (1_200, Ask("B, too early", Master, &["SET lease B NX PX 30000"])),
            (1_500, Kill(Master)),
            (6_000, Ask("B", Replica, &["SET lease B NX PX 30000"])),
        ],
        answers: &[("A", "OK"), ("B, too early", "nil"), ("B", "OK")],
        ..EMPTY_SCRIPT
    },
    Script {
        name: "a_counter_moves_back",
        claim: "a counter loses the increments that its replica had not received",
        actions: &[
            (0, Ask("before", Master, &["INCRBY counter 3", "WAIT 1 1000"])),
            (500, Cut(Replication(Replica))),
            (1_000, Ask("at the master", Master, &["INCRBY counter 5"])),
            (1_500, Kill(Master)),
            (6_000, Ask("read", Replica, &["GET counter"])),
            (6_200, Ask("counted", Replica, &["INCR counter"])),
        ],
        answers: &[("before", "1"), ("at the master", "8"), ("read", "3"), ("counted", "4")],
        ..EMPTY_SCRIPT
    },
    Script {
        name: "wait_keeps_an_item_taken",
        claim: "with one replica, a GETDEL that WAIT has confirmed survives the master's death",
        actions: &[
            (0, Ask("set", Master, &["SET item v", "WAIT 1 1000"])),
            (500, Ask("taken", Master, &["GETDEL item", "WAIT 1 1000"])),
            (1_000, Kill(Master)),
            (5_500, Ask("after the failover", Replica, &["GETDEL item"])),
        ],
        answers: &[("set", "1"), ("taken", "1"), ("after the failover", "nil")],
        ..EMPTY_SCRIPT
    },
    Script {
        name: "wait_counts_what_its_connection_wrote",
        claim: "WAIT waits for its own connection's last write: on a new connection it also counts a replica that receives nothing",
        actions: &[
            (0, Cut(Replication(Replica))),
            (500, Ask("after a write", Master, &["SET k v", "WAIT 1 300"])),
            (1_000, Ask("fresh", Master, &["WAIT 1 300"])),
            (2_000, Mend(Replication(Replica))),
        ],
        answers: &[("after a write", "0"), ("fresh", "1")],
        ..EMPTY_SCRIPT
    },
    Script {
        name: "min_replicas_refuses_before_it_acts",
        claim: "NOREPLICAS refuses before execution: the item stays",
        min_replicas_to_write: 1,
        actions: &[
            (0, Ask("set", Master, &["SET item v", "WAIT 1 1000"])),
            (500, Cut(Replication(Replica))),
            (5_000, Ask("refused", Master, &["GETDEL item"])),
            (5_200, Ask("still there", Master, &["GET item"])),
            (5_500, Mend(Replication(Replica))),
            (9_500, Ask("taken", Master, &["GETDEL item"])),
        ],
        answers: &[
            ("set", "1"),
            ("refused", "NOREPLICAS"),
            ("still there", "v"),
            ("taken", "v"),
        ],
        ..EMPTY_SCRIPT
    },
    Script {
        name: "a_paused_master_answers_late",
        claim: "a paused master executes what is in its socket when it resumes, whatever the promoted replica did meanwhile",
        actions: &[
            (0, Ask("set", Master, &["SET item v", "WAIT 1 1000"])),
            (500, Pause(Master)),
            (5_000, Ask("at the new master", Replica, &["GETDEL item"])),
            (5_500, Ask("at the paused master", Master, &["GETDEL item"])),
            (6_500, Resume(Master)),
        ],
        answers: &[("set", "1"), ("at the new master", "v"), ("at the paused master", "v")],
        ..EMPTY_SCRIPT
    },
    Script {
        name: "an_old_master_loses_what_it_accepted",
        claim: "a master that was isolated is still writable when it is back, is demoted after about 10 s, and loses what it accepted",
        actions: &[
            (0, Ask("set", Master, &["SET before v", "WAIT 1 1000"])),
            (500, Cut(Sentinels(Master))),
            (600, Cut(Replication(Replica))),
            (5_500, Ask("the new master", Replica, &["ROLE"])),
            (6_000, Mend(Sentinels(Master))),
            (6_100, Mend(Replication(Replica))),
            (7_500, Ask("accepted", Master, &["SET stray v"])),
            (24_000, Ask("role", Master, &["ROLE"])),
            (24_200, Ask("stray", Master, &["GET stray"])),
            (24_400, Ask("before", Master, &["GET before"])),
        ],
        answers: &[
            ("set", "1"),
            ("the new master", "master"),
            ("accepted", "OK"),
            ("role", "slave"),
            ("stray", "nil"),
            ("before", "v"),
        ],
        ..EMPTY_SCRIPT
    },
    Script {
        name: "an_append_only_file_keeps_an_item_taken",
        claim: "with an append-only file, a master that is killed and started at once still has what it had acknowledged",
        persistence: Aof,
        actions: &[
            (0, Ask("set", Master, &["SET item v", "SET other w", "WAIT 1 1000"])),
            (500, Ask("taken", Master, &["GETDEL item"])),
            (1_000, Kill(Master)),
            (1_100, Start(Master)),
            (2_500, Ask("role", Master, &["ROLE"])),
            (2_600, Ask("again", Master, &["GETDEL item"])),
            (2_700, Ask("other", Master, &["GET other"])),
        ],
        answers: &[
            ("set", "1"),
            ("taken", "v"),
            ("role", "master"),
            ("again", "nil"),
            ("other", "w"),
        ],
        ..EMPTY_SCRIPT
    },
    Script {
        name: "an_empty_master_empties_its_replica",
        claim: "without persistence, a master that restarts before its Sentinels notice is empty, and its replica copies that",
        actions: &[
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
        ..EMPTY_SCRIPT
    },
    Script {
        name: "two_replicas_and_wait_for_one",
        claim: "WAIT 1 is not enough with two replicas: the one that received the write need not be the one that is promoted",
        replicas: 2,
        actions: &[
            (0, Ask("set", Master, &["SET item v", "WAIT 2 1000"])),
            (500, Cut(Replication(Second))),
            (700, Cut(Sentinels(Replica))),
            (1_000, Ask("taken", Master, &["GETDEL item", "WAIT 1 1000"])),
            (3_500, Kill(Master)),
            (8_500, Ask("role", Second, &["ROLE"])),
            (8_700, Ask("after the failover", Second, &["GETDEL item"])),
        ],
        answers: &[
            ("set", "2"),
            ("taken", "1"),
            ("role", "master"),
            ("after the failover", "v"),
        ],
        ..EMPTY_SCRIPT
    },
    Script {
        name: "a_snapshot_brings_an_item_back",
        claim: "a node that restarts from a snapshot has the item again, although WAIT had confirmed its GETDEL",
        persistence: Rdb {
            after_s: 3_600,
            changes: 1_000_000,
        },
        actions: &[
            (0, Ask("set", Master, &["SET item v", "SAVE", "WAIT 1 1000"])),
            (500, Ask("taken", Master, &["GETDEL item", "WAIT 1 1000"])),
            (1_000, Kill(Master)),
            (1_100, Start(Master)),
            (2_500, Ask("role", Master, &["ROLE"])),
            (2_600, Ask("again", Master, &["GETDEL item"])),
        ],
        answers: &[("set", "1"), ("taken", "1"), ("role", "master"), ("again", "v")],
        ..EMPTY_SCRIPT
    },
    Script {
        name: "a_lease_outlives_its_master",
        claim: "with correct clocks, a lease that the replica has received is still held after the failover",
        actions: &[
            (0, Ask("A", Master, &["SET lease A NX PX 30000"])),
            (500, Ask("confirmed", Master, &["SET other v", "WAIT 1 1000"])),
            (1_000, Kill(Master)),
            (5_500, Ask("B", Replica, &["SET lease B NX PX 30000"])),
        ],
        answers: &[("A", "OK"), ("confirmed", "1"), ("B", "nil")],
        ..EMPTY_SCRIPT
    },
    Script {
        name: "a_clock_ahead_grants_a_second_lease",
        claim: "on a promoted replica whose clock is 45 s ahead a lease of 30 s has expired: it is granted again at once",
        clocks_ms: [0, 45_000, 0],
        actions: &[
            (0, Ask("A", Master, &["SET lease A NX PX 30000"])),
            (500, Ask("confirmed", Master, &["SET other v", "WAIT 1 1000"])),
            (1_000, Kill(Master)),
            (5_500, Ask("B", Replica, &["SET lease B NX PX 30000"])),
        ],
        answers: &[("A", "OK"), ("confirmed", "1"), ("B", "OK")],
        ..EMPTY_SCRIPT
    },
    Script {
        name: "a_clock_behind_lengthens_a_time_to_live",
        claim: "a promoted replica whose clock is 45 s behind keeps an item of 5 s for 45 s longer",
        clocks_ms: [0, -45_000, 0],
        actions: &[
            (0, Ask("set", Master, &["SET item v PX 5000", "WAIT 1 1000"])),
            (500, Kill(Master)),
            (8_000, Ask("after its time to live", Replica, &["GETDEL item"])),
        ],
        answers: &[("set", "1"), ("after its time to live", "v")],
        ..EMPTY_SCRIPT
    },
];
