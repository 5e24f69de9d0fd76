//! `squall conformance`: the models, and the login service on a real stack, compared with the real programs.

use ::conformance::{
    Agreement, Unavailable, nginx, process,
    redis::{RedisProcess, acknowledgement, cases, random, vectors},
    report::Report,
    stack::{
        anomalies,
        losses::{self, Cause, LossRate},
        timeline::{self, Failovers},
    },
};
use clap::Args as ClapArgs;
use indicatif::{ProgressBar, ProgressStyle};
use scenarios::real_stack;
use sim::command::{Conclusion, Trouble, after_verdict, fresh_seed, interrupt, say, table};
use std::{ops::ControlFlow, path::PathBuf, thread};

/// Options of `conformance`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// About how many random commands to send to both
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    commands: u64,
    /// How many failovers of the real programs to time
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=200))]
    failovers: u32,
    /// How many real masters lose power under load, for each link latency; five times as many are killed
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100))]
    deaths: u32,
    /// How many random sequences of requests to send through nginx
    #[arg(long, value_name = "N", default_value_t = 40)]
    sequences: usize,
    /// Seed of all random choices [default: a new one, which is printed]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Write a page about the models (Markdown)
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// Write the results to this file (JSON)
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Number of simulated failovers to time.
const SIMULATED_FAILOVERS: u64 = 100;
/// Number of simulated deaths: one kill in a hundred loses something.
const SIMULATED_KILLS: u64 = 2_000;
const SIMULATED_POWER_LOSSES: u64 = 20;
/// Real stacks that run at the same time; they mostly wait.
const AT_ONCE: usize = 12;

/// Compares, and reports the differences.
pub(crate) fn run(args: &Args) -> Result<Conclusion, Trouble> {
    for (option, file) in [("--json", &args.json), ("--write", &args.write)] {
        if let Some(file) = file {
            sim::command::must_be_writable(option, file)?;
        }
    }
    let seed = args.seed.unwrap_or_else(fresh_seed);
    let mut report = Report {
        versions: vec![process::version("redis-server")?, process::version("nginx")?],
        seed,
        ..Report::default()
    };
    let mut add = |what: &str, agreement| report.comparisons.push((what.to_owned(), agreement));
    add(
        "golden vectors, checked against redis-server and the model",
        vectors::compare()?,
    );
    let single = cases::all();
    let compared = single.iter().map(cases::compare);
    let compared = compared.collect::<Result<Vec<_>, _>>()?;
    add(
        "single behaviours, step by step",
        compared.into_iter().fold(acknowledgement::compare()?, Agreement::and),
    );
    for (what, stream, share) in [
        ("random commands on three connections", false, 4),
        ("random commands, and what a replica receives", true, 1),
    ] {
        let commands = args.commands * share / 5;
        add(
            what,
            random_commands(what, &random::Options { seed, commands, stream })?,
        );
    }
    add(
        "anomalies of a failover, on the real stack",
        on_real_stacks(&anomalies::scripts(), |script| match anomalies::real(script) {
            // Only scripts with wrong clocks need a C compiler.
            Err(absent @ Unavailable::Missing("cc")) => {
                say(format!("!! LEFT OUT: {}: {absent}", script.name));
                Ok(Agreement::default())
            }
            compared => Ok(compared?),
        })?,
    );
    let simulated = anomalies::scripts()
        .iter()
        .try_fold(Agreement::default(), |sum, script| {
            Ok::<_, Trouble>(sum.and(anomalies::simulated(script)?))
        })?;
    add("the same, in the simulation, 20 seeds each", simulated);
    let mut sequences = nginx::named_sequences();
    sequences.extend(nginx::random_sequences(seed, args.sequences));
    add(
        "requests through nginx and through the model",
        on_real_stacks(&sequences, |sequence| Ok(nginx::compare(sequence)?))?,
    );
    let service = login_service()?;
    let turns: Vec<u32> = (0..args.failovers).collect();
    for fault in &timeline::FAULTS {
        report.failovers.push(Failovers {
            fault,
            real: at_once(&turns, |_| Ok(timeline::real(fault)?))?,
            simulated: timeline::simulated(fault, 1..SIMULATED_FAILOVERS + 1)?,
        });
    }
    for death in losses::DEATHS {
        let (deaths, simulated) = match death.cause {
            Cause::Kill => (args.deaths * 5, SIMULATED_KILLS),
            Cause::PowerLoss => (args.deaths, SIMULATED_POWER_LOSSES),
        };
        let deaths: Vec<u32> = (0..deaths).collect();
        report.losses.push(LossRate {
            death,
            real: at_once(&deaths, |_| Ok(losses::real(death)?))?,
            simulated: losses::simulated(death, 1..simulated + 1)?,
        });
    }
    show(&report, &service);
    let mut written = vec![];
    if let Some(file) = &args.write {
        written.push(write(file, "--write", &report.page()));
    }
    if let Some(file) = &args.json {
        let json = serde_json::json!({
            "version": 2,
            "seed": seed,
            "programs": report.versions,
            "comparisons": report.comparisons.iter().chain(&service).collect::<Vec<_>>(),
            "failovers": report.failovers.iter().map(failovers_as_json).collect::<Vec<_>>(),
            "rates": report.losses.iter().map(losses_as_json).collect::<Vec<_>>(),
        });
        written.push(write(file, "--json", &format!("{json:#}\n")));
    }
    let service_agrees = service.iter().all(|(_, agreement)| agreement.differences.is_empty());
    let nothing: Vec<&str> = (report.comparisons.iter().chain(&service))
        .filter(|(_, agreement)| agreement.compared == 0)
        .map(|(what, _)| what.as_str())
        .collect();
    if !nothing.is_empty() {
        say(format!("Inconclusive: nothing was compared of: {}", nothing.join("; ")));
    }
    let conclusion = match (report.agrees() && service_agrees, nothing.is_empty()) {
        (false, _) => Conclusion::Violated,
        (true, false) => Conclusion::Inconclusive,
        (true, true) => Conclusion::Held,
    };
    written.into_iter().try_fold(conclusion, after_verdict)
}

