//! The search: a shortest-path search over the orders of operations, cheapest steps first.

use super::{
    Ending, Operation, Verdict,
    limits::Limits,
    model::{Effect, State, effects},
};
use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;
use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
};

/// Checks the operations on one key, given in any order; indices are into `operations`.
pub fn check_key(operations: &[&Operation], limits: &Limits) -> Verdict {
    let mut search = Search {
        operations,
        slack_ms: limits.slack_ms,
        layers: IndexSet::default(),
        nodes: vec![],
        queue: BinaryHeap::new(),
    };
    let start = search.start();
    if start.left == 0 {
        return Verdict::Linearizable; // there are no answers to explain
    }
    search.expand(start, (0, 0));
    let mut seen = IndexSet::<_, FxBuildHasher>::default();
    while let Some(Reverse(step)) = search.queue.pop() {
        if step.rank.left == 0 {
            return search.verdict(&step);
        }
        search.fall_back_further(&step);
        let node = search.take(&step);
        if !seen.insert((node.done.clone(), node.layer)) {
            continue;
        }
        if seen.len() >= limits.configurations {
            return Verdict::TooLarge;
        }
        search.expand(node, step.rank.cost);
    }
    unreachable!("an answer that nothing explains can always be set aside")
}

/// The cost of an explanation: the number of unexplained answers, then the number of lost operations.
type Cost = (usize, usize);

/// A state, and the earlier states that a store could fall back to: later writes are layers on top of earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Layer<'a> {
    state: State<'a>,
    /// The operation that wrote it, and the layer below it; `None` for the empty store at the beginning.
    below: Option<(usize, usize)>,
}

/// A node of the search, and the way to it.
struct Node {
    /// The operations that have been placed, one bit for each.
    done: Vec<u64>,
    /// The state and its earlier states.
    layer: usize,
    /// Number of answered operations that have not been placed yet.
    left: usize,
    /// The last step; `None` at the beginning.
    came: Option<Way>,
}

/// A step that was taken.
#[derive(Debug, Clone, Copy)]
struct Way {
    from: usize,
    index: usize,
    /// Number of layers that were lost.
    undone: usize,
    /// Whether its answer is unexplained.
    unexplained: bool,
}

/// The order in which steps are examined: cheapest first; of equally cheap ones, the one that has placed most operations; then
/// in the order in which an exhaustive search would find them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    cost: Cost,
    left: usize,
    from: usize,
    index: usize,
    /// Number of layers that are lost. A step with an unexplained answer comes after all others.
    undone: usize,
    effect: usize,
}

/// A step that may be taken. Most are never taken, so its result is computed only when it is.
struct Step<'a> {
    rank: Rank,
    /// The layer that it is placed on.
    upon: usize,
    /// Its effect; `None` if its answer is unexplained.
    effect: Option<Effect<'a>>,
    /// The latest moment at which it happened, milliseconds.
    by_ms: u64,
}

impl PartialEq for Step<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.rank == other.rank
    }
}

impl Eq for Step<'_> {}

impl PartialOrd for Step<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Step<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank.cmp(&other.rank)
    }
}

struct Search<'a> {
    operations: &'a [&'a Operation],
    slack_ms: u64,
    layers: IndexSet<Layer<'a>, FxBuildHasher>,
    nodes: Vec<Node>,
    queue: BinaryHeap<Reverse<Step<'a>>>,
}

impl<'a> Search<'a> {
    fn is_known(&self, index: usize) -> bool {
        matches!(self.operations[index].ending, Ending::Answered { .. })
    }

    fn start(&mut self) -> Node {
        let (layer, _) = self.layers.insert_full(Layer {
            state: None,
            below: None,
        });
        Node {
            done: vec![0; self.operations.len().div_ceil(64)],
            layer,
            left: (0..self.operations.len()).filter(|index| self.is_known(*index)).count(),
            came: None,
        }
    }

    /// Tries every operation that may come next: one whose call came before the answer of every other operation that is not
    /// placed yet.
    fn expand(&mut self, node: Node, cost: Cost) {
        let is_waiting = |index: &usize| node.done[index / 64] & 1 << (index % 64) == 0;
        let answered_at = |index: usize| match &self.operations[index].ending {
            Ending::Answered { at, .. } => Some(*at),
            _ => None,
        };
        let waiting = (0..self.operations.len()).filter(is_waiting);
        let Some(horizon) = waiting.clone().filter_map(answered_at).min() else {
            return; // all answers are explained
        };
        let may_be_next = |index: &usize| {
            let operation = self.operations[*index];
            operation.ending != Ending::NotDone && operation.began < horizon
        };
        let next: Vec<usize> = waiting.filter(may_be_next).collect();
        let (from, left, layer) = (self.nodes.len(), node.left, node.layer);
        self.nodes.push(node);
        for index in next {
            let rank = Rank {
                cost,
                left: left - usize::from(self.is_known(index)),
                from,
                index,
                undone: 0,
                effect: 0,
            };
            self.place(rank, layer, horizon.ms);
            if self.is_known(index) {
                let rank = Rank {
                    cost: (cost.0 + 1, cost.1),
                    undone: usize::MAX,
                    ..rank
                };
                self.queue.push(Reverse(Step {
                    rank,
                    upon: layer,
                    effect: None,
                    by_ms: horizon.ms,
                }));
            }
        }
    }

