//! The commands. Each is a file; what they share stands beside them.
//!
//! Exit codes: 0 all held, 1 something was violated (or a planted bug got away), 2 inconclusive, which
//! includes bad input and errors of the harness itself, 130 a sweep that was interrupted.

mod again;
mod annotations;
mod args;
mod bench;
mod conformance;
mod explore;
mod failures;
mod findings;
mod fresh;
mod groups;
mod guidance;
mod harness;
mod identity;
mod interrupt;
mod junit;
mod kept;
mod list;
mod marks;
mod merge;
mod outcome;
mod replay;
mod report;
mod save;
mod serve;
mod shard;
mod shrink;
mod small;
mod store;
mod summary;
mod sweep;
mod table;
mod teeth;
mod telling;

use clap::{Parser, Subcommand};
use std::{path::Path, process::ExitCode};

/// What a command concluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Conclusion {
    /// Everything that was claimed held.
    Held,
    /// Nothing was violated, and yet nothing is proved.
    Inconclusive,
    /// Something did not hold.
    Violated,
}

impl Conclusion {
    fn exit(self) -> ExitCode {
        ExitCode::from(match self {
            Conclusion::Held => 0,
            Conclusion::Violated => 1,
            Conclusion::Inconclusive => 2,
        })
    }

    /// As machines read it.
    fn word(self) -> &'static str {
        match self {
            Conclusion::Held => "held",
            Conclusion::Violated => "violated",
            Conclusion::Inconclusive => "inconclusive",
        }
    }
}

/// What was wrong, where, and what to do about it: one message for people.
#[derive(Debug)]
pub(crate) struct Trouble(pub(crate) String);

impl<E: std::error::Error> From<E> for Trouble {
    fn from(error: E) -> Trouble {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let cause_text = cause.to_string();
            if !text.contains(&cause_text) {
                text = format!("{text}: {cause_text}");
            }
            source = cause.source();
        }
        Trouble(text)
    }
}

/// Prints to standard output. Whoever listens may have heard enough (`squall list | head`): that is
/// no error.
pub(crate) fn say(text: impl std::fmt::Display) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Whether a file can be written, as far as can be told beforehand: better now than after an hour's sweep.
///
/// # Errors
/// What is wrong, and what to do.
pub(crate) fn must_be_writable(option: &str, file: &Path) -> Result<(), Trouble> {
    let folder = match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    if file.is_dir() {
        return Err(Trouble(format!(
            "{option}: {} is a folder; name a file in it",
            file.display()
        )));
    }
    if !folder.is_dir() {
        return Err(Trouble(format!(
            "{option}: there is no folder {}; make it first",
            folder.display()
        )));
    }
    Ok(())
}

/// Deterministic simulation and chaos testing of a highly available login service.
///
/// Without a command, explores: every scenario over fresh seeds for about a minute.
#[derive(Debug, Parser)]
#[command(
    name = "squall",
    version,
    args_conflicts_with_subcommands = true,
    max_term_width = 100
)]
#[command(after_help = "Exit codes: 0 all held, 1 violated, 2 inconclusive or bad input, 130 interrupted.")]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    explore: explore::Args,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs every scenario over fresh seeds and says what it found (the default).
    Explore(explore::Args),
    /// Puts the shards of a sweep together, and tells it as one.
    Merge(merge::Args),
    /// Tells the story of one run, from a seed or from a plan file.
    Replay(replay::Args),
    /// Makes a failing plan small: fewer people, operations and faults, a shorter run, rounder times.
    Shrink(shrink::Args),
    /// Keeps a failing plan as a regression, which `cargo test` replays from then on.
    Save(save::Args),
    /// Names the scenarios and the planted bugs.
    List(list::Args),
    /// Tests the tests: does each planted bug get convicted?
    Teeth(teeth::Args),
    /// Measures how fast the simulation is, on one core.
    Bench(bench::Args),
    /// Serves the simulated Redis over real TCP, for any client.
    Redis(serve::RedisArgs),
    /// Serves the simulated Sentinel over real TCP.
    Sentinel(serve::SentinelArgs),
    /// Compares the models, and the login service on them, with the real programs.
    Conformance(conformance::Args),
}

/// Runs the command that was typed.
pub(crate) fn run() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command {
        None => explore::run(&cli.explore),
        Some(Command::Explore(args)) => explore::run(&args),
        Some(Command::Merge(args)) => merge::run(&args),
        Some(Command::Replay(args)) => replay::run(&args),
        Some(Command::Shrink(args)) => shrink::run(&args),
        Some(Command::Save(args)) => save::run(&args),
        Some(Command::List(args)) => list::run(&args),
        Some(Command::Teeth(args)) => teeth::run(&args),
        Some(Command::Bench(args)) => bench::run(&args),
        Some(Command::Redis(args)) => serve::redis(&args),
        Some(Command::Sentinel(args)) => serve::sentinel(&args),
        Some(Command::Conformance(args)) => conformance::run(&args),
    };
    match result {
        Ok(_) if interrupt::asked() => ExitCode::from(interrupt::EXIT),
        Ok(conclusion) => conclusion.exit(),
        Err(Trouble(what)) => {
            eprintln!("squall: {what}");
            Conclusion::Inconclusive.exit()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn explore_needs_no_name() {
        let cli = Cli::try_parse_from(["squall", "--seeds", "1..3", "--jobs", "1"]).unwrap();
        assert!(cli.command.is_none());
        assert_eq!(cli.explore.seeds.unwrap(), args::Seeds { from: 1, to: 3 });
    }

    #[test]
    fn a_violation_outweighs_what_is_unclear() {
        assert_eq!(
            [Conclusion::Inconclusive, Conclusion::Violated, Conclusion::Held]
                .into_iter()
                .max(),
            Some(Conclusion::Violated)
        );
    }
}
