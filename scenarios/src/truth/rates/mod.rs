//! How much acknowledged work a master takes back that dies under load, with a healthy link: on the real programs and in
//! the simulation.
//!
//! What is counted are redemptions (GETDEL) that were acknowledged and whose code its replica still has once it has been
//! promoted (by hand: it is the one that Sentinel would promote). Divided by how many were acknowledged in a millisecond
//! that is **how many milliseconds of acknowledged work the death took back**: a figure of the programs and of the link,
//! and neither of the throughput nor of how long the load ran.

mod line;
mod real;
mod simulated;

pub use real::real;
pub use simulated::simulated;

use super::stack::ask::ask;
use seams::Env;

/// How a master dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// SIGKILL: what it has written to its sockets still arrives.
    Killed,
    /// Its host loses power: what is on its way is lost.
    WithoutPower,
}

/// Deaths of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// How.
    pub way: Way,
    /// What the link to the replica takes, one way, milliseconds.
    pub link_ms: u64,
}

/// What is compared.
pub const KINDS: [Kind; 4] = [
    Kind {
        way: Way::Killed,
        link_ms: 1,
    },
    Kind {
        way: Way::Killed,
        link_ms: 5,
    },
    Kind {
        way: Way::WithoutPower,
        link_ms: 1,
    },
    Kind {
        way: Way::WithoutPower,
        link_ms: 5,
    },
];

/// What one death took back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Toll {
    /// Acknowledged redemptions that came back.
    pub taken: u64,
    /// Acknowledged redemptions in all.
    pub acknowledged: u64,
    /// Acknowledged in a millisecond.
    pub per_ms: f64,
}

impl Toll {
    /// Milliseconds of acknowledged work.
    fn ms(&self) -> f64 {
        self.taken as f64 / self.per_ms
    }
}

/// Deaths of one kind in both worlds.
#[derive(Debug, Clone)]
pub struct Rate {
    /// Which.
    pub kind: Kind,
    /// Of real masters.
    pub real: Vec<Toll>,
    /// Of simulated ones.
    pub simulated: Vec<Toll>,
}

/// By how much the model may be wrong, either way.
const FACTOR: f64 = 3.0;

impl Rate {
    /// What a death took back on a quiet machine, milliseconds: measured with Redis 7.0.15. What a few deaths of today
    /// are added to. A kill takes back what was answered in the turn in which it came, so it hangs on how many clients are
    /// answered at once: 16 here.
    pub fn measured_ms(&self) -> f64 {
        match self.kind.way {
            Way::Killed => 0.109,
            Way::WithoutPower => self.kind.link_ms as f64,
        }
    }

    /// What a death takes back, milliseconds of acknowledged work: in the median where every death takes something,
    /// and on average where most take nothing.
    pub fn figure(&self, tolls: &[Toll]) -> f64 {
        match self.kind.way {
            Way::Killed => mean(tolls),
            Way::WithoutPower => median(tolls),
        }
    }

    /// Whether the model's figure is within a factor of three of the real one: today's, or that of the measurement.
    pub fn agrees(&self) -> bool {
        let measured = self.measured_ms();
        // Few kills may take nothing at all, which says nothing.
        let today = Some(self.figure(&self.real))
            .filter(|today| *today > 0.0)
            .unwrap_or(measured);
        let simulated = self.figure(&self.simulated);
        (measured.min(today) / FACTOR..=measured.max(today) * FACTOR).contains(&simulated)
    }
}

fn mean(tolls: &[Toll]) -> f64 {
    tolls.iter().map(Toll::ms).sum::<f64>() / tolls.len().max(1) as f64
}

fn median(tolls: &[Toll]) -> f64 {
    let mut ms: Vec<f64> = tolls.iter().map(Toll::ms).collect();
    ms.sort_by(f64::total_cmp);
    ms.get(ms.len() / 2).copied().unwrap_or_default()
}

/// Keys of one request that fills or looks.
const AT_A_TIME: usize = 1_000;
/// How long such a request may take, milliseconds.
const PATIENCE_MS: u64 = 5_000;

fn key(n: usize) -> String {
    format!("code:{n}")
}

/// Gives the master so many codes, and waits until its replica has them. False if it never gets them.
async fn fill(env: &Env, master: (&str, u16), codes: usize) -> bool {
    let all: Vec<usize> = (0..codes).collect();
    let sets = all.chunks(AT_A_TIME).map(|chunk| {
        let pairs: Vec<String> = chunk.iter().map(|n| format!("{} v", key(*n))).collect();
        format!("MSET {}", pairs.join(" "))
    });
    let mut commands: Vec<String> = sets.collect();
    commands.push(format!("WAIT 1 {PATIENCE_MS}"));
    let commands: Vec<&str> = commands.iter().map(String::as_str).collect();
    ask(env, master.0, master.1, &commands, 2 * PATIENCE_MS).await == "1"
}

/// Promotes the replica, and counts which of these codes it still has.
async fn came_back(env: &Env, replica: (&str, u16), acknowledged: &[usize]) -> Option<u64> {
    let mut taken = 0;
    if ask(env, replica.0, replica.1, &["REPLICAOF NO ONE"], PATIENCE_MS).await != "OK" {
        return None;
    }
    for chunk in acknowledged.chunks(AT_A_TIME) {
        let keys: Vec<String> = chunk.iter().map(|n| key(*n)).collect();
        let exists = format!("EXISTS {}", keys.join(" "));
        let answer = ask(env, replica.0, replica.1, &[&exists], PATIENCE_MS).await;
        taken += answer.parse::<u64>().ok()?;
    }
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tolls(taken: &[u64]) -> Vec<Toll> {
        let toll = |taken: &u64| Toll {
            taken: *taken,
            acknowledged: 1_000,
            per_ms: 10.0,
        };
        taken.iter().map(toll).collect()
    }

    fn rate(way: Way, real: &[u64], simulated: &[u64]) -> Rate {
        Rate {
            kind: Kind { way, link_ms: 5 },
            real: tolls(real),
            simulated: tolls(simulated),
        }
    }

    #[test]
    fn power_takes_back_what_was_on_its_way_within_a_factor_of_three() {
        assert!(rate(Way::WithoutPower, &[50, 60, 55], &[0, 50, 45]).agrees());
        assert!(rate(Way::WithoutPower, &[50, 60, 55], &[20, 20, 900]).agrees());
        assert!(!rate(Way::WithoutPower, &[50, 60, 55], &[0, 0, 50]).agrees());
        assert!(!rate(Way::WithoutPower, &[50, 60, 55], &[200, 200, 200]).agrees());
    }

    #[test]
    fn a_kill_takes_back_next_to_nothing() {
        assert!(rate(Way::Killed, &[0, 0, 0], &[0, 0, 0, 4]).agrees());
        assert!(
            !rate(Way::Killed, &[0, 0, 0], &[0, 0, 0]).agrees(),
            "never is too seldom"
        );
        assert!(!rate(Way::Killed, &[0, 0, 0], &[5, 5, 5]).agrees());
    }
}
