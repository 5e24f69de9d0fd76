//! Those who break rules, and those who are merely odd: what happens if any part of any request is absent, doubled, another's,
//! too long; if steps come late, again, or in another order. The specification judges the answers.

mod change;
mod draft;
pub(crate) mod ends;
pub(crate) mod odd;
mod ops;
mod pool;
mod sign_out;
mod tabs;
mod tried;
mod value;

pub(crate) use draft::Draft;
pub(crate) use odd::Odd;
pub use ops::{Behaviour, ClientAuth, Hint};
pub(crate) use ops::{act, learn_id_token};
pub use pool::Pool;
pub(crate) use tried::Tried;
pub use tried::Tries;

pub(crate) use edges::asking_otherwise;

// Properties.
pub(crate) mod logins_side_by_side;

// Planted bugs.
mod kept_for_hours;
mod one_cookie_for_all_flows;

// Stories.
mod documented_lifetimes;
mod edges;
mod edges_across_clocks;
mod edges_while_locked;
mod long_day;
mod rule_breakers;
mod several_logins;

use crate::vocabulary::{PlantedBug, Scenario};

/// The planted bugs that the properties of this room must detect.
pub(crate) fn bugs() -> Vec<PlantedBug> {
    vec![one_cookie_for_all_flows::PLANTED, kept_for_hours::PLANTED]
}

/// The stories of this room.
pub(crate) fn stories() -> Vec<Scenario> {
    vec![
        rule_breakers::rule_breakers(),
        edges::edges(),
        edges_across_clocks::edges_across_clocks(),
        edges_while_locked::edges_while_locked(),
        documented_lifetimes::documented_lifetimes(),
        long_day::long_day(),
        several_logins::several_logins(),
    ]
}
