//! Two engines, one verdict: what holds on the event loop holds on the classic `turmoil::Sim`, and a bug that is
//! detected on one is detected on the other, by the same property.
//!
//! Each run is the fitting part of a scenario's plan: all of it, without the faults that the classic engine
//! cannot do. The seeds are pinned.

mod common;

use scenarios::{
    catalogue, people, planted,
    vocabulary::{Event, Op, Plan, PlantedBug, Run, Scenario, Seen},
};
use sim::{
    classic::{self, Misfit},
    engine::{ArrivalOrder, Order},
    judge::{JudgeOptions, judge},
    run::HarnessError,
    simulator::EngineKind,
};

const BOTH: [EngineKind; 2] = [EngineKind::EventLoop, EngineKind::Turmoil];

/// The plan of a seed, without the faults that only the event loop can do, and in the orders that any engine has.
fn fitting_part(scenario: &Scenario, seed: u64) -> Plan {
    let mut plan = scenario.plan(seed);
    plan.faults.retain(|timed| classic::can(&timed.fault));
    plan.order = Order::FirstCome;
    plan.arrival_order = ArrivalOrder::AsSent;
    plan
}

fn perform(engine: EngineKind, scenario: &Scenario, plan: &Plan, bug: Option<&PlantedBug>) -> Run {
    let options = JudgeOptions {
        engine,
        ..JudgeOptions::default()
    };
    judge(scenario, plan, bug, &options)
        .unwrap_or_else(|error| panic!("{}, seed {}, on {engine:?}: {error}", plan.scenario, plan.seed))
}

fn violated(run: &Run) -> Vec<String> {
    run.violations.iter().map(ToString::to_string).collect()
}

/// Logins begun, and logins that came through.
fn logins(run: &Run) -> (usize, usize) {
    let count = |wanted: fn(&Event) -> bool| run.history.records.iter().filter(|r| wanted(&r.event)).count();
    let begun = count(|event| {
        matches!(
            event,
            Event::Began {
                op: Op::People(people::Op::LogIn),
                ..
            }
        )
    });
    let whole = count(|event| {
        matches!(
            event,
            Event::Ended {
                op: Op::People(people::Op::LogIn),
                seen: Seen::Ok,
                ..
            }
        )
    });
    (begun, whole)
}

fn clean_on_both(name: &str, seeds: &[u64]) {
    let scenario = common::scenario(name);
    for seed in seeds {
        let plan = fitting_part(&scenario, *seed);
        let runs = BOTH.map(|engine| {
            let run = perform(engine, &scenario, &plan, None);
            assert_eq!(violated(&run), [""; 0], "{name}, seed {seed}, on {engine:?}");
            run
        });
        // The same people tried the same thing, and it was not nothing.
        let [one, other] = runs.each_ref().map(logins);
        assert!(one.1 > 0 && other.1 > 0, "{name}, seed {seed}: nobody logged in");
        assert_eq!(one.0, other.0, "{name}, seed {seed}: logins begun");
    }
}

/// At a seed for each engine. Where it is not, the failure says at which seed it is: the seeds move with every change of calls.
fn detected_on_both(name: &str, seeds: [u64; 2]) {
    let bug = common::bug(name);
    let scenario = common::scenario(bug.scenario);
    let violated_by = |engine, seed| {
        let run = perform(engine, &scenario, &fitting_part(&scenario, seed), Some(&bug));
        let detected = (run.violations.iter()).any(|violation| violation.property == bug.detected_by);
        (detected, violated(&run))
    };
    for (engine, seed) in BOTH.into_iter().zip(seeds) {
        let (detected, violated) = violated_by(engine, seed);
        let another = || (1..=60).find(|seed| violated_by(engine, *seed).0);
        assert!(
            detected,
            "{name} is not detected at seed {seed} on {engine:?}, and first at {:?}: {} holds, violated are {violated:?}",
            another(),
            bug.detected_by,
        );
    }
}

