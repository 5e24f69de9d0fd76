//! The workloads of scenarios: which people and attackers there are, and what they do.

use crate::{
    availability, directory, http, limits, mailed_code, oddities, redemption, registry, session, store,
    vocabulary::{Behaviour, Workload},
    world::hosts,
};
use sim::scenario::Dice;
use std::{ops::Range, time::Duration};

/// People who log in calmly.
pub struct Logins;

impl Logins {
    /// This number of people, one login each.
    pub fn people(count: usize) -> Workload {
        Workload::people(count, Behaviour::MailedCode(mailed_code::Behaviour::LogIn))
    }
    /// One person, by name.
    pub fn of(name: &'static str) -> Workload {
        Workload::named(name, Behaviour::MailedCode(mailed_code::Behaviour::LogIn))
    }
}

/// People who press the send button many times.
pub struct ImpatientPeople;

impl ImpatientPeople {
    /// This number of people, each of whom presses the send button `clicks` times at once.
    pub fn clicking(count: usize, clicks: u32) -> Workload {
        Workload::people(
            count,
            Behaviour::MailedCode(mailed_code::Behaviour::LogInImpatiently { clicks }),
        )
    }
}

/// People who stay logged in.
pub struct Visitors;

impl Visitors {
    /// This number of people who log in and then look at their account page `looks` times.
    pub fn looking(count: usize, looks: u32, every: Duration) -> Workload {
        let every_ms = every.as_millis() as u64;
        Workload::people(
            count,
            Behaviour::Session(session::Behaviour::StayLoggedIn { every_ms, looks }),
        )
    }
}

/// People who go on with what they have got when they logged in.
pub struct GoesOn;

impl GoesOn {
    /// This number of people, each for a number of rounds within these bounds, and then they sign out.
    pub fn people(count: usize, every: Duration, rounds: Range<u64>) -> Workload {
        let every_ms = every.as_millis() as u64;
        Workload::people_each(count, move |dice| {
            let rounds = dice.between(rounds.start, rounds.end) as u32;
            Behaviour::Session(session::Behaviour::GoOn { every_ms, rounds })
        })
    }
}

/// People who log out again.
pub struct SignsOut;

impl SignsOut {
    /// One person, by name, who logs in, looks at the account page and logs out.
    pub fn of(name: &'static str) -> Workload {
        Workload::named(name, Behaviour::Session(session::Behaviour::LogInAndOut)).every(Duration::ZERO)
    }
}

/// People who log in again in the same browser.
pub struct LogsInAgain;

impl LogsInAgain {
    /// This number of people, each after a time of their own within these bounds.
    pub fn people(count: usize, after: Range<Duration>) -> Workload {
        Workload::people_each(count, move |dice| again(dice, &after, String::new()))
    }

    /// The same, but somebody else logs in then.
    pub fn as_another(count: usize, after: Range<Duration>) -> Workload {
        Workload::people_each(count, move |dice| {
            let whose = format!("friend-{}", dice.between(1, 99));
            again(dice, &after, whose)
        })
    }
}

fn again(dice: &mut Dice, after: &Range<Duration>, whose: String) -> Behaviour {
    let [from_ms, to_ms] = [after.start, after.end].map(|time| time.as_millis() as u64);
    let after_ms = dice.between(from_ms, to_ms);
    Behaviour::Session(session::Behaviour::LogInAgain { after_ms, whose })
}

/// People whose relying party presents the code to all replicas at once.
pub struct Racers;

impl Racers {
    /// This number of people, one login each.
    pub fn people(count: usize) -> Workload {
        Workload::people(count, Behaviour::Redemption(redemption::Behaviour::RaceCode))
    }
}

/// People whose code an attacker tries to burn.
pub struct BurntCodes;

impl BurntCodes {
    /// This number of people, one login each.
    pub fn people(count: usize) -> Workload {
        Workload::people(count, Behaviour::Redemption(redemption::Behaviour::BurnCode))
    }
}

/// An attacker who sees every code and presents it again.
pub struct CodeThief;

impl CodeThief {
    /// Replays each code at all replicas: immediately, and again after each of these delays.
    pub fn replays_after(delays: &[Duration]) -> Workload {
        let after_ms = delays.iter().map(|delay| delay.as_millis() as u64).collect();
        Workload::named(
            "thief",
            Behaviour::Redemption(redemption::Behaviour::StealCodes { after_ms }),
        )
        .every(Duration::ZERO)
    }
}

/// An attacker who guesses codes.
pub struct Guesser;

