//! Tests of stored sweeps: they survive the end of their process, can be copied to another machine, and can be merged.

use super::*;
use std::collections::BTreeMap;

/// Options of a sweep of two scenarios, one of which fails.
const SWEEP: &[&str] = &[
    "explore",
    "--seeds",
    "1..6",
    "--scenario",
    "rush",
    "--scenario",
    "calm",
    "--bug",
    "same_ticket_twice",
    "--no-guidance",
];

/// Runs a command line with a suite that knows the identity of its build.
fn typed(args: &[&str]) -> Result<(Conclusion, String), String> {
    typed_to(&suite().built_from("0123456789abcdef"), args)
}

fn sweep(out: &Path, more: &[&str]) -> String {
    let (conclusion, output) = typed(&[SWEEP, &["--out", text(out)], more].concat()).unwrap();
    assert_eq!(conclusion, Conclusion::Violated, "{output}");
    output
}

/// The part of an output above the line with the times: the table and the failures.
fn above_times(output: &str) -> &str {
    let end = output.find(" simulated in ").expect("a last line");
    &output[..output[..end].rfind('\n').expect("a table above it")]
}

/// The contents of all files of a folder, for checking that nothing was changed.
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

#[test]
fn shards_come_together_as_the_one_sweep_that_they_are_and_nothing_else_does() {
    let here = scratch("shards");
    let at = |name: &str| here.join(name);
    let arg = |name: &str| text(&at(name)).to_owned();
    let whole = sweep(&at("whole"), &["--json", &arg("whole.json"), "--marks"]);
    sweep(&at("1"), &["--shard", "1/2"]);
    sweep(&at("2"), &["--shard", "2/2"]);
    let (one, two) = (arg("1"), arg("2"));
    let before = contents(&here);
    let (to, out) = (arg("merged.json"), arg("merged"));
    let merge = ["merge", &two, &one, "--json", &to, "--out", &out, "--marks"];
    let (conclusion, merged) = typed(&merge).unwrap();
    assert_eq!(conclusion, Conclusion::Violated);

    assert_eq!(above_times(&merged), above_times(&whole));
    assert!(merged.contains("in 5 of 5 runs"), "{merged}");
    let (mut a, mut b) = (without_times(&at("whole.json")), without_times(&at("merged.json")));
    for value in [&mut a, &mut b] {
        value["shard"].take();
    }
    assert_eq!(a, b);
    let after = contents(&here);
    assert!(
        before.iter().all(|(file, bytes)| after.get(file) == Some(bytes)),
        "the shards are as they were"
    );
    let plans = |folder: &str| fs::read_dir(at(folder).join("failures")).map_or(0, Iterator::count);
    assert!(plans("merged") > 0 && plans("merged") == plans("1") + plans("2"));

    let refused = |folders: &[&str], expected: &str| {
        let said = typed(&[&["merge"], folders].concat()).unwrap_err();
        assert!(
            said.contains(expected),
            "{folders:?} should mention {expected:?}:\n{said}"
        );
    };
    refused(&[&one], "shard 2/2 is missing");
    refused(&[&one, &one], "overlap");
    sweep(&at("3"), &["--shard", "1/3"]);
    refused(&[&one, &arg("3")], "the number of shards");
    let (conclusion, partial) = typed(&["merge", &one, "--partial"]).unwrap();
    assert_eq!(conclusion, Conclusion::Violated);
    assert!(partial.contains("Incomplete: shard 2/2 is missing"), "{partial}");
}

#[test]
fn what_was_torn_or_changed_is_named() {
    let here = scratch("torn");
    let folder = here.join("sweep");
    sweep(&folder, &[]);
    let (runs, header) = (folder.join("runs.jsonl"), folder.join("sweep.json"));
    let (lines, head) = (fs::read_to_string(&runs).unwrap(), fs::read_to_string(&header).unwrap());
    let merge = |more: &[&str]| typed(&[&["merge", text(&folder)], more].concat());

    fs::write(&runs, &lines[..lines.len() - 20]).unwrap();
    assert!(merge(&[]).unwrap_err().contains("is torn"));
    assert!(merge(&["--partial"]).unwrap().1.contains("Incomplete: "));
    fs::write(&runs, lines.replacen("\"seed\":1", "\"sead\":1", 1)).unwrap();
    let said = merge(&[]).unwrap_err();
    assert!(said.contains("runs.jsonl line 1") && said.contains("sead"), "{said}");
    fs::write(&runs, &lines).unwrap();

    for (from, to, expected) in [
        ("\"version\": 3", "\"version\": 1", "version 1"),
        ("\"rush\"", "\"rusch\"", "rusch"),
        ("\"build\": \"", "\"build\": \"0", "another build ran it (0123456789ab)"),
        ("\"behaviour\": \"", "\"behaviour\": \"0", "another build (it does 0"),
    ] {
        fs::write(&header, head.replacen(from, to, 1)).unwrap();
        let said = merge(&[]).unwrap_err();
        assert!(said.contains(expected), "{said}");
    }
    let other = |text: &str| text.replace("0123456789ab", "ffffffffffff");
    fs::write(&header, other(&head)).unwrap();
    fs::write(&runs, other(&lines)).unwrap();
    let said = merge(&[]).unwrap_err();
    assert!(
        said.contains("another build (ffffffffffff; this is 0123456789ab)"),
        "{said}"
    );
    fs::write(&header, head.replacen("same_ticket_twice", "same_ticket", 1)).unwrap();
    let said = merge(&[]).unwrap_err();
    assert!(said.contains("did you mean same_ticket_twice?"), "{said}");
    fs::write(&header, "{}").unwrap();
    assert!(merge(&[]).unwrap_err().contains("no version"));
}

