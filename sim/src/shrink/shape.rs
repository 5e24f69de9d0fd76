//! What a plan amounts to: how large it is, and of what shape.

use super::Reason;
use crate::{
    fault::Fault,
    plan::{Behaviour, Plan},
};
use serde::Serialize;
use std::{collections::BTreeMap, fmt};

/// How large a plan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Size {
    /// Different people (and attackers) who do something.
    pub people: usize,
    /// `[[operation]]`s: a whole login is one, with all its pages; a guesser is one, with all the guesses.
    pub operations: usize,
    /// `[[fault]]`s that make trouble.
    pub faults: usize,
    /// `[[fault]]`s that end it: starts, resumes, mends, the heal.
    pub repairs: usize,
    /// Reminders that somebody has asked for.
    pub reminders: usize,
    /// How long the run lasts, simulated milliseconds.
    pub lasts_ms: u64,
}

impl Size {
    /// The size of a plan.
    pub fn of(plan: &Plan) -> Size {
        let mut people: Vec<&str> = plan.operations.iter().map(|o| o.who.as_str()).collect();
        people.sort_unstable();
        people.dedup();
        let repairs = plan.faults.iter().filter(|timed| timed.fault.repairs()).count();
        Size {
            people: people.len(),
            operations: plan.operations.len(),
            faults: plan.faults.len() - repairs,
            repairs,
            reminders: plan.world.reminders.len(),
            lasts_ms: plan.lasts_ms,
        }
    }

    /// Everything in the plan that can be taken away.
    pub fn items(&self) -> usize {
        self.operations + self.faults + self.repairs + self.reminders
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |number: usize, noun: &str| format!("{number} {noun}{}", if number == 1 { "" } else { "s" });
        let people = match self.people {
            1 => "1 person".to_owned(),
            many => format!("{many} people"),
        };
        write!(f, "{people}, {}, ", count(self.operations, "operation"))?;
        write!(
            f,
            "{}, {}, ",
            count(self.faults, "fault"),
            count(self.repairs, "repair")
        )?;
        if self.reminders > 0 {
            write!(f, "{}, ", count(self.reminders, "reminder"))?;
        }
        write!(f, "{}.{:03} s", self.lasts_ms / 1000, self.lasts_ms % 1000)
    }
}

/// The shape of a plan: which kinds of operations there are, and which kinds of faults strike in
/// which order, without names and times; a replica is a replica, whichever. Failures whose shrunk
/// plans have one shape and one [`Reason`] are one bug, as likely as not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Shape(Vec<String>);

impl Shape {
    /// The shape of a plan. What comes several times in a row is said once: how many people it took
    /// depends on the seed.
    pub fn of(plan: &Plan) -> Shape {
        let mut operations: Vec<String> = plan.operations.iter().map(|o| kind_of(&o.does).to_owned()).collect();
        operations.sort();
        let mut faults: Vec<_> = plan.faults.iter().collect();
        faults.sort_by_key(|timed| timed.at_ms);
        let reminders = plan.world.reminders.first().map(|_| "a reminder".to_owned());
        let mut words: Vec<String> = operations.into_iter().chain(reminders).collect();
        words.extend(faults.into_iter().map(|timed| sort_of(&timed.fault)));
        words.dedup();
        Shape(words)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.is_empty() {
            true => f.write_str("nobody does anything"),
            false => f.write_str(&self.0.join(", ")),
        }
    }
}

/// The kind of a behaviour, in the words of a plan file.
fn kind_of(does: &Behaviour) -> &'static str {
    match does {
        Behaviour::LogIn => "log-in",
        Behaviour::LogInImpatiently { .. } => "log-in-impatiently",
        Behaviour::StayLoggedIn { .. } => "stay-logged-in",
        Behaviour::RaceCode => "race-code",
        Behaviour::BurnCode => "burn-code",
        Behaviour::StealCodes { .. } => "steal-codes",
        Behaviour::Guess { .. } => "guess",
        Behaviour::PeekAtMail { .. } => "peek",
        Behaviour::Flood { .. } => "flood",
        Behaviour::LogInAt { .. } => "log-in-at",
        Behaviour::CheckReplication => "check-replication",
    }
}

/// The kind of a fault, in the words of a plan file, and what it strikes.
fn sort_of(fault: &Fault) -> String {
    let kind = match fault {
        Fault::Kill { .. } => "kill",
        Fault::PowerLoss { .. } => "power-loss",
        Fault::Start { .. } => "start",
        Fault::Pause { .. } => "pause",
        Fault::Resume { .. } => "resume",
        Fault::Cut { .. } => "cut",
        Fault::CutOneWay { .. } => "cut-one-way",
        Fault::Mend { .. } => "mend",
        Fault::Loss { .. } => "loss",
        Fault::Latency { .. } => "latency",
        Fault::LatencySpike { .. } => "latency-spike",
        Fault::ClockOffset { .. } => "clock-offset",
        Fault::ClockJump { .. } => "clock-jump",
        Fault::Mail { manner } | Fault::Analytics { manner } => {
            let host = fault.hosts()[0];
            return match fault.repairs() {
                true => format!("{host} healthy"),
                false => format!("{host} {}", super::slug(&manner.to_string()).trim_start_matches("ms-")),
            };
        }
        Fault::DirectoryBusy { .. } => "directory-busy",
        Fault::DirectoryIoError { .. } => "directory-io-error",
        Fault::DirectorySlow { .. } => "directory-slow",
        Fault::Heal => "heal",
    };
    // `idp-a` and `redis-2` are an idp and a redis
    let role = |host: &&str| host.split('-').next().unwrap_or_default().to_owned();
    let mut roles: Vec<String> = fault.hosts().iter().map(role).collect();
    roles.insert(0, kind.to_owned());
    roles.join(" ")
}

/// Failures of one reason and one shape.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Group<T> {
    /// Why they failed.
    pub reason: Reason,
    /// What their shrunk plans look like.
    pub shape: Shape,
    /// The failures, in the order in which they came.
    pub members: Vec<T>,
}

/// Sorts failures by reason and shape, the largest group first: one bug is one line.
pub fn group<T>(failures: impl IntoIterator<Item = (Reason, Shape, T)>) -> Vec<Group<T>> {
    let mut groups: BTreeMap<(Reason, Shape), Vec<T>> = BTreeMap::new();
    for (reason, shape, member) in failures {
        groups.entry((reason, shape)).or_default().push(member);
    }
    let mut groups: Vec<Group<T>> = groups
        .into_iter()
        .map(|((reason, shape), members)| Group { reason, shape, members })
        .collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.members.len()));
    groups
}
