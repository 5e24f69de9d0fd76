//! Scripts about elections: which node is promoted, and when none is.

use crate::stack::{
    Action::{Ask, Cut, Kill, KillSentinels, LosePower, Mend, PauseSentinels, ResumeSentinels},
    EMPTY_SCRIPT,
    Link::{AmongSentinels, Replication},
    Node::{Master, Replica},
    Script,
};

/// All scripts about elections.
pub(super) const SCRIPTS: &[Script] = &[
    Script {
        name: "one_sentinel_of_three_promotes_no_replica",
        claim: "without a quorum only one Sentinel finds the master down, and no replica is promoted",
        actions: &[
            (0, KillSentinels(2)),
            (1_000, Kill(Master)),
            (8_000, Ask("role", Replica, &["ROLE"])),
            (8_200, Ask("written", Replica, &["SET k v"])),
        ],
        answers: &[("role", "slave"), ("written", "READONLY")],
        sentinel_events: &[("+sdown master", true), ("+odown", false), ("+switch-master", false)],
        ..EMPTY_SCRIPT
    },
    Script {
        name: "sentinels_in_tilt_mode_promote_no_replica",
        claim: "Sentinels that were stopped for 3 s no longer trust their clocks (+tilt), and do not act on anything for 30 s",
        actions: &[
            (0, PauseSentinels),
            (3_000, ResumeSentinels),
            (4_000, Kill(Master)),
            (12_000, Ask("role", Replica, &["ROLE"])),
        ],
        answers: &[("role", "slave")],
        sentinel_events: &[("+tilt", true), ("+try-failover", false), ("+switch-master", false)],
        ..EMPTY_SCRIPT
    },
    Script {
        name: "a_replica_long_behind_is_not_promoted",
        claim: "a replica whose link is known to have been down for longer than ten times down-after is not promoted",
        actions: &[
            (0, Cut(Replication(Replica))),
            (500, Ask("the link ends", Replica, &["CLIENT KILL TYPE master"])),
            (14_000, Kill(Master)),
            (20_000, Ask("role", Replica, &["ROLE"])),
        ],
        answers: &[("the link ends", "1"), ("role", "slave")],
        sentinel_events: &[("-failover-abort-no-good-slave", true), ("+switch-master", false)],
        ..EMPTY_SCRIPT
    },
    Script {
        name: "a_host_without_power_is_replaced",
        claim: "a host that loses power sends nothing more: its replica's link stays up, and the replica is promoted nevertheless",
        actions: &[
            (0, Ask("set", Master, &["SET item v", "WAIT 1 1000"])),
            (500, LosePower(Master)),
            (1_000, Ask("the link", Replica, &[LINK_STATUS])),
            (6_000, Ask("role", Replica, &["ROLE"])),
            (6_200, Ask("taken", Replica, &["GETDEL item"])),
        ],
        answers: &[("set", "1"), ("the link", "up"), ("role", "master"), ("taken", "v")],
        sentinel_events: &[
            ("+sdown master", true),
            ("+odown master", true),
            ("+switch-master", true),
        ],
        ..EMPTY_SCRIPT
    },
    Script {
        name: "a_killed_master_closes_its_connections",
        claim: "the kernel of a killed process closes its connections: its replica's link is down",
        actions: &[(500, Kill(Master)), (1_000, Ask("the link", Replica, &[LINK_STATUS]))],
        answers: &[("the link", "down")],
        ..EMPTY_SCRIPT
    },
    Script {
        name: "without_a_majority_no_leader_is_elected",
        claim: "one Sentinel of three can be a quorum but not a majority: it tries, gives up, and tries again after twice the failover-timeout",
        quorum: 1,
        failover_timeout_ms: 3_000,
        actions: &[
            (0, KillSentinels(2)),
            (500, Kill(Master)),
            (10_500, Ask("role", Replica, &["ROLE"])),
        ],
        answers: &[("role", "slave")],
        sentinel_events: &[("+elected-leader", false), ("+switch-master", false)],
        first_events: &[
            "+sdown master",
            "+odown master",
            "+new-epoch",
            "+try-failover",
            "+vote-for-leader",
            "-failover-abort-not-elected",
            "+new-epoch",
            "+try-failover",
            "+vote-for-leader",
        ],
        ..EMPTY_SCRIPT
    },
    Script {
        name: "a_split_vote_elects_no_leader",
        claim: "Sentinels that cannot reach one another vote for themselves and elect no leader; they elect one when they try again",
        quorum: 1,
        failover_timeout_ms: 3_000,
        actions: &[
            (0, Cut(AmongSentinels)),
            (500, Kill(Master)),
            // Long enough for each of them to have tried, also on a busy machine.
            (4_500, Mend(AmongSentinels)),
            // TCP may notice the mended links only after a second split vote, and each new one comes 6 s later.
            (27_000, Ask("role", Replica, &["ROLE"])),
        ],
        answers: &[("role", "master")],
        sentinel_events: &[("+elected-leader", true), ("+switch-master", true)],
        first_events: &[
            "+sdown master",
            "+odown master",
            "+new-epoch",
            "+try-failover",
            "+vote-for-leader",
            "-failover-abort-not-elected",
        ],
        ..EMPTY_SCRIPT
    },
];

/// A replica's own view of its link: a Lua script can read INFO, and not ROLE.
const LINK_STATUS: &str = "EVAL return(redis.call('INFO','replication'):match('master_link_status:(%a+)')) 0";
