//! The words in which a scenario says who does what.

use crate::{
    availability, limits, mailed_code, redemption, session, store,
    vocabulary::{Behaviour, Workload},
    world::hosts,
};
use std::time::Duration;

/// People who log in calmly.
pub struct Logins;

impl Logins {
    /// So many people, one login each.
    pub fn people(count: usize) -> Workload {
        Workload::people(count, Behaviour::MailedCode(mailed_code::Behaviour::LogIn))
    }
    /// One person, by name.
    pub fn of(name: &'static str) -> Workload {
        Workload::named(name, Behaviour::MailedCode(mailed_code::Behaviour::LogIn))
    }
}

/// People who press the button many times.
pub struct ImpatientPeople;

impl ImpatientPeople {
    /// So many people who press the send button so many times at once.
    pub fn clicking(count: usize, clicks: u32) -> Workload {
        Workload::people(
            count,
            Behaviour::MailedCode(mailed_code::Behaviour::LogInImpatiently { clicks }),
        )
    }
}

/// People who stay.
pub struct Visitors;

impl Visitors {
    /// So many people who log in, then look at their account page so many times.
    pub fn looking(count: usize, looks: u32, every: Duration) -> Workload {
        let every_ms = every.as_millis() as u64;
        Workload::people(
            count,
            Behaviour::Session(session::Behaviour::StayLoggedIn { every_ms, looks }),
        )
    }
}

/// People who do not stay.
pub struct SignsOut;

impl SignsOut {
    /// One person, by name, who logs in, looks at the account page and logs out.
    pub fn of(name: &'static str) -> Workload {
        Workload::named(name, Behaviour::Session(session::Behaviour::LogInAndOut)).every(Duration::ZERO)
    }
}

/// People whose relying party presents the code twice at once.
pub struct Racers;

impl Racers {
    /// So many of them.
    pub fn people(count: usize) -> Workload {
        Workload::people(count, Behaviour::Redemption(redemption::Behaviour::RaceCode))
    }
}

/// People whose code somebody tries to burn.
pub struct BurntCodes;

impl BurntCodes {
    /// So many of them.
    pub fn people(count: usize) -> Workload {
        Workload::people(count, Behaviour::Redemption(redemption::Behaviour::BurnCode))
    }
}

/// Anyone who sees every code and presents it again.
pub struct CodeThief;

impl CodeThief {
    /// Replays each code at both replicas: at once, and again after each of these delays.
    pub fn replays_after(delays: &[Duration]) -> Workload {
        let after_ms = delays.iter().map(|delay| delay.as_millis() as u64).collect();
        Workload::named(
            "thief",
            Behaviour::Redemption(redemption::Behaviour::StealCodes { after_ms }),
        )
        .every(Duration::ZERO)
    }
}

/// Anyone who guesses codes.
pub struct Guesser;

impl Guesser {
    /// Guesses the codes of one person.
    pub fn of(victim: &str, guesses: u32, every: Duration) -> Workload {
        let does = Behaviour::Limits(limits::Behaviour::Guess {
            victim: victim.into(),
            guesses,
            every_ms: every.as_millis() as u64,
        });
        Workload::named("guesser", does)
    }
}

/// Anyone who reads over somebody's shoulder.
pub struct Eavesdropper;

impl Eavesdropper {
    /// Types the code of one person's first mail into logins of its own, so long after it came.
    pub fn of(victim: &str, after: Duration) -> Workload {
        let does = Behaviour::MailedCode(mailed_code::Behaviour::PeekAtMail {
            victim: victim.into(),
            after_ms: after.as_millis() as u64,
        });
        Workload::named("eavesdropper", does)
    }
}

/// Anyone who looks from outside whether everything works again.
pub struct Probe;

impl Probe {
    /// A login at one replica, past the balancer.
    pub fn of(replica: &str) -> Workload {
        let letter = replica.rsplit_once('-').map_or(replica, |(_, letter)| letter);
        let replica = replica.to_owned();
        Workload::named(
            format!("probe-{letter}"),
            Behaviour::Availability(availability::Behaviour::LogInAt { replica }),
        )
        .every(Duration::ZERO)
    }

    /// When somebody looks from outside whether everything works again: a login at each replica, past the balancer, and
    /// a look at the Redis nodes. To be said after all other workloads, so that these keep their draws.
    pub fn everything_from(when: Duration) -> [Workload; 3] {
        let probes = [
            Probe::of(hosts::IDP_A),
            Probe::of(hosts::IDP_B),
            Probe::of_replication(),
        ];
        probes.map(|probe| probe.from(when))
    }

    /// A look at the Redis nodes.
    pub fn of_replication() -> Workload {
        Workload::named("operator", Behaviour::Store(store::Behaviour::CheckReplication)).every(Duration::ZERO)
    }
}

/// An operator's monitor.
pub struct Monitor;

impl Monitor {
    /// Asks every replica for its health, with so long between two rounds. To be said after all other workloads, so that
    /// these keep their draws.
    pub fn every(pause: Duration) -> Workload {
        let every_ms = pause.as_millis() as u64;
        let does = Behaviour::Availability(availability::Behaviour::WatchHealth { every_ms });
        Workload::named("monitor", does).every(Duration::ZERO)
    }
}

/// Anyone who has mails sent to somebody else.
pub struct Flooder;

impl Flooder {
    /// Asks for so many codes for one person.
    pub fn of(victim: &str, sends: u32, every: Duration) -> Workload {
        let does = Behaviour::Limits(limits::Behaviour::Flood {
            victim: victim.into(),
            sends,
            every_ms: every.as_millis() as u64,
        });
        Workload::named("flooder", does)
    }
}
