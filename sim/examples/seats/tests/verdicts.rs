//! A verdict that cannot lie: what the exit code says when the output is lost, the reader goes away, or somebody interrupts.
#![cfg(unix)]

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// Some runs that violate a claim, and some that do not.
const VIOLATED: &[&str] = &["explore", "--seeds", "1..5", "--bug", "redis_alone"];
const HELD: &[&str] = &["explore", "--seeds", "1..3", "--scenario", "rush"];

fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("verdicts-{name}"));
    let _ = fs::remove_dir_all(&folder); // of an earlier run
    fs::create_dir_all(&folder).expect("a folder below target can be made");
    folder
}

fn seats(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seats"));
    command
        .args(args)
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", folder)
        .env_remove("GITHUB_ACTIONS")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// The exit code, and what was said on standard error.
fn ended(command: &mut Command) -> (i32, String) {
    let output = command.output().expect("the binary runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!said.contains("panicked"), "{said}");
    (output.status.code().expect("no signal"), said)
}

fn full() -> Stdio {
    File::options()
        .write(true)
        .open("/dev/full")
        .expect("Linux has it")
        .into()
}

#[test]
#[cfg(target_os = "linux")]
fn output_that_cannot_be_written_is_an_error_and_a_violation_stays_one() {
    let folder = scratch("full");
    let replay = ["replay", "rush", "--seed", "1"];
    let failing = ["replay", "failover_in_mid_sale", "--seed", "1", "--bug", "redis_alone"];
    for (args, expected) in [
        (HELD, 2),
        (VIOLATED, 1),
        (&replay, 2),
        (&failing, 1),
        (&["list"], 2),
        (&["--help"], 2),
    ] {
        let (code, said) = ended(seats(&folder, args).stdout(full()));
        assert_eq!(code, expected, "{args:?}: {said}");
        let help = args == ["--help"];
        assert!(
            help || said.contains("cannot write to standard output"),
            "{args:?}: {said}"
        );
    }
    for option in ["--json", "--junit", "--jsonl"] {
        for (args, expected) in [(HELD, 2), (VIOLATED, 1)] {
            let (code, said) = ended(&mut seats(&folder, &[args, &[option, "/dev/full"]].concat()));
            assert_eq!(code, expected, "{option} {args:?}: {said}");
            assert!(
                said.contains(option) && said.contains("/dev/full"),
                "{option} {args:?}: {said}"
            );
        }
    }
    let (code, said) = ended(&mut seats(
        &folder,
        &[&failing[..], &["--report", "/dev/full"]].concat(),
    ));
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("--report"), "{said}");
    // Nobody can be told, and the verdict stands.
    assert_eq!(ended(seats(&folder, VIOLATED).stderr(full())).0, 1);
    assert_eq!(ended(seats(&folder, HELD).stderr(full())).0, 0);
}

#[test]
fn a_reader_who_goes_away_changes_no_verdict() {
    let folder = scratch("closed");
    let runs = ["--jsonl", "-"];
    for (args, expected) in [
        (HELD.to_vec(), 0),
        (VIOLATED.to_vec(), 1),
        ([HELD, &runs].concat(), 0),
        ([VIOLATED, &runs].concat(), 1),
        (vec!["list"], 0),
    ] {
        let mut child = seats(&folder, &args).spawn().expect("it starts");
        drop(child.stdout.take()); // closed before anything was read
        let output = child.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(expected), "{args:?}: {said}");
        assert!(
            !said.contains("panicked") && !said.contains("cannot write"),
            "{args:?}: {said}"
        );
    }
}

/// A sweep without end, of which the first run has ended.
fn running(folder: &Path, bug: &[&str]) -> Child {
    let endless = [
        "--for",
        "1h",
        "--jobs",
        "1",
        "--scenario",
        "failover_in_mid_sale",
        "--jsonl",
        "-",
    ];
    let mut child = seats(folder, &[&endless[..], bug].concat()).spawn().expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    lines.next().expect("a run").expect("text");
    // Whoever stops reading altogether would close the pipe.
    std::mem::drop(std::thread::Builder::new().spawn(move || lines.for_each(drop)));
    child
}

fn interrupt(child: &Child) {
    sim::testbed::signal(child.id(), "INT").expect("it is running");
}

#[test]
fn an_interruption_after_a_violation_is_a_violation() {
    let folder = scratch("interrupted");
    for (bug, expected) in [(&[][..], 130), (&["--bug", "redis_alone"], 1)] {
        let child = running(&folder, bug);
        interrupt(&child);
        let output = child.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(expected), "{bug:?}: {said}");
        assert!(said.contains("Incomplete: the sweep was interrupted"), "{said}");
    }
}

/// What a strange or spoilt plan file must never be: a plan that holds.
#[test]
fn a_line_that_means_nothing_is_refused_wherever_it_stands() {
    let folder = scratch("unknown");
    let file = folder.join("plan.toml");
    let path = file.to_str().expect("a readable path");
    let (code, said) = ended(&mut seats(
        &folder,
        &["replay", "failover_in_mid_sale", "--seed", "1", "--save", path],
    ));
    assert_eq!(code, 0, "{said}");
    let text = fs::read_to_string(&file).expect("it was saved");
    for place in ["version = ", "[world]", "[[operation]]", "[[fault]]"] {
        let line = text.lines().find(|line| line.starts_with(place));
        let line = line.unwrap_or_else(|| panic!("no {place} in\n{text}"));
        fs::write(&file, text.replacen(line, &format!("{line}\nnonsense = 3"), 1)).expect("it can be written");
        let (code, said) = ended(&mut seats(&folder, &["replay", path]));
        assert_eq!(code, 2, "below {place}: {said}");
        assert!(
            said.contains("nonsense") && said.contains("plan.toml"),
            "below {place}: {said}"
        );
    }
    for (args, expected) in [
        (
            &["replay", "rush", "--seed", "18446744073709551616"][..],
            "18446744073709551616",
        ),
        (&["explore", "--seeds", "5..5"], "no seed in 5..5"),
        (&["explore", "--for", "0s"], "no time at all"),
        (
            &["explore", "--seeds", "1..18446744073709551616"],
            "18446744073709551616",
        ),
    ] {
        let (code, said) = ended(&mut seats(&folder, args));
        assert_eq!(code, 2, "{args:?}: {said}");
        assert!(said.contains(expected), "{args:?}: {said}");
    }
}
