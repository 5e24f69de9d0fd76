//! The planted bugs: the mistakes of the two incident reports, each of which a property must
//! convict. They wrap the parts of a replica from outside; the service itself contains none.

mod cached_master_address;
mod code_of_address;
mod degraded_for_good;
mod epoch_not_watched;
mod error_detail_lost;
mod errors_known_by_their_words;
mod get_then_del;
mod guard_in_the_browser;
mod health_always_fine;
mod hook_awaited;
mod hook_awaited_briefly;
mod hook_given_up;
mod key_per_replica;
mod keys_without_namespaces;
mod latest_code_overwrites;
mod lease_without_end;
mod ledger_of_this_replica;
mod limiter_per_replica;
mod local_time_for_utc;
mod lock_across_await;
mod lockout_in_redis;
mod mail_awaited;
mod mailed_code_logged;
mod master_pinned;
mod new_code_resets_failures;
mod one_error_for_all;
mod outbox_loses_places;
mod pool_leaks_slots;
mod redemption_without_ledger;
mod session_deleted_on_error;
mod sessions_of_this_process;
mod silent_fallback;
mod spent_code_grace;
mod state_in_process_memory;
mod twist;
mod unfenced_leader;
mod validate_after_consume;
mod window_in_wrong_unit;
mod window_rearmed;

use crate::nearest::{nearest, suggestion};
use idp::{config::Config, replica::Wiring};
use seams::Env;
use thiserror::Error;

/// A mistake that can be switched on.
#[derive(Clone, Copy)]
pub struct Planted {
    /// Its name, as people type it.
    pub name: &'static str,
    /// What is done wrongly, in one clause.
    pub title: &'static str,
    /// Rows of the inventory that it comes from.
    pub covers: &'static [u8],
    /// The scenario in which it must be found.
    pub scenario: &'static str,
    /// The property that must convict it.
    pub convicted_by: &'static str,
    /// Wraps the parts of a replica, at each of its boots.
    pub rewire: fn(&Env, &Config, Wiring) -> Wiring,
}

/// All planted bugs, in the order of the reports' rows.
pub fn all() -> Vec<Planted> {
    vec![
        mail_awaited::PLANTED,
        outbox_loses_places::PLANTED,
        guard_in_the_browser::PLANTED,
        code_of_address::PLANTED,
        latest_code_overwrites::PLANTED,
        state_in_process_memory::PLANTED,
        get_then_del::PLANTED,
        validate_after_consume::PLANTED,
        spent_code_grace::PLANTED,
        redemption_without_ledger::PLANTED,
        ledger_of_this_replica::PLANTED,
        limiter_per_replica::PLANTED,
        new_code_resets_failures::PLANTED,
        window_in_wrong_unit::PLANTED,
        window_rearmed::PLANTED,
        keys_without_namespaces::PLANTED,
        lockout_in_redis::PLANTED,
        silent_fallback::PLANTED,
        health_always_fine::PLANTED,
        degraded_for_good::PLANTED,
        unfenced_leader::PLANTED,
        lease_without_end::PLANTED,
        epoch_not_watched::PLANTED,
        cached_master_address::PLANTED,
        pool_leaks_slots::PLANTED,
        master_pinned::PLANTED,
        key_per_replica::PLANTED,
        hook_awaited::PLANTED,
        hook_awaited_briefly::PLANTED,
        hook_given_up::PLANTED,
        session_deleted_on_error::PLANTED,
        sessions_of_this_process::PLANTED,
        errors_known_by_their_words::PLANTED,
        lock_across_await::PLANTED,
        error_detail_lost::PLANTED,
        mailed_code_logged::PLANTED,
        one_error_for_all::PLANTED,
        local_time_for_utc::PLANTED,
    ]
}

/// No planted bug has that name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there is no planted bug {name:?}{}. There are: {}", suggestion(.near), .known.join(", "))]
pub struct UnknownPlanted {
    /// The name asked for.
    pub name: String,
    /// The nearest names.
    pub near: Vec<&'static str>,
    /// All names.
    pub known: Vec<&'static str>,
}

/// The planted bug of a name.
///
/// # Errors
/// There is none; says which there are.
pub fn find(name: &str) -> Result<Planted, UnknownPlanted> {
    all().into_iter().find(|planted| planted.name == name).ok_or_else(|| {
        let known: Vec<_> = all().iter().map(|planted| planted.name).collect();
        UnknownPlanted {
            name: name.to_owned(),
            near: nearest(name, known.iter().copied()),
            known,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue;
    use sim::run::NOTHING_PANICS;

    #[test]
    fn each_names_a_scenario_and_one_of_its_properties() {
        for planted in all() {
            let scenario = catalogue::find(planted.scenario).expect(planted.name);
            let mut names = scenario.claims();
            names.push(NOTHING_PANICS.to_owned()); // every run claims that
            assert!(
                names.iter().any(|name| name == planted.convicted_by),
                "{}: {names:?}",
                planted.name
            );
        }
    }

    /// A property that no planted mistake breaks may be unable to convict anybody.
    #[test]
    fn every_claim_of_every_scenario_is_convicted_by_some() {
        let convicting: Vec<_> = all().iter().map(|planted| planted.convicted_by).collect();
        for scenario in catalogue::all() {
            for claim in scenario.claims() {
                assert!(
                    convicting.contains(&claim.as_str()),
                    "nothing is planted against {claim}"
                );
            }
        }
    }

    #[test]
    fn an_unknown_name_gets_a_suggestion() {
        let error = find("get_then_dell").err().expect("there is none").to_string();
        assert!(
            error.contains("did you mean get_then_del?") && error.contains("hook_awaited"),
            "{error}"
        );
    }
}
