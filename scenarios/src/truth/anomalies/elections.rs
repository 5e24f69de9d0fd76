//! Who is promoted, by whom, and who is not.

use super::super::stack::{
    Act::{Ask, Cut, Kill, KillSentinels, LosePower, Mend, PauseSentinels, ResumeSentinels},
    Link::{AmongSentinels, Replication},
    Node::{Master, Replica},
    PLAIN, Story,
};

/// All of them.
pub(super) const STORIES: &[Story] = &[
    Story {
        name: "one_sentinel_of_three_promotes_nobody",
        claim: "without a quorum the master is down for one Sentinel only, and nobody succeeds it",
        acts: &[
            (0, KillSentinels(2)),
            (1_000, Kill(Master)),
            (8_000, Ask("role", Replica, &["ROLE"])),
            (8_200, Ask("written", Replica, &["SET k v"])),
        ],
        answers: &[("role", "slave"), ("written", "READONLY")],
        sentinels_say: &[("+sdown master", true), ("+odown", false), ("+switch-master", false)],
        ..PLAIN
    },
    Story {
        name: "tilted_sentinels_promote_nobody",
        claim: "Sentinels that were stopped for 3 s trust their clocks no more (+tilt), and act on nothing for 30 s",
        acts: &[
            (0, PauseSentinels),
            (3_000, ResumeSentinels),
            (4_000, Kill(Master)),
            (12_000, Ask("role", Replica, &["ROLE"])),
        ],
        answers: &[("role", "slave")],
        sentinels_say: &[("+tilt", true), ("+try-failover", false), ("+switch-master", false)],
        ..PLAIN
    },
    Story {
        name: "a_replica_long_behind_is_not_promoted",
        claim: "a replica whose link is known to be down for longer than ten times down-after is no good to promote",
        acts: &[
            (0, Cut(Replication(Replica))),
            (500, Ask("the link ends", Replica, &["CLIENT KILL TYPE master"])),
            (14_000, Kill(Master)),
            (20_000, Ask("role", Replica, &["ROLE"])),
        ],
        answers: &[("the link ends", "1"), ("role", "slave")],
        sentinels_say: &[("-failover-abort-no-good-slave", true), ("+switch-master", false)],
        ..PLAIN
    },
    Story {
        name: "a_host_without_power_is_succeeded",
        claim: "a host that loses power says nothing more: its replica's link stays up, and it is succeeded all the same",
        acts: &[
            (0, Ask("set", Master, &["SET code v", "WAIT 1 1000"])),
            (500, LosePower(Master)),
            (1_000, Ask("the link", Replica, &[LINK_STATUS])),
            (6_000, Ask("role", Replica, &["ROLE"])),
            (6_200, Ask("redeemed", Replica, &["GETDEL code"])),
        ],
        answers: &[("set", "1"), ("the link", "up"), ("role", "master"), ("redeemed", "v")],
        sentinels_say: &[
            ("+sdown master", true),
            ("+odown master", true),
            ("+switch-master", true),
        ],
        ..PLAIN
    },
    Story {
        name: "a_killed_master_is_known_to_have_gone",
        claim: "a process that is killed leaves a kernel that says so: its replica's link is down",
        acts: &[(500, Kill(Master)), (1_000, Ask("the link", Replica, &[LINK_STATUS]))],
        answers: &[("the link", "down")],
        ..PLAIN
    },
    Story {
        name: "without_a_majority_nobody_is_elected",
        claim: "one Sentinel of three is a quorum if it says so, and no majority: it tries, gives up, and tries again after twice the failover-timeout",
        quorum: 1,
        failover_timeout_ms: 3_000,
        acts: &[
            (0, KillSentinels(2)),
            (500, Kill(Master)),
            (10_500, Ask("role", Replica, &["ROLE"])),
        ],
        answers: &[("role", "slave")],
        sentinels_say: &[("+elected-leader", false), ("+switch-master", false)],
        in_order: &[
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
        ..PLAIN
    },
    Story {
        name: "a_split_vote_elects_nobody",
        claim: "Sentinels that vote for themselves, each out of the others' hearing, elect nobody, and one of them when they try again",
        quorum: 1,
        failover_timeout_ms: 3_000,
        acts: &[
            (0, Cut(AmongSentinels)),
            (500, Kill(Master)),
            (3_000, Mend(AmongSentinels)),
            (14_000, Ask("role", Replica, &["ROLE"])),
        ],
        answers: &[("role", "master")],
        sentinels_say: &[("+elected-leader", true), ("+switch-master", true)],
        in_order: &[
            "+sdown master",
            "+odown master",
            "+new-epoch",
            "+try-failover",
            "+vote-for-leader",
            "-failover-abort-not-elected",
        ],
        ..PLAIN
    },
];

/// What a replica thinks of its link: ROLE cannot be asked from a script, INFO can.
const LINK_STATUS: &str = "EVAL return(redis.call('INFO','replication'):match('master_link_status:(%a+)')) 0";
