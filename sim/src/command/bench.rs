//! `bench`: how fast the simulation is, on one core.

mod measure;

use super::{Conclusion, Trouble, say, table};
use crate::{
    scenario::Scenario,
    service::Service,
    suite::{Load, Suite},
};
use clap::Args as ClapArgs;
use comfy_table::Cell;
use measure::{Faults, Figures, Measured, People, REPETITIONS};
use std::time::Duration;

/// The usual load, in units of the suite's load per minute.
const USUAL_LOAD: u32 = 10;

/// The other loads of the table by load.
const OTHER_LOADS: [u32; 2] = [1, 60];

/// Options of `bench`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// How long to measure, all in all
    #[arg(long, value_name = "S", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3600))]
    seconds: u32,
    /// Print the tables as Markdown
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
    /// For machines
    #[arg(long)]
    json: bool,
}

/// Measures on this thread only.
pub(crate) fn run<S: Service>(suite: &Suite<S>, args: &Args) -> Result<Conclusion, Trouble> {
    let (rows, loads, sizes) = (rows(suite)?, loads(suite)?, sizes(suite)?);
    let count = rows.len() + loads.len() + sizes.len();
    let each = Duration::from_secs(args.seconds.into()) / (count as u32 * REPETITIONS);
    let all = |rows: &[Measured<'_, S>]| rows.iter().map(|row| row.measure(each)).collect::<Result<Vec<_>, _>>();
    let (figures, mut by_load, by_hosts) = (all(&rows)?, all(&loads)?, all(&sizes)?);
    // The usual load is measured only once.
    let usual = figures.iter().find(|f| f.per_minute == Some(USUAL_LOAD));
    by_load.extend(usual.filter(|_| suite.load.is_some()).cloned());
    by_load.sort_by_key(|f| f.per_minute);
    if args.json {
        let all = serde_json::json!({
            "version": 3,
            "repetitions": REPETITIONS,
            "what": suite.whole_operations(),
            "figures": figures,
            "by_load": by_load,
            "by_hosts": by_hosts,
        });
        say(format!("{all:#}"));
        return Ok(Conclusion::Held);
    }
    let show = |table: comfy_table::Table| match args.markdown {
        true => say(table::markdown(&table).trim_end()),
        false => say(table),
    };
    show(main_table(suite, &figures));
    if let Some(load) = &suite.load {
        say(format!(
            "\nHow the cost grows with the load ({}, no faults):\n",
            load.what
        ));
        show(cost_table("load", &by_load));
    }
    if !by_hosts.is_empty() {
        say(format!(
            "\nHow the cost grows with the hosts ({}, no faults):\n",
            what_happens(suite)
        ));
        show(cost_table("world", &by_hosts));
    }
    say(format!(
        "\nOne thread, after a warm-up; median (min to max) of {REPETITIONS} repetitions. Drawing plans is not in the time, \
         judging is."
    ));
    if cfg!(debug_assertions) {
        say("This is a debug build; measure a release build.");
    }
    Ok(Conclusion::Held)
}

/// The measurements: the world at rest, under load, and as the swarm draws it, each without faults and with faults; and
/// a scenario with few faults.
fn rows<S: Service>(suite: &Suite<S>) -> Result<Vec<Measured<'_, S>>, Trouble> {
    let place = place(suite)?;
    let row = |what: &str, people, faults| Measured::of(what.to_owned(), place, people, faults);
    let mut rows = vec![
        row("at rest", People::Nobody, Faults::None),
        row("at rest, with faults", People::Nobody, Faults::AsPlanned),
    ];
    if let Some(load) = &suite.load {
        let what = per_minute(load, USUAL_LOAD);
        rows.push(row(&what, People::Load(load, USUAL_LOAD), Faults::None));
        let what = format!("{what}, with faults");
        rows.push(row(&what, People::Load(load, USUAL_LOAD), Faults::AsPlanned));
    }
    if let Some(swarm) = suite.swarm() {
        let row = |what: String, faults| Measured::of(what, swarm, People::AsPlanned, faults);
        rows.push(row(format!("{}, no faults", swarm.name()), Faults::None));
        rows.push(row(swarm.name().to_owned(), Faults::AsPlanned));
    }
    if let Some(name) = suite.calm {
        let calm = suite.find_scenario(name)?;
        rows.push(Measured::of(name.to_owned(), calm, People::AsPlanned, Faults::None));
    }
    Ok(rows)
}

