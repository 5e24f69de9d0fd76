//! The words in which a scenario says what befalls the world.

use super::dice::{Dice, Spread};
use sim::fault::{Fault, Manner, TimedFault};
use std::time::Duration;

/// What befalls the world, and when: exact times, or spreads from which the seed draws.
#[derive(Clone, Default)]
pub struct Faults {
    entries: Vec<Entry>,
}

#[derive(Clone)]
struct Entry {
    when: When,
    /// The seed picks one of these.
    one_of: Vec<Fault>,
}

#[derive(Clone, Copy)]
enum When {
    At(Spread),
    /// After the entry before it.
    Then(Spread),
}

impl Faults {
    /// Nothing, so far.
    pub fn new() -> Faults {
        Faults::default()
    }

    /// Something strikes at a time.
    pub fn at(self, when: impl Into<Spread>, fault: Fault) -> Faults {
        self.entry(When::At(when.into()), vec![fault])
    }

    /// One of several strikes at a time.
    pub fn one_at(self, when: impl Into<Spread>, one_of: impl Into<Vec<Fault>>) -> Faults {
        self.entry(When::At(when.into()), one_of.into())
    }

    /// Something strikes so long after what was said before.
    pub fn then(self, later: impl Into<Spread>, fault: Fault) -> Faults {
        self.entry(When::Then(later.into()), vec![fault])
    }

    /// Something else strikes at the same moment as what was said before.
    pub fn and(self, fault: Fault) -> Faults {
        self.then(Duration::ZERO, fault)
    }

    /// Everything heals at a time.
    pub fn heal_at(self, when: impl Into<Spread>) -> Faults {
        self.at(when, Fault::Heal)
    }

    fn entry(mut self, when: When, one_of: Vec<Fault>) -> Faults {
        assert!(!one_of.is_empty(), "an entry has a fault");
        self.entries.push(Entry { when, one_of });
        self
    }

    /// The schedule for a stream of draws, in order of time; what strikes at one moment keeps the
    /// order in which it was said.
    pub fn draw(&self, dice: &mut Dice) -> Vec<TimedFault> {
        let mut before_ms = 0;
        let mut drawn: Vec<TimedFault> = self
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

/// SIGKILL.
pub fn kill(host: &str) -> Fault {
    Fault::Kill { host: host.into() }
}
/// The host goes silent and forgets.
pub fn power_loss(host: &str) -> Fault {
    Fault::PowerLoss { host: host.into() }
}
/// Starts a host that is down.
pub fn start(host: &str) -> Fault {
    Fault::Start { host: host.into() }
}
/// SIGSTOP.
pub fn pause(host: &str) -> Fault {
    Fault::Pause { host: host.into() }
}
/// SIGCONT.
pub fn resume(host: &str) -> Fault {
    Fault::Resume { host: host.into() }
}
/// Nothing passes between two hosts.
pub fn cut(a: &str, b: &str) -> Fault {
    Fault::Cut {
        a: a.into(),
        b: b.into(),
    }
}
/// Nothing passes from one host to another.
pub fn cut_one_way(from: &str, to: &str) -> Fault {
    Fault::CutOneWay {
        from: from.into(),
        to: to.into(),
    }
}
/// Undoes cuts between two hosts.
pub fn mend(a: &str, b: &str) -> Fault {
    Fault::Mend {
        a: a.into(),
        b: b.into(),
    }
}
/// A link loses packets.
pub fn loss(a: &str, b: &str, percent: u8) -> Fault {
    Fault::Loss {
        a: a.into(),
        b: b.into(),
        percent,
    }
}
/// A link is slower.
pub fn latency(a: &str, b: &str, added: Duration) -> Fault {
    Fault::Latency {
        a: a.into(),
        b: b.into(),
        added_ms: added.as_millis() as u64,
    }
}
/// A link is slower for a while.
pub fn latency_spike(a: &str, b: &str, added: Duration, lasts: Duration) -> Fault {
    Fault::LatencySpike {
        a: a.into(),
        b: b.into(),
        added_ms: added.as_millis() as u64,
        lasts_ms: lasts.as_millis() as u64,
    }
}
/// The mail relay changes its manners.
pub fn mail(manner: Manner) -> Fault {
    Fault::Mail { manner }
}
/// The analytics hook changes its manners.
pub fn analytics(manner: Manner) -> Fault {
    Fault::Analytics { manner }
}
/// Somebody else holds the directory's write lock.
pub fn directory_busy(lasts: Duration) -> Fault {
    Fault::DirectoryBusy {
        lasts_ms: lasts.as_millis() as u64,
    }
}
/// The disk fails under one replica before its commits.
pub fn disk_fails(host: &str, lasts: Duration) -> Fault {
    Fault::DirectoryIoError {
        host: host.into(),
        after_commit: false,
        lasts_ms: lasts.as_millis() as u64,
    }
}
/// The disk is slow under one replica: each of its commits takes so much longer.
pub fn disk_slow(host: &str, by: Duration, lasts: Duration) -> Fault {
    Fault::DirectorySlow {
        host: host.into(),
        by_ms: by.as_millis() as u64,
        lasts_ms: lasts.as_millis() as u64,
    }
}
/// The disk fails under one replica after its commits: the acknowledgement is lost.
pub fn acknowledgement_lost(host: &str, lasts: Duration) -> Fault {
    Fault::DirectoryIoError {
        host: host.into(),
        after_commit: true,
        lasts_ms: lasts.as_millis() as u64,
    }
}
