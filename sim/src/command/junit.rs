//! `--junit`: a test case for each scenario, for whatever shows test results.

use super::{Trouble, annotations, summary::ScenarioSummary};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use std::{collections::BTreeMap, time::Duration};

/// The file. A scenario that proves nothing is an error, as the command's exit code has it: JUnit knows
/// failures (something did not hold) and errors (it could not be told).
///
/// # Errors
/// XML cannot say it.
pub(crate) fn text(
    summaries: &[ScenarioSummary],
    cpu: &BTreeMap<&'static str, Duration>,
    plant: Option<&str>,
) -> Result<String, Trouble> {
    let mut suite = TestSuite::new("squall");
    for summary in summaries {
        let failures = annotations::failures(summary, plant);
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
        } else {
            TestCaseStatus::success()
        };
        let mut case = TestCase::new(summary.scenario, status);
        case.set_classname("squall");
        case.set_time(cpu.get(summary.scenario).copied().unwrap_or_default());
        suite.add_test_case(case);
    }
    let mut report = Report::new("squall");
    report.set_time(cpu.values().sum());
    report.add_test_suite(suite);
    Ok(report.to_string()?)
}

#[cfg(test)]
mod tests {
    use super::{super::summary::tests::failing, *};

    #[test]
    fn what_broke_is_escaped_and_can_be_replayed() {
        let summary = failing("100% <lost> & \"found\"\nin\u{1b}[31m red\u{0}");
        let cpu = [("code_race", Duration::from_millis(1500))].into();
        insta::assert_snapshot!(text(&[summary], &cpu, None).unwrap(), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="squall" tests="1" skipped="0" failures="1" errors="0" time="1.500">
            <testsuite name="squall" tests="1" skipped="0" errors="0" failures="1">
                <testcase name="code_race" classname="squall" time="1.500">
                    <failure message="code_race: CodeRedeemedOnce is violated in 4 of 50 runs" type="CodeRedeemedOnce">code_race: CodeRedeemedOnce is violated in 4 of 50 runs
        100% &lt;lost&gt; &amp; &quot;found&quot;
        in red
        cargo squall replay code_race --seed 3
        cargo squall replay code_race --seed 5
        cargo squall replay code_race --seed 8
        and 1 more seed</failure>
                </testcase>
            </testsuite>
        </testsuites>
        "#);
    }
}
