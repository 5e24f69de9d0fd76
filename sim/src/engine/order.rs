//! The order in which tasks run that can run at the same time.
//!
//! A real host guarantees no order: another thread may be faster, a core may be busy. If tasks always ran in the order
//! of waking, races inside a process would stay hidden, because its tasks would interleave only as the network makes
//! them.

use super::{executor::TaskId, seed};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
};

/// The order in which tasks run that can run at the same time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// In the order in which they were woken.
    #[default]
    FirstCome,
    /// A random one each time.
    Shuffled,
    /// By priorities that are drawn for each task; from time to time the task with the highest priority is put behind
    /// all others. A race that needs a few exchanges in a certain order is found with a known probability (Burckhardt
    /// and others, "A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs", 2010).
    Priorities,
}

impl Order {
    /// Whether it is the default, which plans without an order have.
    pub fn is_first_come(&self) -> bool {
        *self == Order::FirstCome
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Order::FirstCome => "in the order in which they were woken",
            Order::Shuffled => "in a random order",
            Order::Priorities => "by priorities that sometimes change",
        })
    }
}

/// The largest number of polls between two changes of priorities.
const POLLS_BETWEEN_CHANGES_MAX: u32 = 400;

/// Picks the task that runs next.
pub(super) struct Scheduler {
    order: Order,
    random: ChaCha8Rng,
    /// Priorities of tasks that may run; the greatest runs first.
    priorities: BTreeMap<TaskId, u64>,
    /// Counts down: the priority of the last task that was put behind all others.
    behind: u64,
    polls_to_change: u32,
}

impl Scheduler {
    pub(super) fn new(order: Order, seed: u64) -> Scheduler {
        Scheduler {
            order,
            random: seed::stream(seed, &["order"]),
            priorities: BTreeMap::new(),
            behind: 1 << 32,
            polls_to_change: POLLS_BETWEEN_CHANGES_MAX,
        }
    }

    /// The position of the next task in `woken`; `None` if it is empty.
    pub(super) fn pick(&mut self, woken: &VecDeque<TaskId>) -> Option<usize> {
        match (self.order, woken.len()) {
            (_, 0) => None,
            (Order::FirstCome, _) => Some(0),
            (Order::Shuffled, count) => Some(self.random.random_range(0..count)),
            (Order::Priorities, _) => Some(self.by_priority(woken)),
        }
    }

    fn by_priority(&mut self, woken: &VecDeque<TaskId>) -> usize {
        for task in woken {
            let (random, behind) = (&mut self.random, 1 << 32);
            self.priorities
                .entry(*task)
                .or_insert_with(|| random.random_range(behind..u64::MAX));
        }
        let (at, task) = (woken.iter().enumerate())
            .max_by_key(|(at, task)| (self.priorities[task], std::cmp::Reverse(*at)))
            .expect("one at least can run");
        self.polls_to_change -= 1;
        if self.polls_to_change == 0 {
            self.polls_to_change = self.random.random_range(1..=POLLS_BETWEEN_CHANGES_MAX);
            self.behind -= 1;
            self.priorities.insert(*task, self.behind);
        }
        at
    }

    /// Forgets the priority of a task that has ended.
    pub(super) fn forget(&mut self, task: TaskId) {
        self.priorities.remove(&task);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn picks(order: Order, seed: u64) -> Vec<TaskId> {
        let mut scheduler = Scheduler::new(order, seed);
        let mut woken: VecDeque<TaskId> = (0..40).collect();
        let mut picked = vec![];
        while let Some(at) = scheduler.pick(&woken) {
            picked.extend(woken.remove(at));
        }
        assert!(scheduler.pick(&woken).is_none());
        picked
    }

    #[test]
    fn each_runs_once_in_an_order_that_the_seed_decides() {
        assert_eq!(picks(Order::FirstCome, 1), (0..40).collect::<Vec<_>>());
        for order in [Order::Shuffled, Order::Priorities] {
            assert_eq!(picks(order, 1), picks(order, 1));
            assert_ne!(picks(order, 1), picks(order, 2));
            assert_eq!(picks(order, 1).into_iter().collect::<BTreeSet<_>>().len(), 40);
        }
    }

    #[test]
    fn who_falls_behind_lets_the_others_pass() {
        let mut scheduler = Scheduler::new(Order::Priorities, 1);
        let woken: VecDeque<TaskId> = [1, 2].into();
        let first: BTreeSet<usize> = (0..2_000).filter_map(|_| scheduler.pick(&woken)).collect();
        assert_eq!(first.len(), 2, "neither is always first");
    }
}
