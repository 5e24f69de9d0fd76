//! Links: latency, loss and cuts of one direction.

use rand::RngCore;
use rand_chacha::ChaCha8Rng;

/// Latency and loss of a one-way link between two hosts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinkConfig {
    /// Shortest and longest latency, milliseconds. Most packets take little more than the shortest; every packet takes
    /// at least 1 ms.
    pub latency_ms: (u64, u64),
    /// Added to every packet's latency, milliseconds.
    pub added_ms: u64,
    /// Probability that a packet is lost, from 0 to 1. A lost packet that TCP would retransmit arrives late instead.
    pub loss: f64,
}

pub(super) struct Link {
    pub(super) config: LinkConfig,
    pub(super) cut: bool,
    stream: ChaCha8Rng,
    /// Arrival of the last packet, milliseconds: a link never reorders packets.
    last_ms: u64,
}

impl Link {
    pub(super) fn new(config: LinkConfig, stream: ChaCha8Rng) -> Link {
        Link {
            config,
            cut: false,
            stream,
            last_ms: 0,
        }
    }

    /// The arrival of a packet sent now, milliseconds; `None` if it is lost. The number of draws is always the same, so
    /// that a fault changes only the packets that it affects. The computation uses only integers, because the results
    /// of logarithms and similar functions differ between machines.
    pub(super) fn draw(&mut self, now_ms: u64, open: bool) -> Option<u64> {
        let (luck, fate) = (self.stream.next_u64(), self.stream.next_u32());
        let (min, max) = self.config.latency_ms;
        // The product of two uniform draws: mostly small, sometimes large, a quarter on average.
        let skewed = ((luck >> 32) * (luck & 0xffff_ffff)) >> 32;
        let above_min = (u128::from(max.saturating_sub(min) + 1) * u128::from(skewed)) >> 32;
        let latency_ms = (min + above_min as u64 + self.config.added_ms).max(1);
        let lost = u64::from(fate) < (self.config.loss.clamp(0.0, 1.0) * 4_294_967_296.0) as u64;
        if lost || self.cut || !open {
            return None;
        }
        self.last_ms = self.last_ms.max(now_ms + latency_ms);
        Some(self.last_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::seed, *};

    fn link(latency_ms: (u64, u64), loss: f64) -> Link {
        Link::new(
            LinkConfig {
                latency_ms,
                added_ms: 0,
                loss,
            },
            seed::stream(1, &["test"]),
        )
    }

    #[test]
    fn latency_stays_within_its_bounds_and_reaches_them() {
        let mut link = link((2, 9), 0.0);
        let drawn: Vec<u64> = (0..10_000)
            .map(|i| link.draw(i * 100, true).expect("no loss") - i * 100)
            .collect();
        assert_eq!(drawn.iter().min(), Some(&2));
        assert_eq!(drawn.iter().max(), Some(&9));
        let mean = drawn.iter().sum::<u64>() as f64 / 10_000.0;
        assert!((3.0..4.5).contains(&mean), "mean {mean}");
    }

    #[test]
    fn a_link_never_reorders() {
        let mut link = link((1, 50), 0.0);
        let arrivals: Vec<u64> = (0..1_000).filter_map(|ms| link.draw(ms, true)).collect();
        assert!(arrivals.is_sorted());
    }

    #[test]
    fn loss_is_as_frequent_as_configured_and_uses_the_same_number_of_draws() {
        let mut lossy = link((1, 20), 0.3);
        let mut clean = link((1, 20), 0.0);
        let pairs: Vec<_> = (0..10_000)
            .map(|i| (lossy.draw(i * 100, true), clean.draw(i * 100, true)))
            .collect();
        let lost = pairs.iter().filter(|(lossy, _)| lossy.is_none()).count();
        assert!((2_800..3_200).contains(&lost), "{lost} of 10000");
        assert!(pairs.iter().all(|(lossy, clean)| lossy.is_none() || lossy == clean));
    }

    #[test]
    fn a_cut_or_closed_link_carries_nothing() {
        let mut link = link((1, 1), 0.0);
        assert_eq!(link.draw(0, false), None);
        link.cut = true;
        assert_eq!(link.draw(0, true), None);
        link.cut = false;
        assert_eq!(link.draw(0, true), Some(1));
    }
}
