//! Bad input gets a clear error, and loses nothing.

mod common;

use std::{fs, path::Path};

/// What is typed, and what the answer must contain: what is wrong, and what to do.
#[test]
fn bad_input_is_answered_clearly() {
    #[rustfmt::skip]
    let rows: &[(&[&str], &[&str])] = &[
        (&["--nope"], &["unexpected argument '--nope'", "--help"]),
        (&["bogus"], &["unrecognized subcommand 'bogus'"]),
        (&["--scenario", "calmday"], &["calmday", "calm_day"]),
        (&["--bug", "redemption_without_leger"], &["redemption_without_leger", "redemption_without_ledger"]),
        (&["bugs", "--bug", "nobody"], &["nobody"]),
        (&["--for", "10"], &["'10'", "--for", "90s"]),
        (&["--for", "1m", "--seeds", "1..2"], &["cannot be used with"]),
        (&["--seeds", "3..1"], &["3..1", "1..51"]),
        (&["--seeds", "one"], &["'one'", "1..51"]),
        (&["--jobs", "0"], &["--jobs", "1..=1024"]),
        (&["--seeds", "1..2", "--json", "no/such/folder/out.json"], &["--json", "no/such/folder", "make it first"]),
        (&["--seeds", "1..2", "--shard", "0/4"], &["'0/4'", "--shard", "1/4", "counted from 1"]),
        (&["--shard", "1/4"], &["--shard", "must agree on the seeds", "--seeds A..B"]),
        (&["--seeds", "1..2", "--junit", "no/such/out.xml"], &["--junit", "no/such", "make it first"]),
        (&["--seeds", "1..2", "--out", "/dev/null/x"], &["--out", "/dev/null/x", "cannot be made"]),
        (&["merge"], &["DIR"]),
        (&["merge", "gone"], &["gone", "No such file"]),
        (&["replay"], &["SCENARIO|FILE"]),
        (&["replay", "calm_day"], &["which run of calm_day", "--seed 1"]),
        (&["replay", "calm_dya", "--seed", "1"], &["calm_dya", "calm_day"]),
        (&["replay", "calm_day", "--seed", "x"], &["'x'", "--seed"]),
        (&["replay", "calm_day", "--seed", "1", "--bug", "x"], &["\"x\""]),
        (&["replay", "calm_day", "--seed", "1", "--log", "=x=["], &["log filter", "=x=[", "Write it like"]),
        (&["replay", "calm_day", "--seed", "1", "--engine", "x"], &["\"x\"", "turmoil"]),
        (&["replay", "code_race", "--seed", "1", "--engine", "turmoil"], &["fault 1 (the link", "one way", "does not fit"]),
        (&["replay", "calm_day", "--seed", "1", "--engine", "turmoil", "--account"], &["--account", "--engine turmoil"]),
        (&["--seeds", "1..2", "--engine", "turmoil", "--shrink"], &["--shrink", "--engine turmoil"]),
        (&["replay", "gone.toml"], &["gone.toml", "No such file"]),
        (&["bench", "--seconds", "0"], &["--seconds"]),
        (&["shrink"], &["FILE"]),
        (&["shrink", "gone.toml"], &["gone.toml", "No such file"]),
        (&["shrink", "gone.toml", "--budget", "much"], &["'much'", "30s"]),
        (&["save", "gone.toml"], &["gone.toml", "No such file"]),
        (&["save", "--refresh", "gone.toml"], &["gone.toml", "No such file"]),
    ];
    for (args, expected) in rows {
        let output = common::squall(args);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
        assert!(output.stdout.is_empty(), "{args:?}");
        assert!(!said.contains("panicked"), "{args:?}: {said}");
        for text in *expected {
            assert!(said.contains(text), "{args:?} should mention `{text}`:\n{said}");
        }
    }
}

