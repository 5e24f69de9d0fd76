//! The counts of a sweep, by property and scenario.

use super::super::{Conclusion, table};
use crate::{
    property::{Excuse, Spared, Tally},
    report::Look,
    scenario::Scenario,
    service::Service,
};
use comfy_table::{Cell, Table};
use serde_json::{Value, json};
use std::{cmp::Reverse, collections::BTreeMap};

/// The number of runs of a scenario after which a property that judged nothing in it is taken to judge nothing there.
pub(super) const RUNS_ENOUGH: u64 = 50;

/// Counts by property, and the runs by scenario.
pub(super) struct Book {
    /// Runs of each scenario, without those that the harness could not perform.
    runs: BTreeMap<&'static str, u64>,
    /// For each property the scenarios that declare it, with what it judged and spared there.
    counts: BTreeMap<String, BTreeMap<&'static str, Tally>>,
}

/// A row of the table.
struct Row<'a> {
    property: &'a str,
    judged: u64,
    /// Judged and spared things of the property.
    things: u64,
    excuse: Option<(Excuse, Spared)>,
}

impl Book {
    /// An empty one for these scenarios.
    pub(super) fn of<S: Service>(scenarios: &[&Scenario<S>]) -> Book {
        let mut counts: BTreeMap<String, BTreeMap<_, _>> = BTreeMap::new();
        for scenario in scenarios {
            for property in scenario.properties() {
                let by_scenario = counts.entry(property.name()).or_default();
                by_scenario.insert(scenario.name(), Tally::default());
            }
        }
        let runs = scenarios.iter().map(|scenario| (scenario.name(), 0)).collect();
        Book { runs, counts }
    }

    /// Adds a run; without counts, only that it gave none.
    pub(super) fn add(&mut self, scenario: &'static str, tallies: &BTreeMap<String, Tally>) {
        if tallies.is_empty() {
            return;
        }
        *self.runs.entry(scenario).or_default() += 1;
        for (property, tally) in tallies {
            let by_scenario = self.counts.entry(property.clone()).or_default();
            by_scenario.entry(scenario).or_default().add(tally);
        }
    }

    /// The sums of all scenarios, by property.
    fn sums(&self) -> impl Iterator<Item = (&str, Tally)> {
        self.counts.iter().map(|(property, by_scenario)| {
            let mut sum = Tally::default();
            by_scenario.values().for_each(|tally| sum.add(tally));
            (property.as_str(), sum)
        })
    }

    /// Properties that judged nothing in any scenario, each with the runs of that scenario of its own that had fewest.
    fn vacuous(&self) -> impl Iterator<Item = (&str, u64)> {
        self.sums().filter(|(_, sum)| sum.judged == 0).map(|(property, _)| {
            let scenarios = self.counts[property].keys();
            (property, scenarios.map(|name| self.runs[name]).min().unwrap_or(0))
        })
    }

    /// What follows from the properties that judged nothing.
    pub(super) fn conclusion(&self) -> Conclusion {
        let one = |(_, runs)| match runs < RUNS_ENOUGH {
            true => Conclusion::Inconclusive,
            false => Conclusion::Violated,
        };
        self.vacuous().map(one).fold(Conclusion::Held, Conclusion::max)
    }

    /// A row for each excuse, and one for each property without any; the excuses that spare most come first.
    pub(super) fn table(&self, look: &Look) -> Table {
        let headings = [
            "property",
            ">judged",
            "excuse",
            ">spared",
            ">per cent",
            ">of these wrong",
        ];
        let mut table = table::new(look, &headings);
        let mut rows = vec![];
        for (property, Tally { judged, spared }) in self.sums() {
            let things = judged + spared.values().map(|spared| spared.things).sum::<u64>();
            let row = |excuse| Row {
                property,
                judged,
                things,
                excuse,
            };
            if spared.is_empty() {
                rows.push(row(None));
            }
            rows.extend(spared.into_iter().map(|excuse| row(Some(excuse))));
        }
        rows.sort_by_key(|row| Reverse(row.excuse.as_ref().map_or(0, |(_, spared)| spared.things)));
        for row in rows {
            let mut cells = vec![Cell::new(row.property), Cell::new(table::thousands(row.judged))];
            if let Some((excuse, spared)) = row.excuse {
                let conclusion = match spared.things > row.judged {
                    true => Conclusion::Inconclusive,
                    false => Conclusion::Held,
                };
                cells.extend([
                    Cell::new(excuse),
                    table::judged(table::thousands(spared.things), conclusion),
                    Cell::new(format!(
                        "{:.1}",
                        100.0 * spared.things as f64 / row.things.max(1) as f64
                    )),
                    Cell::new(table::thousands(spared.wrong)),
                ]);
            }
            table.add_row(cells);
        }
        table
    }

    /// What stands out, in sentences.
    pub(super) fn notes(&self) -> String {
        let mut lines = vec![];
        for (property, runs) in self.vacuous() {
            let but = match runs < RUNS_ENOUGH {
                true => format!(", which proves nothing before {RUNS_ENOUGH} runs of each of its scenarios"),
                false => ". Does it count with Evidence::judged? If so, give it a scenario in which it has something to judge".into(),
            };
            lines.push(format!("{property} never judged anything{but}."));
        }
        let vacuous: Vec<&str> = self.vacuous().map(|(property, _)| property).collect();
        for (property, by_scenario) in &self.counts {
            let nothing = by_scenario.iter().filter(|(_, tally)| tally.judged == 0);
            let nothing: Vec<&str> = nothing.map(|(scenario, _)| *scenario).collect();
            if !nothing.is_empty() && !vacuous.contains(&property.as_str()) {
                lines.push(format!("{property} judged nothing in {}.", nothing.join(", ")));
            }
        }
        for (property, sum) in self.sums().filter(|(_, sum)| sum.spared() > sum.judged) {
            let (judged, spared) = (table::thousands(sum.judged), table::thousands(sum.spared()));
            lines.push(format!("{property} spared {spared} and judged {judged}."));
        }
        match lines.is_empty() {
            true => "Every property judged something in each of its scenarios, and more than it spared.".into(),
            false => lines.join("\n"),
        }
    }

    /// The same for machines.
    pub(super) fn json(&self) -> Value {
        let properties: Vec<Value> = (self.sums())
            .map(|(property, sum)| {
                json!({ "property": property, "judged": sum.judged, "spared": sum.spared,
                    "scenarios": self.counts[property] })
            })
            .collect();
        let never: Vec<&str> = self.vacuous().map(|(property, _)| property).collect();
        json!({ "version": 1, "runs": self.runs, "properties": properties, "never_judged": never })
    }
}
