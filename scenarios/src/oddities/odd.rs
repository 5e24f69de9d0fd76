//! In which way somebody is odd: their requests are changed, wait, or come again.

use super::{
    change::{Change, changes},
    draft::Draft,
    pool::Pool,
    rule_breakers::GROUPS,
    tried::Tried,
};
use crate::http::haste::Haste;
use std::time::Duration;

/// How many changes of each request are tried before the request itself.
const CHANGES_EACH: usize = 3;

/// In which way somebody is odd.
#[derive(Debug, Clone, Default)]
pub(crate) struct Odd {
    /// Which changes of their requests are tried: the first of each request's list that is tried.
    pub(crate) changes: Option<u32>,
    /// Instead, those that nobody has tried yet.
    pub(crate) untried: Option<Tried>,
    /// How their client proves itself, if it has a secret: in the header, or in the form. None: as it happens.
    pub(crate) basic: Option<bool>,
    /// What they wait for before a request for this path.
    pub(crate) wait: Option<(String, Duration)>,
    /// After which times a request for this path comes again.
    pub(crate) again: Vec<(String, Duration)>,
    /// The PKCE verifier that their client uses, if not a good one.
    pub(crate) verifier: Option<String>,
    /// What their client adds to each `state` and `nonce`.
    pub(crate) state_suffix: String,
    /// How little patience they have.
    pub(crate) haste: Option<Haste>,
    /// What their client asks for otherwise: parameters of the authorization request, without those that are empty.
    pub(crate) asks: Vec<(String, String)>,
}

impl Odd {
    /// How long to wait before a request.
    pub(crate) fn wait_before(&self, path: &str) -> Option<Duration> {
        self.wait
            .as_ref()
            .filter(|(before, _)| before == path)
            .map(|(_, wait)| *wait)
    }

    /// After which times a request comes again.
    pub(crate) fn again_after(&self, path: &str) -> impl Iterator<Item = Duration> {
        let again = self.again.iter().filter(move |(after, _)| after == path);
        again.map(|(_, again)| *again)
    }

    /// The changed requests to try before this one.
    pub(crate) fn changed(&self, draft: &Draft, pool: &Pool) -> Vec<Draft> {
        if let Some(untried) = &self.untried {
            return untried.next(draft, pool);
        }
        let Some(first) = self.changes else { return vec![] };
        let all: Vec<Change> = changes(draft);
        debug_assert!(
            all.len() <= GROUPS as usize * CHANGES_EACH,
            "{} changes of {} {}: more than there are groups for, so that some would never be tried",
            all.len(),
            draft.method,
            draft.path
        );
        let tried = (0..CHANGES_EACH).map(|n| &all[(first as usize * CHANGES_EACH + n) % all.len()]);
        tried.filter_map(|change| change.apply(draft, pool)).collect()
    }

    /// An authorization request, asked otherwise.
    pub(crate) fn ask(&self, params: &mut Vec<(String, String)>) {
        for (name, value) in &self.asks {
            params.retain(|(other, _)| other != name);
            if !value.is_empty() {
                params.push((name.clone(), value.clone()));
            }
        }
    }
}
