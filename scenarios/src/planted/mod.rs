//! The planted bugs: mistakes from the two incident reports, each of which a property must detect. They wrap the parts
//! of a replica from outside; the service itself contains none of them.

pub(crate) mod taken;
pub(crate) mod twist;

use crate::{
    access, analytics, availability, directory, exchange, http, leader, limits, mail, mailed_code, oddities, operators,
    redemption, registry, session, store, vocabulary::PlantedBug,
};

/// All planted bugs, module by module.
pub fn all() -> Vec<PlantedBug> {
    [
        mail::bugs(),
        mailed_code::bugs(),
        redemption::bugs(),
        session::bugs(),
        limits::bugs(),
        store::bugs(),
        leader::bugs(),
        analytics::bugs(),
        directory::bugs(),
        availability::bugs(),
        operators::bugs(),
        exchange::bugs(),
        oddities::bugs(),
        http::bugs(),
        registry::bugs(),
        access::bugs(),
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue;

    /// [`sim::suite::Suite::bug`] panics if a bug names a scenario or property that does not exist.
    #[test]
    fn each_names_a_scenario_and_one_of_its_properties() {
        assert_eq!(crate::suite().bugs().len(), all().len());
    }

    /// A property that no planted bug violates may be unable to detect anything.
    #[test]
    fn every_claim_of_every_scenario_detects_a_planted_bug() {
        let detecting: Vec<_> = all().iter().map(|bug| bug.detected_by).collect();
        for scenario in catalogue::all() {
            for claim in scenario.claims() {
                assert!(
                    detecting.contains(&claim.as_str()),
                    "no planted bug is detected by {claim}"
                );
            }
        }
    }
}
