//! Changes of the world, which a story shows as lines across the page.

use super::{
    sentinel::{self, Hosts},
    words,
};
use crate::{
    history::{Event, Record},
    service::Service,
};

/// The kind of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChangeKind {
    /// Something broke.
    Fault,
    /// Something works again.
    Repair,
    /// A host has another role, or ends as it was asked to; this is neither a fault nor a repair.
    Role,
}

/// A change of the world, as a sentence without a full stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) what: String,
    pub(super) kind: ChangeKind,
}

impl Change {
    /// The change that a record describes, if it describes one.
    pub(super) fn of<S: Service>(record: &Record<S>, hosts: &Hosts) -> Option<Change> {
        let repair = |repairs| if repairs { ChangeKind::Repair } else { ChangeKind::Fault };
        let (what, kind) = match &record.event {
            Event::Fault {
                fault,
                in_flight,
                after,
            } => (
                words::injected(fault, *in_flight, after.as_ref()),
                repair(fault.repairs()),
            ),
            Event::Role { host, role } => (format!("{host} is now a Redis {role}"), ChangeKind::Role),
            Event::Ready { host, ready, why } => {
                let what = match ready {
                    true => format!("{host} opens its port: ready"),
                    false => format!("{host} closes its port: {why}"),
                };
                (what, repair(*ready))
            }
            Event::Exit { host, how } => (format!("{host} has ended: {how}"), ChangeKind::Role),
            Event::Sentinel { says, .. } => {
                let new = sentinel::new_master(says, hosts)?;
                let what = format!("{} tells clients that the Redis master is now {new}", record.who);
                (what, ChangeKind::Role)
            }
            _ => return None,
        };
        Some(Change { what, kind })
    }
}
