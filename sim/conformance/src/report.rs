//! All results of one run of the comparisons, and the page about them.

use crate::{
    Agreement,
    stack::{
        losses::{Loss, LossRate},
        timeline::Failovers,
    },
};
use std::fmt::Write;

/// The results of one run.
#[derive(Debug, Default)]
pub struct Report {
    /// Names and versions of the real programs.
    pub versions: Vec<String>,
    /// The seed of all random choices.
    pub seed: u64,
    /// Each comparison with a description.
    pub comparisons: Vec<(String, Agreement)>,
    /// Failovers, by what happened to the master.
    pub failovers: Vec<Failovers>,
    /// How many acknowledged writes are lost when a master dies.
    pub losses: Vec<LossRate>,
}

impl Report {
    /// Whether the models agree with the real programs everywhere.
    pub fn agrees(&self) -> bool {
        let mut comparisons = self.comparisons.iter();
        comparisons.all(|(_, agreement)| agreement.differences.is_empty())
            && self.failovers.iter().all(Failovers::agree)
            && self.losses.iter().all(LossRate::agrees)
    }

    /// The page, in Markdown.
    pub fn page(&self) -> String {
        let mut page = String::from(INTRODUCTION);
        // Writing to a String cannot fail.
        let _ = writeln!(
            page,
            "\n## What was compared\n\nWith {}; seed {}.\n",
            self.versions.join(", "),
            self.seed
        );
        let _ = writeln!(
            page,
            "| comparison | answers compared | differences | broken off |\n|---|---:|---:|---:|"
        );
        for (what, agreement) in &self.comparisons {
            let _ = writeln!(
                page,
                "| {what} | {} | {} | {} |",
                agreement.compared,
                agreement.differences.len(),
                agreement.broken_off
            );
        }
        let _ = write!(page, "\n{FAILOVER}");
        for failovers in &self.failovers {
            write_failovers(&mut page, failovers);
        }
        let _ = write!(page, "\n{LOSSES}");
        write_losses(&mut page, &self.losses);
        for (what, agreement) in &self.comparisons {
            for difference in &agreement.differences {
                let _ = writeln!(page, "\n### A difference: {what}\n\n```\n{difference}\n```");
            }
        }
        page.push_str(CLOSING);
        page
    }
}

fn write_failovers(page: &mut String, failovers: &Failovers) {
    let _ = writeln!(
        page,
        "\nThe master is {}: {} failovers of the real programs, {} of the simulation; milliseconds after it, median (least to \
         most).\n",
        failovers.fault.name,
        failovers.real.len(),
        failovers.simulated.len()
    );
    let _ = writeln!(
        page,
        "| step | real | real, on a quiet machine | simulated |\n|---|---:|---:|---:|"
    );
    for step in failovers.steps() {
        let show = |(least, median, most): (i64, i64, i64)| format!("{median} ({least} to {most})");
        let (least, most) = step.measured;
        let (real, simulated) = (show(step.real), show(step.simulated));
        let _ = writeln!(page, "| {} | {real} | {least} to {most} | {simulated} |", step.name);
    }
    let order = match failovers.same_order() {
        true => "The leading Sentinel logs the same events, in the same order, each time",
        false => "The leading Sentinel does **not** always log the same events in the same order",
    };
    let states = failovers.real.iter().max_by_key(|failover| failover.states.len());
    let states = states.map(|failover| failover.states.join(", "));
    let events = failovers.real.first().map(|failover| failover.leader_events.join(", "));
    let _ = writeln!(page, "\n{order}: {}.", events.unwrap_or_default());
    let same = match failovers.same_states() {
        true => "`SENTINEL MASTER` shows the same states of the failover",
        false => "`SENTINEL MASTER` does **not** always show the same states of the failover",
    };
    let _ = writeln!(page, "{same}: {}.", states.unwrap_or_default());
}

fn write_losses(page: &mut String, rates: &[LossRate]) {
    let _ = writeln!(
        page,
        "| cause | link | real | measured before | simulated | GETDELs lost: real | simulated |\n\
         |---|---:|---:|---:|---:|---:|---:|"
    );
    for rate in rates {
        let of = |losses: &[Loss]| {
            let sum = |each: fn(&Loss) -> u64| losses.iter().map(each).sum::<u64>();
            format!(
                "{} of {} ({} deaths)",
                sum(|loss| loss.lost),
                sum(|loss| loss.acknowledged),
                losses.len()
            )
        };
        let _ = writeln!(
            page,
            "| {} | {} ms | {:.3} ms | {:.3} ms | {:.3} ms | {} | {} |",
            rate.death.cause,
            rate.death.link_ms,
            rate.figure_ms(&rate.real),
            rate.measured_ms(),
            rate.figure_ms(&rate.simulated),
            of(&rate.real),
            of(&rate.simulated)
        );
    }
}

const INTRODUCTION: &str = include_str!("report/introduction.md");
const FAILOVER: &str = include_str!("report/failover.md");
const LOSSES: &str = include_str!("report/losses.md");
const CLOSING: &str = include_str!("report/closing.md");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_shows_what_differs() {
        let mut report = Report::default();
        assert!(report.agrees());
        report.comparisons.push((
            "random commands".to_owned(),
            Agreement {
                compared: 7,
                differences: vec!["GET k".to_owned()],
                broken_off: 3,
            },
        ));
        let page = report.page();
        assert!(
            page.contains("| random commands | 7 | 1 | 3 |") && page.contains("```\nGET k\n```"),
            "{page}"
        );
        assert!(!report.agrees());
    }
}
