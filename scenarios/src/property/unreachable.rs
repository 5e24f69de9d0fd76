//! When Redis is out of a replica's reach, as the faults that struck say.

use super::faults;
use sim::{fault::Fault, history::History};
use std::collections::BTreeSet;

/// The Redis nodes.
const NODES: [&str; 2] = ["redis-1", "redis-2"];

/// What is broken at a moment.
#[derive(Default)]
struct Broken {
    /// Killed, without power or paused.
    still: BTreeSet<String>,
    /// Links that carry nothing, from and to.
    cut: BTreeSet<(String, String)>,
}

impl Broken {
    fn take(&mut self, fault: &Fault) {
        match fault {
            Fault::Kill { host } | Fault::PowerLoss { host } | Fault::Pause { host } => {
                self.still.insert(host.clone());
            }
            Fault::Start { host } | Fault::Resume { host } => {
                self.still.remove(host);
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
            Fault::Heal => *self = Broken::default(),
            _ => {}
        }
    }

    fn apart(&self, a: &str, b: &str) -> bool {
        let is_cut = |from: &str, to: &str| self.cut.contains(&(from.to_owned(), to.to_owned()));
        self.still.contains(b) || is_cut(a, b) || is_cut(b, a)
    }

    /// Whether neither node can answer the replica.
    fn blind(&self, replica: &str) -> bool {
        NODES.iter().all(|node| self.apart(replica, node))
    }
}

/// Spans in which a condition holds over what is broken; the last may end at `u64::MAX`.
fn spans(history: &History, condition: impl Fn(&Broken) -> bool) -> Vec<(u64, u64)> {
    let (mut broken, mut since, mut spans) = (Broken::default(), None, vec![]);
    for (at_ms, _, fault) in faults(history) {
        broken.take(fault);
        match (condition(&broken), since) {
            (true, None) => since = Some(at_ms),
            (false, Some(from)) => {
                spans.push((from, at_ms));
                since = None;
            }
            _ => {}
        }
    }
    spans.extend(since.map(|from| (from, u64::MAX)));
    spans
}

/// Spans in which a replica is up and neither Redis node can answer it.
pub(crate) fn blind(history: &History, replica: &str) -> Vec<(u64, u64)> {
    spans(history, |broken| !broken.still.contains(replica) && broken.blind(replica))
}

/// Spans in which no replica can have an answer from Redis: each is still, or blind.
pub(crate) fn all_blind(history: &History, replicas: &[&str]) -> Vec<(u64, u64)> {
    spans(history, |broken| {
        replicas.iter().all(|replica| broken.still.contains(*replica) || broken.blind(replica))
    })
}
