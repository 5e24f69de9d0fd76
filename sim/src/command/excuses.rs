//! `excuses`: what each property judges over a sweep, and what its excuses spare.

mod book;

use super::{
    Conclusion, Trouble,
    args::FROM_SEED_MAX,
    interrupt,
    parallel::{self, in_parallel},
    perform::perform,
    say, table, tell,
};
use crate::{judge::JudgeOptions, property::Tally, scenario::Scenario, service::Service, suite::Suite};
use book::Book;
use clap::Args as ClapArgs;
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::BTreeMap;

/// Options of `excuses`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
A property that judged nothing, in any scenario that declares it, proves nothing. It fails the sweep (exit code 1) if \
every one of these scenarios had 50 runs or more; after fewer runs the sweep is inconclusive (2). A violation is 1.

An excuse that spares more than its property judges may hide a bug. One that never spares a violation is wider than it \
has to be.")]
pub(crate) struct Args {
    /// Seeds of each scenario
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    seeds: u64,
    /// The first seed
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(..=FROM_SEED_MAX))]
    from_seed: u64,
    /// Only this scenario; may be given more than once [default: all]
    #[arg(long, value_name = "SCENARIO")]
    scenario: Vec<String>,
    /// Threads [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1024))]
    jobs: Option<usize>,
    /// Print the tables as Markdown
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
    /// For machines
    #[arg(long)]
    json: bool,
}

/// The counts of one run, or why there are none.
struct Counted {
    scenario: &'static str,
    seed: u64,
    tallies: BTreeMap<String, Tally>,
    /// The first violation, or the error of the harness.
    wrong: Option<(Conclusion, String)>,
}

/// Performs the runs, sums up, and prints the table.
pub(crate) fn run<S: Service>(suite: &Suite<S>, args: &Args) -> Result<Conclusion, Trouble> {
    let scenarios = chosen(suite, args)?;
    interrupt::listen()?;
    let threads = parallel::threads(args.jobs);
    tell(format!(
        "{}: {}, {} each, on {}",
        suite.name,
        table::count(scenarios.len(), "scenario"),
        table::count(args.seeds as usize, "seed"),
        table::count(threads, "thread")
    ));
    let mut book = Book::of(&scenarios);
    let mut conclusion = Conclusion::Held;
    sweep(&scenarios, args, threads, |counted| {
        if let Some((one, what)) = &counted.wrong {
            conclusion = conclusion.max(*one);
            tell(format!(
                "{}: {}, seed {}: {what}",
                suite.name, counted.scenario, counted.seed
            ));
        }
        book.add(counted.scenario, &counted.tallies);
    });
    if conclusion == Conclusion::Violated {
        interrupt::something_is_violated();
    }
    let conclusion = conclusion.max(book.conclusion());
    if args.json {
        say(format!("{:#}", book.json()));
    } else if args.markdown {
        say(table::markdown(&book.table(&table::look())).trim_end());
    } else {
        say(book.table(&table::look()));
        say(book.notes());
    }
    Ok(conclusion)
}

/// One seed of every scenario, then the next seed; `on_run` gets the runs in the order in which they end.
fn sweep<S: Service>(scenarios: &[&Scenario<S>], args: &Args, threads: usize, mut on_run: impl FnMut(Counted)) {
    let bar = ProgressBar::new(args.seeds.saturating_mul(scenarios.len() as u64));
    bar.set_style(ProgressStyle::with_template("{bar:32} {pos}/{len} runs").expect("a constant"));
    let seeds = args.from_seed..args.from_seed + args.seeds;
    let mut jobs = seeds.flat_map(|seed| scenarios.iter().map(move |scenario| (*scenario, seed)));
    in_parallel(
        threads,
        || jobs.next().filter(|_| !interrupt::asked()),
        |(scenario, seed)| one(scenario, seed),
        |counted| {
            bar.tick();
            if let Some(counted) = counted {
                bar.inc(1);
                on_run(counted);
            }
        },
    );
    bar.finish_and_clear();
}

fn one<S: Service>(scenario: &Scenario<S>, seed: u64) -> Counted {
    let run = perform(scenario, &scenario.plan(seed), None, &JudgeOptions::default());
    let (tallies, wrong) = match run {
        Ok(run) => {
            let first = run.violations.first();
            (
                run.tallies,
                first.map(|violation| (Conclusion::Violated, violation.to_string())),
            )
        }
        Err(Trouble(what)) => (BTreeMap::new(), Some((Conclusion::Inconclusive, what))),
    };
    Counted {
        scenario: scenario.name(),
        seed,
        tallies,
        wrong,
    }
}

fn chosen<'a, S: Service>(suite: &'a Suite<S>, args: &Args) -> Result<Vec<&'a Scenario<S>>, Trouble> {
    let names = args.scenario.iter();
    let named: Vec<&Scenario<S>> = names.map(|name| suite.find_scenario(name)).collect::<Result<_, _>>()?;
    let wanted = |scenario: &&Scenario<S>| named.is_empty() || named.iter().any(|one| one.name() == scenario.name());
    Ok(suite.scenarios().iter().filter(wanted).collect())
}
