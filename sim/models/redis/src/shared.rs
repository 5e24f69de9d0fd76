//! The node as shared by the tasks of its server.

use super::node::Node;
use std::sync::{Arc, Mutex, MutexGuard};

/// The node, shared by its tasks; never held across an await.
#[derive(Clone)]
pub(super) struct Shared(Arc<Mutex<Node>>);

impl Shared {
    pub(super) fn new(node: Node) -> Shared {
        Shared(Arc::new(Mutex::new(node)))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Node> {
        self.0.lock().expect("no code panics while holding the node")
    }

    /// The same for destructors, which must not panic: `None` if the lock is poisoned.
    pub(super) fn lock_if_sound(&self) -> Option<MutexGuard<'_, Node>> {
        self.0.lock().ok()
    }
}
