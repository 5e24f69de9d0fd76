//! Tests of sweeps, and of the files that they write.

use super::*;

/// Options of a sweep with the bug, over seeds that detect it.
const FAILING: &[&str] = &["--bug", "same_ticket_twice", "--seeds", "1..4"];

#[test]
fn a_sweep_says_the_same_for_the_same_seeds_and_any_number_of_threads() {
    let here = scratch("threads");
    let sweep = |jobs: &str| {
        let (out, file) = (here.join(jobs), here.join(format!("{jobs}.json")));
        let args = [
            "--seeds",
            "1..40",
            "--jobs",
            jobs,
            "--out",
            text(&out),
            "--json",
            text(&file),
        ];
        let (conclusion, output) = typed(&args).unwrap();
        assert_eq!(conclusion, Conclusion::Held, "{output}");
        assert!(output.contains("78 runs"), "{output}");
        without_times(&file)
    };
    let (one, three) = (sweep("1"), sweep("3"));
    assert_eq!(one, three);
    let runs = one["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 78);
    assert!(runs.iter().any(|run| run["drawn"] == false), "some plans were bred");
    assert!(runs.iter().all(|run| run["whole"].as_u64() > Some(0)));
}

#[test]
fn a_planted_bug_fails_the_sweep_and_leaves_plans_that_replay() {
    let here = scratch("failing");
    let (out, junit, lines) = (here.join("out"), here.join("junit.xml"), here.join("runs.jsonl"));
    let files = [
        "--junit",
        text(&junit),
        "--jsonl",
        text(&lines),
        "--annotations",
        "--marks",
        "--report",
    ];
    let (conclusion, output) = typed(&[FAILING, &["--out", text(&out)], &files].concat()).unwrap();
    assert_eq!(conclusion, Conclusion::Violated, "{output}");
    for expected in [
        "TicketPrintedOnce is violated",
        "cargo shop replay rush --seed",
        "--bug same_ticket_twice",
        "a seat was sold",
        "::error file=sim/src/command/tests/mod.rs,line=",
        "The report is",
    ] {
        assert!(output.contains(expected), "{expected:?} is not in\n{output}");
    }
    let plans: Vec<PathBuf> = fs::read_dir(out.join("failures"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert!(!plans.is_empty());
    let (conclusion, output) = typed(&["replay", text(&plans[0]), "--bug", "same_ticket_twice"]).unwrap();
    assert_eq!(conclusion, Conclusion::Violated, "{output}");
    assert!(
        output.contains("VIOLATED  TicketPrintedOnce") && output.contains("purchases that succeeded: "),
        "{output}"
    );

    let junit = fs::read_to_string(junit).unwrap();
    assert!(
        junit.contains("<testsuite name=\"shop\"") && junit.contains("cargo shop replay rush"),
        "{junit}"
    );
    assert_eq!(fs::read_to_string(lines).unwrap().lines().count(), 3);
    let index = fs::read_to_string(out.join("report/index.html")).unwrap();
    assert!(index.contains("rush-") && index.contains("cargo shop replay rush"));
    assert_eq!(json(&out.join("sweep.json"))["ended"]["conclusion"], "violated");
    let again = typed(&[FAILING, &["--out", text(&out)]].concat()).unwrap_err();
    assert!(again.contains("holds a sweep"), "{again}");
}

/// A panic in code of the suite costs only its own run, and does not hide a violation that was found before.
#[test]
fn what_somebody_wrote_may_panic_and_costs_its_own_run() {
    let out = scratch("panics").join("out");
    let story = |name, panics: &'static str| {
        Scenario::new(name, "a shop sells seats")
            .workload(Workload::people(4, Does::Shop).every(ms(300)))
            .drawn(move |seed, _| assert!(panics != "draw" || seed != 2, "no such draw"))
            .always(TicketPrintedOnce)
            .sometimes("never", move |view| {
                assert!(panics != "mark" || view.plan.seed != 3, "no such mark");
                false
            })
            .lasts(secs(6))
    };
    let bug = PlantedBug {
        name: "same_ticket_twice",
        title: "every third ticket is that of the sale before",
        covers: &[],
        scenario: "draws",
        detected_by: "TicketPrintedOnce",
        bug: crate::testing::Mistake::RepeatsSeats,
    };
    let suite = Suite::new("shop", "A shop", "cargo shop").scenario(story("draws", "draw"));
    let suite = suite.scenario(story("marks", "mark")).bug(bug);
    let scenarios = ["--scenario", "draws", "--scenario", "marks"];
    let bug = [
        "--bug",
        "same_ticket_twice",
        "--seeds",
        "1..40",
        "--jobs",
        "2",
        "--out",
        text(&out),
    ];
    let (conclusion, output) = typed_to(&suite, &[&scenarios[..], &bug].concat()).unwrap();
    assert_eq!(conclusion, Conclusion::Violated, "{output}");
    for expected in [
        "78 runs",
        "the harness panicked: no such draw",
        "the harness panicked: no such mark",
    ] {
        assert!(output.contains(expected), "{expected:?} is not in\n{output}");
    }
}

#[test]
fn a_planted_bug_that_is_not_detected_is_no_proof() {
    let here = scratch("undetected");
    let (out, json) = (here.join("out"), here.join("sweep.json"));
    let idle = Scenario::new("idle", "people only look around")
        .workload(Workload::people(1, Does::Shop).every(secs(1)))
        .always(TicketPrintedOnce)
        .lasts(secs(3));
    let bug = PlantedBug {
        name: "rare",
        title: "it takes three sales",
        covers: &[],
        scenario: "idle",
        detected_by: "TicketPrintedOnce",
        bug: crate::testing::Mistake::RepeatsSeats,
    };
    let suite = Suite::new("shop", "A shop", "cargo shop").scenario(idle).bug(bug);
    let args = [
        "--bug",
        "rare",
        "--seeds",
        "1..2",
        "--out",
        text(&out),
        "--json",
        text(&json),
        "--report",
    ];
    let (conclusion, output) = typed_to(&suite, &args).unwrap();
    assert_eq!(conclusion, Conclusion::Inconclusive, "{output}");
    assert!(
        output.contains("Inconclusive: the planted bug rare was not detected"),
        "{output}"
    );
    assert_eq!(super::json(&json)["conclusion"], "inconclusive");
    let page = fs::read_to_string(out.join("report/index.html")).unwrap();
    assert!(page.contains("the planted bug rare was not detected") && !page.contains("everything held"));
}

#[test]
fn a_sweep_that_shows_nothing_new_stops() {
    let out = scratch("quiet").join("out");
    let args = [
        "--scenario",
        "calm",
        "--seeds",
        "1..400",
        "--until-quiet",
        "20",
        "--out",
        text(&out),
    ];
    let (conclusion, output) = typed(&args).unwrap();
    assert_eq!(conclusion, Conclusion::Held, "{output}");
    assert!(output.contains("Quiet: the last "), "{output}");
    let runs = fs::read_to_string(out.join("runs.jsonl")).unwrap().lines().count();
    assert!((20..399).contains(&runs), "{runs}");
}

#[test]
fn what_fails_in_a_sweep_is_one_line_for_each_bug() {
    let here = scratch("grouped");
    let (out, failures) = (here.join("out"), here.join("failures"));
    let more = ["--shrink", "--out", text(&out), "--failures", text(&failures)];
    let (_, output) = typed(&[FAILING, &more].concat()).unwrap();
    let lines: Vec<&str> = (output.lines())
        .filter(|line| line.starts_with("TicketPrintedOnce (twice) in "))
        .collect();
    assert_eq!(lines.len(), 1, "{output}");
}

#[test]
fn every_planted_bug_is_detected() {
    let (conclusion, output) =
        typed(&["bugs", "--sweeps", "1", "--seeds", "20", "--no-swarm", "--no-guidance"]).unwrap();
    assert_eq!(conclusion, Conclusion::Held, "{output}");
    for expected in [
        "detected at seed",
        "1 of 1 planted bug detected",
        "swarm: 1 of 1 sweeps detect the bug",
        "cargo shop replay rush --seed",
    ] {
        assert!(output.contains(expected), "{expected:?} is not in\n{output}");
    }
    let (_, output) = typed(&["bugs", "--seeds", "5", "--shrink", "--json"]).unwrap();
    let value: serde_json::Value = serde_json::from_str(&output).unwrap();
    assert!(
        value["trials"][0]["detected_at"].is_number() && value["trials"][0]["shrunk"]["size"]["faults"] == 0,
        "{output}"
    );
}

#[test]
fn a_plan_is_saved_once_and_replays_alike() {
    let file = scratch("saved").join("plan.toml");
    let fingerprint = |args: &[&str]| {
        let (_, output) = typed(args).unwrap();
        let value: serde_json::Value = serde_json::from_str(&output).expect("JSON");
        assert_eq!(
            (&value["version"], &value["bug"]),
            (&2.into(), &serde_json::Value::Null)
        );
        value["fingerprint"].as_str().expect("a fingerprint").to_owned()
    };
    let by_seed = fingerprint(&["replay", "calm", "--seed", "3", "--json", "--save", text(&file)]);
    assert_eq!(by_seed, fingerprint(&["replay", text(&file), "--json"]));
    let before = fs::read_to_string(&file).unwrap();
    let again = typed(&["replay", "calm", "--seed", "4", "--save", text(&file)]).unwrap_err();
    assert!(again.contains("left as it is"), "{again}");
    assert_eq!(fs::read_to_string(&file).unwrap(), before, "nothing was lost");
    let both = typed(&["replay", text(&file), "--seed", "2"]).unwrap_err();
    assert!(both.contains("leave --seed away"), "{both}");
}

#[test]
fn the_service_gives_an_account_of_the_same_run() {
    let suite = || {
        suite().account("what the printer heard", |plan, _| {
            let run = crate::run::perform(plan, &Default::default())?;
            Ok((run, "The printer heard nothing".into()))
        })
    };
    let args = ["replay", "calm", "--seed", "1", "--account"];
    assert!(
        typed_to(&suite(), &args)
            .unwrap()
            .1
            .contains("The printer heard nothing")
    );
    let mut command = crate::command::cli::command(&suite());
    let help = command.find_subcommand_mut("replay").unwrap().render_help().to_string();
    assert!(help.contains("Say what the printer heard"), "{help}");
    let other = super::suite().account("something else", |plan, _| {
        let other = Plan {
            seed: 99,
            ..plan.clone()
        };
        Ok((crate::run::perform(&other, &Default::default())?, String::new()))
    });
    assert!(typed_to(&other, &args).unwrap_err().contains("diverged"));
}
