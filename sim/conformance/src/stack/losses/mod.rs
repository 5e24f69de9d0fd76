//! How much acknowledged work is lost when a master dies under load while its link is healthy: real programs and simulation.
//!
//! A lost operation is a GETDEL that was acknowledged although the replica, once promoted, still has the key. (The replica is
//! promoted by hand; it is the one that Sentinel would promote.) The number of lost operations divided by the number
//! acknowledged in a millisecond is **how many milliseconds of acknowledged work are lost**. This figure depends on the
//! programs and on the link, and neither on the throughput nor on how long the load ran.

mod link;
mod real;
mod simulated;

pub use real::real;
pub use simulated::simulated;

use super::ask;
use seams::Env;
use std::fmt;

/// How a master dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// SIGKILL: what it has written to its sockets still arrives.
    Kill,
    /// Its host loses power: what is in transit is lost too.
    PowerLoss,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Cause::Kill => "SIGKILL",
            Cause::PowerLoss => "power loss",
        })
    }
}

/// The conditions of a master's death.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Death {
    /// How it dies.
    pub cause: Cause,
    /// One-way latency of the link to the replica, milliseconds.
    pub link_ms: u64,
}

/// The conditions that are compared.
pub const DEATHS: [Death; 4] = [
    Death {
        cause: Cause::Kill,
        link_ms: 1,
    },
    Death {
        cause: Cause::Kill,
        link_ms: 5,
    },
    Death {
        cause: Cause::PowerLoss,
        link_ms: 1,
    },
    Death {
        cause: Cause::PowerLoss,
        link_ms: 5,
    },
];

/// What one death lost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Loss {
    /// Acknowledged operations that were lost.
    pub lost: u64,
    /// Acknowledged operations in all.
    pub acknowledged: u64,
    /// Operations acknowledged in a millisecond.
    pub per_ms: f64,
}

impl Loss {
    /// Milliseconds of acknowledged work that were lost.
    fn ms(&self) -> f64 {
        self.lost as f64 / self.per_ms
    }
}

/// Deaths under the same conditions, real and simulated.
#[derive(Debug, Clone)]
pub struct LossRate {
    /// The conditions.
    pub death: Death,
    /// The real deaths.
    pub real: Vec<Loss>,
    /// The simulated deaths.
    pub simulated: Vec<Loss>,
}

/// By which factor the model's figure may be too small or too large.
const FACTOR: f64 = 3.0;

impl LossRate {
    /// The figure measured with Redis 7.0.15 on a quiet machine, milliseconds; the few deaths of a comparison are judged
    /// together with it. A kill loses what was answered in the event loop's turn in which it came, so the figure depends on
    /// how many clients are answered in one turn: 16 here.
    pub fn measured_ms(&self) -> f64 {
        match self.death.cause {
            Cause::Kill => 0.109,
            Cause::PowerLoss => self.death.link_ms as f64,
        }
    }

    /// How much a death loses, milliseconds of acknowledged work: the median if nearly every death loses something, the mean
    /// if most lose nothing.
    pub fn figure_ms(&self, losses: &[Loss]) -> f64 {
        match self.death.cause {
            Cause::Kill => mean(losses),
            Cause::PowerLoss => median(losses),
        }
    }

    /// Whether the model's figure is within a factor of three of the real one: that of this comparison, or the measured one.
    pub fn agrees(&self) -> bool {
        let measured = self.measured_ms();
        // If no kill lost anything, they were too few to say more than the measurement.
        let today = Some(self.figure_ms(&self.real))
            .filter(|today| *today > 0.0)
            .unwrap_or(measured);
        let simulated = self.figure_ms(&self.simulated);
        (measured.min(today) / FACTOR..=measured.max(today) * FACTOR).contains(&simulated)
    }
}

fn mean(losses: &[Loss]) -> f64 {
    losses.iter().map(Loss::ms).sum::<f64>() / losses.len().max(1) as f64
}

fn median(losses: &[Loss]) -> f64 {
    let mut ms: Vec<f64> = losses.iter().map(Loss::ms).collect();
    ms.sort_by(f64::total_cmp);
    ms.get(ms.len() / 2).copied().unwrap_or_default()
}

/// Keys in one request.
const KEYS_PER_REQUEST: usize = 1_000;
/// How long such a request may take, milliseconds.
const TIMEOUT_MS: u64 = 5_000;

fn key(n: usize) -> String {
    format!("item:{n}")
}

/// Writes so many items to the master, and waits until its replica has them. False if it never gets them.
async fn fill(env: &Env, master: (&str, u16), items: usize) -> bool {
    let all: Vec<usize> = (0..items).collect();
    let sets = all.chunks(KEYS_PER_REQUEST).map(|chunk| {
        let pairs: Vec<String> = chunk.iter().map(|n| format!("{} v", key(*n))).collect();
        format!("MSET {}", pairs.join(" "))
    });
    let mut commands: Vec<String> = sets.collect();
    commands.push(format!("WAIT 1 {TIMEOUT_MS}"));
    let commands: Vec<&str> = commands.iter().map(String::as_str).collect();
    ask(env, master.0, master.1, &commands, 2 * TIMEOUT_MS).await == "1"
}

/// Promotes the replica, and counts how many of these items it still has.
async fn count_lost(env: &Env, replica: (&str, u16), acknowledged: &[usize]) -> Option<u64> {
    let mut lost = 0;
    if ask(env, replica.0, replica.1, &["REPLICAOF NO ONE"], TIMEOUT_MS).await != "OK" {
        return None;
    }
    for chunk in acknowledged.chunks(KEYS_PER_REQUEST) {
        let keys: Vec<String> = chunk.iter().map(|n| key(*n)).collect();
        let exists = format!("EXISTS {}", keys.join(" "));
        let answer = ask(env, replica.0, replica.1, &[&exists], TIMEOUT_MS).await;
        lost += answer.parse::<u64>().ok()?;
    }
    Some(lost)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn losses(lost: &[u64]) -> Vec<Loss> {
        let loss = |lost: &u64| Loss {
            lost: *lost,
            acknowledged: 1_000,
            per_ms: 10.0,
        };
        lost.iter().map(loss).collect()
    }

    fn rate(cause: Cause, real: &[u64], simulated: &[u64]) -> LossRate {
        LossRate {
            death: Death { cause, link_ms: 5 },
            real: losses(real),
            simulated: losses(simulated),
        }
    }

    #[test]
    fn a_power_loss_loses_what_was_in_transit_within_a_factor_of_three() {
        assert!(rate(Cause::PowerLoss, &[50, 60, 55], &[0, 50, 45]).agrees());
        assert!(rate(Cause::PowerLoss, &[50, 60, 55], &[20, 20, 900]).agrees());
        assert!(!rate(Cause::PowerLoss, &[50, 60, 55], &[0, 0, 50]).agrees());
        assert!(!rate(Cause::PowerLoss, &[50, 60, 55], &[200, 200, 200]).agrees());
    }

    #[test]
    fn a_kill_loses_very_little() {
        assert!(rate(Cause::Kill, &[0, 0, 0], &[0, 0, 0, 4]).agrees());
        assert!(
            !rate(Cause::Kill, &[0, 0, 0], &[0, 0, 0]).agrees(),
            "a model that never loses anything is wrong"
        );
        assert!(!rate(Cause::Kill, &[0, 0, 0], &[5, 5, 5]).agrees());
    }
}