macro_rules! clean {
    ($($scenario:ident at $seeds:expr),* $(,)?) => {
        mod the_fitting_part_is_clean_on_both {
            $(
                #[test]
                fn $scenario() {
                    super::clean_on_both(stringify!($scenario), &$seeds);
                }
            )*
        }

        #[test]
        fn no_scenario_is_forgotten() {
            let mut named: Vec<&str> = vec![$(stringify!($scenario)),*];
            let all = catalogue::all();
            let mut all: Vec<&str> = all.iter().map(Scenario::name).collect();
            named.sort_unstable();
            all.sort_unstable();
            assert_eq!(named, all);
        }
    };
}

macro_rules! bugs {
    ($($bug:ident at $seeds:expr),* ; not $($misfit:ident because $why:literal),* $(,)?) => {
        mod detected_on_both {
            $(
                #[test]
                fn $bug() {
                    super::detected_on_both(stringify!($bug), $seeds);
                }
            )*
        }

        #[test]
        fn no_planted_bug_is_forgotten() {
            let mut named: Vec<&str> = vec![$(stringify!($bug)),*, $(stringify!($misfit)),*];
            let mut all: Vec<&str> = planted::all().iter().map(|bug| bug.name).collect();
            named.sort_unstable();
            all.sort_unstable();
            assert_eq!(named, all);
        }
    };
}

clean!(
    calm_day at [1, 2],
    rule_breakers at [1],
    edges at [1],
    edges_across_clocks at [1],
    edges_while_locked at [1],
    documented_lifetimes at [1],
    long_day at [1],
    several_logins at [1],
    replica_dies_mid_flow at [2, 3],
    rolling_restart at [1],
    stops_in_vain at [1],
    stops_while_paused at [1],
    quiet_after_trouble at [1],
    one_login at [1],
    descriptors_run_out at [1],
    code_race at [1],
    failover_mid_redemption at [1, 2],
    calls_interleave at [1, 2],
    ledger_outlives_clocks at [1],
    clocks_differ at [1],
    redis_clock_is_set at [1],
    old_master_returns at [1],
    master_cut_off at [1],
    redis_unreachable at [1, 2],
    redis_gone at [1, 2],
    redis_refuses at [1],
    connections_close at [1],
    sentinels_refuse at [1],
    sentinel_without_quorum at [2, 3],
    sentinels_divided at [1],
    store_flaps at [1],
    store_blips at [1],
    memory_store at [1],
    guesser_across_failover at [1],
    one_wrong_code at [1],
    failures_in_a_row at [1],
    strangers_at_the_door at [1],
    known_browsers at [1],
    unlocked_by_operators at [1],
    spraying at [1],
    twins_wait_in_vain at [1],
    does_anybody_have_it at [1],
    mail_stalls at [1, 2],
    mails_wait at [1],
    relay_refuses at [1],
    relay_bars at [2],
    relay_hangs_long at [1],
    analytics_hangs at [1, 2],
    hook_hangs_long at [1],
    events_at_a_stop at [1],
    leader_pauses at [1],
    old_master_grants at [1],
    one_reminder at [1],
    leader_at_work at [1],
    claims_in_doubt at [1],
    reminders_in_doubt at [1],
    lease_in_doubt at [1],
    mailboxes_gone at [1],
    unfit_leader at [1],
    clock_far_ahead at [1],
    clock_wrong_at_start at [1],
    backlog_swept at [1],
    session_survives at [1],
    slow_disk at [1, 2],
    disk_hangs at [1, 1],
    logs_in_again at [1, 1],
    directory_loses_power at [1],
    disk_is_full at [1],
    signing_key_damaged at [1],
    writers_crowd at [1],
    log_deleted at [1],
    calls_fail at [1],
    calls_fail_twice at [1],
    large_heads at [1],
    heads_dribble at [1],
    clients_leave at [1],
    operators_at_work at [1],
    guarded_dependencies at [1],
    swarm at [1, 2],
    guarded_swarm at [12],
);

