//! Tests of the command line, and of the errors for bad input.

use super::*;
use crate::command::cli;

#[derive(Debug, clap::Args)]
struct OwnArgs {
    #[arg(long)]
    loud: bool,
}

fn own(args: &OwnArgs) -> Result<Conclusion, Trouble> {
    match args.loud {
        true => Ok(Conclusion::Violated),
        false => Err(Trouble("too quiet".into())),
    }
}

#[test]
fn the_command_line_is_consistent() {
    let suite = suite().subcommand(clap::Command::new("shout").about("Shouts"), own);
    cli::command(&suite).debug_assert();
}

#[test]
fn a_suite_has_commands_of_its_own() {
    let suite = || suite().subcommand(clap::Command::new("shout").about("Shouts"), own);
    assert_eq!(
        typed_to(&suite(), &["shout", "--loud"]).unwrap().0,
        Conclusion::Violated
    );
    assert_eq!(typed_to(&suite(), &["shout"]).unwrap_err(), "too quiet");
    let help = cli::command(&suite()).render_long_help().to_string();
    assert!(help.contains("shout") && help.contains("Shouts"), "{help}");
}

/// The help texts contain the names of the suite, and none of the harness.
#[test]
fn help_speaks_of_the_suite() {
    let mut command = cli::command(&suite());
    command.build();
    let mut texts = vec![command.render_long_help().to_string()];
    for sub in command.get_subcommands_mut() {
        texts.push(sub.render_long_help().to_string());
    }
    let all = texts.join("\n").split_whitespace().collect::<Vec<_>>().join(" ");
    for expected in [
        "A shop that sells numbered seats.",
        "Usage: cargo shop [OPTIONS]",
        "target/shop/TIME",
        "`cargo shop merge` puts the parts together",
        "see `cargo shop shrink --help`",
        "Exit codes",
    ] {
        assert!(all.contains(expected), "{expected:?} is not in\n{all}");
    }
    for unexpected in ["{name}", "{command}", "squall", "--plant", "--account"] {
        assert!(!all.contains(unexpected), "{unexpected:?} is in\n{all}");
    }
}

/// Pairs of command lines and the texts that the error must contain: what is wrong, and what to do.
#[test]
fn bad_input_is_answered_clearly() {
    #[rustfmt::skip]
    let rows: &[(&[&str], &[&str])] = &[
        (&["--nope"], &["unexpected argument '--nope'", "--help"]),
        (&["bogus"], &["unrecognized subcommand 'bogus'"]),
        (&["--scenario", "clam"], &["clam", "did you mean calm?"]),
        (&["--bug", "same_ticket"], &["same_ticket", "same_ticket_twice"]),
        (&["--plant", "same_ticket"], &["same_ticket", "same_ticket_twice"]),
        (&["bugs", "--bug", "nobody"], &["nobody"]),
        (&["excuses", "--scenario", "clam"], &["clam", "did you mean calm?"]),
        (&["excuses", "--seeds", "0"], &["'0'", "--seeds"]),
        (&["--for", "10"], &["'10'", "--for", "90s"]),
        (&["--for", "1m", "--seeds", "1..2"], &["cannot be used with"]),
        (&["--seeds", "3..1"], &["3..1", "1..51"]),
        (&["--jobs", "0"], &["--jobs", "1..=1024"]),
        (&["--seeds", "1..2", "--json", "no/such/folder/out.json"], &["--json", "no/such/folder", "make it first"]),
        (&["--seeds", "1..2", "--shard", "0/4"], &["'0/4'", "--shard", "1/4", "counted from 1"]),
        (&["--shard", "1/4"], &["--shard", "must agree on the seeds", "--seeds A..B"]),
        (&["--seeds", "1..2", "--out", "/dev/null/x"], &["--out", "/dev/null/x", "cannot be made"]),
        (&["--seeds", "1..2", "--engine", "turmoil", "--shrink"], &["--shrink", "--engine turmoil"]),
        (&["merge"], &["DIR"]),
        (&["merge", "gone"], &["gone", "No such file", "cargo shop explore"]),
        (&["replay"], &["SCENARIO|FILE"]),
        (&["replay", "calm"], &["which run of calm", "cargo shop replay calm --seed 1"]),
        (&["replay", "clam", "--seed", "1"], &["clam", "calm"]),
        (&["replay", "calm", "--seed", "x"], &["'x'", "--seed"]),
        (&["replay", "calm", "--seed", "1", "--log", "=x=["], &["log filter", "=x=["]),
        (&["replay", "calm", "--seed", "1", "--engine", "x"], &["\"x\"", "turmoil"]),
        (&["replay", "calm", "--seed", "1", "--account"], &["--account", "shop"]),
        (&["replay", "gone.toml"], &["gone.toml", "No such file"]),
        (&["bench", "--seconds", "0"], &["--seconds"]),
        (&["shrink"], &["FILE"]),
        (&["shrink", "gone.toml"], &["gone.toml", "No such file"]),
        (&["shrink", "gone.toml", "--budget", "much"], &["'much'", "30s"]),
        (&["save", "gone.toml"], &["gone.toml", "No such file"]),
        (&["save", "--refresh", "gone.toml"], &["gone.toml", "No such file"]),
    ];
    for (args, expected) in rows {
        let said = typed(args).expect_err(&format!("{args:?}"));
        for text in *expected {
            assert!(said.contains(text), "{args:?} should mention `{text}`:\n{said}");
        }
    }
}

#[test]
fn an_empty_suite_says_what_is_missing() {
    let empty = Suite::<Shop>::new("empty", "Nothing", "cargo empty");
    assert!(typed_to(&empty, &[]).unwrap_err().contains("Suite::scenario"));
}

#[test]
fn everything_is_listed() {
    let (_, output) = typed(&["list"]).unwrap();
    for expected in [
        "calm",
        "rush",
        "same_ticket_twice",
        "TicketPrintedOnce",
        "cargo shop replay calm --seed 1",
    ] {
        assert!(output.contains(expected), "{expected:?} is not in\n{output}");
    }
    let (_, output) = typed(&["list", "--json"]).unwrap();
    let value: serde_json::Value = serde_json::from_str(&output).unwrap();
    assert_eq!(value["bugs"][0]["detected_by"], "TicketPrintedOnce");
}

#[test]
fn the_bench_has_its_tables() {
    let (_, output) = typed(&["bench", "--seconds", "1", "--json"]).unwrap();
    let value: serde_json::Value = serde_json::from_str(&output).unwrap();
    let names = |table: &str| -> Vec<String> {
        let rows = value[table].as_array().expect("a table").iter();
        rows.map(|row| row["what"].as_str().unwrap().to_owned()).collect()
    };
    let usual = "10 purchases a minute";
    assert_eq!(
        names("figures"),
        [
            "at rest",
            "at rest, with faults",
            usual,
            "10 purchases a minute, with faults",
            "rush, no faults",
            "rush",
            "calm"
        ]
    );
    assert_eq!(
        names("by_load"),
        ["1 purchases a minute", usual, "60 purchases a minute"]
    );
    assert_eq!(names("by_hosts"), ["three Sentinels"]);
    assert_eq!(value["by_hosts"][0]["hosts"], 11);
    let (_, output) = typed(&["bench", "--seconds", "1"]).unwrap();
    for expected in [
        "purchases per CPU s",
        "grows with the load (purchases, no faults)",
        "grows with the hosts",
    ] {
        assert!(output.contains(expected), "{expected:?} is not in\n{output}");
    }
    assert!(value["figures"][2]["whole_per_cpu_s"]["median"].as_f64().unwrap() > 0.0);
}
