//! The claims. Each is judged by what people and the outside world could see, never by the
//! service's own word for it. `Unknown` convicts nobody and absolves nobody.

mod analytics_arrive;
mod any_code_verifies;
mod attempts_limited;
mod bound;
mod code_redeemed_once;
mod degraded_is_reported;
mod email_code_once;
mod errors_explained;
mod every_replica_serves;
mod everyone_can_log_in;
mod latency_budget;
mod limits_let_in;
mod mail_arrives;
mod no_local_success;
mod no_secret_logged;
mod nothing_fails;
mod one_mail_per_window;
mod reading;
mod reminders_arrive;
mod reminders_once;
mod replication_catches_up;
mod rightful_code_honoured;
mod sends_limited;
mod sessions_survive;
mod stalls_bounded;
mod stolen_codes_useless;
#[cfg(test)]
mod testing;
mod unreachable;

pub use analytics_arrive::AnalyticsArrive;
pub use any_code_verifies::AnyCodeVerifies;
pub use attempts_limited::AttemptsLimited;
pub use code_redeemed_once::CodeRedeemedOnce;
pub use degraded_is_reported::DegradedIsReported;
pub use email_code_once::EmailCodeOnce;
pub use errors_explained::ErrorsExplained;
pub use every_replica_serves::EveryReplicaServes;
pub use everyone_can_log_in::EveryoneCanLogIn;
pub use latency_budget::LatencyBudget;
pub use limits_let_in::LimitsLetIn;
pub use mail_arrives::MailArrives;
pub use no_local_success::NoLocalSuccess;
pub use no_secret_logged::NoSecretLogged;
pub use nothing_fails::NothingFails;
pub use one_mail_per_window::OneMailPerWindow;
pub use reminders_arrive::RemindersArrive;
pub use reminders_once::RemindersOnce;
pub use replication_catches_up::ReplicationCatchesUp;
pub use rightful_code_honoured::RightfulCodeHonoured;
pub use sends_limited::SendsLimited;
pub use sessions_survive::SessionsSurvive;
pub use stalls_bounded::StallsBounded;
pub use stolen_codes_useless::StolenCodesUseless;

pub(crate) use attempts_limited::WRONG_CODE;
pub(crate) use reading::{deeds, faults, human, violation};

/// Limits as the world configures them: the service's defaults, but for what a plan says.
pub(crate) fn limits() -> idp::config::Limits {
    config().limits
}

/// The service's defaults.
pub(crate) fn config() -> idp::config::Config {
    idp::config::Config::new("", "", idp::config::StateConfig::Memory)
}
