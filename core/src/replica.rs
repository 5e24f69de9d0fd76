//! One replica, put together.

use crate::seams::{Analytics, AuthStateStore, Directory, Mailer};
use std::sync::Arc;

/// The parts that a replica is made of. Each is a seam: the simulation may wrap one to observe it,
/// or to plant a mistake that the properties must find.
#[derive(Clone)]
pub struct Wiring {
    /// Short-lived state.
    pub store: Arc<dyn AuthStateStore>,
    /// The durable truth.
    pub directory: Arc<dyn Directory>,
    /// Outgoing mail.
    pub mailer: Arc<dyn Mailer>,
    /// Outgoing login events.
    pub analytics: Arc<dyn Analytics>,
}
