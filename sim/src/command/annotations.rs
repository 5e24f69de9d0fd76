//! `--annotations`: failures in the form that GitHub shows beside the files of a pull request.
//!
//! They are workflow commands, as GitHub documents them. The escapes are those of GitHub's toolkit
//! (`packages/core/src/command.ts`): a message escapes `%`, CR and LF, a property also `:` and `,`.

use super::{
    summary::{Group, ScenarioSummary},
    table,
};
use crate::{service::Service, suite::Suite};
use std::fmt::Write;

/// The largest number of seeds named in one annotation.
const SEEDS_NAMED_MAX: usize = 3;

/// One line for each failure, at the source location of its scenario, and one for each reason why the sweep as a whole
/// proves nothing (`open`).
pub(crate) fn text<S: Service>(
    suite: &Suite<S>,
    summaries: &[ScenarioSummary],
    open: &[String],
    bug: Option<&str>,
) -> String {
    let mut text = String::new();
    for summary in summaries {
        let source = suite.find_scenario(summary.scenario).map(|scenario| scenario.source());
        let place = source.map_or_else(
            |_| String::new(),
            |source| format!("file={},line={},", property(source.file()), source.line()),
        );
        let mut add = |level: &str, title: &str, message: &str| {
            let _ = writeln!(text, "::{level} {place}title={}::{}", property(title), data(message));
        };
        for (title, message) in failures(suite, summary, bug) {
            add("error", &title, &message);
        }
        for doubt in &summary.inconclusive {
            add("warning", &format!("{} is inconclusive", summary.scenario), doubt);
        }
    }
    for doubt in open {
        let _ = writeln!(
            text,
            "::warning title={} is inconclusive::{}",
            property(suite.name),
            data(doubt)
        );
    }
    text
}

/// The failures of a scenario: one clause for all, and the properties that failed with the lines that replay them.
pub(crate) fn failures<S: Service>(
    suite: &Suite<S>,
    summary: &ScenarioSummary,
    bug: Option<&str>,
) -> Vec<(String, String)> {
    let of = |group: &Group, what: &str| {
        let runs = table::count(summary.runs, "run");
        let title = format!("{}: {what} in {} of {runs}", summary.scenario, group.seeds.len());
        let mut message = group.example.clone();
        for seed in group.seeds.iter().take(SEEDS_NAMED_MAX) {
            let _ = write!(message, "\n{}", group.line(suite, summary.scenario, *seed, bug));
        }
        if let Some(more) = group.seeds.len().checked_sub(SEEDS_NAMED_MAX).filter(|more| *more > 0) {
            let _ = write!(message, "\nand {}", table::count(more, "more seed"));
        }
        (title, message)
    };
    let violated = summary
        .violated
        .iter()
        .map(|group| of(group, &format!("{} is violated", group.what)));
    let errors = summary.errors.iter().map(|group| of(group, "the harness failed"));
    violated.chain(errors).collect()
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::{
        super::{summary::tests::failing, tests::suite},
        *,
    };

    #[test]
    fn a_failure_is_one_line_whatever_it_says() {
        let summary = failing("100% <lost>,\r\nthen: found");
        let text = text(
            &suite(),
            &[summary],
            &["shard 2/2 is missing".into()],
            Some("same_ticket_twice"),
        );
        let text = text.replace(&format!("line={},", suite().scenarios()[1].source().line()), "line=N,");
        insta::assert_snapshot!(text, @r#"
        ::error file=sim/src/command/tests/mod.rs,line=N,title=rush%3A SeatSoldOnce is violated in 4 of 50 runs::100%25 <lost>,%0D%0Athen: found%0Acargo shop replay rush --seed 3 --bug same_ticket_twice%0Acargo shop replay rush --seed 5 --bug same_ticket_twice%0Acargo shop replay rush --seed 8 --bug same_ticket_twice%0Aand 1 more seed
        ::warning file=sim/src/command/tests/mod.rs,line=N,title=rush is inconclusive::a mark was not reached in 50 runs
        ::warning title=shop is inconclusive::shard 2/2 is missing
        "#);
    }
}
