//! `explore`: every scenario over many seeds.

mod coverage;
mod one;
mod progress;

use super::{
    Conclusion, Trouble,
    args::{self, FROM_SEED_MAX, Seeds},
    failures,
    folder::{self, Ended, FAILURES, Header, SweepFolder},
    fresh, groups, identity, interrupt,
    outcome::{self, Lines, Outputs, Swept},
    output,
    parallel::{self, in_parallel},
    shard::Shard,
    shared_guide::SharedGuide,
    summary::RunSummary,
    table, tell,
};
use crate::{
    scenario::Scenario,
    service::Service,
    simulator::EngineKind,
    suite::{PlantedBug, Suite},
};
use clap::Args as ClapArgs;
use coverage::Coverage;
use one::Runner;
use std::{collections::BTreeMap, path::PathBuf, time::Duration};

/// Options of `explore`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// For how long to begin new runs, as in 90s, 10m or 1h30m [default: 1m, and up to 2m where a mark was not reached and soon counts]
    #[arg(long = "for", value_name = "DURATION", value_parser = args::duration, conflicts_with = "seeds")]
    pub(crate) lasts: Option<Duration>,
    /// Which seeds to run of each scenario: A..B, B not included
    #[arg(long, value_name = "A..B")]
    pub(crate) seeds: Option<Seeds>,
    /// The first seed of a sweep by time [default: a fresh one]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=FROM_SEED_MAX), conflicts_with = "seeds")]
    pub(crate) from_seed: Option<u64>,
    /// Threads [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1024))]
    pub(crate) jobs: Option<usize>,
    /// Only this scenario; may be given more than once [default: all, or the one in which the planted bug must be detected]
    #[arg(long, value_name = "NAME")]
    pub(crate) scenario: Vec<String>,
    /// Plant this bug, which the sweep must detect
    #[arg(long, alias = "plant", value_name = "BUG")]
    pub(crate) bug: Option<String>,
    /// Run only this part of the sweep: the first of four is 1/4. `{command} merge` puts the parts together
    #[arg(long, value_name = "I/N")]
    pub(crate) shard: Option<Shard>,
    /// Write the sweep to this folder, which must be new [default: target/{name}/TIME, and target/{name}/latest points there]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Where to write the plans of failing runs [default: failures in the sweep's folder]
    #[arg(long, value_name = "DIR")]
    pub(crate) failures: Option<PathBuf>,
    /// Make the plans of failing runs small, and show one line for each bug
    #[arg(long)]
    pub(crate) shrink: bool,
    /// Draw every plan from its seed, rather than every second one from plans that reached something new. With --shard it is
    /// always so
    #[arg(long)]
    pub(crate) no_guidance: bool,
    /// Where everything is drawn, draw from all kinds of faults and operations in every run, in a world of default settings
    #[arg(long)]
    pub(crate) no_swarm: bool,
    /// What performs the runs: event-loop, or turmoil, a second engine that cross-checks the first (slow, with fewer faults: a
    /// plan that has others is skipped, and counted; without guidance)
    #[arg(long, value_name = "ENGINE", default_value = "event-loop")]
    pub(crate) engine: EngineKind,
    /// Stop after so many runs in a row that showed nothing new, and say so (counted over whole generations of seeds); without
    /// --for or --seeds, after a day at the latest
    #[arg(long, value_name = "RUNS", value_parser = clap::value_parser!(u64).range(1..), conflicts_with = "shard")]
    pub(crate) until_quiet: Option<u64>,
    #[command(flatten)]
    pub(crate) outputs: Outputs,
}

