//! `squall list`.

use super::{Conclusion, Trouble, say, table};
use clap::Args as ClapArgs;
use scenarios::{catalogue, planted};
use serde_json::json;

/// What `list` may be told.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// For machines
    #[arg(long)]
    json: bool,
}

/// Names the scenarios and the planted bugs.
pub(crate) fn run(args: &Args) -> Result<Conclusion, Trouble> {
    if args.json {
        say(format!("{:#}", as_json()));
        return Ok(Conclusion::Held);
    }
    let look = table::look();
    say(look.paint("1", "Scenarios"));
    for scenario in catalogue::all() {
        say(format!(
            "\n  {}  {}",
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
    say(format!("\n{}", look.paint("1", "Planted bugs")));
    for bug in planted::all() {
        say(format!("\n  {}  {}", look.paint("1", bug.name), rows(bug.covers)));
        say(format!("    {}", bug.title));
        say(format!("      convicted in {} by {}", bug.scenario, bug.convicted_by));
    }
    say("\nRows are those of the inventory of failures.");
    say(format!(
        "Next: cargo squall replay {} --seed 1",
        catalogue::all()[0].name()
    ));
    Ok(Conclusion::Held)
}

fn rows(covers: &[u8]) -> String {
    let rows: Vec<String> = covers.iter().map(u8::to_string).collect();
    match rows.len() {
        0 => String::new(),
        1 => format!("(row {})", rows[0]),
        _ => format!("(rows {})", rows.join(", ")),
    }
}

fn as_json() -> serde_json::Value {
    let scenarios: Vec<_> = (catalogue::all().iter())
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
    let planted: Vec<_> = (planted::all().iter())
        .map(|bug| {
            json!({
                "name": bug.name,
                "title": bug.title,
                "rows": bug.covers,
                "scenario": bug.scenario,
                "convicted_by": bug.convicted_by,
            })
        })
        .collect();
    json!({ "scenarios": scenarios, "planted": planted })
}
