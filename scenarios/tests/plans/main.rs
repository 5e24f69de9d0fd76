//! Plans are data: drawn from a seed, written, read, the same.

mod any;
mod checks;
#[path = "../common/mod.rs"]
mod common;
mod files;
mod guided;
mod small;

use proptest::prelude::*;
use scenarios::{catalogue, vocabulary::Plan};
use std::path::Path;

proptest! {
    #![proptest_config(common::proptest_config(64))]

    #[test]
    fn every_plan_of_every_scenario_survives_a_file(seed: u64) {
        for scenario in catalogue::all() {
            let plan = scenario.plan(seed);
            prop_assert_eq!(&plan, &scenario.plan(seed), "one seed, one plan");
            let text = plan.to_text();
            prop_assert_eq!(&Plan::from_text(&text, Path::new("plan.toml")).unwrap(), &plan);
        }
    }
}