/// Runs a sweep and reports the result.
pub(crate) fn run<S: Service>(suite: &Suite<S>, args: &Args) -> Result<Conclusion, Trouble> {
    let bug = args.bug.as_deref().map(|bug| suite.find_bug(bug)).transpose()?;
    let scenarios = chosen(suite, args, bug)?;
    let threads = parallel::threads(args.jobs);
    check_engine(args)?;
    args.outputs.check(true)?;
    // Drawn at once, because the preparation of the first run takes a moment.
    let bar = progress::bar(scenarios.len(), args);
    let header = header(suite, args, &scenarios)?;
    let (from, lasts) = (header.from, header.lasts_ms.map(Duration::from_millis));
    let what = match header.shard {
        Some(shard) => format!("{}, shard {shard}", header.what()),
        None => header.what(),
    };
    let mut lines = args.outputs.lines()?;
    let mut folder = SweepFolder::create(args.out.as_deref(), &failures::root(suite), header)?;
    interrupt::listen()?;
    let watch = fresh::Stopwatch::start();
    let mut jobs = rounds(args.seeds, from, scenarios.len())
        .filter(|(place, seed)| args.shard.is_none_or(|shard| shard.owns(*place, *seed)));
    bar.suspend(|| {
        tell(format!(
            "{}: {}, {what}, on {}, written to {}",
            suite.name,
            table::count(scenarios.len(), "scenario"),
            table::count(threads, "thread"),
            folder.path().display()
        ));
    });

    let (mut over, mut quiet) = (false, false);
    let guide = SharedGuide::new(from, folder.header().guided);
    let coverage = Coverage::new(&scenarios, args.is_usual() && bug.is_none());
    let next = || {
        let (place, seed) = jobs.next()?;
        // The first round is always completed, however short the time.
        let enough = |lasts: Duration| {
            let elapsed = watch.elapsed();
            seed > from && elapsed >= lasts && !(coverage.goes_on() && elapsed < 2 * lasts)
        };
        over |= interrupt::asked() || lasts.is_some_and(enough);
        if !over {
            let nothing_new = guide.begin(seed);
            quiet = args.until_quiet.is_some_and(|enough| nothing_new >= enough);
            over |= quiet;
        }
        (!over).then(|| (scenarios[place], seed))
    };
    let runner = Runner {
        suite,
        bug,
        // Relative to the sweep's folder, which may be moved.
        named: args.failures.clone().unwrap_or_else(|| FAILURES.into()),
        plans: args.failures.clone().unwrap_or_else(|| folder.path().join(FAILURES)),
        pages: args.outputs.pages(Some(folder.path()))?,
        guide: &guide,
        swarm: !args.no_swarm,
        engine: args.engine,
    };
    let mut runs: BTreeMap<&'static str, Vec<RunSummary>> = BTreeMap::new();
    let mut cpu: BTreeMap<&'static str, Duration> = BTreeMap::new();
    let (mut done, mut failed, mut lost, mut ending) = (0, 0, None, false);
    let work = |(scenario, seed): (&Scenario<S>, u64)| runner.run(scenario, seed);
    in_parallel(threads, next, work, |result| {
        if !ending && interrupt::asked() {
            ending = true;
            let name = suite.name;
            bar.suspend(|| {
                tell(format!(
                    "{name}: finishing the runs that have begun; interrupt once more to end at once"
                ))
            });
        }
        if let Some((run, took)) = result {
            *cpu.entry(run.scenario).or_default() += took;
            done += 1;
            failed += usize::from(run.conclusion() != Conclusion::Held);
            if run.conclusion() == Conclusion::Violated {
                interrupt::something_is_violated();
            }
            coverage.learn(&run);
            let cpu_ms = took.as_millis() as u64;
            if lost.is_none() {
                lost = folder.add(&run, cpu_ms).err();
            }
            if let Some(lines) = &mut lines {
                lines.add(&run, cpu_ms, suite.build);
            }
            runs.entry(run.scenario).or_default().push(run);
            bar.inc(u64::from(lasts.is_none()));
        }
        if let Some(lasts) = lasts {
            bar.set_position(watch.elapsed().as_secs().min(lasts.as_secs()));
        }
        bar.set_message(format!("{}, {failed} failed", table::count(done, "run")));
    });
    bar.finish_and_clear();

    if quiet {
        args.outputs.print(format!(
            "Quiet: the last {} showed nothing new, so the sweep stops here.",
            table::count(guide.quiet() as usize, "run")
        ));
    }
    let mut gaps = vec![];
    gaps.extend(interrupt::asked().then(|| "the sweep was interrupted".to_owned()));
    gaps.extend(
        lost.as_ref()
            .map(|Trouble(what)| format!("not all of it was written: {what}")),
    );
    let plans = runner.plans.clone();
    let mut swept = Swept {
        header: folder.header().clone(),
        scenarios,
        runs,
        wall: watch.elapsed(),
        cpu,
        gaps,
        pages: runner.pages,
        plans: plans.display().to_string(),
    };
    let (conclusion, written) = outcome::conclude(suite, &mut swept, &args.outputs);
    let ended = folder.end(Ended {
        conclusion: conclusion.word().to_owned(),
        interrupted: interrupt::asked(),
        runs: done,
        wall_seconds: swept.wall.as_secs_f64(),
    });
    let grouped = || {
        let failures = swept.runs.values().flatten().map(|run| groups::Failure {
            scenario: run.scenario,
            seed: run.seed,
            violations: &run.violations,
            file: run.file.as_deref(),
        });
        groups::text(suite, failures, bug, &plans).map(|text| args.outputs.print(text))
    };
    let shrunk = match args.shrink && !interrupt::asked() {
        true => grouped(),
        false => Ok(()),
    };
    let lines = lines.map_or(Ok(()), Lines::end);
    output::after_verdict(
        conclusion,
        output::all([written, lost.map_or(Ok(()), Err), ended, lines, shrunk]),
    )
}

