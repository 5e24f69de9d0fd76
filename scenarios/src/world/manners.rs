//! How the mail relay and the analytics hook behave at the moment.

use crate::fault::Manner;
use std::sync::{Arc, Mutex};

/// The manner of one host, set by the nemesis and looked at by the host. Clones share it.
#[derive(Clone, Debug)]
pub struct Manners {
    current: Arc<Mutex<Manner>>,
}

impl Manners {
    /// Healthy.
    pub fn healthy() -> Manners {
        Manners {
            current: Arc::new(Mutex::new(Manner::Healthy)),
        }
    }

    /// How it behaves now.
    pub fn now(&self) -> Manner {
        *self.current.lock().expect("nobody panics while holding the manners")
    }

    /// How it behaves from now on.
    pub fn set(&self, manner: Manner) {
        *self.current.lock().expect("nobody panics while holding the manners") = manner;
    }
}
