//! `list`: the scenarios and the planted bugs.

use super::{Conclusion, Trouble, say, table};
use crate::{service::Service, suite::Suite};
use clap::Args as ClapArgs;
use serde_json::json;

/// Options of `list`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// For machines
    #[arg(long)]
    json: bool,
}

/// Lists the scenarios and the planted bugs.
pub(crate) fn run<S: Service>(suite: &Suite<S>, args: &Args) -> Result<Conclusion, Trouble> {
    if args.json {
        say(format!("{:#}", as_json(suite)));
        return Ok(Conclusion::Held);
    }
    let look = table::look();
    say(look.paint("1", "Scenarios"));
    for scenario in suite.scenarios() {
        say(format!(
            "\n  {}{}",
            look.paint("1", scenario.name()),
            rows(scenario.covers())
        ));
        say(format!("    {}", scenario.title()));
        for property in scenario.properties() {
            say(format!("      {}: {}", property.name(), property.claim()));
        }
        for mark in scenario.marks() {
            say(format!("      sometimes: {}", mark.name));
        }
    }
    if !suite.bugs().is_empty() {
        say(format!("\n{}", look.paint("1", "Planted bugs")));
    }
    for bug in suite.bugs() {
        say(format!("\n  {}{}", look.paint("1", bug.name), rows(bug.covers)));
        say(format!("    {}", bug.title));
        say(format!(
            "      must be detected in {} by {}",
            bug.scenario, bug.detected_by
        ));
    }
    let scenarios = suite.scenarios().iter().map(|scenario| scenario.covers());
    let mut covers = scenarios.chain(suite.bugs().iter().map(|bug| bug.covers));
    if covers.any(|rows| !rows.is_empty()) {
        say("\nRows are those of the inventory of failures.");
    }
    let first = suite.scenarios()[0].name();
    say(format!("\nNext: {} replay {first} --seed 1", suite.command));
    Ok(Conclusion::Held)
}

fn rows(covers: &[u8]) -> String {
    let rows: Vec<String> = covers.iter().map(u8::to_string).collect();
    match rows.len() {
        0 => String::new(),
        1 => format!("  (row {})", rows[0]),
        _ => format!("  (rows {})", rows.join(", ")),
    }
}

fn as_json<S: Service>(suite: &Suite<S>) -> serde_json::Value {
    let scenarios: Vec<_> = (suite.scenarios().iter())
        .map(|scenario| {
            json!({
                "name": scenario.name(),
                "title": scenario.title(),
                "rows": scenario.covers(),
                "properties": scenario.properties().iter()
                    .map(|property| json!({ "name": property.name(), "claim": property.claim() }))
                    .collect::<Vec<_>>(),
                "marks": scenario.marks().iter().map(|mark| mark.name).collect::<Vec<_>>(),
            })
        })
        .collect();
    let bugs: Vec<_> = (suite.bugs().iter())
        .map(|bug| {
            json!({
                "name": bug.name,
                "title": bug.title,
                "rows": bug.covers,
                "scenario": bug.scenario,
                "detected_by": bug.detected_by,
            })
        })
        .collect();
    json!({ "version": 2, "scenarios": scenarios, "bugs": bugs })
}
