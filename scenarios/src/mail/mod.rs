//! Mail: it arrives, and no page waits for it.

mod conversations;
mod fault;
mod ops;

pub use fault::{Barred, Fault};
pub use ops::Observation;

// Properties.
pub(crate) mod mail_arrives;
pub(crate) mod mails_tried_again;
pub(crate) mod outbox_bounded;

// Planted bugs.
pub(crate) mod gone_tried_again;
pub(crate) mod mail_awaited;
pub(crate) mod mails_one_by_one;
pub(crate) mod outbox_loses_places;
pub(crate) mod outbox_without_end;
pub(crate) mod policy_taken_for_final;
pub(crate) mod refused_mail_dropped;
pub(crate) mod trouble_untold;
pub(crate) mod unknown_mail_repeated;

// Scenarios.
pub(crate) mod mail_stalls;
pub(crate) mod mails_wait;
pub(crate) mod relay_bars;
pub(crate) mod relay_hangs_long;
pub(crate) mod relay_refuses;

use crate::vocabulary::{PlantedBug, Scenario};

/// The planted bugs that the properties of this module must detect, in the order of the inventory's rows.
pub(crate) fn bugs() -> Vec<PlantedBug> {
    vec![
        mail_awaited::PLANTED,
        outbox_loses_places::PLANTED,
        mails_one_by_one::PLANTED,
        outbox_without_end::PLANTED,
        refused_mail_dropped::PLANTED,
        unknown_mail_repeated::PLANTED,
        trouble_untold::PLANTED,
        policy_taken_for_final::PLANTED,
        gone_tried_again::PLANTED,
    ]
}

/// The scenarios of this module.
pub(crate) fn stories() -> Vec<Scenario> {
    vec![
        mail_stalls::mail_stalls(),
        mails_wait::mails_wait(),
        relay_refuses::relay_refuses(),
        relay_hangs_long::relay_hangs_long(),
        relay_bars::relay_bars_the_service(),
    ]
}
