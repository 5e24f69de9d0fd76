//! The times in which nothing is broken, for properties that judge the service after healing.
//!
//! No property of this kind can promise a whole login, or a mail, while something is broken. What each single answer may
//! be meanwhile is what [`crate::property::AnswersAllowed`] judges, at any time.

use crate::{
    property::{faults, stops::unnoticed},
    vocabulary::{Evidence, Fault},
};

/// It had neither happened nor failed when the run ended, and its deadline is later.
pub(crate) const CUT_SHORT: &str = "its deadline is after the end of the run";
/// A fault was injected, and the nemesis never healed it.
pub(crate) const UNHEALED: &str = "a fault was never healed";
/// A fault was injected before its deadline, and not everything had healed and settled when it began.
pub(crate) const UNSETTLED: &str = "not everything had healed and settled";
/// What had not ended when the run ended.
pub(crate) const UNENDED: &str = "under way when the run ended";

/// The times before the first fault, and after everything has healed and settled.
#[derive(Clone, Copy)]
pub(crate) struct Calm {
    /// When the first fault was injected; `u64::MAX` if there was none.
    pub(crate) first_fault_ms: u64,
    /// The moment from which everything works again; `None` if the last fault has not healed.
    pub(crate) settled_ms: Option<u64>,
    pub(crate) lasts_ms: u64,
}

impl Calm {
    /// Those of a run, if the world needs `settle_ms` to settle after healing. Stops that nobody notices break nothing.
    pub(crate) fn of(evidence: &Evidence<'_>, settle_ms: u64) -> Calm {
        Calm::but_for(evidence, settle_ms, |_| false)
    }

    /// The same, if some faults break nothing.
    pub(crate) fn but_for(evidence: &Evidence<'_>, settle_ms: u64, is_harmless: fn(&Fault) -> bool) -> Calm {
        let unnoticed = unnoticed(evidence.history);
        Calm::without(evidence, settle_ms, |place, fault| {
            is_harmless(fault) || unnoticed.contains(&place)
        })
    }

    /// Those in which each single replica works.
    pub(crate) fn of_each_replica(evidence: &Evidence<'_>, settle_ms: u64) -> Calm {
        Calm::without(evidence, settle_ms, |_, _| false)
    }

    fn without(evidence: &Evidence<'_>, settle_ms: u64, is_harmless: impl Fn(usize, &Fault) -> bool) -> Calm {
        let all: Vec<(u64, usize, &Fault)> = faults(evidence.history).collect();
        let breaks = all.iter().filter(|(_, place, fault)| !is_harmless(*place, fault));
        let mut broken: Vec<(u64, &Fault)> = breaks.map(|(at_ms, _, fault)| (*at_ms, *fault)).collect();
        if broken.len() < all.len() && broken.iter().all(|(_, fault)| **fault == Fault::Heal) {
            broken.clear(); // there was nothing to heal
        }
        Calm {
            first_fault_ms: broken.first().map_or(u64::MAX, |(at_ms, _)| *at_ms),
            settled_ms: match broken.last() {
                None => Some(0),
                Some((at_ms, Fault::Heal)) => Some(at_ms + settle_ms),
                Some(_) => None,
            },
            lasts_ms: evidence.plan.lasts_ms,
        }
    }

    /// Why something that began then is not judged; `None` if it is. It was decided when it ended, or at its deadline if
    /// it had not ended.
    pub(crate) fn excuse(&self, began_ms: u64, decided_ms: u64) -> Option<&'static str> {
        if decided_ms > self.lasts_ms {
            return Some(CUT_SHORT);
        }
        if decided_ms < self.first_fault_ms {
            return None;
        }
        match self.settled_ms {
            None => Some(UNHEALED),
            Some(settled_ms) if began_ms < settled_ms => Some(UNSETTLED),
            Some(_) => None,
        }
    }
}

/// The first excuse that applies, in this order.
pub(crate) fn first_of<const N: usize>(excuses: [(bool, &'static str); N]) -> Option<&'static str> {
    excuses
        .into_iter()
        .find(|(applies, _)| *applies)
        .map(|(_, excuse)| excuse)
}
