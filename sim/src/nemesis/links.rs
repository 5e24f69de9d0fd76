//! The state of the links: faults of latency and loss may overlap, and each ends by itself.

use crate::{
    driver::Simulator,
    engine::{HostId, LinkConfig},
};
use std::collections::BTreeMap;

type Ends = (HostId, HostId);

#[derive(Default)]
struct Trouble {
    added_ms: u64,
    percent: u8,
    spikes_ms: BTreeMap<u64, u64>, // by the number of the spike
}

/// The faults of each link. A link is identified by its ends in ascending order, because these faults are symmetric.
pub(super) struct Links {
    troubled: BTreeMap<Ends, Trouble>,
    spikes: u64,
}

/// A latency spike that has begun and must end.
pub(super) struct Spike {
    ends: Ends,
    number: u64,
}

impl Links {
    pub(super) fn new() -> Links {
        Links {
            troubled: BTreeMap::new(),
            spikes: 0,
        }
    }

    pub(super) fn lose(&mut self, engine: &dyn Simulator, ends: Ends, percent: u8) {
        self.change(engine, ends, |trouble| trouble.percent = percent);
    }

    pub(super) fn slow(&mut self, engine: &dyn Simulator, ends: Ends, added_ms: u64) {
        self.change(engine, ends, |trouble| trouble.added_ms = added_ms);
    }

    pub(super) fn begin_spike(&mut self, engine: &dyn Simulator, ends: Ends, added_ms: u64) -> Spike {
        self.spikes += 1;
        let number = self.spikes;
        self.change(engine, ends, |trouble| {
            trouble.spikes_ms.insert(number, added_ms);
        });
        Spike { ends, number }
    }

    /// Ends a spike; does nothing if everything has healed meanwhile.
    pub(super) fn end_spike(&mut self, engine: &dyn Simulator, spike: Spike) {
        self.change(engine, spike.ends, |trouble| {
            trouble.spikes_ms.remove(&spike.number);
        });
    }

    pub(super) fn heal(&mut self, engine: &dyn Simulator) {
        for ends in self.troubled.keys().copied().collect::<Vec<_>>() {
            self.change(engine, ends, |trouble| *trouble = Trouble::default());
        }
    }

    fn change(&mut self, engine: &dyn Simulator, (a, b): Ends, change: impl FnOnce(&mut Trouble)) {
        let trouble = self.troubled.entry((a.min(b), a.max(b))).or_default();
        change(trouble);
        let added_ms = trouble.added_ms + trouble.spikes_ms.values().sum::<u64>();
        let loss = f64::from(trouble.percent) / 100.0;
        for (from, to) in [(a, b), (b, a)] {
            let latency_ms = engine.link(from, to).latency_ms;
            engine.set_link(
                from,
                to,
                LinkConfig {
                    latency_ms,
                    added_ms,
                    loss,
                },
            );
        }
    }
}
