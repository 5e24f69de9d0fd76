//! The planted bugs: the mistakes of the two incident reports, each of which a property must
//! convict. They wrap the parts of a replica from outside; the service itself contains none.

mod cached_master_address;
mod epoch_not_watched;
mod get_then_del;
mod hook_awaited;
mod latest_code_overwrites;
mod limiter_per_replica;
mod mail_awaited;
mod redemption_without_ledger;
mod session_deleted_on_error;
mod silent_fallback;
mod state_in_process_memory;
mod twist;
mod unfenced_leader;
mod validate_after_consume;

use crate::nearest::{nearest, suggestion};
use idp::{config::Config, replica::Wiring, seams::Env};
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
        latest_code_overwrites::PLANTED,
        state_in_process_memory::PLANTED,
        get_then_del::PLANTED,
        validate_after_consume::PLANTED,
        redemption_without_ledger::PLANTED,
        limiter_per_replica::PLANTED,
        silent_fallback::PLANTED,
        unfenced_leader::PLANTED,
        epoch_not_watched::PLANTED,
        cached_master_address::PLANTED,
        hook_awaited::PLANTED,
        session_deleted_on_error::PLANTED,
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

    #[test]
    fn each_names_a_scenario_and_one_of_its_properties() {
        for planted in all() {
            let scenario = catalogue::find(planted.scenario).expect(planted.name);
            let names: Vec<_> = scenario.properties().iter().map(|property| property.name()).collect();
            assert!(
                names.iter().any(|name| name == planted.convicted_by),
                "{}: {names:?}",
                planted.name
            );
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
