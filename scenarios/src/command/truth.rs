//! `squall truth`: the models against the real programs.

use super::{Conclusion, Trouble, fresh, interrupt, say, table};
use clap::Args as ClapArgs;
use indicatif::{ProgressBar, ProgressStyle};
use scenarios::{
    planted,
    truth::{
        Agreement, RealRedis, Unavailable, anomalies, balance, house, process, random,
        rates::{self, Rate, Way},
        report::Report,
        timeline::{self, Failovers},
        vectors,
    },
};
use std::{ops::ControlFlow, path::PathBuf, thread};

/// What `truth` may be told.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// About how many random commands to put to both
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    commands: u64,
    /// How many failovers of the real programs to time
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=200))]
    failovers: u32,
    /// How many real masters lose power under load, for each link; five times as many are killed
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100))]
    deaths: u32,
    /// How many made-up sequences of requests to put through nginx
    #[arg(long, value_name = "N", default_value_t = 40)]
    sequences: usize,
    /// From which everything random is drawn [default: a fresh one, which is printed]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Write a page about it (Markdown)
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// For machines: write what was found to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Simulated failovers to time.
const SIMULATED_FAILOVERS: u64 = 100;
/// Simulated deaths: of a hundred kills one takes something back.
const SIMULATED_KILLS: u64 = 2_000;
const SIMULATED_POWER_LOSSES: u64 = 20;
/// Real stacks that stand at the same time: they mostly wait.
const AT_ONCE: usize = 12;

/// Compares, and says where they differ.
pub(crate) fn run(args: &Args) -> Result<Conclusion, Trouble> {
    for (option, file) in [("--json", &args.json), ("--write", &args.write)] {
        if let Some(file) = file {
            super::must_be_writable(option, file)?;
        }
    }
    let seed = args.seed.unwrap_or_else(fresh::seed);
    let mut report = Report {
        versions: vec![process::version("redis-server")?, process::version("nginx")?],
        seed,
        ..Report::default()
    };
    let mut add = |what: &str, agreement| report.comparisons.push((what.to_owned(), agreement));
    add(
        "golden replies, put to redis-server and to the model",
        vectors::compare()?,
    );
    for (what, stream, share) in [
        ("random commands on three connections", false, 4),
        ("random commands, and what a replica is sent", true, 1),
    ] {
        let commands = args.commands * share / 5;
        add(
            what,
            random_commands(what, &random::Options { seed, commands, stream })?,
        );
    }
    add(
        "anomalies of a failover, on the real stack",
        on_real_stacks(&anomalies::stories(), |story| match anomalies::real(story) {
            // All else can be compared without.
            Err(absent @ Unavailable::Missing("cc")) => {
                say(format!("!! LEFT OUT: {}: {absent}", story.name));
                Ok(Agreement::default())
            }
            compared => Ok(compared?),
        })?,
    );
    let simulated = anomalies::stories()
        .iter()
        .try_fold(Agreement::default(), |sum, story| {
            Ok::<_, Trouble>(sum.and(anomalies::simulated(story)?))
        })?;
    add("the same, in the simulation, 20 seeds each", simulated);
    let bug = planted::find("redemption_without_ledger").map_err(|error| Trouble(error.to_string()))?;
    add(
        "the login service across a failover of the real stack, as it is and without its ledger",
        on_real_stacks(&[None, Some(&bug)], |bug| Ok(house::compare(*bug)?))?,
    );
    let bug = planted::find("unfenced_leader").map_err(|error| Trouble(error.to_string()))?;
    add(
        "its leader, stopped past its lease while the real stack fails over, as it is and without its fence",
        on_real_stacks(&[None, Some(&bug)], |bug| Ok(house::compare_leaders(*bug)?))?,
    );
    let mut sequences = balance::rows();
    sequences.extend(balance::random(seed, args.sequences));
    add(
        "requests through nginx and through the balancer",
        on_real_stacks(&sequences, |sequence| Ok(balance::compare(sequence)?))?,
    );
    let turns: Vec<u32> = (0..args.failovers).collect();
    for fault in &timeline::FAULTS {
        report.failovers.push(Failovers {
            fault,
            real: at_once(&turns, |_| Ok(timeline::real(fault)?))?,
            simulated: timeline::simulated(fault, 1..SIMULATED_FAILOVERS + 1)?,
        });
    }
    for kind in rates::KINDS {
        let (deaths, simulated) = match kind.way {
            Way::Killed => (args.deaths * 5, SIMULATED_KILLS),
            Way::WithoutPower => (args.deaths, SIMULATED_POWER_LOSSES),
        };
        let deaths: Vec<u32> = (0..deaths).collect();
        report.rates.push(Rate {
            kind,
            real: at_once(&deaths, |_| Ok(rates::real(kind)?))?,
            simulated: rates::simulated(kind, 1..simulated + 1)?,
        });
    }
    tell(&report);
    if let Some(file) = &args.write {
        write(file, "--write", &report.page())?;
    }
    if let Some(file) = &args.json {
        let json = serde_json::json!({
            "version": 2,
            "seed": seed,
            "programs": report.versions,
            "comparisons": report.comparisons,
            "failovers": report.failovers.iter().map(failovers_as_json).collect::<Vec<_>>(),
            "rates": report.rates.iter().map(rate_as_json).collect::<Vec<_>>(),
        });
        write(file, "--json", &format!("{json:#}\n"))?;
    }
    Ok(if report.holds() {
        Conclusion::Held
    } else {
        Conclusion::Violated
    })
}

