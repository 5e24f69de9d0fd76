//! The words in which a scenario says who does what.

use super::dice::{Dice, Spread, secs};
use crate::{plan::Operation, service::Service};
use std::{sync::Arc, time::Duration};

/// People's names. Each is given to one person in a run, so that nobody meets a limit by accident.
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
pub struct Workload<S: Service> {
    who: Who,
    does: Arc<DrawBehaviour<S>>,
    from: Spread,
    every: Duration,
}

/// Draws what one of several people does.
type DrawBehaviour<S> = dyn Fn(&mut Dice) -> <S as Service>::Behaviour + Send + Sync;

#[derive(Clone)]
enum Who {
    People(usize),
    Named(String),
}

impl<S: Service> Workload<S> {
    /// So many people, each with a name of their own, who all do this.
    pub fn people(count: usize, does: S::Behaviour) -> Workload<S> {
        Workload::new(Who::People(count), move |_| does.clone())
    }

    /// So many people, each with a name of their own; what each of them does is drawn.
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

    /// When the first of them begins.
    pub fn from(mut self, when: impl Into<Spread>) -> Workload<S> {
        self.from = when.into();
        self
    }

    /// Between the beginnings of two of them, on average; the seed moves each a little.
    pub fn every(mut self, gap: Duration) -> Workload<S> {
        self.every = gap;
        self
    }

    /// By another name, where there are several of a kind.
    pub fn called(mut self, name: impl Into<String>) -> Workload<S> {
        self.who = Who::Named(name.into());
        self
    }

    /// The operations for a stream of draws.
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
