//! The properties. Each judges what people and the outside world could see, never what the service says about itself.
//! `Unknown` neither proves nor excuses anything.

use spec::Settings;
use std::sync::LazyLock;

pub(crate) mod bound;
pub(crate) mod calm;
pub(crate) mod reading;
pub(crate) mod spans;
pub(crate) mod stops;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod windows;

pub use crate::access::no_secret_in_clear::NoSecretInClear;
pub use crate::analytics::analytics_arrive::AnalyticsArrive;
pub use crate::analytics::events_counted::EventsCounted;
pub use crate::availability::degraded_is_reported::DegradedIsReported;
pub use crate::availability::every_replica_serves::EveryReplicaServes;
pub use crate::availability::everyone_can_log_in::EveryoneCanLogIn;
pub use crate::availability::goes_on_without_store::GoesOnWithoutStore;
pub use crate::availability::health_tells::HealthTells;
pub use crate::availability::latency_budget::LatencyBudget;
pub use crate::availability::nothing_fails::NothingFails;
pub use crate::availability::port_stays_open::PortStaysOpen;
pub use crate::availability::ports_do_not_flap::PortsDoNotFlap;
pub use crate::availability::stops_in_order::StopsInOrder;
pub use crate::directory::directory_kept::DirectoryKept;
pub use crate::directory::ledger_remembers::LedgerRemembers;
pub use crate::directory::stalls_bounded::StallsBounded;
pub use crate::exchange::AnswersAllowed;
pub use crate::http::nobody_harmed::NobodyHarmed;
pub use crate::leader::jobs_under_lease::JobsUnderLease;
pub use crate::leader::lease_kept::LeaseKept;
pub use crate::leader::no_lease_no_jobs::NoLeaseNoJobs;
pub use crate::leader::reminders_arrive::RemindersArrive;
pub use crate::leader::reminders_once::RemindersOnce;
pub use crate::limits::attempts_limited::AttemptsLimited;
pub use crate::limits::limits_let_in::LimitsLetIn;
pub use crate::limits::sends_limited::SendsLimited;
pub use crate::mail::mail_arrives::MailArrives;
pub use crate::mail::mails_tried_again::MailsTriedAgain;
pub use crate::mail::outbox_bounded::OutboxBounded;
pub use crate::mailed_code::any_code_verifies::AnyCodeVerifies;
pub use crate::mailed_code::email_code_once::EmailCodeOnce;
pub use crate::mailed_code::existence_takes_no_time::ExistenceTakesNoTime;
pub use crate::mailed_code::one_mail_per_window::OneMailPerWindow;
pub use crate::mailed_code::right_codes_admitted::RightCodesAdmitted;
pub use crate::oddities::logins_side_by_side::LoginsSideBySide;
pub use crate::operators::errors_explained::ErrorsExplained;
pub use crate::operators::failures_end_at_once::FailuresEndAtOnce;
pub use crate::operators::failures_logged::FailuresLogged;
pub use crate::operators::log_as_documented::LogAsDocumented;
pub use crate::operators::no_secret_logged::NoSecretLogged;
pub use crate::operators::refusals_named::RefusalsNamed;
pub use crate::redemption::code_redeemed_once::CodeRedeemedOnce;
pub use crate::redemption::rightful_code_honoured::RightfulCodeHonoured;
pub use crate::redemption::stolen_codes_useless::StolenCodesUseless;
pub use crate::registry::registry_as_told::RegistryAsTold;
pub use crate::session::sessions_survive::SessionsSurvive;
pub use crate::store::keeps_nothing_for_strangers::KeepsNothingForStrangers;
pub use crate::store::newest_master_asked::NewestMasterAsked;
pub use crate::store::no_local_success::NoLocalSuccess;
pub use crate::store::refusals_cost_nothing::RefusalsCostNothing;
pub use crate::store::replication_catches_up::ReplicationCatchesUp;

pub(crate) use crate::limits::attempts_limited::WRONG_CODE;
pub(crate) use reading::{faults, human, invocations, violation};

/// Limits that are promised to everybody: those of `core/LIMITS.md`, which need not be those that the service applies.
pub(crate) struct Promised {
    /// Attempts per address and window.
    pub(crate) login_attempts: u64,
    /// Attempts per login.
    pub(crate) verify_attempts: u64,
    /// Mails per address and window.
    pub(crate) sends: u64,
    /// Failures in a row after which an address is locked.
    pub(crate) consecutive_failures: u64,
}

/// The promised limits.
pub(crate) fn limits() -> Promised {
    static SETTINGS: LazyLock<Settings> = LazyLock::new(Settings::default);
    Promised {
        login_attempts: SETTINGS.get("attempts at an address"),
        verify_attempts: SETTINGS.get("wrong codes in a login"),
        sends: SETTINGS.get("mails to an address"),
        consecutive_failures: SETTINGS.get("failures in a row"),
    }
}