fn write(file: &PathBuf, option: &str, text: &str) -> Result<(), Trouble> {
    std::fs::write(file, text).map_err(|error| Trouble(format!("{option}: cannot write {}: {error}", file.display())))
}

fn tell(report: &Report) {
    let look = table::look();
    let mut comparisons = table::new(
        &look,
        &["comparison", ">answers compared", ">differences", ">broken off"],
    );
    for (what, agreement) in &report.comparisons {
        comparisons.add_row([
            what.clone(),
            table::thousands(agreement.compared),
            agreement.differences.len().to_string(),
            table::thousands(agreement.broken_off),
        ]);
    }
    say(comparisons);
    for failovers in &report.failovers {
        tell_failovers(failovers);
    }
    tell_rates(&report.rates);
    for (what, agreement) in &report.comparisons {
        for difference in &agreement.differences {
            say(format!("\n{what}\n{difference}"));
        }
    }
    say(format!(
        "With {}; what is random is that of --seed {}.",
        report.versions.join(", "),
        report.seed
    ));
}

fn tell_failovers(failovers: &Failovers) {
    let look = table::look();
    let title = format!("failover, ms after the master is {}", failovers.fault.name);
    let mut steps = table::new(&look, &[&title, ">real", ">simulated", "verdict"]);
    for step in failovers.steps() {
        let show = |(least, median, most): (i64, i64, i64)| format!("{median} ({least} to {most})");
        let (real, simulated) = (show(step.real), show(step.simulated));
        steps.add_row([step.name.to_owned(), real, simulated, verdict(step.agrees())]);
    }
    say(steps);
    if !failovers.same_order() {
        let said = |failovers: &[timeline::Failover]| {
            let mut orders: Vec<String> = failovers
                .iter()
                .map(|failover| failover.leader_said.join(" "))
                .collect();
            orders.sort();
            orders.dedup();
            orders.join("\n  ")
        };
        say(format!(
            "The leader's words come in another order.\nreal:\n  {}\nsimulated:\n  {}",
            said(&failovers.real),
            said(&failovers.simulated)
        ));
    }
}

fn tell_rates(rates: &[Rate]) {
    let look = table::look();
    let columns = [
        "a death takes back, ms of acknowledged work",
        ">real",
        ">simulated",
        "verdict",
    ];
    let mut table = table::new(&look, &columns);
    for rate in rates {
        let way = match rate.kind.way {
            Way::Killed => "SIGKILL",
            Way::WithoutPower => "power loss",
        };
        table.add_row([
            format!("{way}, link of {} ms", rate.kind.link_ms),
            format!("{:.3}", rate.figure(&rate.real)),
            format!("{:.3}", rate.figure(&rate.simulated)),
            verdict(rate.agrees()),
        ]);
    }
    say(table);
}

fn verdict(agrees: bool) -> String {
    if agrees { "agrees" } else { "DIFFERS" }.to_owned()
}

fn failovers_as_json(failovers: &Failovers) -> serde_json::Value {
    serde_json::json!({
        "master": failovers.fault.name,
        "steps": failovers.steps(),
        "same_order": failovers.same_order(),
    })
}

fn rate_as_json(rate: &Rate) -> serde_json::Value {
    serde_json::json!({
        "killed": rate.kind.way == Way::Killed,
        "link_ms": rate.kind.link_ms,
        "real_ms": rate.figure(&rate.real),
        "simulated_ms": rate.figure(&rate.simulated),
    })
}

fn random_commands(what: &'static str, options: &random::Options) -> Result<Agreement, Trouble> {
    // The dataset goes to a replica at once, not after the five seconds in which others might ask for it.
    let real = RealRedis::start(&["--repl-diskless-sync", "no"])?;
    let bar = ProgressBar::new(options.commands);
    let style = ProgressStyle::with_template("{bar:32} {pos}/{len} answers  {msg}");
    bar.set_style(style.expect("the template is a constant"));
    bar.set_message(what);
    let agreement = random::compare(real.port(), options, |compared| {
        bar.set_position(compared);
        match interrupt::asked() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    })?;
    bar.finish_and_clear();
    Ok(agreement)
}

fn on_real_stacks<T: Sync>(
    what: &[T],
    compare: impl Fn(&T) -> Result<Agreement, Trouble> + Sync,
) -> Result<Agreement, Trouble> {
    let agreements = at_once(what, compare)?;
    Ok(agreements.into_iter().fold(Agreement::default(), Agreement::and))
}

/// Does the same to each, several at a time; the results in order.
fn at_once<T: Sync, R: Send>(what: &[T], each: impl Fn(&T) -> Result<R, Trouble> + Sync) -> Result<Vec<R>, Trouble> {
    let mut results = Vec::new();
    for chunk in what.chunks(AT_ONCE) {
        let chunk: Vec<Result<R, Trouble>> = thread::scope(|scope| {
            let threads: Vec<_> = chunk.iter().map(|one| scope.spawn(|| each(one))).collect();
            let join = |thread: thread::ScopedJoinHandle<'_, _>| {
                thread
                    .join()
                    .unwrap_or_else(|_| Err(Trouble("a comparison ended in a panic, which is shown above".into())))
            };
            threads.into_iter().map(join).collect()
        });
        for result in chunk {
            results.push(result?);
        }
    }
    Ok(results)
}