/// The login service on the real stack: the properties hold for it as it is, and detect two planted bugs. These results are
/// not part of the page about the models.
fn login_service() -> Result<Vec<(String, Agreement)>, Trouble> {
    let suite = scenarios::suite();
    let find = |name| suite.find_bug(name).map_err(|error| Trouble(error.to_string()));
    let (no_ledger, no_fence) = (find("redemption_without_ledger")?, find("unfenced_leader")?);
    let failovers = on_real_stacks(&[None, Some(no_ledger)], |bug| Ok(real_stack::compare(*bug)?))?;
    let leaders = on_real_stacks(&[None, Some(no_fence)], |bug| Ok(real_stack::compare_leaders(*bug)?))?;
    Ok(vec![
        (
            "the login service across a failover of the real stack, as it is and without its ledger".to_owned(),
            failovers,
        ),
        (
            "its leader, stopped past its lease while the real stack fails over, as it is and without its fence"
                .to_owned(),
            leaders,
        ),
    ])
}

fn write(file: &PathBuf, option: &str, text: &str) -> Result<(), Trouble> {
    std::fs::write(file, text).map_err(|error| Trouble(format!("{option}: cannot write {}: {error}", file.display())))
}

fn show(report: &Report, service: &[(String, Agreement)]) {
    let all = || report.comparisons.iter().chain(service);
    let look = table::look();
    let mut comparisons = table::new(
        &look,
        &["comparison", ">answers compared", ">differences", ">broken off"],
    );
    for (what, agreement) in all() {
        comparisons.add_row([
            what.clone(),
            table::thousands(agreement.compared),
            agreement.differences.len().to_string(),
            table::thousands(agreement.broken_off),
        ]);
    }
    say(comparisons);
    for failovers in &report.failovers {
        show_failovers(failovers);
    }
    show_losses(&report.losses);
    for (what, agreement) in all() {
        for difference in &agreement.differences {
            say(format!("\n{what}\n{difference}"));
        }
    }
    say(format!(
        "With {}; random choices are those of --seed {}.",
        report.versions.join(", "),
        report.seed
    ));
}

fn show_failovers(failovers: &Failovers) {
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
        let orders = |failovers: &[timeline::Failover]| {
            let mut orders: Vec<String> = failovers
                .iter()
                .map(|failover| failover.leader_events.join(" "))
                .collect();
            orders.sort();
            orders.dedup();
            orders.join("\n  ")
        };
        say(format!(
            "The leaders log their events in another order.\nreal:\n  {}\nsimulated:\n  {}",
            orders(&failovers.real),
            orders(&failovers.simulated)
        ));
    }
}

fn show_losses(rates: &[LossRate]) {
    let look = table::look();
    let columns = [
        "lost with a master, ms of acknowledged work",
        ">real",
        ">simulated",
        "verdict",
    ];
    let mut table = table::new(&look, &columns);
    for rate in rates {
        table.add_row([
            format!("{}, link of {} ms", rate.death.cause, rate.death.link_ms),
            format!("{:.3}", rate.figure_ms(&rate.real)),
            format!("{:.3}", rate.figure_ms(&rate.simulated)),
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

fn losses_as_json(rate: &LossRate) -> serde_json::Value {
    serde_json::json!({
        "killed": rate.death.cause == Cause::Kill,
        "link_ms": rate.death.link_ms,
        "real_ms": rate.figure_ms(&rate.real),
        "simulated_ms": rate.figure_ms(&rate.simulated),
    })
}

fn random_commands(what: &'static str, options: &random::Options) -> Result<Agreement, Trouble> {
    // With --repl-diskless-sync yes the dataset would be sent only after 5 s, to wait for other replicas.
    let real = RedisProcess::start(&["--repl-diskless-sync", "no"])?;
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

/// Applies `each` to all, several at a time; the results are in order.
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
