//! The search for an order that explains all answers.

use super::{
    Ending, Operation, Verdict, Verdicts,
    model::{Effect, State, effects},
};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap},
};

/// How hard to search, and how exactly lifetimes are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// By how much the clocks that decide about expiry may be off, milliseconds.
    pub slack_ms: u64,
    /// How many configurations to look at for each key.
    pub configurations: usize,
}

impl Default for Limits {
    /// A millisecond, for rounding; a hundred thousand configurations, which takes well under a second.
    fn default() -> Limits {
        Limits {
            slack_ms: 1,
            configurations: 100_000,
        }
    }
}

/// Judges each key by itself.
pub fn check(operations: &[Operation], limits: &Limits) -> Verdicts {
    let mut keys: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, operation) in operations.iter().enumerate() {
        keys.entry(&operation.key).or_default().push(index);
    }
    let judged = keys.into_iter().map(|(key, indices)| {
        let of_key: Vec<_> = indices.iter().map(|index| &operations[*index]).collect();
        let verdict = match check_key(&of_key, limits) {
            Verdict::Broken { undone, unexplained } => Verdict::Broken {
                undone: undone.into_iter().map(|index| indices[index]).collect(),
                unexplained: unexplained.into_iter().map(|index| indices[index]).collect(),
            },
            verdict => verdict,
        };
        (key.to_owned(), verdict)
    });
    Verdicts {
        operations: operations.len(),
        unknown: operations.iter().filter(|o| o.ending == Ending::Unknown).count(),
        keys: judged.collect(),
    }
}

/// Judges the operations on one key, in any order; indices are into `operations`.
pub fn check_key(operations: &[&Operation], limits: &Limits) -> Verdict {
    let mut search = Search {
        operations,
        slack_ms: limits.slack_ms,
        layers: vec![],
        known_layers: BTreeMap::new(),
        nodes: vec![],
        queue: BinaryHeap::new(),
    };
    search.start();
    let mut seen = BTreeSet::new();
    while let Some((Reverse(cost), _, Reverse(node))) = search.queue.pop() {
        if search.nodes[node].left == 0 {
            return search.verdict(node);
        }
        if !seen.insert((search.nodes[node].done.clone(), search.nodes[node].layer)) {
            continue;
        }
        if seen.len() > limits.configurations {
            return Verdict::TooLarge;
        }
        search.expand(node, cost);
    }
    unreachable!("an answer that nothing explains can always be set aside")
}

/// What an explanation costs: answers set aside, then operations taken back.
type Cost = (usize, usize);

/// A state, and the states before it that a store could fall back to: what is written later lies on top.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Layer {
    state: State,
    /// What wrote it, and the layer that it wrote upon; none for the empty store at the beginning.
    below: Option<(usize, usize)>,
}

/// Where the search has got to, and how.
struct Node {
    /// Which operations have been placed, a bit each.
    done: Vec<u64>,
    /// The state and its past.
    layer: usize,
    /// How many answered operations have not been placed yet.
    left: usize,
    /// From where.
    from: Option<usize>,
    /// What the last step took back or set aside.
    undone: Vec<usize>,
    unexplained: Option<usize>,
}

struct Search<'a> {
    operations: &'a [&'a Operation],
    slack_ms: u64,
    layers: Vec<Layer>,
    known_layers: BTreeMap<Layer, usize>,
    nodes: Vec<Node>,
    /// Cheapest first; of equally cheap ones, what has placed most; then in order of discovery.
    queue: BinaryHeap<(Reverse<Cost>, Reverse<usize>, Reverse<usize>)>,
}

