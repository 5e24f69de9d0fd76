//! The spans in which a replica cannot reach Redis, according to the injected faults and the roles of the nodes.

use crate::vocabulary::{Event, Fault, History};
use std::collections::{BTreeMap, BTreeSet};

/// The broken hosts and links at a moment, and the masters.
#[derive(Default)]
struct Broken {
    /// Whether each node last took the role of master; a node without an entry may be the master.
    masters: BTreeMap<String, bool>,
    /// Hosts that are killed, without power or paused.
    down: BTreeSet<String>,
    /// Links that carry nothing, as (from, to).
    cut: BTreeSet<(String, String)>,
}

impl Broken {
    fn take(&mut self, fault: &Fault) {
        match fault {
            Fault::Kill { host } | Fault::PowerLoss { host } | Fault::Pause { host } => {
                self.down.insert(host.clone());
            }
            Fault::Start { host } | Fault::Resume { host } => {
                self.down.remove(host);
            }
            Fault::Cut { a, b } => {
                self.cut.insert((a.clone(), b.clone()));
                self.cut.insert((b.clone(), a.clone()));
            }
            Fault::CutOneWay { from, to } => {
                self.cut.insert((from.clone(), to.clone()));
            }
            Fault::Mend { a, b } => {
                self.cut.remove(&(a.clone(), b.clone()));
                self.cut.remove(&(b.clone(), a.clone()));
            }
            Fault::Heal => {
                self.down.clear();
                self.cut.clear();
            }
            _ => {}
        }
    }

    fn apart(&self, a: &str, b: &str) -> bool {
        let is_cut = |from: &str, to: &str| self.cut.contains(&(from.to_owned(), to.to_owned()));
        self.down.contains(b) || is_cut(a, b) || is_cut(b, a)
    }

    /// Whether no node that may be master can answer the replica. Where there is no Redis, nobody misses it.
    fn blind(&self, nodes: &[String], replica: &str) -> bool {
        let master = |node: &str| self.masters.get(node).copied().unwrap_or(true);
        !nodes.is_empty() && nodes.iter().all(|node| !master(node) || self.apart(replica, node))
    }
}

/// Spans in which a condition holds, as (from, to) in milliseconds; the last may end at `u64::MAX`.
fn spans(history: &History, condition: impl Fn(&Broken) -> bool) -> Vec<(u64, u64)> {
    let (mut broken, mut since, mut spans) = (Broken::default(), None, vec![]);
    for record in &history.records {
        match &record.event {
            Event::Fault { fault, .. } => broken.take(fault),
            Event::Role { host, role } => {
                broken.masters.insert(host.clone(), role == "master");
            }
            _ => continue,
        }
        match (condition(&broken), since) {
            (true, None) => since = Some(record.at_ms),
            (false, Some(from)) => {
                spans.push((from, record.at_ms));
                since = None;
            }
            _ => {}
        }
    }
    spans.extend(since.map(|from| (from, u64::MAX)));
    spans
}

/// Spans in which a replica is up and no Redis master can answer it.
pub(crate) fn blind(history: &History, nodes: &[String], replica: &str) -> Vec<(u64, u64)> {
    spans(history, |broken| {
        !broken.down.contains(replica) && broken.blind(nodes, replica)
    })
}

/// Spans in which no replica can get an answer from Redis: each is down, or reaches no master.
pub(crate) fn all_blind(history: &History, nodes: &[String], replicas: &[String]) -> Vec<(u64, u64)> {
    spans(history, |broken| {
        replicas
            .iter()
            .all(|replica| broken.down.contains(replica) || broken.blind(nodes, replica))
    })
}
