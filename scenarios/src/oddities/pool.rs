//! What those who break rules know of other people's requests.

use super::draft::Draft;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

/// The name of a cookie, without what tells one login in progress from another: what somebody else's login has may be put in the
/// place of one's own.
pub(super) fn kind_of(name: &str) -> &str {
    const OF_A_FLOW: &str = "flow-";
    match name.find(OF_A_FLOW) {
        Some(at) => &name[..at + OF_A_FLOW.len()],
        None => name,
    }
}

/// What anybody has sent so far, by the name of the parameter or cookie: what those who break rules put into requests of
/// theirs. Clones share it.
#[derive(Clone, Default)]
pub struct Pool(Arc<Mutex<BTreeMap<String, Vec<String>>>>);

impl Pool {
    /// Remembers the values of a request.
    pub(crate) fn learn(&self, draft: &Draft) {
        let mut known = self.0.lock().expect("nobody panics while holding the pool");
        let form = draft.form.iter().flatten();
        let cookies = draft.cookies.iter().map(|(name, value)| (kind_of(name), value));
        let params = draft
            .query
            .iter()
            .chain(form)
            .map(|(name, value)| (name.as_str(), value));
        for (name, value) in params.chain(cookies) {
            let values = known.entry(name.to_owned()).or_default();
            if !values.contains(value) {
                values.push(value.clone());
            }
        }
    }

    /// Remembers a value that somebody got.
    pub(crate) fn keep(&self, name: &str, value: &str) {
        let mut known = self.0.lock().expect("nobody panics while holding the pool");
        known.entry(name.to_owned()).or_default().push(value.to_owned());
    }

    /// The latest value of this name that is another one.
    pub(crate) fn other(&self, name: &str, than: &str) -> Option<String> {
        let known = self.0.lock().expect("nobody panics while holding the pool");
        known
            .get(kind_of(name))?
            .iter()
            .rev()
            .find(|value| *value != than)
            .cloned()
    }
}
