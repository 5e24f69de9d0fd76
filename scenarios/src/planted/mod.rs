//! The planted bugs: the mistakes of the two incident reports, each of which a property must
//! detect. They wrap the parts of a replica from outside; the service itself contains none.

pub(crate) mod twist;

use crate::{
    analytics, availability, directory, exchange, leader, limits, mail, mailed_code, operators, redemption, session,
    store, vocabulary::PlantedBug,
};

/// All planted bugs, room by room.
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
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue;

    /// [`sim::suite::Suite::bug`] panics where there is none.
    #[test]
    fn each_names_a_scenario_and_one_of_its_properties() {
        assert_eq!(crate::suite().bugs().len(), all().len());
    }

    /// A property that no planted bug breaks may be unable to detect any.
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
