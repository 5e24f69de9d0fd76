//! How the mail relay and the analytics hook behave at the moment.

use crate::login::Mode;
use std::sync::{Arc, Mutex};

/// The mode of one host, set by a fault and read by the host. Clones share it.
#[derive(Clone, Debug)]
pub struct PeerMode {
    current: Arc<Mutex<Mode>>,
}

impl Default for PeerMode {
    /// Healthy.
    fn default() -> PeerMode {
        PeerMode {
            current: Arc::new(Mutex::new(Mode::Healthy)),
        }
    }
}

impl PeerMode {
    /// How it behaves now.
    pub fn now(&self) -> Mode {
        *self.current.lock().expect("nobody panics while holding the mode")
    }

    /// How it behaves from now on.
    pub fn set(&self, mode: Mode) {
        *self.current.lock().expect("nobody panics while holding the mode") = mode;
    }
}
