//! The faults of a scenario.

use super::dice::{Dice, Spread};
use crate::{
    fault::{Fault, TimedFault},
    refusal::Refusal,
    service::Service,
    tls::Defect,
};
use std::time::Duration;

/// A schedule of faults: exact times, or spreads from which the seed draws.
#[derive(Clone)]
pub struct Faults<S: Service> {
    entries: Vec<Entry<S>>,
}

impl<S: Service> Default for Faults<S> {
    fn default() -> Faults<S> {
        Faults { entries: vec![] }
    }
}

#[derive(Clone)]
struct Entry<S: Service> {
    when: When,
    /// The faults of which the seed picks one.
    one_of: Vec<Fault<S>>,
}

#[derive(Clone, Copy)]
enum When {
    At(Spread),
    /// At this time after the entry before it.
    Then(Spread),
}

impl<S: Service> Faults<S> {
    /// A schedule without faults.
    pub fn new() -> Faults<S> {
        Faults::default()
    }

    /// Adds a fault at a time.
    pub fn at(self, when: impl Into<Spread>, fault: Fault<S>) -> Faults<S> {
        self.entry(When::At(when.into()), vec![fault])
    }

    /// Adds one of several faults at a time.
    pub fn one_at(self, when: impl Into<Spread>, one_of: impl Into<Vec<Fault<S>>>) -> Faults<S> {
        self.entry(When::At(when.into()), one_of.into())
    }

    /// Adds a fault at this time after the one before it.
    pub fn then(self, later: impl Into<Spread>, fault: Fault<S>) -> Faults<S> {
        self.entry(When::Then(later.into()), vec![fault])
    }

    /// Adds a fault at the same time as the one before it.
    pub fn and(self, fault: Fault<S>) -> Faults<S> {
        self.then(Duration::ZERO, fault)
    }

    /// Heals everything at a time.
    pub fn heal_at(self, when: impl Into<Spread>) -> Faults<S> {
        self.at(when, Fault::Heal)
    }

    fn entry(mut self, when: When, one_of: Vec<Fault<S>>) -> Faults<S> {
        assert!(!one_of.is_empty(), "an entry has a fault");
        self.entries.push(Entry { when, one_of });
        self
    }

    /// Draws the times and faults, and returns them in order of time. Faults at the same time keep the order in which
    /// they were declared.
    pub fn draw(&self, dice: &mut Dice) -> Vec<TimedFault<S>> {
        let mut before_ms = 0;
        let mut drawn: Vec<TimedFault<S>> = self
            .entries
            .iter()
            .map(|entry| {
                before_ms = match entry.when {
                    When::At(spread) => dice.ms(spread),
                    When::Then(spread) => before_ms + dice.ms(spread),
                };
                TimedFault::at(before_ms, dice.pick(&entry.one_of))
            })
            .collect();
        drawn.sort_by_key(|fault| fault.at_ms);
        drawn
    }
}

/// Moves the wall clock of a host.
pub fn clock_jump<S: Service>(host: &str, by_ms: i64) -> Fault<S> {
    Fault::ClockJump {
        host: host.into(),
        by_ms,
    }
}