impl Search<'_> {
    fn start(&mut self) {
        let layer = self.layer(Layer {
            state: None,
            below: None,
        });
        let answered = |o: &&&Operation| matches!(o.ending, Ending::Answered { .. });
        let node = Node {
            done: vec![0; self.operations.len().div_ceil(64)],
            layer,
            left: self.operations.iter().filter(answered).count(),
            from: None,
            undone: vec![],
            unexplained: None,
        };
        self.push(node, (0, 0));
    }

    fn layer(&mut self, layer: Layer) -> usize {
        let next = self.layers.len();
        let id = *self.known_layers.entry(layer.clone()).or_insert(next);
        if id == next {
            self.layers.push(layer);
        }
        id
    }

    fn push(&mut self, node: Node, cost: Cost) {
        let id = self.nodes.len();
        self.queue.push((Reverse(cost), Reverse(node.left), Reverse(id)));
        self.nodes.push(node);
    }

    /// Tries every operation that may come next: one that was called before any other that is still to be placed had
    /// its answer.
    fn expand(&mut self, from: usize, cost: Cost) {
        let done = self.nodes[from].done.clone();
        let waiting: Vec<usize> = (0..self.operations.len())
            .filter(|index| done[index / 64] & 1 << (index % 64) == 0)
            .collect();
        let answered_at = |index: &usize| match &self.operations[*index].ending {
            Ending::Answered { at, .. } => Some(*at),
            _ => None,
        };
        let Some(horizon) = waiting.iter().filter_map(answered_at).min() else {
            return; // all answers are explained
        };
        for index in waiting {
            let operation = self.operations[index];
            if operation.ending != Ending::NotDone && operation.began < horizon {
                self.place(from, index, horizon.ms, cost);
            }
        }
    }

    /// Places one operation next, at `by_ms` at the latest: on the state as it is, if its answer fits; else on the newest earlier state that it
    /// fits, with all that was written since taken back; or its answer is set aside.
    ///
    /// To take back only when an answer asks for it misses no cheaper explanation: what lies on top of a write that is
    /// to be taken back has to go with it, whenever that is. An operation of unknown outcome has no answer that could
    /// ask, so it is tried on every earlier state.
    fn place(&mut self, from: usize, index: usize, by_ms: u64, (set_aside, taken_back): Cost) {
        let operation = self.operations[index];
        let known = matches!(operation.ending, Ending::Answered { .. });
        let (mut layer, mut undone) = (self.nodes[from].layer, vec![]);
        loop {
            let effects = effects(&self.layers[layer].state, operation, by_ms, self.slack_ms);
            let fits = !effects.is_empty();
            for effect in effects {
                let Some(next) = self.after(layer, index, effect, known) else {
                    continue;
                };
                let node = self.step(from, index, next, undone.clone(), None);
                self.push(node, (set_aside, taken_back + undone.len()));
            }
            let Some((writer, below)) = self.layers[layer].below else {
                break;
            };
            if fits && known {
                break;
            }
            undone.push(writer);
            layer = below;
        }
        if known {
            let node = self.step(from, index, self.nodes[from].layer, vec![], Some(index));
            self.push(node, (set_aside + 1, taken_back));
        }
    }

    /// The layer after an effect; none if that is no news and nobody has to be told.
    fn after(&mut self, layer: usize, index: usize, effect: Effect, known: bool) -> Option<usize> {
        match effect {
            Effect::Wrote(state) => Some(self.layer(Layer {
                state,
                below: Some((index, layer)),
            })),
            Effect::Found(state) if known => {
                let below = self.layers[layer].below;
                Some(self.layer(Layer { state, below }))
            }
            Effect::Found(_) => None,
        }
    }

    fn step(&self, from: usize, index: usize, layer: usize, undone: Vec<usize>, unexplained: Option<usize>) -> Node {
        let before = &self.nodes[from];
        let mut done = before.done.clone();
        done[index / 64] |= 1 << (index % 64);
        let known = matches!(self.operations[index].ending, Ending::Answered { .. });
        Node {
            done,
            layer,
            left: before.left - usize::from(known),
            from: Some(from),
            undone,
            unexplained,
        }
    }

    fn verdict(&self, last: usize) -> Verdict {
        let (mut undone, mut unexplained) = (vec![], vec![]);
        let mut at = Some(last);
        while let Some(node) = at.map(|id| &self.nodes[id]) {
            undone.extend(&node.undone);
            unexplained.extend(node.unexplained);
            at = node.from;
        }
        undone.sort_unstable();
        unexplained.sort_unstable();
        match undone.is_empty() && unexplained.is_empty() {
            true => Verdict::Linearizable,
            false => Verdict::Broken { undone, unexplained },
        }
    }
}
