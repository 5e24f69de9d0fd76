//! `maxmemory`: how memory is counted, and which keys are evicted.
//!
//! Memory is estimated: the bytes of keys and values, a constant for each key and each element, and the memory of an empty
//! server. Redis asks its allocator instead, so the two agree within about ten per cent, not to the byte. Eviction works as in
//! Redis (the best of five random keys is evicted), without its pool of candidates.
//! The LFU policies are deliberately absent.

use super::config::Moment;
use super::dataset::Entry;
use super::keyspace::is_one_of;
use super::node::Node;
use bytes::Bytes;
use rand::Rng;

pub(super) const OOM: &str = "OOM command not allowed when used memory > 'maxmemory'.";

/// Memory of an empty server of 7.0.15, bytes (measured).
const EMPTY_SERVER: usize = 915_000;

/// `maxmemory-policy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Policy {
    /// None is evicted; writes are refused (OOM).
    #[default]
    NoEviction,
    /// The key not used for longest.
    AllKeysLru,
    /// Any key.
    AllKeysRandom,
    /// Among those with an expiry, the one not used for longest.
    VolatileLru,
    /// Among those with an expiry, any.
    VolatileRandom,
    /// The one that would expire first.
    VolatileTtl,
}

impl Policy {
    const ALL: [Policy; 6] = [
        Policy::VolatileLru,
        Policy::VolatileRandom,
        Policy::VolatileTtl,
        Policy::AllKeysLru,
        Policy::AllKeysRandom,
        Policy::NoEviction,
    ];

    /// Its name in `maxmemory-policy`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Policy::NoEviction => "noeviction",
            Policy::AllKeysLru => "allkeys-lru",
            Policy::AllKeysRandom => "allkeys-random",
            Policy::VolatileLru => "volatile-lru",
            Policy::VolatileRandom => "volatile-random",
            Policy::VolatileTtl => "volatile-ttl",
        }
    }

    /// The policy of that name.
    ///
    /// # Errors
    /// There is no such policy, or the model does not have it.
    pub(super) fn named(name: &[u8]) -> Result<Policy, &'static str> {
        if is_one_of(name, &["volatile-lfu", "allkeys-lfu"]) {
            return Err("the LFU policies are absent here");
        }
        let found = Self::ALL.into_iter().find(|policy| is_one_of(name, &[policy.name()]));
        found.ok_or("argument(s) must be one of the following: volatile-lru, volatile-lfu, volatile-random, volatile-ttl, allkeys-lru, allkeys-lfu, allkeys-random, noeviction")
    }

    fn only_volatile(self) -> bool {
        matches!(self, Policy::VolatileLru | Policy::VolatileRandom | Policy::VolatileTtl)
    }

    /// The key with the lowest worth is evicted first.
    fn worth(self, entry: &Entry) -> i64 {
        match self {
            Policy::VolatileTtl => entry.expires_at_ms.unwrap_or(i64::MAX),
            Policy::AllKeysLru | Policy::VolatileLru => entry.used_mono_ms as i64,
            _ => 0,
        }
    }
}

impl Node {
    /// Starts to count memory.
    pub(super) fn weigh_everything(&mut self) {
        self.data.iter_mut().for_each(super::dataset::Dataset::weigh_all);
    }

    /// Estimated memory in use, bytes.
    pub(super) fn used_memory(&self) -> usize {
        EMPTY_SERVER + self.data.iter().map(|(_, data)| data.weight()).sum::<usize>()
    }

    /// Evicts keys until there is room (performEvictions). False: memory stays full. Replicas leave eviction to their master,
    /// and nothing changes during CLIENT PAUSE.
    pub(super) fn evict(&mut self, now: Moment) -> bool {
        if !self.role.is_master() || self.paused_at(now).is_some() {
            return true;
        }
        while self.used_memory() as u64 > self.config.maxmemory {
            let Some((db, key)) = self.candidate() else {
                return false;
            };
            self.stats.evicted_keys += 1;
            self.remove_unasked(db, &key);
            // Each eviction is replicated by itself, before the command that needs the room.
            self.propagate(now);
        }
        true
    }

    fn candidate(&mut self) -> Option<(u8, Bytes)> {
        let policy = self.config.maxmemory_policy;
        let samples = super::options::number(&self.options, "maxmemory-samples") as usize;
        let mut best: Option<(i64, u8, Bytes)> = None;
        if policy == Policy::NoEviction {
            return None;
        }
        for (db, data) in self.data.iter() {
            let number = if policy.only_volatile() {
                data.expiring()
            } else {
                data.len()
            };
            for _ in 0..samples.min(number) {
                let nth = self.random.random_range(0..number);
                let sample = if policy.only_volatile() {
                    data.nth_expiring(nth)
                } else {
                    data.nth(nth)
                };
                let (key, entry) = sample.expect("there are so many");
                let worth = policy.worth(entry);
                if best.as_ref().is_none_or(|(least, ..)| worth < *least) {
                    best = Some((worth, db, key.clone()));
                }
            }
        }
        best.map(|(_, db, key)| (db, key))
    }
}