/// Kills a process (SIGKILL).
pub fn kill<S: Service>(host: &str) -> Fault<S> {
    Fault::Kill { host: host.into() }
}
/// Asks a process of the service to end (SIGTERM).
pub fn stop<S: Service>(host: &str) -> Fault<S> {
    Fault::Stop { host: host.into() }
}
/// Cuts a host's power: it sends nothing more, and forgets everything that was not on disk.
pub fn power_loss<S: Service>(host: &str) -> Fault<S> {
    Fault::PowerLoss { host: host.into() }
}
/// Starts a host that is down.
pub fn start<S: Service>(host: &str) -> Fault<S> {
    Fault::Start { host: host.into() }
}
/// Pauses a process (SIGSTOP).
pub fn pause<S: Service>(host: &str) -> Fault<S> {
    Fault::Pause { host: host.into() }
}
/// Resumes a process (SIGCONT).
pub fn resume<S: Service>(host: &str) -> Fault<S> {
    Fault::Resume { host: host.into() }
}
/// Cuts the link between two hosts in both directions.
pub fn cut<S: Service>(a: &str, b: &str) -> Fault<S> {
    Fault::Cut {
        a: a.into(),
        b: b.into(),
    }
}
/// Cuts the link from one host to another.
pub fn cut_one_way<S: Service>(from: &str, to: &str) -> Fault<S> {
    Fault::CutOneWay {
        from: from.into(),
        to: to.into(),
    }
}
/// Undoes cuts between two hosts.
pub fn mend<S: Service>(a: &str, b: &str) -> Fault<S> {
    Fault::Mend {
        a: a.into(),
        b: b.into(),
    }
}
/// Makes a link lose this percentage of packets.
pub fn loss<S: Service>(a: &str, b: &str, percent: u8) -> Fault<S> {
    Fault::Loss {
        a: a.into(),
        b: b.into(),
        percent,
    }
}
/// Makes a link slower.
pub fn latency<S: Service>(a: &str, b: &str, added: Duration) -> Fault<S> {
    Fault::Latency {
        a: a.into(),
        b: b.into(),
        added_ms: added.as_millis() as u64,
    }
}
/// Makes a link slower for a while.
pub fn latency_spike<S: Service>(a: &str, b: &str, added: Duration, lasts: Duration) -> Fault<S> {
    Fault::LatencySpike {
        a: a.into(),
        b: b.into(),
        added_ms: added.as_millis() as u64,
        lasts_ms: lasts.as_millis() as u64,
    }
}
/// Makes a Redis node refuse commands.
pub fn redis_refuses<S: Service>(host: &str, why: Refusal, lasts: Duration) -> Fault<S> {
    Fault::RedisRefuses {
        host: host.into(),
        why,
        lasts_ms: lasts.as_millis() as u64,
    }
}
/// Makes a Sentinel ask for a password.
pub fn sentinel_refuses<S: Service>(host: &str, lasts: Duration) -> Fault<S> {
    Fault::SentinelRefuses {
        host: host.into(),
        lasts_ms: lasts.as_millis() as u64,
    }
}
/// Makes the disk of one host fail before each commit.
pub fn disk_fails<S: Service>(host: &str, lasts: Duration) -> Fault<S> {
    Fault::DiskError {
        host: host.into(),
        after_commit: false,
        lasts_ms: lasts.as_millis() as u64,
    }
}
/// Makes the disk of one host slow: each of its commits takes longer by this time.
pub fn disk_slow<S: Service>(host: &str, by: Duration, lasts: Duration) -> Fault<S> {
    Fault::DiskSlow {
        host: host.into(),
        by_ms: by.as_millis() as u64,
        lasts_ms: lasts.as_millis() as u64,
    }
}
/// Lets a process of the service have no file descriptor left.
pub fn no_descriptors<S: Service>(host: &str, lasts: Duration) -> Fault<S> {
    Fault::NoDescriptors {
        host: host.into(),
        lasts_ms: lasts.as_millis() as u64,
    }
}
/// Shows whoever connects to a host anew a certificate that it should not believe.
pub fn bad_certificate<S: Service>(host: &str, why: Defect, lasts: Duration) -> Fault<S> {
    Fault::BadCertificate {
        host: host.into(),
        why,
        lasts_ms: lasts.as_millis() as u64,
    }
}
/// Makes the disk of one host fail after each commit: only the acknowledgement is lost.
pub fn acknowledgement_lost<S: Service>(host: &str, lasts: Duration) -> Fault<S> {
    Fault::DiskError {
        host: host.into(),
        after_commit: true,
        lasts_ms: lasts.as_millis() as u64,
    }
}
