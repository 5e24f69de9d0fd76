//! Authorization codes and their redemption: once, and only by the client that the code belongs to.

mod ops;

pub(crate) use ops::act;
pub use ops::{Behaviour, Op};

// People and attackers.
pub(crate) mod burn;
pub(crate) mod race;
pub(crate) mod thief;

// Properties.
pub(crate) mod code_redeemed_once;
pub(crate) mod rightful_code_honoured;
pub(crate) mod stolen_codes_useless;

// Planted bugs.
pub(crate) mod algorithm_ignored;
pub(crate) mod anybody_revokes;
pub(crate) mod code_not_put_back;
pub(crate) mod each_by_its_own_clock;
pub(crate) mod get_then_del;
pub(crate) mod ledger_looked_at_first;
pub(crate) mod ledger_of_this_replica;
pub(crate) mod ledger_without_margin;
pub(crate) mod ledger_without_slack;
pub(crate) mod pkce_optional_for_all;
pub(crate) mod redemption_without_ledger;
pub(crate) mod reuse_ends_nothing;
pub(crate) mod spent_code_grace;
pub(crate) mod unknown_taking_repeated;
pub(crate) mod validate_after_consume;

// Scenarios.
pub(crate) mod calls_interleave;
pub(crate) mod clocks_differ;
pub(crate) mod code_race;
pub(crate) mod failover_mid_redemption;
pub(crate) mod ledger_outlives_clocks;
pub(crate) mod redis_clock_is_set;

use crate::vocabulary::{PlantedBug, Scenario};

/// The planted bugs that the properties of this module must detect, in the order of the inventory's rows.
pub(crate) fn bugs() -> Vec<PlantedBug> {
    vec![
        get_then_del::PLANTED,
        validate_after_consume::PLANTED,
        pkce_optional_for_all::PLANTED,
        spent_code_grace::PLANTED,
        reuse_ends_nothing::PLANTED,
        anybody_revokes::PLANTED,
        algorithm_ignored::PLANTED,
        redemption_without_ledger::PLANTED,
        ledger_of_this_replica::PLANTED,
        ledger_looked_at_first::PLANTED,
        ledger_without_margin::PLANTED,
        ledger_without_slack::PLANTED,
        unknown_taking_repeated::PLANTED,
        code_not_put_back::PLANTED,
        each_by_its_own_clock::PLANTED,
    ]
}

/// The scenarios of this module.
pub(crate) fn stories() -> Vec<Scenario> {
    vec![
        code_race::code_race(),
        failover_mid_redemption::failover_mid_redemption(),
        calls_interleave::calls_interleave(),
        ledger_outlives_clocks::ledger_outlives_clocks(),
        clocks_differ::clocks_differ(),
        redis_clock_is_set::redis_clock_is_set(),
    ]
}
