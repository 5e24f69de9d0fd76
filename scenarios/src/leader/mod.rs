//! The leader of the background jobs, and the reminders that it sends.

mod ops;

pub use ops::Observation;

// Properties.
pub(crate) mod jobs_under_lease;
pub(crate) mod lease_kept;
pub(crate) mod no_lease_no_jobs;
pub(crate) mod reminders_arrive;
pub(crate) mod reminders_once;

// Planted bugs.
pub(crate) mod asked_once_whether_it_leads;
pub(crate) mod claims_given_back_together;
pub(crate) mod epoch_not_watched;
pub(crate) mod everybody_renews;
pub(crate) mod job_waits_for_ever;
pub(crate) mod leader_by_its_own_clock;
pub(crate) mod lease_without_end;
pub(crate) mod local_time_for_utc;
pub(crate) mod never_sweeps;
pub(crate) mod oldest_first_for_ever;
pub(crate) mod own_clock_believed;
pub(crate) mod reminder_differs;
pub(crate) mod renewal_believed;
pub(crate) mod renewed_for_anybody;
pub(crate) mod swept_at_once;
pub(crate) mod unfenced_leader;
pub(crate) mod unfit_leader_stays;

// Scenarios.
pub(crate) mod backlog_swept;
pub(crate) mod claims_in_doubt;
pub(crate) mod clock_far_ahead;
pub(crate) mod clock_wrong_at_start;
pub(crate) mod leader_at_work;
pub(crate) mod leader_pauses;
pub(crate) mod lease_in_doubt;
pub(crate) mod mailboxes_gone;
pub(crate) mod old_master_grants;
pub(crate) mod one_reminder;
pub(crate) mod reminders_in_doubt;
pub(crate) mod unfit_leader;

use crate::vocabulary::{PlantedBug, Scenario};

/// The planted bugs that the properties of this module must detect, in the order of the inventory's rows.
pub(crate) fn bugs() -> Vec<PlantedBug> {
    vec![
        unfenced_leader::PLANTED,
        lease_without_end::PLANTED,
        epoch_not_watched::PLANTED,
        local_time_for_utc::PLANTED,
        everybody_renews::PLANTED,
        never_sweeps::PLANTED,
        swept_at_once::PLANTED,
        own_clock_believed::PLANTED,
        leader_by_its_own_clock::PLANTED,
        oldest_first_for_ever::PLANTED,
        claims_given_back_together::PLANTED,
        reminder_differs::PLANTED,
        renewal_believed::PLANTED,
        unfit_leader_stays::PLANTED,
        asked_once_whether_it_leads::PLANTED,
        job_waits_for_ever::PLANTED,
        renewed_for_anybody::PLANTED,
    ]
}

/// The scenarios of this module.
pub(crate) fn stories() -> Vec<Scenario> {
    vec![
        leader_pauses::leader_pauses(),
        old_master_grants::old_master_grants(),
        one_reminder::one_reminder(),
        leader_at_work::leader_at_work(),
        claims_in_doubt::claims_in_doubt(),
        reminders_in_doubt::reminders_in_doubt(),
        lease_in_doubt::lease_in_doubt(),
        mailboxes_gone::mailboxes_gone(),
        unfit_leader::unfit_leader(),
        clock_far_ahead::clock_far_ahead(),
        clock_wrong_at_start::clock_wrong_at_start(),
        backlog_swept::backlog_swept(),
    ]
}
