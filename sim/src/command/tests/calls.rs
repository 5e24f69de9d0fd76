//! Sweeps of calls over the harness's own shop.

use super::*;
use crate::calls::CallStory;

/// Every sale that was noted became a sale.
struct NotedIsSold;

impl Property<Shop> for NotedIsSold {
    fn name(&self) -> String {
        "NotedIsSold".into()
    }
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "whoever connects is sold a seat, unless the shop dies".into()
    }
    fn check(&self, evidence: &Evidence<'_, Shop>) -> Result<(), Violation> {
        // What the shop does not promise: a sale whose noting leaves a doubt is not made.
        let lost = evidence.history.records.iter().position(|record| {
            let text = serde_json::to_string(record).expect("records are text");
            text.contains("answer-lost")
        });
        match lost {
            Some(place) => {
                Err(Violation::new(evidence.history.records[place].at_ms, vec![place], "a doubt").because("doubt"))
            }
            None => Ok(()),
        }
    }
}

fn swept() -> Suite<Shop> {
    let sales = Scenario::new("sales", "two people buy a seat, and nothing breaks")
        .workload(Workload::people(2, Does::Shop).every(ms(300)))
        .always(NotedIsSold)
        .sometimes("a seat was sold", |view| view.marks.contains_key("a seat was sold"))
        .lasts(secs(6));
    suite().scenario(sales).every_call(CallStory {
        scenario: "sales",
        until_ms: 3000,
        heals_at_ms: 4000,
        pause_ms: 500,
    })
}

fn calls(args: &[&str]) -> Result<(Conclusion, String), String> {
    typed_to(&swept(), &[&["calls"], args].concat())
}

#[test]
fn each_call_is_struck_in_each_way_and_what_breaks_is_told_with_its_plan() {
    let here = scratch("calls");
    let (conclusion, output) = calls(&["--failures", text(&here)]).unwrap();
    assert_eq!(conclusion, Conclusion::Violated, "{output}");
    for expected in [
        "sales: NotedIsSold (doubt) is violated in 2 runs, at 1 call",
        "shop-1 \u{201c}note sale\u{201d} no. 2: is done, and its answer is lost (reset)",
        "cargo shop replay",
        "The stories make 1 of 2 calls, and not:",
        "close the till: no shop ever closes",
        // two calls; three ways to fail, two to be late, three on each side
        "22 runs in",
    ] {
        assert!(output.contains(expected), "{expected:?} is not in\n{output}");
    }
    let plan = fs::read_dir(&here)
        .unwrap()
        .next()
        .expect("plans were written")
        .unwrap()
        .path();
    let (conclusion, output) = typed_to(&swept(), &["replay", text(&plan)]).unwrap();
    assert_eq!(conclusion, Conclusion::Violated, "{output}");
}

#[test]
fn shards_are_the_whole_and_a_sweep_that_was_stopped_goes_on() {
    let here = scratch("calls-shards");
    let json = |name: &str, args: &[&str]| {
        let file = here.join(name);
        calls(&[args, &["--json", text(&file)]].concat()).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        let runs = json["runs"].as_array().unwrap().iter();
        let mut runs: Vec<_> = runs
            .map(|run| (run["what"].to_string(), run["fingerprint"].to_string()))
            .collect();
        runs.sort();
        runs
    };
    let failures = here.join("failures");
    let failures = ["--failures", text(&failures)];
    let whole = json("whole.json", &failures);
    let shards = ["1/2", "2/2"].map(|shard| {
        let file = here.join(shard.replace('/', "-of-"));
        calls(&[&failures[..], &["--shard", shard, "--out", text(&file)]].concat()).unwrap();
        file
    });
    let merged = json("merged.json", &["--merge", text(&shards[0]), text(&shards[1])]);
    assert_eq!(whole, merged);
    let refused = calls(&["--merge", text(&shards[0])]).unwrap_err();
    assert!(refused.contains("shard 2/2 is missing"), "{refused}");

    // Torn in the middle of its fourth line.
    let file = &shards[0];
    let lines = fs::read_to_string(file).unwrap();
    let torn: String = lines.lines().take(3).map(|line| format!("{line}\n")).collect();
    fs::write(file, format!("{torn}{{\"scenario\":")).unwrap();
    let again = [&failures[..], &["--shard", "1/2", "--out", text(file)]].concat();
    calls(&again).unwrap();
    let sorted = |text: &str| {
        let strip = |line: &str| line.split("\"cpu_ms\"").next().unwrap_or_default().to_owned();
        let mut lines: Vec<String> = text.lines().map(strip).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&fs::read_to_string(file).unwrap()), sorted(&lines));
    let refused = calls(&[&failures[..], &["--out", text(file)]].concat()).unwrap_err();
    assert!(refused.contains("is of another sweep"), "{refused}");
}

#[test]
fn a_sample_is_a_part_and_pairs_strike_two_calls() {
    let here = scratch("calls-pairs");
    let failures = ["--failures", text(&here)];
    let (_, output) = calls(&[&failures[..], &["--sample", "5"]].concat()).unwrap();
    assert!(output.contains("5 runs in"), "{output}");
    let (_, output) = calls(&[&failures[..], &["--pairs", "3"]].concat()).unwrap();
    let runs = output.lines().last().unwrap_or_default();
    assert!(
        ["22 runs", "23 runs", "24 runs", "25 runs"]
            .iter()
            .any(|many| runs.starts_with(many)),
        "{runs}"
    );
}

#[test]
fn what_is_asked_for_wrongly_is_said() {
    let said = |args: &[&str]| calls(args).map(|(_, output)| output);
    assert!(said(&["--scenario", "rush"]).unwrap_err().contains("those are sales"));
    let nothing = typed_to(&suite(), &["calls"]).unwrap_err();
    assert!(nothing.contains("Suite::every_call"), "{nothing}");
    let listed = said(&["--list"]).unwrap();
    assert!(listed.contains("sales with seed 1: 2 calls, 22 runs"), "{listed}");
}

#[test]
fn a_sweep_that_performs_nothing_or_detects_nothing_proves_nothing() {
    let (conclusion, output) = calls(&["--sample", "1", "--shard", "2/2"]).unwrap();
    assert_eq!(conclusion, Conclusion::Inconclusive, "{output}");
    assert!(output.contains("no run was performed"), "{output}");
    // The bug is one of tickets, which nobody looks at here; of one call that fails, nothing is violated.
    let (conclusion, output) = calls(&["--sample", "1", "--sample-seed", "3", "--bug", "same_ticket_twice"]).unwrap();
    assert_eq!(conclusion, Conclusion::Inconclusive, "{output}");
    assert!(output.contains("same_ticket_twice was not detected"), "{output}");
}

#[test]
fn what_is_no_file_is_not_read_for_one() {
    let refused = calls(&["--sample", "1", "--out", "/dev/null"]).unwrap_err();
    assert!(refused.contains("/dev/null is no file"), "{refused}");
}
