//! `squall bench`: how fast the simulation is, on one core.

use super::{Conclusion, Trouble, fresh, harness, say, table};
use clap::Args as ClapArgs;
use comfy_table::Cell;
use scenarios::{
    catalogue,
    judge::JudgeOptions,
    scenario::{Cast, Dice, Logins, Scenario},
};
use serde::Serialize;
use sim::{
    history::{Event, Op, Seen},
    plan::Plan,
};
use std::time::Duration;

/// The same measurement so many times, for the spread.
const REPETITIONS: u32 = 5;

/// Between two of [`People::LoggingIn`].
const EVERY: Duration = Duration::from_secs(6);

/// What is measured, all on the full topology: the machinery alone (and what it has to remind people of), a steady stream
/// of logins, and the swarm's crowds, each on the swarm's days without its faults and with them; and a day that is busier.
/// Faults strike until 45 s of 130, when all heals; those that are aimed at people miss where nobody is.
const MEASURED: [Measured; 7] = [
    Measured::of("at rest", "swarm", People::Nobody, Faults::None),
    Measured::of("at rest, with faults", "swarm", People::Nobody, Faults::AsPlanned),
    Measured::of("10 logins a minute", "swarm", People::LoggingIn, Faults::None),
    Measured::of(
        "10 logins a minute, with faults",
        "swarm",
        People::LoggingIn,
        Faults::AsPlanned,
    ),
    Measured::of("swarm, no faults", "swarm", People::AsPlanned, Faults::None),
    Measured::of("swarm", "swarm", People::AsPlanned, Faults::AsPlanned),
    Measured::of("calm_day", "calm_day", People::AsPlanned, Faults::None),
];

/// The plans of a scenario, and what is made of them.
struct Measured {
    what: &'static str,
    scenario: &'static str,
    people: People,
    faults: Faults,
}

/// Who is there.
#[derive(Debug, Clone, Copy)]
enum People {
    Nobody,
    /// Somebody else every six seconds, calmly, for as long as the run lasts.
    LoggingIn,
    AsPlanned,
}

/// What strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Faults {
    None,
    AsPlanned,
}

impl Measured {
    const fn of(what: &'static str, scenario: &'static str, people: People, faults: Faults) -> Measured {
        Measured {
            what,
            scenario,
            people,
            faults,
        }
    }

    fn plan(&self, scenario: &Scenario, seed: u64) -> Plan {
        let mut plan = scenario.plan(seed);
        if self.faults == Faults::None {
            plan.faults.clear();
        }
        match self.people {
            People::Nobody => plan.operations.clear(),
            People::LoggingIn => {
                let count = plan.lasts_ms / EVERY.as_millis() as u64;
                let mut dice = Dice::of(seed, "bench/logins");
                plan.operations = Logins::people(count as usize)
                    .every(EVERY)
                    .draw(&mut dice, &mut Cast::default());
            }
            People::AsPlanned => {}
        }
        plan
    }
}

/// What `bench` may be told.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// How long to measure, all in all
    #[arg(long, value_name = "S", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=3600))]
    seconds: u32,
    /// For machines
    #[arg(long)]
    json: bool,
}

/// What one repetition did.
#[derive(Debug, Default)]
struct Slice {
    runs: f64,
    simulated_s: f64,
    logins: f64,
    operations: f64,
    cpu_s: f64,
    wall_s: f64,
}

/// A figure over the repetitions.
#[derive(Debug, Serialize)]
struct Spread {
    median: f64,
    min: f64,
    max: f64,
}

#[derive(Debug, Serialize)]
struct Figures {
    what: &'static str,
    runs: u64,
    simulated_s_per_wall_s: Spread,
    simulated_s_per_cpu_s: Spread,
    runs_per_wall_s: Spread,
    logins_per_cpu_s: Spread,
    operations_per_simulated_min: Spread,
}

/// Measures, on this thread alone.
pub(crate) fn run(args: &Args) -> Result<Conclusion, Trouble> {
    let each = Duration::from_secs(args.seconds.into()) / (MEASURED.len() as u32 * REPETITIONS);
    let mut figures = vec![];
    for measured in MEASURED {
        figures.push(measure(&measured, each)?);
    }
    if args.json {
        say(format!(
            "{:#}",
            serde_json::json!({ "version": 2, "repetitions": REPETITIONS, "figures": figures })
        ));
        return Ok(Conclusion::Held);
    }
    let mut table = table::new(
        &table::look(),
        &[
            "what",
            ">runs",
            ">operations a simulated min",
            ">simulated s per wall s",
            ">runs per s",
            ">logins per CPU s",
        ],
    );
    for f in &figures {
        table.add_row([
            Cell::new(f.what),
            Cell::new(f.runs),
            Cell::new(f.operations_per_simulated_min.median.round()),
            Cell::new(&f.simulated_s_per_wall_s),
            Cell::new(&f.runs_per_wall_s),
            Cell::new(&f.logins_per_cpu_s),
        ]);
    }
    say(table);
    say(format!(
        "Full topology, one thread, after a warm-up; median (min to max) of {REPETITIONS} repetitions.\n\
         A whole login is nine operations: itself and its eight steps, the token endpoint's included. Judging is in the time."
    ));
    if cfg!(debug_assertions) {
        say("This is a debug build: cargo squall bench measures a release build.");
    }
    Ok(Conclusion::Held)
}

fn measure(measured: &Measured, each: Duration) -> Result<Figures, Trouble> {
    let scenario = catalogue::find(measured.scenario)?;
    let mut seed = 1;
    let mut slice = || -> Result<Slice, Trouble> {
        let watch = fresh::Stopwatch::start();
        let mut slice = Slice::default();
        loop {
            let plan = measured.plan(&scenario, seed);
            seed += 1;
            let perform = || harness::perform(&scenario, &plan, None, &JudgeOptions::default());
            let (run, cpu, wall) = fresh::measure(perform);
            let run = run?;
            let logged_in: fn(&Event) -> bool = |event| {
                matches!(
                    event,
                    Event::Ended {
                        op: Op::LogIn,
                        seen: Seen::Ok,
                        ..
                    }
                )
            };
            slice.runs += 1.0;
            slice.simulated_s += plan.lasts_ms as f64 / 1000.0;
            let count = |wanted: fn(&Event) -> bool| {
                let records = run.history.records.iter();
                records.filter(|record| wanted(&record.event)).count() as f64
            };
            slice.logins += count(logged_in);
            slice.operations += count(|event| matches!(event, Event::Ended { .. }));
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
        what: measured.what,
        runs: slices.iter().map(|slice| slice.runs).sum::<f64>() as u64,
        simulated_s_per_wall_s: spread(|s| s.simulated_s / s.wall_s),
        simulated_s_per_cpu_s: spread(|s| s.simulated_s / s.cpu_s),
        runs_per_wall_s: spread(|s| s.runs / s.wall_s),
        logins_per_cpu_s: spread(|s| s.logins / s.cpu_s),
        operations_per_simulated_min: spread(|s| s.operations / s.simulated_s * 60.0),
    })
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

impl std::fmt::Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let figure = |n: f64| {
            if n < 100.0 {
                format!("{n:.1}")
            } else {
                table::thousands(n as u64)
            }
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
