//! The planted bugs: the mistakes of the two incident reports, each of which a property must
//! convict. They wrap the parts of a replica from outside; the service itself contains none.

pub(crate) mod twist;

use crate::{
    analytics, availability, directory, leader, limits, mail, mailed_code, operators, redemption, session, store,
    vocabulary::PlantedBug,
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
    ]
    .concat()
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
                names.iter().any(|name| name == planted.detected_by),
                "{}: {names:?}",
                planted.name
            );
        }
    }

    /// A property that no planted mistake breaks may be unable to convict anybody.
    #[test]
    fn every_claim_of_every_scenario_is_detected_by_some() {
        let convicting: Vec<_> = all().iter().map(|planted| planted.detected_by).collect();
        for scenario in catalogue::all() {
            for claim in scenario.claims() {
                assert!(
                    convicting.contains(&claim.as_str()),
                    "nothing is planted against {claim}"
                );
            }
        }
    }
}
