//! The results of a sweep, as text for people.

use super::{Conclusion, shard::Shard, summary::ScenarioSummary, table};
use crate::{report::Look, service::Service, suite::Suite};
use comfy_table::Cell;

/// The largest number of seeds named for one property of one scenario; the rest are counted.
const SEEDS_NAMED_MAX: usize = 3;

/// The table, the unreached marks, and the failures with the lines that replay them.
pub(crate) fn text<S: Service>(
    suite: &Suite<S>,
    look: &Look,
    summaries: &[ScenarioSummary],
    bug: Option<&str>,
) -> String {
    let mut table = table::new(
        look,
        &[
            "scenario",
            ">seeds",
            ">simulated",
            ">properties",
            ">marks",
            ">faults that hit",
            ">triggers missed",
            "verdict",
        ],
    );
    for s in summaries {
        let reached = s.marks.len() - s.unreached().count();
        let verdict = match s.conclusion() {
            Conclusion::Held if s.runs == 0 && s.skipped > 0 => "does not fit".to_owned(),
            Conclusion::Held if s.runs == 0 => "not run".to_owned(),
            Conclusion::Held => "held".to_owned(),
            Conclusion::Inconclusive => "inconclusive".to_owned(),
            Conclusion::Violated => match s.violated.len() {
                1 => "violated".to_owned(),
                properties => format!("{properties} violated"),
            },
        };
        table.add_row([
            Cell::new(s.scenario),
            Cell::new(match s.skipped {
                0 => table::thousands(s.runs as u64),
                skipped => format!(
                    "{} of {}",
                    table::thousands(s.runs as u64),
                    table::thousands((s.runs + skipped) as u64)
                ),
            }),
            Cell::new(format!("{} s", table::thousands(s.simulated_ms / 1000))),
            Cell::new(s.properties.len()),
            Cell::new(format!("{reached}/{}", s.marks.len())),
            Cell::new(match s.faults {
                0 => "none planned".to_owned(),
                faults => format!(
                    "{} of {}",
                    table::thousands(s.faults_in_flight as u64),
                    table::thousands(faults as u64)
                ),
            }),
            Cell::new(match s.triggers {
                0 => "none planned".to_owned(),
                triggers => format!(
                    "{} of {}",
                    table::thousands(s.triggers_missed as u64),
                    table::thousands(triggers as u64)
                ),
            }),
            table::judged(verdict, s.conclusion()),
        ]);
    }
    let mut text = format!("{table}\n");
    let skipped = summaries.iter().map(|s| s.skipped).sum::<usize>();
    if skipped > 0 {
        text.push_str(&format!(
            "Skipped: {} with a fault that the second engine cannot do\n",
            table::count(skipped, "plan")
        ));
    }
    for s in summaries {
        for doubt in &s.inconclusive {
            text.push_str(&look.paint("33", &format!("{} is inconclusive: {doubt}\n", s.scenario)));
        }
        for (mark, counts_from) in s.unreached().filter(|_| s.runs > 0) {
            let rule = match s.runs < counts_from {
                true => format!(" (counts from {counts_from} runs on)"),
                false => String::new(),
            };
            text.push_str(&look.paint("33", &format!("{} never reached: {mark}{rule}\n", s.scenario)));
        }
    }
    for s in summaries {
        let groups = s
            .violated
            .iter()
            .map(|group| (group, true))
            .chain(s.errors.iter().map(|group| (group, false)));
        for (group, violated) in groups {
            let how_many = format!("in {} of {}", group.seeds.len(), table::count(s.runs, "run"));
            let title = if violated {
                format!("{}: {} is violated {how_many}", s.scenario, group.what)
            } else {
                format!("{}: the harness failed {how_many}", s.scenario)
            };
            text.push_str(&format!("\n{}\n  {}\n", look.paint("1;31", &title), group.example));
            for seed in group.seeds.iter().take(SEEDS_NAMED_MAX) {
                text.push_str(&format!("  {}\n", group.line(suite, s.scenario, *seed, bug)));
            }
            if let Some(more) = group.seeds.len().checked_sub(SEEDS_NAMED_MAX).filter(|more| *more > 0) {
                text.push_str(&format!("  and {}\n", table::count(more, "more seed")));
            }
        }
    }
    text
}

/// The verdict alone.
pub(crate) fn verdict(conclusion: Conclusion) -> &'static str {
    match conclusion {
        Conclusion::Held => "everything held",
        Conclusion::Inconclusive => "nothing was violated, and nothing is proved yet",
        Conclusion::Violated => "something is violated",
    }
}

