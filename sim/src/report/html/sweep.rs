//! The page of a sweep: its scenarios and properties, failures, marks, and new behaviours.

use super::frame;
use maud::{Markup, html};

/// The results of a sweep.
#[derive(Debug, Clone, Default)]
pub struct SweepData {
    /// The scenarios and seeds, in one line.
    pub what: String,
    /// The verdict in words: "everything held", "something is violated".
    pub verdict: String,
    /// Whether nothing was violated and nothing is inconclusive.
    pub good: bool,
    /// The line that runs the same sweep again.
    pub replay: String,
    /// One entry for each scenario.
    pub scenarios: Vec<SweepScenario>,
    /// One entry for each group of failures.
    pub failures: Vec<SweepFailure>,
    /// All marks of all scenarios.
    pub marks: Vec<SweepMark>,
    /// New behaviours over time: (runs so far, behaviours seen so far), in order.
    pub behaviours: Vec<(u64, u64)>,
}

/// All runs of one scenario.
#[derive(Debug, Clone, Default)]
pub struct SweepScenario {
    /// Its name.
    pub name: String,
    /// A sentence that says what happens in it.
    pub title: String,
    /// Number of runs.
    pub runs: u64,
    /// Simulated time of all of them, milliseconds.
    pub simulated_ms: u64,
    /// Number of faults injected, and of those injected with operations in flight.
    pub faults: (u64, u64),
    /// Number of runs with a violation.
    pub violated: u64,
    /// The reasons why nothing is proved although nothing was violated.
    pub doubts: Vec<String>,
}

/// A group of similar failures.
#[derive(Debug, Clone, Default)]
pub struct SweepFailure {
    /// The scenario.
    pub scenario: String,
    /// The property, or the error of the harness.
    pub what: String,
    /// The message of the first of them.
    pub example: String,
    /// Number of runs.
    pub runs: u64,
    /// For the first few: the line that replays the run, and its page in the same folder.
    pub examples: Vec<(String, Option<String>)>,
}

/// A mark of a scenario, with the number of runs that reached it.
#[derive(Debug, Clone, Default)]
pub struct SweepMark {
    /// The scenario.
    pub scenario: String,
    /// The mark.
    pub mark: String,
    /// Number of runs that reached it.
    pub reached: u64,
    /// Number of all runs.
    pub of: u64,
}

/// The page of a sweep.
pub fn sweep_page(data: &SweepData) -> String {
    let runs: u64 = data.scenarios.iter().map(|scenario| scenario.runs).sum();
    let body = html! {
        header {
            div class="bar-top" { p class="eyebrow" { "Squall · sweep" } (frame::theme_switch()) }
            h1 { span class={ "verdict " (if data.good { "good" } else { "bad" }) } { (if data.good { "✓" } else { "✗" }) } " " (data.verdict) }
        }
        section class="summary" aria-label="Summary" {
            dl {
                dt { "What was run" } dd { (data.what) "." }
                dt { "Runs" } dd { (thousands(runs)) "; " (thousands(data.scenarios.iter().map(|s| s.simulated_ms).sum::<u64>() / 1000)) " s simulated." }
                dt { "Failures" } dd { @if data.failures.is_empty() { "None." } @else { (data.failures.len()) (if data.failures.len() == 1 { " kind, below." } else { " kinds, below." }) } }
                dt { "Run it again" } dd { (frame::to_paste(&data.replay)) }
            }
        }
        (failures(data))
        form class="controls js" id="controls" aria-label="Filter" {
            label { span { "Filter" } input type="search" name="filter" placeholder="scenario or mark" autocomplete="off"; }
        }
        (scenarios(data))
        (marks(data))
        (behaviours(data))
        p class="status js" role="status" aria-live="polite" {}
    };
    frame::page(&format!("Sweep: {}", data.verdict), &body).into_string()
}

fn failures(data: &SweepData) -> Markup {
    html! {
        @if !data.failures.is_empty() {
            section {
                h2 { "What failed" }
                @for failure in &data.failures {
                    article class="failure" {
                        h3 { span class="verdict bad" { "✗" } " " (failure.what) " " span class="dim" { "in " (failure.scenario) ", " (thousands(failure.runs)) (if failure.runs == 1 { " run" } else { " runs" }) } }
                        p { (failure.example) }
                        @for (line, page) in &failure.examples {
                            @if let Some(page) = page { p { a href=(page) { "Open the report" } } }
                            (frame::to_paste(line))
                        }
                    }
                }
            }
        }
    }
}

