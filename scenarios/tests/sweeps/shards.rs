//! Shards come together as the one sweep that they are, and nothing else does.

use super::{SWEEP, place, squall, sweep, text};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// A sweep's JSON without what differs from day to day.
fn timeless(file: &Path) -> Value {
    let mut value: Value = serde_json::from_slice(&fs::read(file).unwrap()).expect("JSON");
    assert!(value["wall_seconds"].take().is_number());
    assert!(value["cpu_seconds"].take().is_number());
    value
}

/// The table and the failures: what stands above the line with the times.
fn above_times(told: &str) -> &str {
    let end = told.find(" simulated in ").expect("a last line");
    &told[..told[..end].rfind('\n').expect("a table above it")]
}

/// All files of a folder, to see that nothing was changed.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files.extend(contents(&path)),
            false => drop(files.insert(path.clone(), fs::read(&path).unwrap())),
        }
    }
    files
}

fn copy(from: &Path, to: &Path) {
    for (file, bytes) in contents(from) {
        let target = to.join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::write(target, bytes).unwrap();
    }
}

#[test]
fn shards_come_together_as_the_one_sweep_that_they_are_and_nothing_else_does() {
    let here = place("shards");
    let at = |name: &str| here.join(name);
    let arg = |name: &str| text(&at(name)).to_owned();
    let whole = sweep(&at("whole"), &["--json", &arg("whole.json"), "--marks"]);
    sweep(&at("1"), &["--shard", "1/2"]);
    sweep(&at("2"), &["--shard", "2/2"]);
    let (one, two) = (arg("1"), arg("2"));
    let before = contents(&here);
    let merged = [
        "merge",
        &two,
        &one,
        "--json",
        &arg("merged.json"),
        "--out",
        &arg("merged"),
        "--marks",
    ];
    let (merged, _) = squall(&merged, 1);

    assert_eq!(above_times(&merged), above_times(&whole));
    assert!(merged.contains("in 3 of 3 runs"), "{merged}");
    assert_eq!(timeless(&at("merged.json")), timeless(&at("whole.json")));
    let plans = |sweep: &str| contents(&at(sweep).join("failures")).into_values().collect::<Vec<_>>();
    assert_eq!(plans("merged"), plans("whole"));
    assert!(!plans("whole").is_empty());

    // What was merged is a sweep; and a file that is there already is left alone.
    let (again, _) = squall(&["merge", &arg("merged")], 1);
    assert_eq!(
        above_times(&again),
        above_times(&squall(&["merge", &arg("whole")], 1).0)
    );
    assert!(
        squall(&["merge", &one, &two, "--out", &arg("merged")], 2)
            .1
            .contains("left as it is")
    );
    assert!(
        squall(&[SWEEP, &["--out", &arg("whole")]].concat(), 2)
            .1
            .contains("left as it is")
    );

    // Bad input: what is wrong, where, and what to do.
    let refused = |args: &[&str], expected: &[&str]| {
        let (told, said) = squall(&[&["merge"], args].concat(), 2);
        assert!(told.is_empty(), "{told}");
        for text in expected {
            assert!(said.contains(text), "{args:?} should mention `{text}`: {said}");
        }
    };
    refused(&[&one], &["shard 2/2 is missing", "--partial"]);
    refused(&[&one, &one, &two], &["overlap", "both are shard 1/2"]);
    refused(
        &[&one, &arg("whole")],
        &["different sweeps", "the number of shards", "one (the whole sweep)"],
    );
    refused(&[&arg("nowhere")], &["nowhere", "No such file", "squall explore"]);

    let spoilt = |name: &str, file: &str, spoil: &dyn Fn(&str) -> String| {
        copy(&at("2"), &at(name));
        let file = at(name).join(file);
        fs::write(&file, spoil(&fs::read_to_string(&file).unwrap())).unwrap();
        arg(name)
    };
    let header = |name: &str, old: &str, new: &str| spoilt(name, "sweep.json", &|text| text.replacen(old, new, 1));
    refused(
        &[&one, &header("seeds", "\"to\": 4", "\"to\": 9")],
        &["seeds 1..4", "seeds 1..9"],
    );
    refused(
        &[&one, &header("newer", "\"version\": 3", "\"version\": 4")],
        &["newer", "version 4", "the build that ran"],
    );
    refused(
        &[&one, &header("build", "\"build\": \"", "\"build\": \"0")],
        &["another build ran it"],
    );
    refused(
        &[&header("alone", "\"build\": \"", "\"build\": \"0")],
        &["another build ran it"],
    );
    refused(&[&one, &header("moved", "\"2/2\"", "\"1/2\"")], &["overlap"]);
    refused(
        &[&one, &header("shard", "\"2/2\"", "\"3/2\"")],
        &["3/2", "counted from 1"],
    );
    let torn = spoilt("torn", "runs.jsonl", &|text| text[..text.len() - 9].to_owned());
    refused(
        &[&one, &torn],
        &[
            "runs.jsonl line 3 is torn",
            "The 2 lines before it are whole",
            "--partial",
        ],
    );
    let short = spoilt("short", "runs.jsonl", &|text| {
        text.split_inclusive('\n').take(2).collect()
    });
    refused(&[&one, &short], &["holds 2 runs and should hold 3"]);
    let twice = spoilt("twice", "runs.jsonl", &|text| {
        text.lines()
            .take(1)
            .chain(text.lines())
            .map(|line| format!("{line}\n"))
            .collect()
    });
    refused(&[&one, &twice], &["twice"]);
    let garbled = spoilt("garbled", "runs.jsonl", &|text| {
        text.replacen("\"seed\"", "\"sead\"", 1)
    });
    refused(&[&one, &garbled], &["runs.jsonl line 1", "sead"]);
    let strange = spoilt("strange", "runs.jsonl", &|text| {
        text.replacen("\"seed\":", "\"seed\":9", 1)
    });
    refused(&[&one, &strange], &["seed 9", "does not belong to shard 2/2"]);

    // In part: the table says so.
    let (partial, _) = squall(&["merge", "--partial", &one, &torn], 1);
    assert!(
        partial.contains("Incomplete: ") && partial.contains("5 runs"),
        "{partial}"
    );

    // Whatever was said, the shards are as they were.
    let after = contents(&here);
    assert!(before.iter().all(|(file, bytes)| after.get(file) == Some(bytes)));
}
