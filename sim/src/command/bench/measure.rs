//! Measures one row of a table: performs changed plans of a scenario repeatedly.

use super::super::{Trouble, fresh, perform::perform, summary::whole, table};
use crate::{
    history::Event,
    judge::JudgeOptions,
    plan::Plan,
    scenario::{Cast, Dice, Scenario},
    service::Service,
    suite::Load,
};
use serde::Serialize;
use std::{fmt, time::Duration};

/// Number of repetitions of a measurement, from which the spread is computed.
pub(super) const REPETITIONS: u32 = 5;

/// The plans of a scenario, and how they are changed.
pub(super) struct Measured<'a, S: Service> {
    what: String,
    scenario: &'a Scenario<S>,
    people: People<'a, S>,
    faults: Faults,
    /// The world to use instead of the drawn one.
    world: Option<S::World>,
}

/// The operations of the measured plans.
pub(super) enum People<'a, S: Service> {
    Nobody,
    /// This number of units of the load per minute, for the whole run.
    Load(&'a Load<S>, u32),
    AsPlanned,
}

impl<S: Service> Clone for People<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: Service> Copy for People<'_, S> {}

/// The faults of the measured plans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Faults {
    None,
    AsPlanned,
}

/// The results of one repetition.
#[derive(Debug, Default)]
struct Slice {
    runs: f64,
    simulated_s: f64,
    whole: f64,
    operations: f64,
    cpu_s: f64,
    wall_s: f64,
}

/// A figure and its spread over the repetitions.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Spread {
    pub(super) median: f64,
    min: f64,
    max: f64,
}

/// The results for one row.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Figures {
    pub(super) what: String,
    /// Units of the load per minute, if there is a load.
    pub(super) per_minute: Option<u32>,
    /// Number of hosts of the world.
    pub(super) hosts: usize,
    pub(super) runs: u64,
    pub(super) simulated_s_per_wall_s: Spread,
    pub(super) simulated_s_per_cpu_s: Spread,
    pub(super) runs_per_wall_s: Spread,
    pub(super) whole_per_cpu_s: Spread,
    pub(super) operations_per_simulated_min: Spread,
}

impl<'a, S: Service> Measured<'a, S> {
    pub(super) fn of(what: String, scenario: &'a Scenario<S>, people: People<'a, S>, faults: Faults) -> Self {
        Measured {
            what,
            scenario,
            people,
            faults,
            world: None,
        }
    }

    pub(super) fn in_world(self, world: S::World) -> Self {
        Measured {
            world: Some(world),
            ..self
        }
    }

    fn plan(&self, seed: u64) -> Plan<S> {
        let mut plan = self.scenario.plan(seed);
        if let Some(world) = &self.world {
            plan.world = world.clone();
        }
        if self.faults == Faults::None {
            plan.faults.clear();
        }
        match self.people {
            People::Nobody => plan.operations.clear(),
            People::Load(load, per_minute) => {
                let every_ms = 60_000 / u64::from(per_minute);
                let count = (plan.lasts_ms / every_ms).max(1);
                let mut dice = Dice::of(seed, "bench/load");
                plan.operations = (load.people)(count as usize)
                    .every(Duration::from_millis(every_ms))
                    .draw(&mut dice, &mut Cast::default());
                plan.operations.retain(|operation| operation.at_ms < plan.lasts_ms);
                plan.operations.sort_by_key(|operation| operation.at_ms);
            }
            People::AsPlanned => {}
        }
        plan
    }

    /// Measures for this time in each repetition, and at least one run.
    pub(super) fn measure(&self, each: Duration) -> Result<Figures, Trouble> {
        let mut seed = 1;
        let mut slice = || -> Result<Slice, Trouble> {
            let watch = fresh::Stopwatch::start();
            let mut slice = Slice::default();
            loop {
                let plan = self.plan(seed);
                seed += 1;
                let (run, cpu, wall) = fresh::measure(|| perform(self.scenario, &plan, None, &JudgeOptions::default()));
                let run = run.map_err(|Trouble(what)| Trouble(format!("{}: {what}", self.what)))?;
                let ended = run.history.records.iter();
                let ended = ended.filter(|record| matches!(record.event, Event::Ended { .. }));
                slice.runs += 1.0;
                slice.simulated_s += plan.lasts_ms as f64 / 1000.0;
                slice.whole += whole(&run.history) as f64;
                slice.operations += ended.count() as f64;
                slice.cpu_s += cpu.as_secs_f64();
                slice.wall_s += wall.as_secs_f64();
                if watch.elapsed() >= each {
                    return Ok(slice);
                }
            }
        };
        slice()?; // the warm-up
        let slices = (0..REPETITIONS).map(|_| slice()).collect::<Result<Vec<_>, _>>()?;
        let spread = |figure: fn(&Slice) -> f64| Spread::of(slices.iter().map(figure).collect());
        Ok(Figures {
            what: self.what.clone(),
            per_minute: match self.people {
                People::Load(_, per_minute) => Some(per_minute),
                _ => None,
            },
            hosts: S::world(&self.plan(1).world).hosts().count(),
            runs: slices.iter().map(|slice| slice.runs).sum::<f64>() as u64,
            simulated_s_per_wall_s: spread(|s| s.simulated_s / s.wall_s),
            simulated_s_per_cpu_s: spread(|s| s.simulated_s / s.cpu_s),
            runs_per_wall_s: spread(|s| s.runs / s.wall_s),
            whole_per_cpu_s: spread(|s| s.whole / s.cpu_s),
            operations_per_simulated_min: spread(|s| s.operations / s.simulated_s * 60.0),
        })
    }
}

impl Spread {
    fn of(mut figures: Vec<f64>) -> Spread {
        figures.sort_by(f64::total_cmp);
        Spread {
            median: figures[figures.len() / 2],
            min: figures[0],
            max: figures[figures.len() - 1],
        }
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let figure = |n: f64| match n < 100.0 {
            true => format!("{n:.1}"),
            false => table::thousands(n as u64),
        };
        write!(
            f,
            "{} ({} to {})",
            figure(self.median),
            figure(self.min),
            figure(self.max)
        )
    }
}
