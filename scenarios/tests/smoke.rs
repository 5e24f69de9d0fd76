//! Every scenario at fixed seeds: quick, and the first thing to look at when something is wrong.

mod common;

use scenarios::catalogue;

/// Few, for this is a debug build; `cargo squall` runs hundreds.
const SEEDS: std::ops::RangeInclusive<u64> = 1..=3;

macro_rules! smoke {
    ($($name:ident),* $(,)?) => {
        $(
            #[test]
            fn $name() {
                let scenario = common::scenario(stringify!($name));
                for seed in SEEDS {
                    let run = common::perform(&scenario, &scenario.plan(seed), None);
                    common::must_hold(&run);
                    assert!(!run.history.records.is_empty(), "nothing happened at seed {seed}");
                }
            }
        )*

        #[test]
        fn no_scenario_is_forgotten() {
            let named: Vec<&str> = vec![$(stringify!($name)),*];
            let all: Vec<&str> = catalogue::all().iter().map(|scenario| scenario.name()).collect();
            assert_eq!(named, all, "the names above and the catalogue, in its order");
        }
    };
}

smoke!(
    calm_day,
    replica_dies_mid_flow,
    rolling_restart,
    stops_in_vain,
    stops_while_paused,
    quiet_after_trouble,
    one_login,
    descriptors_run_out,
    code_race,
    failover_mid_redemption,
    calls_interleave,
    ledger_outlives_clocks,
    clocks_differ,
    redis_clock_is_set,
    old_master_returns,
    master_cut_off,
    redis_unreachable,
    redis_gone,
    redis_refuses,
    connections_close,
    sentinels_refuse,
    sentinel_without_quorum,
    sentinels_divided,
    store_flaps,
    store_blips,
    memory_store,
    guesser_across_failover,
    one_wrong_code,
    failures_in_a_row,
    strangers_at_the_door,
    known_browsers,
    unlocked_by_operators,
    spraying,
    twins_wait_in_vain,
    does_anybody_have_it,
    mail_stalls,
    mails_wait,
    relay_refuses,
    relay_hangs_long,
    relay_bars,
    analytics_hangs,
    hook_hangs_long,
    events_at_a_stop,
    leader_pauses,
    old_master_grants,
    one_reminder,
    leader_at_work,
    claims_in_doubt,
    reminders_in_doubt,
    lease_in_doubt,
    mailboxes_gone,
    unfit_leader,
    clock_far_ahead,
    clock_wrong_at_start,
    backlog_swept,
    session_survives,
    logs_in_again,
    slow_disk,
    writers_crowd,
    directory_loses_power,
    disk_hangs,
    disk_is_full,
    log_deleted,
    signing_key_damaged,
    calls_fail,
    calls_fail_twice,
    rule_breakers,
    edges,
    edges_across_clocks,
    edges_while_locked,
    documented_lifetimes,
    long_day,
    several_logins,
    large_heads,
    heads_dribble,
    clients_leave,
    operators_at_work,
    guarded_dependencies,
    swarm,
    guarded_swarm,
);
