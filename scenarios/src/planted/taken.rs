//! What a replica has taken from its store: whoever writes one of these again puts it back.

use idp::store::{Key, Namespace};
use std::{collections::BTreeSet, sync::Mutex};

/// The keys of one namespace that a replica has taken, or may have.
pub(crate) struct Taken {
    of: Namespace,
    keys: Mutex<BTreeSet<String>>,
}

impl Taken {
    /// None yet.
    pub(crate) fn of(of: Namespace) -> Taken {
        Taken {
            of,
            keys: Mutex::default(),
        }
    }

    /// It takes this key.
    pub(crate) fn takes(&self, key: &Key) {
        if key.namespace == self.of {
            self.keys().insert(key.id.clone());
        }
    }

    /// Whether it has taken this key.
    pub(crate) fn has(&self, key: &Key) -> bool {
        key.namespace == self.of && self.keys().contains(&key.id)
    }

    fn keys(&self) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
        self.keys.lock().expect("nobody panics while holding it")
    }
}