/// Two programs that differ only in a property draw the same plans and perform the same runs; only their sources
/// differ.
#[test]
fn shards_of_two_builds_are_not_merged_and_of_unknown_ones_only_in_part() {
    let here = scratch("builds");
    let shard = |folder: &str, shard: &str, build: Option<&'static str>| {
        let suite = match build {
            Some(build) => suite().built_from(build),
            None => suite(),
        };
        let out = here.join(folder);
        let args = [
            "--seeds",
            "1..3",
            "--no-guidance",
            "--shard",
            shard,
            "--out",
            text(&out),
        ];
        let (conclusion, output) = typed_to(&suite, &args).unwrap();
        assert_eq!(conclusion, Conclusion::Held, "{output}");
        let counted = "what a sweep must reach is counted when its shards are merged";
        assert!(output.contains(counted), "{output}");
        text(&out).to_owned()
    };
    let (one, two) = (
        shard("1", "1/2", Some("aaaaaaaaaaaa")),
        shard("2", "2/2", Some("bbbbbbbbbbbb")),
    );
    for build in ["aaaaaaaaaaaa", "bbbbbbbbbbbb"] {
        let said = typed_to(&suite().built_from(build), &["merge", &one, &two, "--partial"]).unwrap_err();
        assert!(said.contains("build") && said.contains("aaaaaaaaaaaa"), "{said}");
    }
    let (one, two) = (shard("3", "1/2", None), shard("4", "2/2", None));
    let said = typed_to(&suite(), &["merge", &one, &two]).unwrap_err();
    assert!(
        said.contains("shop does not know which sources") && said.contains("--partial"),
        "{said}"
    );
    let (conclusion, output) = typed_to(&suite(), &["merge", &one, &two, "--partial"]).unwrap();
    assert_eq!(conclusion, Conclusion::Inconclusive, "{output}");
    // The word that the build script writes if it found no identity does not count as one.
    assert_eq!(suite().built_from("unknown").build, None);
}

#[test]
fn what_got_no_run_proves_nothing() {
    let here = scratch("empty");
    let at = |name: &str| text(&here.join(name)).to_owned();
    let sweep = ["--seeds", "1..2", "--scenario", "calm", "--no-guidance", "--shard"];
    let shard = |shard: &str| {
        let out = at(&shard.replace('/', "-"));
        typed(
            &[
                &sweep[..],
                &[shard, "--out", &out, "--junit", &at("junit.xml"), "--json", &at("json")],
            ]
            .concat(),
        )
        .unwrap()
    };
    let (conclusion, output) = shard("1/2");
    assert_eq!(conclusion, Conclusion::Inconclusive, "{output}");
    assert!(
        output.contains("0 runs") && !output.contains("everything held"),
        "{output}"
    );
    assert!(
        output.contains("there was no run, so nothing was put to the test"),
        "{output}"
    );
    assert!(fs::read_to_string(at("junit.xml")).unwrap().contains("<error "));
    assert_eq!(json(Path::new(&at("json")))["conclusion"], "inconclusive");
    assert_eq!(shard("2/2").0, Conclusion::Held);
    let (conclusion, output) = typed(&["merge", &at("1-2"), &at("2-2")]).unwrap();
    assert_eq!(conclusion, Conclusion::Held, "together they are the sweep: {output}");
    let (conclusion, output) = typed(&["merge", &at("1-2"), "--partial"]).unwrap();
    assert_eq!(conclusion, Conclusion::Inconclusive, "{output}");
    assert!(output.contains("nothing was run, so this proves nothing"), "{output}");
}
