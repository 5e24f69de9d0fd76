//! The command line. The name of the program and the command that starts it belong to the suite.

use super::{
    Conclusion, Trouble, bench, bugs, calls, excuses, explore, list, merge, regressions, replay, save, shrink,
};
use crate::{service::Service, suite::Suite};
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true, max_term_width = 100)]
#[command(after_help = "Exit codes: 0 all held, 1 violated, 2 inconclusive or bad input, 130 interrupted.")]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    explore: explore::Args,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs every scenario over fresh seeds and says what it found (the default)
    Explore(explore::Args),
    /// Puts the shards of a sweep together, and reports them as one sweep
    Merge(merge::Args),
    /// Performs calm stories once for every call that a process makes, and every way in which that can go wrong
    Calls(calls::Args),
    /// Tells the story of one run, from a seed or from a plan file
    Replay(replay::Args),
    /// Makes a failing plan small: fewer people, operations and faults, a shorter run, rounder times
    Shrink(shrink::Args),
    /// Saves a failing plan as a regression
    Save(save::Args),
    /// Replays every regression: is no bug back, and does each plan still mean the same?
    Regressions(regressions::Args),
    /// Lists the scenarios and the planted bugs
    List(list::Args),
    /// Tests the tests: is each planted bug detected?
    Bugs(bugs::Args),
    /// Counts what each property judges, and what its excuses spare: a property that judges nothing proves nothing
    Excuses(excuses::Args),
    /// Measures how fast the simulation is, on one core
    Bench(bench::Args),
}

/// The command line of a suite.
pub(super) fn command<S: Service>(suite: &Suite<S>) -> clap::Command {
    let about = suite.about.trim_end_matches('.');
    let command = Cli::command()
        .name(suite.name)
        .bin_name(suite.command)
        .about(format!("{about}."))
        .long_about(format!(
            "{about}.\n\nWithout a command, explores: every scenario over fresh seeds for about a minute."
        ))
        .subcommands(suite.commands.iter().map(|own| own.command.clone()));
    with_words_of(suite, command)
}

/// Help texts are constants; `{name}`, `{command}` and `{account}` in them are replaced by the suite's.
fn with_words_of<S: Service>(suite: &Suite<S>, command: clap::Command) -> clap::Command {
    let subcommands: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    let account = suite.account.as_ref().map(|account| account.what);
    let command = command.mut_args(|arg| match arg.get_help().map(ToString::to_string) {
        Some(help) if help.contains('{') => {
            let is_missing = help.contains("{account}") && account.is_none();
            let help = help.replace("{name}", suite.name).replace("{command}", suite.command);
            arg.help(help.replace("{account}", account.unwrap_or_default()))
                .hide(is_missing)
        }
        _ => arg,
    });
    // Each subcommand is removed and added again at the end, so their order stays the same.
    subcommands.into_iter().fold(command, |command, sub| {
        command.mut_subcommand(sub, |sub| with_words_of(suite, sub))
    })
}

/// Runs the command that was typed.
pub(super) fn run<S: Service>(suite: &Suite<S>, matches: &ArgMatches) -> Result<Conclusion, Trouble> {
    if suite.scenarios().is_empty() {
        return Err(Trouble(
            "the suite has no scenario, so there is nothing to run; add one with Suite::scenario".into(),
        ));
    }
    if let Some((name, matches)) = matches.subcommand()
        && let Some(own) = suite.commands.iter().find(|own| own.command.get_name() == name)
    {
        return (own.run)(matches);
    }
    let cli = Cli::from_arg_matches(matches)?;
    match cli.command {
        None => explore::run(suite, &cli.explore),
        Some(Command::Explore(args)) => explore::run(suite, &args),
        Some(Command::Merge(args)) => merge::run(suite, &args),
        Some(Command::Calls(args)) => calls::run(suite, &args),
        Some(Command::Replay(args)) => replay::run(suite, &args),
        Some(Command::Shrink(args)) => shrink::run(suite, &args),
        Some(Command::Save(args)) => save::run(suite, &args),
        Some(Command::Regressions(args)) => regressions::run(suite, &args),
        Some(Command::List(args)) => list::run(suite, &args),
        Some(Command::Bugs(args)) => bugs::run(suite, &args),
        Some(Command::Excuses(args)) => excuses::run(suite, &args),
        Some(Command::Bench(args)) => bench::run(suite, &args),
    }
}
