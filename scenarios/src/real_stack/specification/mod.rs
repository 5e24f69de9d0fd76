//! The specification put before the real login service: the adversary's whole enumeration over real sockets, and every answer
//! judged by what also judges the simulation.
//!
//! The service is a process, started by its command line: for development (`--dev`), or two replicas behind nginx, with Redis
//! and its Sentinels. Lifetimes, windows and limits are the documented ones; no option raises them. People have an address
//! each, so that those at an address count for one person; where the adversary types somebody else's address, they count
//! for the other one, as they must. The two programs in the same place as in the simulation are the mail relay and the
//! analytics hook, which are the simulated ones on real sockets. Time is the machine's.
//!
//! A judge that accepts everything agrees with everything: so the same history is judged again with one answer changed, once
//! for each part of an answer, and must be rejected.

mod gone;
mod people;
mod restarts;
mod service;
mod stalls;
mod strangers;
mod wrong;

use crate::{
    exchange::{Observation, judge_in},
    oddities::Tried,
    property::{CodeRedeemedOnce, EmailCodeOnce, ErrorsExplained, LogAsDocumented, NoSecretLogged},
    vocabulary::{
        Event, Evidence, History, Observation as AnyObservation, Operators, Plan, Property, StoreOption, WorldOptions,
    },
};
use conformance::Unavailable;
use seams_os::clock::{Stopwatch, wall_ms};
use service::Service;
use spec::{Report, Troubles, World};
use stalls::Stalls;
use std::{collections::BTreeSet, fmt, io, path::Path};

pub use crate::oddities::Tries;
pub use gone::judge_redis_gone;
pub use restarts::judge_restarts;
pub use stalls::Stall;
pub use strangers::judge_strangers;

/// The clock of the history has whole milliseconds.
const CLOCK_MS: u64 = 1;

/// Which real service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The program for development: one replica, state in its memory, codes printed.
    Dev,
    /// Two replicas behind nginx, with Redis and three Sentinels.
    Stack,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Place::Dev => "idp --dev",
            Place::Stack => "two replicas behind nginx, with Redis and Sentinels",
        })
    }
}

/// Told now and then: how many requests were sent, and which changes were tried.
pub type Progress<'p> = &'p (dyn Fn(u64, &Tries) + Send + Sync);

/// What the specification says of the real service.
#[derive(Debug, Clone)]
pub struct Judged {
    /// Which.
    pub place: Place,
    /// Requests that were answered, those of operators' monitors included.
    pub exchanges: u64,
    /// Requests that were sent and never answered.
    pub unanswered: u64,
    /// Mails that came, or codes that were printed.
    pub mails: u64,
    /// What the adversary tried.
    pub tries: Tries,
    /// The verdict.
    pub report: Report,
    /// When this machine had no time for the service: its answers are then judged as while a process is paused.
    pub stalls: Vec<Stall>,
    /// Violations of the properties that judge the same story in the simulation.
    pub violations: Vec<String>,
    /// Wrong answers that were rejected.
    pub rejected: Vec<&'static str>,
    /// Wrong answers that were not, or could not be made because there was no such answer.
    pub accepted: Vec<&'static str>,
    /// How long the service was asked, and how long the judges took, milliseconds.
    pub took_ms: [u64; 2],
}

/// Lets the adversary go through all changes of all requests at the real service, and judges every answer. `program` is
/// `squall`, whose command `idp` is the service. Takes about two minutes, most of which is waiting.
///
/// # Errors
/// The real programs are not installed, or something does not start.
pub fn judge(place: Place, program: &Path, progress: Progress<'_>) -> Result<Judged, Unavailable> {
    let plan = plan(place)?;
    let tried = Tried::default();
    let watch = Stopwatch::start();
    let stalls = Stalls::default();
    let (history, operators, world, started_ms) = super::runtime()?.block_on(async {
        let service = Service::start(place, program, &plan).await?;
        let epoch_ms = service.world.epoch_ms;
        let started_ms = (wall_ms() as u64).saturating_sub(epoch_ms);
        service.scene.env.spawn(Box::pin(stalls.clone().watch(epoch_ms)));
        people::come(&service.scene, &plan.world, &tried, progress).await;
        let history = service.scene.recorder.history();
        Ok::<_, Unavailable>((history, service.operators(), service.world.clone(), started_ms))
    })?;
    let stalls = stalls.all();
    let troubles = Troubles {
        spans: stalls.iter().map(|stall| stall.trouble()).collect(),
        started_ms,
        ..Troubles::default()
    };
    let asked_ms = watch.elapsed_ms();
    let court = Court {
        plan: &plan,
        world: &world,
        troubles: &troubles,
        operators: &operators,
    };
    let report = court.report(&history);
    let (rejected, accepted) = court.on_wrong_answers(&history, &report);
    let counts =
        |of: fn(&Observation) -> bool| exchanges(&history).filter(|observation| of(observation)).count() as u64;
    Ok(Judged {
        place,
        exchanges: counts(|observation| matches!(observation, Observation::Answered { .. })),
        unanswered: unanswered(&history),
        mails: counts(|observation| matches!(observation, Observation::Mailed { .. })),
        tries: tried.so_far(),
        report,
        violations: court.violations(&history),
        stalls,
        rejected,
        accepted,
        took_ms: [asked_ms, watch.elapsed_ms() - asked_ms],
    })
}

