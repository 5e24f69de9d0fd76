//! The box office's suite, through the command line that people use.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// Runs `seats` in a folder of its own, away from the sweeps of whoever runs the tests.
fn seats(folder: &Path, args: &[&str]) -> (i32, String) {
    let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_seats"))
        .args(args)
        .current_dir(folder)
        .output()
        .expect("the binary runs");
    let text = [stdout, stderr].concat();
    let text = String::from_utf8(text).expect("text");
    (status.code().expect("no signal"), text)
}

fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder); // of an earlier run
    fs::create_dir_all(&folder).expect("a folder below target can be made");
    folder
}

/// The text after a word, up to the end of its line.
fn after<'a>(word: &str, text: &'a str) -> &'a str {
    let rest = text
        .split(word)
        .nth(1)
        .unwrap_or_else(|| panic!("no {word:?} in {text}"));
    rest.lines().next().unwrap_or_default().trim()
}

#[test]
fn the_box_office_holds_in_every_story() {
    let folder = scratch("holds");
    let out = folder.join("sweep");
    let out = out.to_str().expect("a readable path");
    let (code, text) = seats(&folder, &["explore", "--seeds", "1..9", "--out", out, "--report"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("24 runs") && text.contains("everything held"), "{text}");
    assert!(folder.join("sweep/report/index.html").is_file());
}

#[test]
fn each_mistake_is_detected_by_few_seeds() {
    let (code, text) = seats(&scratch("bugs"), &["bugs", "--seeds", "20"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("2 of 2 planted bugs detected"), "{text}");
}

#[test]
fn a_seed_is_always_the_same_run() {
    let folder = scratch("same");
    for scenario in ["rush", "failover_in_mid_sale", "swarm"] {
        let run = || seats(&folder, &["replay", scenario, "--seed", "3"]);
        let (first, second) = (run(), run());
        assert_eq!(first.0, 0, "{}", first.1);
        assert_eq!(
            after("Fingerprint", &first.1),
            after("Fingerprint", &second.1),
            "{scenario}"
        );
        let other = seats(&folder, &["replay", scenario, "--seed", "4"]).1;
        assert_ne!(
            after("Fingerprint", &first.1),
            after("Fingerprint", &other),
            "{scenario}"
        );
    }
}

#[test]
fn a_mistake_shrinks_to_a_plan_that_two_people_need_and_can_be_saved() {
    let folder = scratch("shrink");
    let plan = folder.join("plan.toml");
    let plan = plan.to_str().expect("a readable path");
    let bug = ["--bug", "redis_alone"];
    let save = ["replay", "failover_in_mid_sale", "--seed", "1", "--save", plan];
    let (code, text) = seats(&folder, &[&save[..], &bug].concat());
    assert_eq!(code, 1, "{text}");
    let (code, text) = seats(&folder, &[&["shrink", plan][..], &bug].concat());
    assert_eq!(code, 1, "{text}");
    assert!(
        after("after:", &text).starts_with("2 people, 2 operations, 2 faults"),
        "{text}"
    );
    let small = folder.join("plan-small.toml");
    let small = small.to_str().expect("a readable path");
    let regressions = scratch("shrink-regressions");
    let regressions = regressions.to_str().expect("a readable path");
    let (code, text) = seats(&folder, &[&["save", small, "--folder", regressions][..], &bug].concat());
    assert_eq!(code, 0, "{text}");
    let (code, text) = seats(&folder, &["regressions", "--folder", regressions]);
    assert_eq!(code, 0, "{text}");
}

#[test]
fn no_regression_is_back_and_none_has_lost_its_meaning() {
    let (code, text) = seats(&scratch("regressions"), &["regressions"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("2 regressions: held"), "{text}");
}