fn scenarios(data: &SweepData) -> Markup {
    html! {
        section {
            h2 { "Scenarios" }
            div class="wide" tabindex="0" role="region" aria-label="Scenarios; scrolls sideways" {
                table {
                    thead { tr { th { "Scenario" } th class="number" { "Runs" } th class="number" { "Simulated" } th class="number" { "Faults that hit" } th { "Verdict" } } }
                    tbody {
                        @for s in &data.scenarios {
                            tr class="item" data-who=(s.name) {
                                td { strong { (s.name) } br; span class="dim" { (s.title) } }
                                td class="number" { (thousands(s.runs)) }
                                td class="number" { (thousands(s.simulated_ms / 1000)) " s" }
                                td class="number" { @if s.faults.0 == 0 { "none planned" } @else { (thousands(s.faults.1)) " of " (thousands(s.faults.0)) } }
                                td {
                                    @if s.violated > 0 { span class="verdict bad" { "✗ violated in " (thousands(s.violated)) } }
                                    @else if !s.doubts.is_empty() { span class="verdict doubt" { "? " (s.doubts.join("; ")) } }
                                    @else { span class="verdict good" { "✓ held" } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn marks(data: &SweepData) -> Markup {
    html! {
        section {
            h2 { "Marks" }
            p class="note" { "What the sweep must have reached, or it has not tested what it is for." }
            div class="wide" tabindex="0" role="region" aria-label="Marks; scrolls sideways" {
                table {
                    thead { tr { th { "Mark" } th { "Scenario" } th class="number" { "Reached in" } th { "Share" } } }
                    tbody {
                        @for mark in &data.marks {
                            @let share = mark.reached * 100 / mark.of.max(1);
                            tr class={ "item" @if mark.reached == 0 { " marked" } } data-who=(mark.scenario) {
                                td { (mark.mark) }
                                td { (mark.scenario) }
                                td class="number" { (thousands(mark.reached)) " of " (thousands(mark.of)) }
                                td {
                                    @if mark.reached == 0 { span class="verdict doubt" { "never" } }
                                    @else {
                                        svg class="share" width="100" height="10" role="img" aria-label=(format!("{share} %")) {
                                            rect class="stripe" width="100" height="10" {}
                                            rect class="bar done" width=(share.max(1)) height="10" {}
                                        }
                                        " " (share) " %"
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A diagram with a step for each run that showed a new behaviour.
fn behaviours(data: &SweepData) -> Markup {
    let (Some((runs, most)), true) = (data.behaviours.last().copied(), data.behaviours.len() > 1) else {
        return html! {};
    };
    const WIDE: u64 = 1000;
    const TALL: u64 = 180;
    let x = |run: u64| run * WIDE / runs.max(1);
    let y = |seen: u64| TALL - seen * (TALL - 10) / most.max(1);
    let first = data.behaviours.first().map_or(0, |(_, seen)| *seen);
    let mut path = format!("M0 {TALL} V{}", y(first));
    for (run, seen) in &data.behaviours {
        path.push_str(&format!(" H{} V{}", x(*run), y(*seen)));
    }
    path.push_str(&format!(" H{WIDE}"));
    let last_new = (data.behaviours.iter())
        .find(|(_, seen)| *seen == most)
        .map_or(0, |(run, _)| *run);
    html! {
        section {
            h2 { "New behaviours over time" }
            p { (thousands(most)) " different behaviours in " (thousands(runs)) " runs; the last new one in run " (thousands(last_new)) "." }
            div class="plot" {
                svg viewBox=(format!("0 0 {WIDE} {TALL}")) preserveAspectRatio="none" width="100%" height=(TALL) role="img"
                    aria-label="Behaviours seen so far, by runs" {
                    rect class="stripe" width=(WIDE) height=(TALL) {}
                    path class="curve" d=(path) {}
                }
                p class="caption ends" { span { "run 1" } span { "run " (thousands(runs)) } }
            }
        }
    }
}

fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| std::str::from_utf8(group).unwrap_or(""))
        .collect();
    groups.join(",")
}