fn broken(why: io::Error) -> Unavailable {
    super::broken(why)
}

fn exchanges(history: &History) -> impl Iterator<Item = &Observation> {
    history.records.iter().filter_map(|record| match &record.event {
        Event::Own(AnyObservation::Exchange(observation)) => Some(observation),
        _ => None,
    })
}

/// Whether somebody did not wait for an answer.
fn is_given_up(record: &crate::vocabulary::Record) -> bool {
    let Event::Own(AnyObservation::Exchange(Observation::Answered { answer, .. })) = &record.event else {
        return false;
    };
    matches!(answer, spec::exchange::Answered::GivenUp(_))
}

/// Requests without an answer, but for those of the operators' monitor.
fn unanswered(history: &History) -> u64 {
    let mut open = BTreeSet::new();
    for record in &history.records {
        match &record.event {
            Event::Own(AnyObservation::Exchange(Observation::Asked { number, .. }))
                if record.who != people::MONITOR =>
            {
                open.insert(*number);
            }
            Event::Own(AnyObservation::Exchange(Observation::Answered { number, .. })) => drop(open.remove(number)),
            _ => {}
        }
    }
    open.len() as u64
}

/// Who comes, and which world it is: every number is the documented one.
fn plan(place: Place) -> Result<Plan, Unavailable> {
    let scenario = crate::suite()
        .find_scenario("rule_breakers")
        .map_err(|error| broken(io::Error::other(error)))?
        .clone();
    let world = WorldOptions {
        store: match place {
            Place::Dev => StoreOption::Memory,
            Place::Stack => StoreOption::Redis,
        },
        replicas: match place {
            Place::Dev => 1,
            Place::Stack => 2,
        },
        limit_window_s: 300,
        ..WorldOptions::default()
    };
    Ok(Plan {
        operations: people::operations(&world),
        world,
        ..scenario.plan(1)
    })
}

/// Everything but the history that a judge needs.
struct Court<'c> {
    plan: &'c Plan,
    world: &'c World,
    troubles: &'c Troubles,
    operators: &'c Operators,
}

impl Court<'_> {
    fn report(&self, history: &History) -> Report {
        judge_in(self.world, self.troubles, history, self.operators, CLOCK_MS)
    }

    /// What the specification and some properties find.
    fn differences(&self, history: &History, claims: &[&dyn Property<crate::login::Login>]) -> Vec<String> {
        let of_answers = self
            .report(history)
            .violations
            .into_iter()
            .map(|violation| violation.what);
        of_answers.chain(self.violated(history, claims)).collect()
    }

    fn violated(&self, history: &History, claims: &[&dyn Property<crate::login::Login>]) -> Vec<String> {
        let evidence = Evidence::new(self.plan, history, self.operators);
        let violated = claims.iter().filter_map(|claim| claim.check(&evidence).err());
        violated.map(|violation| violation.to_string()).collect()
    }

    fn violations(&self, history: &History) -> Vec<String> {
        let mut properties: Vec<&dyn Property<crate::login::Login>> =
            vec![&CodeRedeemedOnce, &EmailCodeOnce, &NoSecretLogged];
        if self.troubles.spans.is_empty() {
            properties.extend([&ErrorsExplained as &dyn Property<_>, &LogAsDocumented]); // nothing was broken
        }
        self.violated(history, &properties)
    }

    /// Which wrong answers are rejected, and which are not.
    fn on_wrong_answers(&self, history: &History, report: &Report) -> (Vec<&'static str>, Vec<&'static str>) {
        let known = report.violations.len();
        let is_rejected = |wrong: &&wrong::Wrong| {
            let changed = wrong.of(history);
            changed.is_some_and(|changed| self.report(&changed).violations.len() > known)
        };
        let (rejected, accepted): (Vec<&wrong::Wrong>, Vec<_>) = wrong::WRONG.iter().partition(is_rejected);
        let names = |all: Vec<&wrong::Wrong>| all.into_iter().map(|wrong| wrong.what).collect();
        (names(rejected), names(accepted))
    }
}

impl Judged {
    /// Whether every answer was allowed, every change was tried, and every wrong answer was rejected.
    pub fn agrees(&self) -> bool {
        self.report.violations.is_empty()
            && self.violations.is_empty()
            && self.unanswered == 0
            && self.accepted.is_empty()
            && self.tries.unfinished.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use spec::Settings;

    #[test]
    fn every_number_is_the_documented_one() {
        for place in [Place::Dev, Place::Stack] {
            let world = crate::exchange::world(&plan(place).unwrap());
            assert_eq!(world.settings, Settings::default(), "{place}");
        }
    }
}