/// The header of the sweep: what was requested.
fn header<S: Service>(suite: &Suite<S>, args: &Args, scenarios: &[&Scenario<S>]) -> Result<Header, Trouble> {
    let from = match (args.seeds, args.from_seed, args.shard) {
        (Some(seeds), ..) => seeds.from,
        (None, Some(seed), _) => seed,
        (None, None, None) => fresh::seed(),
        (None, None, Some(_)) => {
            return Err(Trouble(
                "--shard: the shards must agree on the seeds; add --seeds A..B, or --from-seed N and --for DURATION"
                    .into(),
            ));
        }
    };
    Ok(Header {
        version: folder::VERSION,
        build: suite.build.map(str::to_owned),
        behaviour: identity::behaviour(suite)?,
        started: fresh::utc().to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        bug: args.bug.clone(),
        scenarios: scenarios.iter().map(|scenario| scenario.name().to_owned()).collect(),
        from,
        to: args.seeds.map(|seeds| seeds.to),
        lasts_ms: args.lasts_at_most().map(|lasts| lasts.as_millis() as u64),
        shard: args.shard,
        // A shard cannot breed plans, because they would depend on the other shards.
        guided: !args.no_guidance && args.shard.is_none() && args.engine == EngineKind::EventLoop,
        swarm: !args.no_swarm,
        engine: args.engine,
        ended: None,
    })
}

impl Args {
    /// Whether neither a time nor a number of seeds was requested, and the reached marks count when the sweep ends.
    fn is_usual(&self) -> bool {
        let is_free = self.lasts.is_none() && self.seeds.is_none() && self.until_quiet.is_none();
        is_free && self.shard.is_none() && self.engine == EngineKind::EventLoop
    }

    /// How long to begin new runs; `None` for a sweep by seeds.
    fn lasts_at_most(&self) -> Option<Duration> {
        let usual_s = if self.until_quiet.is_some() { 86_400 } else { 60 };
        let lasts = self.lasts.unwrap_or(Duration::from_secs(usual_s));
        self.seeds.is_none().then_some(lasts)
    }
}

/// Refuses options that perform plans again with the second engine, because they always use the first engine.
fn check_engine(args: &Args) -> Result<(), Trouble> {
    let option = match (args.shrink, args.outputs.reports()) {
        _ if args.engine == EngineKind::EventLoop => return Ok(()),
        (true, _) => "--shrink",
        (_, true) => "--report",
        _ => return Ok(()),
    };
    Err(Trouble(format!(
        "{option} does not work with --engine turmoil, because it performs plans again on the other engine; leave out one of \
         them"
    )))
}

/// The runs in rounds: one seed of every scenario, then the next seed.
fn rounds(seeds: Option<Seeds>, from: u64, scenarios: usize) -> impl Iterator<Item = (usize, u64)> + Send {
    let to = seeds.map_or(u64::MAX, |seeds| seeds.to);
    (from..to).flat_map(move |seed| (0..scenarios).map(move |place| (place, seed)))
}

/// The requested scenarios; otherwise that of the planted bug; otherwise all.
fn chosen<'a, S: Service>(
    suite: &'a Suite<S>,
    args: &Args,
    bug: Option<&PlantedBug<S>>,
) -> Result<Vec<&'a Scenario<S>>, Trouble> {
    let mut names: Vec<&str> = args.scenario.iter().map(String::as_str).collect();
    if names.is_empty() {
        names.extend(bug.map(|bug| bug.scenario));
    }
    if names.is_empty() {
        return Ok(suite.scenarios().iter().collect());
    }
    let mut scenarios: Vec<&Scenario<S>> = vec![];
    for name in names {
        let scenario = suite.find_scenario(name)?;
        if scenarios.iter().all(|other| other.name() != scenario.name()) {
            scenarios.push(scenario);
        }
    }
    Ok(scenarios)
}