bugs!(
    mail_awaited at [1, 1],
    outbox_loses_places at [1, 1],
    mails_one_by_one at [1, 1],
    outbox_without_end at [1, 1],
    refused_mail_dropped at [1, 1],
    unknown_mail_repeated at [1, 1],
    trouble_untold at [2, 2],
    policy_taken_for_final at [1, 1],
    probe_writes_nothing at [1, 1],
    unreadable_key_replaced at [3, 3],
    full_disk_closes_ports at [1, 1],
    guard_in_the_browser at [1, 1],
    last_mail_noted at [1, 1],
    strangers_kept at [1, 1],
    code_of_address at [1, 1],
    latest_code_overwrites at [4, 4],
    state_in_process_memory at [1, 1],
    get_then_del at [1, 1],
    validate_after_consume at [1, 1],
    pkce_optional_for_all at [5, 5],
    spent_code_grace at [1, 1],
    reuse_ends_nothing at [1, 1],
    anybody_revokes at [1, 1],
    algorithm_ignored at [1, 1],
    redemption_without_ledger at [5, 1],
    ledger_of_this_replica at [2, 9],
    ledger_looked_at_first at [1, 2],
    unknown_taking_repeated at [1, 1],
    code_not_put_back at [6, 1],
    lost_code_untold at [2, 2],
    kept_for_hours at [1, 1],
    writes_past_its_queue at [1, 1],
    each_by_its_own_clock at [1, 1],
    limiter_per_replica at [1, 1],
    new_code_resets_failures at [1, 1],
    window_in_wrong_unit at [1, 1],
    window_rearmed at [1, 1],
    keys_without_namespaces at [1, 1],
    lockout_in_redis at [1, 1],
    lockout_one_late at [1, 1],
    lock_remembered at [1, 1],
    name_is_address at [1, 1],
    consent_for_granted at [51, 51],
    hint_forgotten at [2, 2],
    one_cookie_for_all_flows at [2, 2],
    accounts_end_with_the_store at [1, 1],
    silent_fallback at [1, 1],
    health_always_fine at [1, 1],
    degraded_for_good at [2, 2],
    lease_without_end at [8, 2],
    cached_master_address at [5, 5],
    first_sentinel_believed at [1, 1],
    earlier_election_believed at [1, 1],
    connects_patiently at [1, 1],
    master_pinned at [1, 1],
    key_per_replica at [1, 1],
    hook_awaited at [3, 3],
    hook_given_up at [1, 1],
    event_without_person at [1, 1],
    event_told_twice at [1, 1],
    losses_uncounted at [1, 1],
    hook_trouble_untold at [1, 1],
    old_session_lives_on at [1, 1],
    old_session_ends_at_once at [1, 1],
    tokens_outlive_logout at [1, 1],
    claims_given_back_together at [2, 2],
    oldest_first_for_ever at [1, 1],
    every_press_counted at [1, 1],
    clients_uncounted at [1, 1],
    header_of_client_believed at [1, 1],
    owner_is_a_stranger at [1, 1],
    known_for_everybody at [1, 1],
    ledger_without_slack at [1, 1],
    health_asked_often at [1, 1],
    health_blames_the_store at [1, 1],
    port_closed_too_early at [1, 1],
    everybody_renews at [1, 1],
    never_sweeps at [1, 1],
    reminder_differs at [1, 1],
    renewal_believed at [1, 1],
    unfit_leader_stays at [1, 1],
    session_deleted_on_error at [1, 1],
    session_not_ended at [1, 1],
    sessions_of_this_process at [1, 1],
    errors_known_by_their_words at [2, 3],
    lock_across_await at [3, 2],
    own_clock_believed at [1, 1],
    leader_by_its_own_clock at [1, 1],
    deleted_log_unnoticed at [1, 1],
    error_detail_lost at [1, 1],
    mailed_code_logged at [1, 1],
    mailed_code_kept at [1, 1],
    failures_swallowed at [1, 4],
    every_try_logged at [2, 2],
    note_left_behind at [22, 2],
    gone_tried_again at [1, 1],
    one_error_for_all at [1, 1],
    local_time_for_utc at [1, 1],
    window_in_minutes at [1, 1],
    expired_until_swept at [1, 1],
    waits_by_spinning at [1, 1],
    request_dropped at [3, 2],
    starttls_optional at [1, 1],
    certificate_unchecked at [1, 1],
    heads_without_bound at [1, 1],
    demo_in_production at [1, 1];
    not
    swept_at_once because "a process must be blocked while SQLite works",
    note_runs_out because "a disk must be slow",
    one_connection because "a disk must be slow",
    hung_disk_untold because "a disk must be slow",
    judged_before_counted because "attempts must come in an order that only the event loop has",
    stops_at_once because "a process must be asked to end",
    asked_once_whether_it_leads because "a process must be asked to end",
    outbox_dropped_at_stop because "a process must be asked to end",
    lease_kept_at_stop because "a process must be asked to end",
    job_waits_for_ever because "a process must be asked to end",
    unfenced_leader because "a leader must be paused",
    renewed_for_anybody because "a leader must be paused",
    directory_not_synced because "hosts must lose power",
    deadline_of_nobody because "a Redis node must refuse commands",
    health_only_reads because "a Redis node must refuse commands",
    one_success_opens because "a Redis node must refuse commands",
    refusal_read_as_absence because "a Redis node must refuse commands",
    reconnects_when_refused because "a Redis node must refuse commands",
    refusal_swallowed because "Sentinels must refuse commands",
    pool_leaks_slots because "a link must be cut one way, or lose packets",
    hook_awaited_briefly because "two runs of the classic engine do not agree moment by moment",
    epoch_not_watched because "a leader must be paused",
    ledger_without_margin because "the classic engine does not detect it in twelve seeds: three things must coincide",
    session_outlives_its_cookie because "half a day is four million ticks; that the story holds there is proof enough",
);

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let scenario = common::scenario("code_race");
    let plan = scenario.plan(1);
    let options = JudgeOptions {
        engine: EngineKind::Turmoil,
        ..JudgeOptions::default()
    };
    match judge(&scenario, &plan, None, &options) {
        Err(HarnessError::Misfit(Misfit::Fault { number, fault, .. })) => {
            assert_eq!(*fault, *plan.faults[number - 1].fault.to_string());
        }
        other => panic!("{:?}", other.map(|run| run.fingerprint)),
    }
    let mut large = fitting_part(&scenario, 1);
    large.world.replicas = 8;
    match judge(&scenario, &large, None, &options) {
        Err(HarnessError::Misfit(misfit @ Misfit::Hosts { hosts: 18, .. })) => {
            assert!(misfit.to_string().contains("idp-h"), "{misfit}");
        }
        other => panic!("{:?}", other.map(|run| run.fingerprint)),
    }
}

