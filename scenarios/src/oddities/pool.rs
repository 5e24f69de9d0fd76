//! What those who break rules know of other people's requests.

use super::draft::Draft;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

/// What anybody has sent so far, by the name of the parameter or cookie: what those who break rules put into requests of
/// theirs. Clones share it.
#[derive(Clone, Default)]
pub struct Pool(Arc<Mutex<BTreeMap<String, Vec<String>>>>);

impl Pool {
    /// Remembers the values of a request.
    pub(crate) fn learn(&self, draft: &Draft) {
        let mut known = self.0.lock().expect("nobody panics while holding the pool");
        let form = draft.form.iter().flatten();
        for (name, value) in draft.query.iter().chain(form).chain(&draft.cookies) {
            let values = known.entry(name.clone()).or_default();
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
        known.get(name)?.iter().rev().find(|value| *value != than).cloned()
    }
}
