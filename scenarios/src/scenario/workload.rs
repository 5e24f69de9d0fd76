//! The words in which a scenario says who does what.

use super::{
    dice::{Dice, Spread, secs},
    hosts,
};
use sim::plan::{Behaviour, Operation};
use std::time::Duration;

/// People's names. Each person in a run logs in once, so that nobody meets a limit by accident.
const NAMES: [&str; 48] = [
    "ann", "ben", "cleo", "dan", "eve", "finn", "gus", "hana", "ines", "jon", "kim", "leo", "mia", "ned", "oona",
    "pia", "quin", "rosa", "sam", "tess", "uma", "vic", "wes", "xena", "yuri", "zoe", "abel", "bea", "cal", "dora",
    "emil", "faye", "gil", "hope", "ivo", "june", "kurt", "lena", "max", "nora", "otto", "paul", "rita", "saul", "tom",
    "ursa", "vera", "will",
];

/// Hands out each name once.
#[derive(Default)]
pub struct Cast {
    given: usize,
}

impl Cast {
    /// Somebody who has not been named before.
    pub fn somebody(&mut self) -> String {
        let name = NAMES[self.given % NAMES.len()];
        let round = self.given / NAMES.len();
        self.given += 1;
        match round {
            0 => name.to_owned(),
            round => format!("{name}-{}", round + 1),
        }
    }
}

/// Who does what, and when.
#[derive(Clone)]
pub struct Workload {
    who: Who,
    does: Behaviour,
    from: Spread,
    every: Duration,
}

#[derive(Clone)]
enum Who {
    People(usize),
    Named(&'static str),
}

impl Workload {
    fn new(who: Who, does: Behaviour) -> Workload {
        Workload {
            who,
            does,
            from: secs(1).into(),
            every: secs(1),
        }
    }

    /// When the first of them begins.
    pub fn from(mut self, when: impl Into<Spread>) -> Workload {
        self.from = when.into();
        self
    }

    /// Between the beginnings of two of them, on average; the seed moves each a little.
    pub fn every(mut self, gap: Duration) -> Workload {
        self.every = gap;
        self
    }

    /// By another name, where there are several of a kind.
    pub fn called(mut self, name: &'static str) -> Workload {
        self.who = Who::Named(name);
        self
    }

    /// The operations for a stream of draws.
    pub fn draw(&self, dice: &mut Dice, cast: &mut Cast) -> Vec<Operation> {
        let from_ms = dice.ms(self.from);
        let gap_ms = self.every.as_millis() as u64;
        let names: Vec<String> = match self.who {
            Who::People(count) => (0..count).map(|_| cast.somebody()).collect(),
            Who::Named(name) => vec![name.to_owned()],
        };
        let operation = |(index, who): (usize, String)| Operation {
            at_ms: from_ms + index as u64 * gap_ms + dice.between(0, gap_ms),
            who,
            does: self.does.clone(),
        };
        names.into_iter().enumerate().map(operation).collect()
    }
}

/// People who log in calmly.
pub struct Logins;

impl Logins {
    /// So many people, one login each.
    pub fn people(count: usize) -> Workload {
        Workload::new(Who::People(count), Behaviour::LogIn)
    }
    /// One person, by name.
    pub fn of(name: &'static str) -> Workload {
        Workload::new(Who::Named(name), Behaviour::LogIn)
    }
}

/// People who press the button many times.
pub struct ImpatientPeople;

impl ImpatientPeople {
    /// So many people who press the send button so many times at once.
    pub fn clicking(count: usize, clicks: u32) -> Workload {
        Workload::new(Who::People(count), Behaviour::LogInImpatiently { clicks })
    }
}

/// People who stay.
pub struct Visitors;

impl Visitors {
    /// So many people who log in, then look at their account page so many times.
    pub fn looking(count: usize, looks: u32, every: Duration) -> Workload {
        let every_ms = every.as_millis() as u64;
        Workload::new(Who::People(count), Behaviour::StayLoggedIn { every_ms, looks })
    }
}

/// People whose relying party presents the code twice at once.
pub struct Racers;

impl Racers {
    /// So many of them.
    pub fn people(count: usize) -> Workload {
        Workload::new(Who::People(count), Behaviour::RaceCode)
    }
}

/// People whose code somebody tries to burn.
pub struct BurntCodes;

impl BurntCodes {
    /// So many of them.
    pub fn people(count: usize) -> Workload {
        Workload::new(Who::People(count), Behaviour::BurnCode)
    }
}

/// Whoever sees every code and presents it again.
pub struct CodeThief;

impl CodeThief {
    /// Replays each code at both replicas: at once, and again after each of these delays.
    pub fn replays_after(delays: &[Duration]) -> Workload {
        let after_ms = delays.iter().map(|delay| delay.as_millis() as u64).collect();
        Workload::new(Who::Named("thief"), Behaviour::StealCodes { after_ms }).every(Duration::ZERO)
    }
}

/// Whoever guesses codes.
pub struct Guesser;

impl Guesser {
    /// Guesses the codes of one person.
    pub fn of(victim: &str, guesses: u32, every: Duration) -> Workload {
        let does = Behaviour::Guess {
            victim: victim.into(),
            guesses,
            every_ms: every.as_millis() as u64,
        };
        Workload::new(Who::Named("guesser"), does)
    }
}

/// Whoever reads over somebody's shoulder.
pub struct Eavesdropper;

impl Eavesdropper {
    /// Types the code of one person's first mail into logins of its own, so long after it came.
    pub fn of(victim: &str, after: Duration) -> Workload {
        let does = Behaviour::PeekAtMail {
            victim: victim.into(),
            after_ms: after.as_millis() as u64,
        };
        Workload::new(Who::Named("eavesdropper"), does)
    }
}

/// Whoever looks from outside whether everything works again.
pub struct Probe;

impl Probe {
    /// A login at one replica, past the balancer.
    pub fn of(replica: &'static str) -> Workload {
        let name = match replica {
            hosts::IDP_A => "probe-a",
            _ => "probe-b",
        };
        let replica = replica.to_owned();
        Workload::new(Who::Named(name), Behaviour::LogInAt { replica }).every(Duration::ZERO)
    }

    /// A look at the Redis nodes.
    pub fn of_replication() -> Workload {
        Workload::new(Who::Named("operator"), Behaviour::CheckReplication).every(Duration::ZERO)
    }
}

/// Whoever has mails sent to somebody else.
pub struct Flooder;

impl Flooder {
    /// Asks for so many codes for one person.
    pub fn of(victim: &str, sends: u32, every: Duration) -> Workload {
        let does = Behaviour::Flood {
            victim: victim.into(),
            sends,
            every_ms: every.as_millis() as u64,
        };
        Workload::new(Who::Named("flooder"), does)
    }
}
