//! Each planted bug is detected, and the same seed without it is clean.
//!
//! The seeds are pinned: `cargo squall bugs` finds new ones when the generator of plans changes.

mod common;

use scenarios::planted;

macro_rules! bugs {
    ($($bug:ident at $seed:literal),* $(,)?) => {
        $(
            #[test]
            fn $bug() {
                detected(stringify!($bug), $seed);
            }
        )*

        #[test]
        fn no_planted_bug_is_forgotten() {
            let mut named: Vec<&str> = vec![$(stringify!($bug)),*];
            let mut all: Vec<&str> = planted::all().iter().map(|bug| bug.name).collect();
            named.sort_unstable();
            all.sort_unstable();
            assert_eq!(named, all);
        }
    };
}

fn detected(name: &str, seed: u64) {
    let bug = common::bug(name);
    let scenario = common::scenario(bug.scenario);
    let plan = scenario.plan(seed);
    let with = common::perform(&scenario, &plan, Some(&bug));
    let violated: Vec<&str> = with
        .violations
        .iter()
        .map(|violation| violation.property.as_str())
        .collect();
    assert!(
        violated.contains(&bug.detected_by),
        "{name} is not detected at seed {seed} of {}: {} holds, violated are {violated:?}",
        bug.scenario,
        bug.detected_by
    );
    common::must_hold(&common::perform(&scenario, &plan, None));
}

bugs!(
    accounts_end_with_the_store at 1,
    lost_code_untold at 2,
    writes_past_its_queue at 1,
    kept_for_hours at 1,
    mail_awaited at 1,
    stops_at_once at 1,
    outbox_dropped_at_stop at 3,
    lease_kept_at_stop at 1,
    last_mail_noted at 1,
    strangers_kept at 1,
    guard_in_the_browser at 1,
    code_of_address at 1,
    latest_code_overwrites at 1,
    state_in_process_memory at 3,
    get_then_del at 1,
    validate_after_consume at 1,
    pkce_optional_for_all at 1,
    spent_code_grace at 1,
    reuse_ends_nothing at 1,
    anybody_revokes at 1,
    algorithm_ignored at 1,
    redemption_without_ledger at 2,
    limiter_per_replica at 1,
    new_code_resets_failures at 1,
    window_in_wrong_unit at 1,
    lockout_in_redis at 1,
    lockout_one_late at 1,
    lock_remembered at 1,
    name_is_address at 1,
    consent_for_granted at 51,
    hint_forgotten at 1,
    one_cookie_for_all_flows at 1,
    epoch_not_watched at 4,
    silent_fallback at 1,
    refusal_read_as_absence at 1,
    reconnects_when_refused at 1,
    event_without_person at 1,
    health_always_fine at 1,
    degraded_for_good at 1,
    unfenced_leader at 1,
    lease_without_end at 7,
    cached_master_address at 1,
    first_sentinel_believed at 1,
    earlier_election_believed at 1,
    connects_patiently at 1,
    deadline_of_nobody at 1,
    key_per_replica at 1,
    hook_awaited at 3,
    hook_awaited_briefly at 3,
    session_deleted_on_error at 1,
    outbox_loses_places at 1,
    ledger_of_this_replica at 2,
    ledger_looked_at_first at 1,
    ledger_without_margin at 2,
    unknown_taking_repeated at 1,
    code_not_put_back at 6,
    each_by_its_own_clock at 1,
    window_rearmed at 1,
    keys_without_namespaces at 1,
    pool_leaks_slots at 1,
    master_pinned at 1,
    hook_given_up at 1,
    sessions_of_this_process at 1,
    errors_known_by_their_words at 2,
    directory_not_synced at 1,
    deleted_log_unnoticed at 1,
    waits_by_spinning at 2,
    lock_across_await at 2,
    error_detail_lost at 1,
    mailed_code_logged at 1,
    mailed_code_kept at 1,
    failures_swallowed at 1,
    refusal_swallowed at 1,
    gone_tried_again at 1,
    job_waits_for_ever at 1,
    note_left_behind at 22,
    every_try_logged at 2,
    one_error_for_all at 1,
    local_time_for_utc at 1,
    window_in_minutes at 1,
    expired_until_swept at 1,
    session_outlives_its_cookie at 1,
    session_not_ended at 1,
    old_session_lives_on at 1,
    old_session_ends_at_once at 1,
    tokens_outlive_logout at 1,
    mails_one_by_one at 1,
    outbox_without_end at 1,
    refused_mail_dropped at 1,
    unknown_mail_repeated at 1,
    event_told_twice at 1,
    losses_uncounted at 1,
    hook_trouble_untold at 1,
    note_runs_out at 3,
    one_connection at 2,
    hung_disk_untold at 1,
    claims_given_back_together at 2,
    oldest_first_for_ever at 1,
    every_press_counted at 1,
    judged_before_counted at 1,
    clients_uncounted at 1,
    header_of_client_believed at 1,
    owner_is_a_stranger at 1,
    known_for_everybody at 1,
    ledger_without_slack at 1,
    asked_once_whether_it_leads at 6,
    trouble_untold at 2,
    policy_taken_for_final at 1,
    health_only_reads at 1,
    full_disk_closes_ports at 1,
    probe_writes_nothing at 1,
    unreadable_key_replaced at 3,
    health_asked_often at 1,
    health_blames_the_store at 1,
    port_closed_too_early at 1,
    one_success_opens at 1,
    everybody_renews at 1,
    renewed_for_anybody at 1,
    never_sweeps at 1,
    reminder_differs at 1,
    renewal_believed at 1,
    unfit_leader_stays at 1,
    own_clock_believed at 1,
    leader_by_its_own_clock at 1,
    request_dropped at 1,
    heads_without_bound at 1,
    demo_in_production at 1,
    swept_at_once at 1,
    starttls_optional at 1,
    certificate_unchecked at 1,
);
