//! The order in which packets are delivered that arrive in the same millisecond.
//!
//! TCP guarantees an order only within a flow: what one end of a connection sent. Packets of different flows arrive in
//! any order, although a link carries all of them, and a host may react to one of them before it gets the next. If packets
//! were always delivered in the order of sending, and all before any task runs, a process would never see the second
//! request without the first, or a deadline that ends just before the answer arrives.

use super::{flow::Flow, seed};
use rand::{Rng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt,
};

/// The order in which packets are delivered that arrive in the same millisecond.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ArrivalOrder {
    /// In the order in which they were sent, and all of them before any task runs.
    #[default]
    AsSent,
    /// In a random order that TCP permits: those of one flow stay in the order in which they were sent. At up to two random
    /// places tasks run, and what they send leaves, before the rest is delivered.
    Shuffled,
}

impl ArrivalOrder {
    /// Whether it is the default, which plans without an order of arrivals have.
    pub fn is_as_sent(&self) -> bool {
        *self == ArrivalOrder::AsSent
    }
}

impl fmt::Display for ArrivalOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ArrivalOrder::AsSent => "in the order in which they were sent",
            ArrivalOrder::Shuffled => "in a random order that TCP permits",
        })
    }
}

/// The largest number of places at which tasks run between the deliveries of one millisecond. Each costs up to one poll of
/// all kernels, so their number must not grow with the traffic.
const BREAKS_MAX: usize = 2;

/// The place of a packet in transit: its time of arrival and its position among all packets sent.
pub(super) type Key = (u64, u64);

/// Plans the deliveries of an instant.
pub(super) struct Deliveries {
    order: ArrivalOrder,
    random: ChaCha8Rng,
    /// The packets of this instant that have not been delivered yet, in groups: tasks run between two groups.
    groups: VecDeque<Vec<Key>>,
}

impl Deliveries {
    pub(super) fn new(order: ArrivalOrder, seed: u64) -> Deliveries {
        Deliveries {
            order,
            random: seed::stream(seed, &["arrival order"]),
            groups: VecDeque::new(),
        }
    }

    /// Whether each instant must be planned. If not, packets are delivered in the order of their keys.
    pub(super) fn are_planned(&self) -> bool {
        !self.order.is_as_sent()
    }

    /// Plans the deliveries of an instant. `due` are the packets that arrive now, in the order of sending.
    pub(super) fn plan(&mut self, due: &[(Key, Flow)]) {
        // Nothing is drawn in an instant without arrivals, because idle instants may be skipped.
        if !due.is_empty() {
            let keys = self.shuffled(due);
            self.groups = self.divided(&keys);
        }
    }

    /// The packets in a random order, each one that TCP permits as likely as any other.
    fn shuffled(&mut self, due: &[(Key, Flow)]) -> Vec<Key> {
        let mut flows: Vec<Flow> = due.iter().map(|(_, flow)| *flow).collect();
        flows.shuffle(&mut self.random);
        let mut of_flow: BTreeMap<Flow, VecDeque<Key>> = BTreeMap::new();
        for (key, flow) in due {
            of_flow.entry(*flow).or_default().push_back(*key);
        }
        let next_of = |flow| of_flow.get_mut(flow).and_then(VecDeque::pop_front);
        flows.iter().filter_map(next_of).collect()
    }

    /// The packets in groups. If the first group is empty, tasks that a timer has woken run before anything arrives.
    fn divided(&mut self, keys: &[Key]) -> VecDeque<Vec<Key>> {
        let breaks = self.random.random_range(0..=BREAKS_MAX);
        let breaks: BTreeSet<usize> = (0..breaks).map(|_| self.random.random_range(0..keys.len())).collect();
        let ends = breaks.iter().copied().chain([keys.len()]);
        let mut begin = 0;
        ends.map(|end| keys[std::mem::replace(&mut begin, end)..end].to_vec())
            .collect()
    }

    /// The next packets to deliver before tasks run; `None` if no groups are left, or none were planned.
    pub(super) fn next_group(&mut self) -> Option<Vec<Key>> {
        self.groups.pop_front()
    }

    /// Whether all planned packets have been delivered.
    pub(super) fn are_done(&self) -> bool {
        self.groups.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn planned(seed: u64, due: &[(Key, Flow)]) -> Vec<Vec<Key>> {
        let mut deliveries = Deliveries::new(ArrivalOrder::Shuffled, seed);
        deliveries.plan(due);
        let mut groups = vec![];
        while let Some(group) = deliveries.next_group() {
            groups.push(group);
        }
        assert!(deliveries.are_done());
        groups
    }

    /// Packets of these flows, in the order of sending.
    fn sent(flows: &[u8]) -> Vec<(Key, Flow)> {
        let numbered = (1..).zip(flows);
        numbered
            .map(|(order, flow)| ((7, order), Flow::from_bits(u64::from(*flow))))
            .collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn all_arrive_once_and_those_of_one_flow_as_they_were_sent(
            flows in prop::collection::vec(0..5u8, 1..30),
            seed in any::<u64>(),
        ) {
            let due = sent(&flows);
            let groups = planned(seed, &due);
            prop_assert!(groups.len() <= BREAKS_MAX + 1);
            let delivered = groups.concat();
            let all: BTreeSet<Key> = delivered.iter().copied().collect();
            prop_assert_eq!((all.len(), delivered.len()), (due.len(), due.len()));
            let flow_of: BTreeMap<Key, Flow> = due.iter().copied().collect();
            for flow in flow_of.values() {
                let of_flow = delivered.iter().filter(|key| flow_of[*key] == *flow);
                prop_assert!(of_flow.is_sorted());
            }
        }
    }

    #[test]
    fn every_order_that_tcp_permits_occurs_about_equally_often() {
        let due = sent(&[1, 1, 2, 3]);
        let mut seen: BTreeMap<Vec<Key>, u32> = BTreeMap::new();
        for seed in 0..1_200 {
            let order = planned(seed, &due).concat();
            *seen.entry(order).or_default() += 1;
        }
        assert_eq!(seen.len(), 12, "four packets, of which two have an order: 4! / 2!");
        assert!(seen.values().all(|times| (60..140).contains(times)), "{seen:?}");
    }

    #[test]
    fn tasks_run_before_between_or_only_after_them() {
        let due = sent(&[1, 2, 3]);
        let sizes = |seed| planned(seed, &due).iter().map(Vec::len).collect::<Vec<_>>();
        let seen: BTreeSet<Vec<usize>> = (0..200).map(sizes).collect();
        let expected: [&[usize]; 7] = [&[0, 1, 2], &[0, 2, 1], &[0, 3], &[1, 1, 1], &[1, 2], &[2, 1], &[3]];
        assert_eq!(seen, expected.map(<[usize]>::to_vec).into());
    }

    #[test]
    fn nothing_is_drawn_in_an_instant_without_arrivals() {
        let mut deliveries = Deliveries::new(ArrivalOrder::Shuffled, 1);
        deliveries.plan(&[]);
        assert!(deliveries.are_done());
        let due = sent(&[1, 2, 3, 4, 5]);
        deliveries.plan(&due);
        assert_eq!(Vec::from(deliveries.groups), planned(1, &due));
    }
}
