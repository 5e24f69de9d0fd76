//! The search itself: from step to step, cheapest first.

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

/// Judges the operations on one key, in any order; indices are into `operations`.
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
        return Verdict::Linearizable; // nobody was answered
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

/// What an explanation costs: answers set aside, then operations taken back.
type Cost = (usize, usize);

/// A state, and the states before it that a store could fall back to: what is written later lies on top.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Layer<'a> {
    state: State<'a>,
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
    /// From where, and what the last step placed, if it was not the beginning.
    came: Option<Way>,
}

/// What a step did.
#[derive(Debug, Clone, Copy)]
struct Way {
    from: usize,
    index: usize,
    /// How many layers it took back.
    undone: usize,
    /// Whether its answer was set aside.
    unexplained: bool,
}

/// In which order steps are looked at: cheapest first; of equally cheap ones, what has placed most; then in the
/// order in which a search that writes all of them down would have found them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    cost: Cost,
    left: usize,
    from: usize,
    index: usize,
    /// How many layers are taken back; what sets an answer aside comes after all of those.
    undone: usize,
    effect: usize,
}

/// A step that may be taken. Most never are, so what it leads to is worked out when it is.
struct Step<'a> {
    rank: Rank,
    /// The layer that it is placed on.
    upon: usize,
    /// What it does; none when its answer is set aside.
    effect: Option<Effect<'a>>,
    /// By when it has happened, milliseconds.
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

    /// Tries every operation that may come next: one that was called before any other that is still to be placed had
    /// its answer.
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

    /// Places one operation next: on the state as it is, if its answer fits; else on the newest earlier state that it
    /// fits, with all that was written since taken back. `rank` is that of a step onto the layer `upon`.
    ///
    /// To take back only when an answer asks for it misses no cheaper explanation: what lies on top of a write that is
    /// to be taken back has to go with it, whenever that is. An operation of unknown outcome has no answer that could
    /// ask, so it is tried on every earlier state: see [`Search::fall_back_further`].
    fn place(&mut self, mut rank: Rank, mut upon: usize, by_ms: u64) {
        let known = self.is_known(rank.index);
        loop {
            let Layer { state, below } = self.layers[upon];
            let mut placed = false;
            let effects = effects(state, self.operations[rank.index], by_ms, self.slack_ms);
            for (nth, effect) in effects.into_iter().enumerate() {
                // One of unknown outcome that only looked is no news, and nobody has to be told.
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

    /// After a step of unknown outcome, it is the turn of the same one on the state before: that costs more, so it is
    /// soon enough now.
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

    /// Where a step leads.
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