#[test]
fn equal_plans_give_equal_runs_on_the_classic_engine_too() {
    let scenario = common::scenario("failover_mid_redemption");
    let plan = fitting_part(&scenario, 1);
    let [one, other] = [(); 2].map(|()| perform(EngineKind::Turmoil, &scenario, &plan, None));
    assert_eq!(one.history, other.history);
    assert_eq!(one.fingerprint, other.fingerprint);
    let loud = JudgeOptions {
        engine: EngineKind::Turmoil,
        keep_log: true,
        ..JudgeOptions::default()
    };
    let loud = judge(&scenario, &plan, None, &loud).expect("the harness works");
    assert!(!loud.log.is_empty());
    assert_eq!(one.fingerprint, loud.fingerprint);
    // In another process, where tokio counts its tasks from one.
    let line = [
        "replay",
        "failover_mid_redemption",
        "--seed",
        "1",
        "--engine",
        "turmoil",
    ];
    let told = common::squall(&line);
    let told = String::from_utf8_lossy(&told.stdout);
    assert!(told.contains(&format!("Fingerprint {}", one.fingerprint)), "{told}");
}

/// A sweep on the second engine performs what fits, and says what does not; so does the merge that tells it again.
#[test]
fn a_sweep_on_the_second_engine_counts_what_it_skips() {
    let out = common::scratch("second-engine");
    let _ = std::fs::remove_dir_all(&out);
    let folder = out.to_str().expect("a readable path");
    let sweep = [
        "--engine",
        "turmoil",
        "--seeds",
        "1..3",
        "--scenario",
        "calm_day",
        "--scenario",
        "code_race",
    ];
    for args in [[&sweep[..], &["--out", folder]].concat(), vec!["merge", folder]] {
        let output = common::squall(&args);
        let told = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {told}");
        for text in ["does not fit", "0 of 2", "Skipped: 2 plans", "2 runs, "] {
            assert!(told.contains(text), "{args:?}: {text:?} is not in\n{told}");
        }
    }
}