    /// Places one operation next: on the current state, if its answer fits; otherwise on the newest earlier state that it fits,
    /// where everything written since is lost. `rank` is that of a step onto the layer `upon`.
    ///
    /// Losing writes only when an answer requires it misses no cheaper explanation: the layers on top of a lost write are lost
    /// with it, at whatever moment. An operation of unknown outcome has no answer that could require it, so it is tried on every
    /// earlier state: see [`Search::fall_back_further`].
    fn place(&mut self, mut rank: Rank, mut upon: usize, by_ms: u64) {
        let known = self.is_known(rank.index);
        loop {
            let Layer { state, below } = self.layers[upon];
            let mut placed = false;
            let effects = effects(state, self.operations[rank.index], by_ms, self.slack_ms);
            for (nth, effect) in effects.into_iter().enumerate() {
                // An operation of unknown outcome that changed nothing need not be placed.
                if matches!(effect, Some(Effect::Wrote(_))) || (known && effect.is_some()) {
                    placed = true;
                    self.queue.push(Reverse(Step {
                        rank: Rank { effect: nth, ..rank },
                        upon,
                        effect,
                        by_ms,
                    }));
                }
            }
            let Some((_, lower)) = below else { return };
            if placed {
                return;
            }
            upon = lower;
            rank.undone += 1;
            rank.cost.1 += 1;
        }
    }

    /// After a step of unknown outcome, adds the same step on the earlier state. It costs more, so this is early enough.
    fn fall_back_further(&mut self, step: &Step<'a>) {
        let Layer { state, below } = self.layers[step.upon];
        let Some((_, lower)) = below else { return };
        let operation = self.operations[step.rank.index];
        let is_first = || {
            let effects = effects(state, operation, step.by_ms, self.slack_ms);
            let first = effects
                .iter()
                .position(|effect| matches!(effect, Some(Effect::Wrote(_))));
            first == Some(step.rank.effect)
        };
        if !self.is_known(step.rank.index) && is_first() {
            let (set_aside, taken_back) = step.rank.cost;
            let rank = Rank {
                cost: (set_aside, taken_back + 1),
                undone: step.rank.undone + 1,
                ..step.rank
            };
            self.place(rank, lower, step.by_ms);
        }
    }

    /// The node to which a step leads.
    fn take(&mut self, step: &Step<'a>) -> Node {
        let Rank { from, index, left, .. } = step.rank;
        let layer = match step.effect {
            Some(Effect::Wrote(state)) => Some(Layer {
                state,
                below: Some((index, step.upon)),
            }),
            Some(Effect::Found(state)) => Some(Layer {
                state,
                below: self.layers[step.upon].below,
            }),
            None => None,
        };
        let layer = layer.map_or(step.upon, |layer| self.layers.insert_full(layer).0);
        let mut done = self.nodes[from].done.clone();
        done[index / 64] |= 1 << (index % 64);
        Node {
            done,
            layer,
            left,
            came: Some(step.way()),
        }
    }

    fn verdict(&self, last: &Step<'a>) -> Verdict {
        let (mut undone, mut unexplained) = (vec![], vec![]);
        let mut came = Some(last.way());
        while let Some(way) = came {
            let before = &self.nodes[way.from];
            let mut layer = before.layer;
            for _ in 0..way.undone {
                let (writer, below) = self.layers[layer].below.expect("a step takes back what was written");
                undone.push(writer);
                layer = below;
            }
            unexplained.extend(way.unexplained.then_some(way.index));
            came = before.came;
        }
        undone.sort_unstable();
        unexplained.sort_unstable();
        match undone.is_empty() && unexplained.is_empty() {
            true => Verdict::Linearizable,
            false => Verdict::Broken { undone, unexplained },
        }
    }
}

impl Step<'_> {
    fn way(&self) -> Way {
        let unexplained = self.effect.is_none();
        Way {
            from: self.rank.from,
            index: self.rank.index,
            undone: if unexplained { 0 } else { self.rank.undone },
            unexplained,
        }
    }
}