/// The verdict as the end of the last line. It claims no more than the runs prove.
pub(crate) fn clause(
    conclusion: Conclusion,
    runs: usize,
    summaries: &[ScenarioSummary],
    shard: Option<Shard>,
) -> String {
    let misfits = summaries.iter().filter(|s| s.runs == 0 && s.skipped > 0).count();
    match (conclusion, shard) {
        (Conclusion::Violated, _) => "something is violated; see above.".into(),
        (Conclusion::Inconclusive, _) if runs == 0 => "nothing was run, so this proves nothing; see above.".into(),
        (Conclusion::Inconclusive, _) => "nothing was violated, but this proves nothing yet; see above.".into(),
        (Conclusion::Held, Some(shard)) => {
            format!("everything held in shard {shard}; what a sweep must reach is counted when its shards are merged.")
        }
        (Conclusion::Held, None) if misfits > 0 => format!(
            "everything that was run held; {} not, for no plan of theirs fits this engine.",
            match misfits {
                1 => "1 scenario was".to_owned(),
                many => format!("{many} scenarios were"),
            }
        ),
        (Conclusion::Held, None) => match summaries.iter().map(ScenarioSummary::open_marks).sum::<usize>() {
            0 => "everything held.".into(),
            open => format!(
                "everything held; {} not reached, after too few runs to count.",
                match open {
                    1 => "1 mark was".to_owned(),
                    many => format!("{many} marks were"),
                }
            ),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{summary::Group, tests::suite},
        *,
    };
    use crate::simulator::EngineKind;
    use std::collections::BTreeMap;

    fn summary(scenario: &'static str, runs: usize) -> ScenarioSummary {
        ScenarioSummary {
            scenario,
            runs,
            skipped: 0,
            simulated_ms: runs as u64 * 90_000,
            properties: vec!["SeatSoldOnce".into(), "EverybodyBuys".into()],
            marks: [("the master was replaced", runs / 2)].into(),
            marks_count_from: [("the master was replaced", 49), ("the printer jammed", 20)].into(),
            faults: runs * 3,
            faults_in_flight: runs,
            triggers: runs,
            triggers_missed: runs / 4,
            operations: runs * 40,
            whole: runs * 4,
            vacuous: 0,
            violated: vec![],
            errors: vec![],
            inconclusive: vec![],
        }
    }

    #[test]
    fn what_the_second_engine_cannot_do_is_said_and_what_it_found_is_replayed_there() {
        let mut violated = summary("calm", 4);
        violated.skipped = 6;
        violated.violated.push(Group {
            what: "EverybodyBuys".into(),
            example: "a purchase".into(),
            seeds: vec![3],
            engine: EngineKind::Turmoil,
            files: BTreeMap::new(),
        });
        let mut misfit = summary("rush", 0);
        misfit.skipped = 10;
        let text = text(&suite(), &Look::PLAIN, &[violated, misfit], None);
        for expected in [
            "4 of 10",
            "does not fit",
            "Skipped: 16 plans with a fault that the second engine cannot do",
            "cargo shop replay calm --seed 3 --engine turmoil",
        ] {
            assert!(text.contains(expected), "{expected:?} is not in\n{text}");
        }
    }

    #[test]
    fn each_failure_has_a_line_that_replays_it() {
        let held = summary("calm", 60);
        let mut doubtful = summary("swarm", 60);
        doubtful.marks.insert("the printer jammed", 0);
        doubtful.inconclusive.push("a mark was not reached in 60 runs".into());
        let mut violated = summary("rush", 1200);
        violated.violated.push(Group {
            what: "SeatSoldOnce".into(),
            example: "seat 4 was sold to ann and again to ben".into(),
            seeds: vec![17, 19, 23, 40, 41],
            engine: EngineKind::EventLoop,
            files: [(19, "failures/f-19.toml".to_owned())].into(),
        });
        violated.errors.push(Group {
            what: "livelock".into(),
            example: "livelock at 31.4 s on shop-1".into(),
            seeds: vec![18],
            engine: EngineKind::EventLoop,
            files: BTreeMap::new(),
        });
        let text = text(
            &suite(),
            &Look::PLAIN,
            &[held, doubtful, violated],
            Some("same_ticket_twice"),
        );
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        insta::assert_snapshot!(lines.join("\n"), @r#"
        ──────────────────────────────────────────────────────────────────────────────────────────────────────
         scenario   seeds   simulated   properties   marks   faults that hit   triggers missed   verdict
        ══════════════════════════════════════════════════════════════════════════════════════════════════════
         calm          60     5,400 s            2     1/1         60 of 180          15 of 60   held
         swarm         60     5,400 s            2     1/2         60 of 180          15 of 60   inconclusive
         rush       1,200   108,000 s            2     1/1    1,200 of 3,600      300 of 1,200   violated
        ──────────────────────────────────────────────────────────────────────────────────────────────────────
        swarm is inconclusive: a mark was not reached in 60 runs
        swarm never reached: the printer jammed

        rush: SeatSoldOnce is violated in 5 of 1,200 runs
          seat 4 was sold to ann and again to ben
          cargo shop replay rush --seed 17 --bug same_ticket_twice
          cargo shop replay failures/f-19.toml --bug same_ticket_twice
          cargo shop replay rush --seed 23 --bug same_ticket_twice
          and 2 more seeds

        rush: the harness failed in 1 of 1,200 runs
          livelock at 31.4 s on shop-1
          cargo shop replay rush --seed 18 --bug same_ticket_twice
        "#);
    }
}
