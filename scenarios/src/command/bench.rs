//! `squall bench`: how fast the simulation is, on one core.

use super::{Conclusion, Trouble, fresh, harness, say, table};
use clap::Args as ClapArgs;
use comfy_table::Cell;
use scenarios::{catalogue, judge::JudgeOptions, scenario::Scenario};
use serde::Serialize;
use sim::history::{Event, Op, Seen};
use std::time::Duration;

/// The same measurement so many times, for the spread.
const REPETITIONS: u32 = 5;

/// What is measured, all on the full topology: the machinery alone, without faults and with the full mix of them; people
/// on the same days without faults and with them; and a day that is busier.
const MEASURED: [(&str, &str, Without); 5] = [
    ("at rest", "calm_day", Without::People),
    ("at rest, with faults", "swarm", Without::People),
    ("swarm, no faults", "swarm", Without::Faults),
    ("swarm", "swarm", Without::Nothing),
    ("calm_day", "calm_day", Without::Nothing),
];

/// What is taken out of a scenario's plans.
#[derive(Debug, Clone, Copy)]
enum Without {
    Nothing,
    Faults,
    People,
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
    scenario: &'static str,
    runs: u64,
    simulated_s_per_wall_s: Spread,
    simulated_s_per_cpu_s: Spread,
    runs_per_wall_s: Spread,
    logins_per_cpu_s: Spread,
}

/// Measures, on this thread alone.
pub(crate) fn run(args: &Args) -> Result<Conclusion, Trouble> {
    let each = Duration::from_secs(args.seconds.into()) / (MEASURED.len() as u32 * REPETITIONS);
    let mut figures = vec![];
    for (what, scenario, without) in MEASURED {
        figures.push(measure(what, &catalogue::find(scenario)?, without, each)?);
    }
    if args.json {
        say(format!(
            "{:#}",
            serde_json::json!({ "version": 1, "repetitions": REPETITIONS, "figures": figures })
        ));
        return Ok(Conclusion::Held);
    }
    let mut table = table::new(
        &table::look(),
        &[
            "scenario",
            ">runs",
            ">simulated s per wall s",
            ">simulated s per CPU s",
            ">runs per s",
            ">logins per CPU s",
        ],
    );
    for f in &figures {
        table.add_row([
            Cell::new(f.scenario),
            Cell::new(f.runs),
            Cell::new(&f.simulated_s_per_wall_s),
            Cell::new(&f.simulated_s_per_cpu_s),
            Cell::new(&f.runs_per_wall_s),
            Cell::new(&f.logins_per_cpu_s),
        ]);
    }
    say(table);
    say(format!(
        "Full topology, one thread, after a warm-up; median (min to max) of {REPETITIONS} repetitions."
    ));
    if cfg!(debug_assertions) {
        say("This is a debug build: cargo squall bench measures a release build.");
    }
    Ok(Conclusion::Held)
}

fn measure(what: &'static str, scenario: &Scenario, without: Without, each: Duration) -> Result<Figures, Trouble> {
    let mut seed = 1;
    let mut slice = || -> Result<Slice, Trouble> {
        let watch = fresh::Stopwatch::start();
        let mut slice = Slice::default();
        loop {
            let mut plan = scenario.plan(seed);
            match without {
                Without::Nothing => {}
                Without::Faults => plan.faults.clear(),
                Without::People => plan.operations.clear(),
            }
            seed += 1;
            let (run, cpu, wall) = fresh::measure(|| harness::perform(scenario, &plan, None, &JudgeOptions::default()));
            let run = run?;
            let logged_in = |event: &Event| {
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
            slice.logins += run
                .history
                .records
                .iter()
                .filter(|record| logged_in(&record.event))
                .count() as f64;
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
        scenario: what,
        runs: slices.iter().map(|slice| slice.runs).sum::<f64>() as u64,
        simulated_s_per_wall_s: spread(|s| s.simulated_s / s.wall_s),
        simulated_s_per_cpu_s: spread(|s| s.simulated_s / s.cpu_s),
        runs_per_wall_s: spread(|s| s.runs / s.wall_s),
        logins_per_cpu_s: spread(|s| s.logins / s.cpu_s),
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