/// A plan file, spoilt in one way.
fn spoilt(name: &str, spoil: impl FnOnce(&str) -> String) -> String {
    let plan = common::scenario("failover_mid_redemption").plan(1);
    let file = common::scratch(name);
    fs::write(&file, spoil(&plan.to_text())).expect("the file can be written");
    let output = common::squall(&["replay", file.to_str().expect("a readable path")]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{name}: {said}");
    assert!(said.contains(name), "the message names the file: {said}");
    assert!(!said.contains("panicked"), "{said}");
    said
}

#[test]
fn spoilt_plans_are_refused_with_the_place_and_the_remedy() {
    let torn = spoilt("torn.toml", |text| text[..text.len() / 2].to_owned());
    assert!(torn.contains("torn") && torn.contains("line"), "{torn}");
    let new = spoilt("too-new.toml", |text| text.replacen("version = 2", "version = 999", 1));
    assert!(new.contains("999") && new.contains("newer"), "{new}");
    let unknown = spoilt("hand-edited.toml", |text| text.replacen("lasts_ms", "lasst_ms", 1));
    assert!(unknown.contains("lasst_ms") && unknown.contains("line"), "{unknown}");
    let empty = spoilt("empty.toml", |_| String::new());
    assert!(empty.contains("torn"), "{empty}");
    let other = spoilt("other.toml", |text| {
        text.replacen("\"failover_mid_", "\"falover_mid_", 1)
    });
    assert!(
        other.contains("falover_mid_redemption") && other.contains("failover_mid_redemption"),
        "{other}"
    );
    let nowhere = spoilt("nowhere.toml", |text| text.replacen("\"redis-1\"", "\"redis-9\"", 1));
    assert!(nowhere.contains("redis-9"), "{nowhere}");
}

#[test]
fn a_seed_and_a_file_are_one_too_many() {
    let file = common::scratch("seeded.toml");
    common::scenario("calm_day")
        .plan(1)
        .write(&file)
        .expect("the plan can be written");
    let output = common::squall(&["replay", file.to_str().unwrap(), "--seed", "2"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("leave --seed away"));
}

#[test]
fn a_plan_is_saved_once_and_replays_alike() {
    let file = common::scratch("saved.toml");
    let _ = fs::remove_file(&file);
    let path = file.to_str().unwrap();
    let fingerprint = |args: &[&str]| {
        let output = common::squall(args);
        let value: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        value["fingerprint"].as_str().expect("a fingerprint").to_owned()
    };
    let by_seed = fingerprint(&["replay", "calm_day", "--seed", "3", "--json", "--save", path]);
    assert_eq!(by_seed, fingerprint(&["replay", path, "--json"]));

    let before = fs::read_to_string(&file).unwrap();
    let again = common::squall(&["replay", "calm_day", "--seed", "4", "--save", path]);
    assert_eq!(again.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&again.stderr).contains("left as it is"));
    assert_eq!(fs::read_to_string(&file).unwrap(), before, "nothing was lost");
}

#[test]
fn a_sweep_says_the_same_for_the_same_seeds_and_any_number_of_threads() {
    let sweep = |jobs: &str, file: &Path| {
        let args = [
            "--seeds",
            "1..4",
            "--jobs",
            jobs,
            "--scenario",
            "calm_day",
            "--json",
            file.to_str().unwrap(),
        ];
        let output = common::squall(&args);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{}",
            String::from_utf8_lossy(&output.stdout)
        );
        let mut value: serde_json::Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        assert!(value["wall_seconds"].take().is_number());
        assert!(value["cpu_seconds"].take().is_number());
        value
    };
    let one = sweep("1", &common::scratch("sweep-1.json"));
    let two = sweep("2", &common::scratch("sweep-2.json"));
    assert_eq!(one, two);
    assert_eq!(one["runs"].as_array().unwrap().len(), 3);
}