impl Guesser {
    /// Guesses codes of one person.
    pub fn of(victim: &str, guesses: u32, every: Duration) -> Workload {
        let does = Behaviour::Limits(limits::Behaviour::Guess {
            victim: victim.into(),
            guesses,
            every_ms: every.as_millis() as u64,
            in_one_place: false,
            known_as: None,
        });
        Workload::named("guesser", does)
    }

    /// The same from a single place, which each request denies.
    pub fn in_one_place(victim: &str, guesses: u32, every: Duration) -> Workload {
        let does = Behaviour::Limits(limits::Behaviour::Guess {
            victim: victim.into(),
            guesses,
            every_ms: every.as_millis() as u64,
            in_one_place: true,
            known_as: None,
        });
        Workload::named("liar", does)
    }

    /// The same in a browser in which somebody has logged in before: the attacker, or the victim.
    pub fn known_as(known_as: &str, victim: &str, guesses: u32, every: Duration) -> Workload {
        let does = Behaviour::Limits(limits::Behaviour::Guess {
            victim: victim.into(),
            guesses,
            every_ms: every.as_millis() as u64,
            in_one_place: true,
            known_as: Some(known_as.into()),
        });
        Workload::named(known_as, does)
    }
}

/// An attacker who tries many addresses from one place.
pub struct Sprayer;

impl Sprayer {
    /// Tries so many addresses, each so many times.
    pub fn of(addresses: u32, guesses_each: u32, every: Duration) -> Workload {
        let does = Behaviour::Limits(limits::Behaviour::Spray {
            addresses,
            guesses_each,
            every_ms: every.as_millis() as u64,
        });
        Workload::named("sprayer", does)
    }
}

/// People with several browsers.
pub struct ManyBrowsers;

impl ManyBrowsers {
    /// A person who logs in in so many, one after the other, and some time later once more in each.
    pub fn of(name: &'static str, browsers: u32, every: Duration, back_after: Duration) -> Workload {
        let does = Behaviour::Limits(limits::Behaviour::UseManyBrowsers {
            browsers,
            every_ms: every.as_millis() as u64,
            back_after_ms: back_after.as_millis() as u64,
        });
        Workload::named(name, does).every(Duration::ZERO)
    }
}

/// An attacker who can read somebody else's mail.
pub struct Eavesdropper;

impl Eavesdropper {
    /// Types the code of the victim's first mail into logins of its own, this time after the mail's arrival.
    pub fn of(victim: &str, after: Duration) -> Workload {
        let does = Behaviour::MailedCode(mailed_code::Behaviour::PeekAtMail {
            victim: victim.into(),
            after_ms: after.as_millis() as u64,
        });
        Workload::named("eavesdropper", does)
    }
}

/// Checks from outside whether everything works again.
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

    /// All checks, from a time on: a login at each replica past the balancer, and a check of the Redis nodes. Must be
    /// the last workload of a scenario, so that the others keep their random draws.
    pub fn everything_from(when: Duration) -> [Workload; 3] {
        let probes = [
            Probe::of(hosts::IDP_A),
            Probe::of(hosts::IDP_B),
            Probe::of_replication(),
        ];
        probes.map(|probe| probe.from(when))
    }

    /// A check of the Redis nodes and their replication.
    pub fn of_replication() -> Workload {
        Workload::named("operator", Behaviour::Store(store::Behaviour::CheckReplication)).every(Duration::ZERO)
    }
}

/// A person who logs in, and some time later again, with a code once more.
pub struct Returns;

impl Returns {
    /// A person, by name, who returns after this time.
    pub fn of(name: &'static str, after: Duration) -> Workload {
        let does = Behaviour::Oddity(oddities::Behaviour::LogInTwice {
            after_ms: after.as_millis() as u64,
            scope: "openid profile email".into(),
            prompt: "login".into(),
            max_age: String::new(),
            verifier: String::new(),
        });
        Workload::named(name, does).every(Duration::ZERO)
    }
}

/// People whose browsers restore several tabs at once.
pub struct RestoredTabs;

impl RestoredTabs {
    /// This number of people, each with two to four tabs in which they log in one after the other.
    pub fn people(count: usize) -> Workload {
        Workload::people_each(count, |dice| {
            Behaviour::Oddity(oddities::Behaviour::RestoreTabs {
                tabs: dice.between(2, 4) as u32,
            })
        })
    }
}

/// People whose browsers have cookies of others.
pub struct AmongCookies;

