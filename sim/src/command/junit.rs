//! `--junit`: a test case for each scenario, for programs that show test results.

use super::{Trouble, annotations, summary::ScenarioSummary};
use crate::{service::Service, suite::Suite};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use std::{collections::BTreeMap, time::Duration};

/// The file. A scenario that proves nothing is an error, in agreement with the command's exit code: JUnit distinguishes
/// failures (something did not hold) from errors (it could not be decided). Each reason why the sweep as a whole proves
/// nothing (`open`) is an error of a separate case.
///
/// # Errors
/// It cannot be written as XML.
pub(crate) fn text<S: Service>(
    suite: &Suite<S>,
    summaries: &[ScenarioSummary],
    open: &[String],
    cpu: &BTreeMap<&'static str, Duration>,
    bug: Option<&str>,
) -> Result<String, Trouble> {
    let mut cases = TestSuite::new(suite.name);
    for summary in summaries {
        let failures = annotations::failures(suite, summary, bug);
        let status = if let Some((title, _)) = failures.first() {
            let kind = match summary.violated.is_empty() {
                true => NonSuccessKind::Error,
                false => NonSuccessKind::Failure,
            };
            let texts: Vec<String> = failures
                .iter()
                .map(|(title, text)| format!("{title}\n{text}"))
                .collect();
            let mut status = TestCaseStatus::non_success(kind);
            let what: Vec<&str> = summary.violated.iter().map(|group| group.what.as_str()).collect();
            status
                .set_type(if what.is_empty() {
                    "harness".to_owned()
                } else {
                    what.join(", ")
                })
                .set_message(title.as_str())
                .set_description(texts.join("\n\n"));
            status
        } else if !summary.inconclusive.is_empty() {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status
                .set_type("inconclusive")
                .set_message(summary.inconclusive.join("; "));
            status
        } else if summary.runs == 0 {
            // Its runs belong to another shard, or the engine cannot perform its plans.
            TestCaseStatus::skipped()
        } else {
            TestCaseStatus::success()
        };
        let mut case = TestCase::new(summary.scenario, status);
        case.set_classname(suite.name);
        case.set_time(cpu.get(summary.scenario).copied().unwrap_or_default());
        cases.add_test_case(case);
    }
    if !open.is_empty() {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_type("inconclusive").set_message(open.join("; "));
        let mut case = TestCase::new("the sweep", status);
        case.set_classname(suite.name);
        cases.add_test_case(case);
    }
    if let Some(build) = suite.build {
        cases.add_property(("build", build));
    }
    let mut report = Report::new(suite.name);
    report.set_time(cpu.values().sum());
    report.add_test_suite(cases);
    Ok(report.to_string()?)
}

#[cfg(test)]
mod tests {
    use super::{
        super::{summary::tests::failing, tests::suite},
        *,
    };

    #[test]
    fn what_broke_is_escaped_and_can_be_replayed() {
        let summary = failing("100% <lost> & \"found\"\nin\u{1b}[31m red\u{0}");
        let cpu = [("rush", Duration::from_millis(1500))].into();
        insta::assert_snapshot!(text(&suite(), &[summary], &[], &cpu, None).unwrap(), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="shop" tests="1" skipped="0" failures="1" errors="0" time="1.500">
            <testsuite name="shop" tests="1" skipped="0" errors="0" failures="1">
                <testcase name="rush" classname="shop" time="1.500">
                    <failure message="rush: SeatSoldOnce is violated in 4 of 50 runs" type="SeatSoldOnce">rush: SeatSoldOnce is violated in 4 of 50 runs
        100% &lt;lost&gt; &amp; &quot;found&quot;
        in red
        cargo shop replay rush --seed 3
        cargo shop replay rush --seed 5
        cargo shop replay rush --seed 8
        and 1 more seed</failure>
                </testcase>
            </testsuite>
        </testsuites>
        "#);
    }
}
