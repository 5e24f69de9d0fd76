//! Guided sweeps: the same for the same seeds, anyone who performs them; and what they find can be replayed.

mod common;

use serde_json::Value;
use std::{fs, path::PathBuf};

fn place(name: &str) -> PathBuf {
    let folder = common::scratch(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("the folder can be made");
    folder
}

/// A sweep of the swarm: what was told, and its runs by seed.
fn sweep(name: &str, code: i32, more: &[&str]) -> (String, Vec<Value>) {
    let here = place(name);
    let (out, json) = (here.join("sweep"), here.join("sweep.json"));
    let fixed = [
        "explore",
        "--scenario",
        "swarm",
        "--out",
        out.to_str().unwrap(),
        "--json",
        json.to_str().unwrap(),
    ];
    let output = common::squall(&[&fixed, more].concat());
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{told}{said}");
    let value: Value = serde_json::from_slice(&fs::read(&json).unwrap()).expect("JSON");
    (told, value["runs"].as_array().expect("runs").clone())
}

#[test]
fn a_guided_sweep_is_the_same_with_any_number_of_threads_and_what_it_breeds_replays() {
    let bug = "get_then_del";
    let same = |jobs: &str| {
        let more = ["--seeds", "1..97", "--bug", bug, "--jobs", jobs];
        let (told, mut runs) = sweep(&format!("guided-{jobs}"), 1, &more);
        // Where plans are kept differs from sweep to sweep.
        runs.iter_mut().for_each(|run| drop(run["plan"].take()));
        (told, runs)
    };
    let (told, runs) = same("2");
    assert_eq!(same("1").1, runs);
    let is_bred = |run: &&Value| run["drawn"] == false;
    let bred: Vec<&Value> = runs.iter().filter(is_bred).collect();
    assert!(
        bred.len() >= 5,
        "every second run of the second generation: {}",
        bred.len()
    );
    assert!(bred.iter().all(|run| run["seed"].as_u64().unwrap() > 16));

    let failures = common::scratch("guided-1").join("sweep/failures");
    let mut failed = bred
        .iter()
        .filter(|run| !run["violations"].as_array().unwrap().is_empty());
    let failed = failed.next().expect("a bred plan fails, too");
    let file = failures.join(format!("swarm-{}-bred-{bug}.toml", failed["seed"]));
    let replay = common::squall(&["replay", file.to_str().unwrap(), "--bug", bug, "--json"]);
    let replayed: Value = serde_json::from_slice(&replay.stdout).expect("JSON");
    assert_eq!(replayed["fingerprint"], failed["fingerprint"]);
    assert_eq!(replay.status.code(), Some(1));
    let (_, plain) = sweep("unguided", 1, &["--seeds", "1..19", "--bug", bug, "--no-guidance"]);
    assert!(plain.iter().all(|run| run["drawn"] == true));
    assert_eq!(
        plain[..16],
        runs[..16].iter().map(|run| with_plan(run, &plain)).collect::<Vec<_>>()
    );
    assert!(told.contains("cargo squall replay "), "{told}");
}

/// The run with the place of its plan as another sweep has it.
fn with_plan(run: &Value, others: &[Value]) -> Value {
    let mut run = run.clone();
    let other = others
        .iter()
        .find(|other| other["seed"] == run["seed"])
        .expect("the same seeds");
    run["plan"] = other["plan"].clone();
    run
}

#[test]
fn a_sweep_stops_when_nothing_is_new_and_says_so() {
    let here = place("quiet");
    let out = here.join("sweep");
    let fixed = [
        "--scenario",
        "calm_day",
        "--until-quiet",
        "5",
        "--out",
        out.to_str().unwrap(),
    ];
    let output = common::squall(&fixed);
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        told.contains("Quiet: the last "),
        "{told}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(told.contains("showed nothing new"), "{told}");
    let refused = common::squall(&["--until-quiet", "5", "--seeds", "1..9", "--shard", "1/2"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--shard"));
}