/// The loads that are measured besides the usual one.
fn loads<S: Service>(suite: &Suite<S>) -> Result<Vec<Measured<'_, S>>, Trouble> {
    let Some(load) = &suite.load else { return Ok(vec![]) };
    let place = place(suite)?;
    let row = |units| Measured::of(per_minute(load, units), place, People::Load(load, units), Faults::None);
    Ok(OTHER_LOADS.map(row).into())
}

/// The worlds of several sizes, each with the usual load.
fn sizes<S: Service>(suite: &Suite<S>) -> Result<Vec<Measured<'_, S>>, Trouble> {
    let place = place(suite)?;
    let people = match &suite.load {
        Some(load) => People::Load(load, USUAL_LOAD),
        None => People::AsPlanned,
    };
    let row = |(name, world): &'_ (&'static str, S::World)| {
        let row = Measured::of((*name).to_owned(), place, people, Faults::None);
        row.in_world(world.clone())
    };
    Ok(suite.sizes.iter().map(row).collect())
}

/// The scenario whose world gets the load.
fn place<S: Service>(suite: &Suite<S>) -> Result<&Scenario<S>, Trouble> {
    match &suite.load {
        Some(load) => Ok(suite.find_scenario(load.scenario)?),
        None => Ok(suite.swarm().unwrap_or(&suite.scenarios()[0])),
    }
}

fn per_minute<S: Service>(load: &Load<S>, units: u32) -> String {
    format!("{units} {} a minute", load.what)
}

fn what_happens<S: Service>(suite: &Suite<S>) -> String {
    match &suite.load {
        Some(load) => per_minute(load, USUAL_LOAD),
        None => "as planned".to_owned(),
    }
}

fn main_table<S: Service>(suite: &Suite<S>, figures: &[Figures]) -> comfy_table::Table {
    let whole = format!(">{} per CPU s", suite.whole_operations());
    let headings = [
        "what",
        ">runs",
        ">operations a simulated min",
        ">simulated s per CPU s",
        ">simulated s per wall s",
        ">runs per s",
        &whole,
    ];
    let mut table = table::new(&table::look(), &headings);
    for f in figures {
        table.add_row([
            Cell::new(&f.what),
            Cell::new(f.runs),
            Cell::new(f.operations_per_simulated_min.median.round()),
            Cell::new(&f.simulated_s_per_cpu_s),
            Cell::new(&f.simulated_s_per_wall_s),
            Cell::new(&f.runs_per_wall_s),
            Cell::new(&f.whole_per_cpu_s),
        ]);
    }
    table
}

fn cost_table(first: &str, figures: &[Figures]) -> comfy_table::Table {
    let headings = [
        first,
        ">hosts",
        ">operations a simulated min",
        ">simulated s per CPU s",
        ">simulated s per wall s",
        ">CPU ms per simulated s",
    ];
    let mut table = table::new(&table::look(), &headings);
    for f in figures {
        let what = match (first, f.per_minute) {
            ("load", Some(units)) => format!("{units} a minute"),
            _ => f.what.clone(),
        };
        table.add_row([
            Cell::new(what),
            Cell::new(f.hosts),
            Cell::new(f.operations_per_simulated_min.median.round()),
            Cell::new(&f.simulated_s_per_cpu_s),
            Cell::new(&f.simulated_s_per_wall_s),
            Cell::new(format!("{:.2}", 1000.0 / f.simulated_s_per_cpu_s.median)),
        ]);
    }
    table
}
