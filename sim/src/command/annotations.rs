//! `--annotations`: failures as GitHub shows them beside the files of a pull request.
//!
//! Workflow commands, as GitHub documents them; the escapes are those of its own toolkit
//! (`packages/core/src/command.ts`): a message escapes `%`, CR and LF, a property also `:` and `,`.

use super::{
    summary::{Group, ScenarioSummary},
    table,
};
use std::fmt::Write;

/// Seeds named in one annotation.
const SEEDS_NAMED_MAX: usize = 3;

/// One line for each failure.
pub(crate) fn told(summaries: &[ScenarioSummary], plant: Option<&str>) -> String {
    let mut text = String::new();
    for summary in summaries {
        let mut add = |level: &str, title: &str, message: &str| {
            let file = format!("scenarios/src/catalogue/{}.rs", summary.scenario);
            let (file, title) = (property(&file), property(title));
            let _ = writeln!(text, "::{level} file={file},title={title}::{}", data(message));
        };
        for (title, message) in failures(summary, plant) {
            add("error", &title, &message);
        }
        for doubt in &summary.inconclusive {
            add("warning", &format!("{} is inconclusive", summary.scenario), doubt);
        }
    }
    text
}

/// What failed in a scenario: one clause, and what broke with the lines that replay it.
pub(crate) fn failures(summary: &ScenarioSummary, plant: Option<&str>) -> Vec<(String, String)> {
    let of = |group: &Group, what: &str| {
        let runs = table::count(summary.runs, "run");
        let title = format!("{}: {what} in {} of {runs}", summary.scenario, group.seeds.len());
        let mut message = group.example.clone();
        for seed in group.seeds.iter().take(SEEDS_NAMED_MAX) {
            let _ = write!(message, "\n{}", group.line(summary.scenario, *seed, plant));
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
    use super::{super::summary::tests::failing, *};

    #[test]
    fn a_failure_is_one_line_whatever_it_says() {
        let summary = failing("100% <lost>,\r\nthen: found");
        let text = told(&[summary], Some("get_then_del"));
        insta::assert_snapshot!(text, @r"
        ::error file=scenarios/src/catalogue/code_race.rs,title=code_race%3A CodeRedeemedOnce is violated in 4 of 50 runs::100%25 <lost>,%0D%0Athen: found%0Acargo squall replay code_race --seed 3 --plant get_then_del%0Acargo squall replay code_race --seed 5 --plant get_then_del%0Acargo squall replay code_race --seed 8 --plant get_then_del%0Aand 1 more seed
        ::warning file=scenarios/src/catalogue/code_race.rs,title=code_race is inconclusive::a mark was not reached in 50 runs
        ");
    }
}
