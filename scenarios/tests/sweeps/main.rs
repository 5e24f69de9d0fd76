//! Sweeps outlive the process, travel between machines, and come together again.

#[path = "../common/mod.rs"]
mod common;
mod shards;

use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// Two scenarios, one of which fails.
const SWEEP: &[&str] = &[
    "explore",
    "--seeds",
    "1..4",
    "--scenario",
    "code_race",
    "--scenario",
    "calm_day",
    "--bug",
    "get_then_del",
];

/// An empty place for one test's sweeps.
fn place(name: &str) -> PathBuf {
    let folder = common::scratch(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("the folder can be made");
    folder
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a readable path")
}

/// What the command said, which must end with `code`.
fn squall(args: &[&str], code: i32) -> (String, String) {
    let output = common::squall(args);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{args:?}: {told}{said}");
    assert!(!said.contains("panicked"), "{args:?}: {said}");
    (told, said)
}

fn sweep(out: &Path, more: &[&str]) -> String {
    squall(&[SWEEP, &["--out", text(out)], more].concat(), 1).0
}

/// A sweep without end, of which `runs` have ended.
fn running(out: &Path, runs: usize, more: &[&str]) -> Child {
    let child = Command::new(env!("CARGO_BIN_EXE_squall"))
        .args(["--for", "1h", "--jobs", "1", "--out", text(out)])
        .args(more)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let ended = || {
        fs::read_to_string(out.join("runs.jsonl"))
            .unwrap_or_default()
            .lines()
            .count()
    };
    while ended() < runs {
        // A test that hangs is stopped by anyone who runs the tests.
        let _ = Command::new("sleep").arg("0.1").status();
    }
    child
}

#[test]
fn a_sweep_that_is_killed_leaves_what_it_found() {
    let out = place("killed").join("sweep");
    let mut child = running(&out, 2, &["--bug", "get_then_del", "--report"]);
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    let (_, said) = squall(&["merge", text(&out)], 2);
    assert!(said.contains("was killed") && said.contains("--partial"), "{said}");
    let (told, _) = squall(&["merge", "--partial", text(&out)], 1);
    let expected = ["code_race", "Incomplete: ", "cargo squall replay code_race --seed"];
    assert!(expected.iter().all(|text| told.contains(text)), "{told}");
    let (lines, _) = squall(&["merge", "--partial", "--jsonl", "-", text(&out)], 1);
    assert!(lines.lines().count() >= 2, "{lines}");
    assert!(fs::read_dir(out.join("failures")).unwrap().count() >= 2);
    assert!(
        fs::read_dir(out.join("report")).unwrap().count() >= 2,
        "pages are written as failures are found"
    );
}

#[test]
#[cfg(unix)]
fn an_interruption_ends_with_the_table() {
    let out = place("interrupted").join("sweep");
    let child = running(&out, 1, &["--scenario", "calm_day"]);
    sim::testbed::signal(child.id(), "INT").expect("it is running");
    let output = child.wait_with_output().expect("it ends");
    let told = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(130), "{told}");
    assert!(
        told.contains("calm_day") && told.contains("Incomplete: the sweep was interrupted"),
        "{told}"
    );
    let header: Value = serde_json::from_slice(&fs::read(out.join("sweep.json")).unwrap()).unwrap();
    assert_eq!(header["ended"]["interrupted"], true);
    let kept = fs::read_to_string(out.join("runs.jsonl")).unwrap();
    assert_eq!(header["ended"]["runs"], kept.lines().count());
}

#[test]
fn a_sweep_tells_machines_as_it_tells_people() {
    let here = place("machines");
    let (junit, pages) = (here.join("squall.xml"), here.join("pages"));
    let more = [
        "--jsonl",
        "-",
        "--junit",
        text(&junit),
        "--annotations",
        "--report",
        text(&pages),
    ];
    let output = common::squall(&[SWEEP, &more].concat());
    let (lines, said) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    let runs: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect(line))
        .collect();
    assert_eq!(runs.len(), 6, "nothing but lines of JSON: {lines}");
    assert!(said.contains("code_race"), "people are told on standard error: {said}");
    let annotation = said
        .lines()
        .find(|line| line.starts_with("::error file=scenarios/src/redemption/code_race.rs,"));
    let replay = "cargo squall replay code_race --seed 1 --bug get_then_del";
    assert!(
        annotation.is_some_and(|line| line.contains(&format!("%0A{replay}"))),
        "{said}"
    );
    let junit = fs::read_to_string(junit).unwrap();
    assert_eq!(junit.matches("<testcase ").count(), 2, "{junit}");
    assert!(junit.contains("<failure ") && junit.contains(replay), "{junit}");
    assert!(pages.join("index.html").is_file());

    // Without --out, by the time; `latest` points to a sweep.
    let latest = common::scratch("squall/latest");
    #[cfg(unix)]
    assert!(latest.join("sweep.json").is_file() && latest.is_symlink());
}
