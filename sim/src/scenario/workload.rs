//! The workloads of a scenario: who does what, and when.

use super::dice::{Dice, Spread, secs};
use crate::{plan::Operation, service::Service};
use std::{sync::Arc, time::Duration};

/// People's names. A name is given to only one person in a run, so that nobody reaches a limit by accident.
const NAMES: [&str; 48] = [
    "ann", "ben", "cleo", "dan", "eve", "finn", "gus", "hana", "ines", "jon", "kim", "leo", "mia", "ned", "oona",
    "pia", "quin", "rosa", "sam", "tess", "uma", "vic", "wes", "xena", "yuri", "zoe", "abel", "bea", "cal", "dora",
    "emil", "faye", "gil", "hope", "ivo", "june", "kurt", "lena", "max", "nora", "otto", "paul", "rita", "saul", "tom",
    "ursa", "vera", "will",
];

/// Gives each name to one person.
#[derive(Default)]
pub struct Cast {
    given: usize,
}

impl Cast {
    /// A name that has not been given before.
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

/// A workload: who does what, and when.
#[derive(Clone)]
pub struct Workload<S: Service> {
    who: Who,
    does: Arc<DrawBehaviour<S>>,
    from: Spread,
    every: Duration,
}

/// A function that draws the behaviour of one person.
type DrawBehaviour<S> = dyn Fn(&mut Dice) -> <S as Service>::Behaviour + Send + Sync;

#[derive(Clone)]
enum Who {
    People(usize),
    Named(String),
}

impl<S: Service> Workload<S> {
    /// This number of people, each with a name of their own, who all do the same.
    pub fn people(count: usize, does: S::Behaviour) -> Workload<S> {
        Workload::new(Who::People(count), move |_| does.clone())
    }

    /// This number of people, each with a name of their own; the behaviour of each is drawn.
    ///
    /// ```text
    /// Workload::people_each(40, |dice| Behaviour::Buy { seat: dice.between(1, 5) })
    /// ```
    pub fn people_each(count: usize, draw: impl Fn(&mut Dice) -> S::Behaviour + Send + Sync + 'static) -> Workload<S> {
        Workload::new(Who::People(count), draw)
    }

    /// One person, by name.
    pub fn named(name: impl Into<String>, does: S::Behaviour) -> Workload<S> {
        Workload::new(Who::Named(name.into()), move |_| does.clone())
    }

    fn new(who: Who, draw: impl Fn(&mut Dice) -> S::Behaviour + Send + Sync + 'static) -> Workload<S> {
        Workload {
            who,
            does: Arc::new(draw),
            from: secs(1).into(),
            every: secs(1),
        }
    }

    /// Sets when the first of them begins.
    pub fn from(mut self, when: impl Into<Spread>) -> Workload<S> {
        self.from = when.into();
        self
    }

    /// Sets the average time between the beginnings of two of them; the seed varies each one a little.
    pub fn every(mut self, gap: Duration) -> Workload<S> {
        self.every = gap;
        self
    }

    /// Sets the name, if there are several of a kind.
    pub fn called(mut self, name: impl Into<String>) -> Workload<S> {
        self.who = Who::Named(name.into());
        self
    }

    /// Draws the operations.
    pub fn draw(&self, dice: &mut Dice, cast: &mut Cast) -> Vec<Operation<S>> {
        let from_ms = dice.ms(self.from);
        let gap_ms = self.every.as_millis() as u64;
        let names: Vec<String> = match &self.who {
            Who::People(count) => (0..*count).map(|_| cast.somebody()).collect(),
            Who::Named(name) => vec![name.clone()],
        };
        let operation = |(index, who): (usize, String)| Operation {
            at_ms: from_ms + index as u64 * gap_ms + dice.between(0, gap_ms),
            who,
            does: (self.does)(dice),
        };
        names.into_iter().enumerate().map(operation).collect()
    }
}