impl AmongCookies {
    /// One person for each of these numbers of cookies that somebody has made up.
    pub fn made_up<const N: usize>(counts: [(&'static str, u32); N]) -> [Workload; N] {
        counts.map(|(name, made_up)| {
            let does = Behaviour::Oddity(oddities::Behaviour::LogInAmongCookies { made_up });
            Workload::named(name, does).every(Duration::ZERO)
        })
    }
}

/// People whom another site sends to log in while they are at it.
pub struct SentElsewhere;

impl SentElsewhere {
    /// This number of people, each of whom is sent one to three times.
    pub fn people(count: usize) -> Workload {
        Workload::people_each(count, |dice| {
            Behaviour::Oddity(oddities::Behaviour::SentByAnotherSite {
                after_ms: dice.between(200, 2500),
                times: dice.between(1, 3) as u32,
                changes: None,
            })
        })
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

/// An operator who reads the directory.
pub struct DirectoryReader;

impl DirectoryReader {
    /// Reads it again and again, with so long between two looks. To be said after all other workloads, so that these keep
    /// their draws.
    pub fn every(pause: Duration) -> Workload {
        let every_ms = pause.as_millis() as u64;
        let does = Behaviour::Directory(directory::Behaviour::ReadDirectory { every_ms });
        Workload::named("database-operator", does).every(Duration::ZERO)
    }
}

/// An operator who changes what is registered.
pub struct Administrator;

impl Administrator {
    /// Gives this number of commands. To be said after all other workloads, so that these keep their draws.
    pub fn giving(commands: u64, every: Duration) -> Workload {
        let every_ms = every.as_millis() as u64;
        let does = Behaviour::Registry(registry::Behaviour::Administer { commands, every_ms });
        Workload::named("administrator", does).every(Duration::ZERO)
    }
}

/// An operator who helps people whose address is locked.
pub struct Operator;

impl Operator {
    /// Looks so many times how many wrong codes in a row a person's address has.
    pub fn watches(whose: &str, looks: u32, every: Duration) -> Workload {
        let does = Behaviour::Limits(limits::Behaviour::WatchFailures {
            whose: whose.into(),
            looks,
            every_ms: every.as_millis() as u64,
        });
        Workload::named(format!("watches-{whose}"), does).every(Duration::ZERO)
    }

    /// Unlocks a person's address.
    pub fn unlocks(whose: &str) -> Workload {
        let does = Behaviour::Limits(limits::Behaviour::Unlock { whose: whose.into() });
        Workload::named(format!("unlocks-{whose}"), does).every(Duration::ZERO)
    }
}

/// An attacker who requests mails for somebody else.
pub struct Flooder;

impl Flooder {
    /// Requests `sends` codes for one person.
    pub fn of(victim: &str, sends: u32, every: Duration) -> Workload {
        let does = Behaviour::Limits(limits::Behaviour::Flood {
            victim: victim.into(),
            sends,
            every_ms: every.as_millis() as u64,
            in_one_place: false,
        });
        Workload::named("flooder", does)
    }

    /// The same from a single place.
    pub fn in_one_place(victim: &str, sends: u32, every: Duration) -> Workload {
        let does = Behaviour::Limits(limits::Behaviour::Flood {
            victim: victim.into(),
            sends,
            every_ms: every.as_millis() as u64,
            in_one_place: true,
        });
        Workload::named("nuisance", does)
    }
}

/// People who leave before they are answered, and ask again.
pub struct HastyPeople;

impl HastyPeople {
    /// This number of people. Each waits for an answer for a time of their own, within these bounds in milliseconds, and
    /// leaves once or twice at each step.
    pub fn waiting(count: usize, from_ms: u64, to_ms: u64) -> Workload {
        Workload::people_each(count, move |dice| {
            Behaviour::Http(http::Behaviour::LogInHastily {
                patience_ms: dice.between(from_ms, to_ms),
                times: dice.between(1, 2) as u32,
            })
        })
    }
}

/// People who log in at clients with a `state` and a `nonce` of their own making.
pub struct Clients;

impl Clients {
    /// Three of them: state and nonce end with this text, so many times.
    pub fn with_state(text: &str, times: u32) -> Workload {
        let text = text.to_owned();
        Workload::people(3, Behaviour::Http(http::Behaviour::LogInWithState { text, times }))
    }
}

/// A stranger who wants nothing but to be in the way.
pub struct Stranger;

impl Stranger {
    /// Holds so many connections to the replicas, one after the other, with this of the head of a request.
    pub fn holds_heads(head: http::Head, connections: u32) -> Workload {
        let does = http::Behaviour::HoldHeads { head, connections };
        Workload::named("slow-stranger", Behaviour::Http(does)).every(Duration::ZERO)
    }

    /// Sends so many requests that are as large as a balancer lets through.
    pub fn sends_largest(requests: u32, every: Duration) -> Workload {
        let every_ms = every.as_millis() as u64;
        let does = http::Behaviour::SendLargest { requests, every_ms };
        Workload::named("stranger", Behaviour::Http(does)).every(Duration::ZERO)
    }
}