#[test]
fn a_planted_bug_fails_the_sweep_and_leaves_plans() {
    let folder = common::scratch("failures");
    let _ = fs::remove_dir_all(&folder);
    let output = common::squall(&[
        "--bug",
        "redemption_without_ledger",
        "--seeds",
        "4..6",
        "--failures",
        folder.to_str().unwrap(),
    ]);
    let told = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(
        told.contains("cargo squall replay failover_mid_redemption --seed"),
        "{told}"
    );
    assert!(fs::read_dir(&folder).unwrap().count() > 0);
}

#[test]
fn everything_is_listed() {
    let output = common::squall(&["list"]);
    let told = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0));
    for scenario in scenarios::catalogue::all() {
        assert!(told.contains(scenario.name()));
    }
    for bug in scenarios::planted::all() {
        assert!(told.contains(bug.name));
    }
}

#[test]
fn a_failing_plan_is_made_small_and_kept_and_nothing_is_lost() {
    let folder = common::scratch("kept");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("regressions")).unwrap();
    let path = |name: &str| folder.join(name).to_str().expect("a readable path").to_owned();
    let said = |args: &[&str], code: i32| {
        let output = common::squall(args);
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
        assert!(!said.contains("panicked"), "{args:?}: {said}");
        said
    };
    let (large, small, bug) = (path("large.toml"), path("small.toml"), "get_then_del");
    said(
        &["replay", "code_race", "--seed", "1", "--bug", bug, "--save", &large],
        1,
    );

    let held = said(&["shrink", &large, "--without-bug"], 2);
    assert!(held.contains("nothing is violated") && held.contains("--bug"), "{held}");
    let steps = path("steps");
    let shrunk = said(
        &["shrink", &large, "--bug", bug, "--out", &small, "--keep-steps", &steps],
        1,
    );
    assert!(shrunk.contains("after:  1 person, 1 operation, 0 faults"), "{shrunk}");
    assert!(shrunk.contains("VIOLATED  CodeRedeemedOnce"), "{shrunk}");
    let last = fs::read_dir(&steps).unwrap().map(|file| file.unwrap().path()).max();
    assert_eq!(
        fs::read_to_string(last.expect("steps were kept")).unwrap(),
        fs::read_to_string(&small).unwrap()
    );
    assert!(said(&["shrink", &large, "--bug", bug, "--out", &small], 2).contains("left as it is"));

    let kept = path("regressions/0001-get-then-del.toml");
    let regressions = path("regressions");
    let save = ["save", &small, "--bug", bug, "--folder", &regressions];
    assert!(said(&save, 0).contains("0001-get-then-del.toml"));
    assert!(said(&save, 2).contains("saved already"));
    let holds = said(&["save", &small, "--folder", &regressions, "--without-bug"], 2);
    assert!(holds.contains("--bug BUG"), "{holds}");
    said(&["replay", &kept], 1);
    assert!(said(&["save", "--refresh", &kept], 0).contains("up to date"));

    let text = fs::read_to_string(&kept).unwrap();
    fs::write(&kept, &text[..text.len() / 2]).unwrap();
    let torn = said(&["replay", &kept], 2);
    assert!(torn.contains("torn"), "{torn}");
}

#[test]
fn what_fails_in_a_sweep_is_one_line_for_each_bug() {
    let folder = common::scratch("grouped");
    let _ = fs::remove_dir_all(&folder);
    let folder = folder.to_str().unwrap();
    let output = common::squall(&[
        "--bug",
        "get_then_del",
        "--seeds",
        "3..6",
        "--shrink",
        "--failures",
        folder,
    ]);
    let told = String::from_utf8_lossy(&output.stdout);
    let lines = told
        .lines()
        .filter(|line| line.starts_with("CodeRedeemedOnce (tokens-twice) in "));
    let lines: Vec<&str> = lines.collect();
    assert_eq!(lines.len(), 1, "{told}");
    assert!(lines[0].ends_with(": race-code"), "{told}");
}
