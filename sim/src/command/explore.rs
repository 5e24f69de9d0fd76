//! `squall explore`: every scenario over many seeds.

use super::{
    Conclusion, Trouble,
    args::{self, FROM_SEED_MAX, Seeds},
    failures, fresh, groups,
    guidance::Guidance,
    harness, identity, interrupt,
    outcome::{self, Outputs, Swept},
    report::Pages,
    shard::Shard,
    store::{self, Ended, FAILURES, Header, Store},
    summary::RunSummary,
    sweep, table,
};
use clap::Args as ClapArgs;
use indicatif::{ProgressBar, ProgressStyle};
use scenarios::{catalogue, judge::JudgeOptions, planted, scenario::Scenario};
use sim::{classic, simulator::EngineKind};
use std::{collections::BTreeMap, path::PathBuf, time::Duration};

/// What `explore` may be told.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// For how long to begin new runs, as in 90s, 10m or 1h30m [default: 1m]
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
    /// Only this scenario; may be given more than once [default: all, or the one that the planted bug is meant for]
    #[arg(long, value_name = "NAME")]
    pub(crate) scenario: Vec<String>,
    /// Plant this bug: the sweep is to find it
    #[arg(long, value_name = "BUG")]
    pub(crate) plant: Option<String>,
    /// Run only this part of the sweep: the first of four is 1/4. `squall merge` puts the parts together
    #[arg(long, value_name = "I/N")]
    pub(crate) shard: Option<Shard>,
    /// Keep the sweep in this folder, which must be new [default: target/squall/TIME, and target/squall/latest points there]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Where to keep the plans of failing runs [default: failures in the sweep's folder]
    #[arg(long, value_name = "DIR")]
    pub(crate) failures: Option<PathBuf>,
    /// Make the plans of failing runs small, and show one line for each bug
    #[arg(long)]
    pub(crate) shrink: bool,
    /// Do not breed plans from those that reached something new: every plan is what its seed draws. So it is with --shard
    #[arg(long)]
    pub(crate) no_guidance: bool,
    /// Where everything is drawn, draw from all kinds of faults and operations in every run, in a world of default settings
    #[arg(long)]
    pub(crate) no_swarm: bool,
    /// What performs them: event-loop, or turmoil, a second engine that cross-checks the first (slow, with fewer faults: a plan
    /// that has others is skipped, and counted). It breeds nothing
    #[arg(long, value_name = "ENGINE", default_value = "event-loop")]
    pub(crate) engine: EngineKind,
    /// Stop after so many runs in a row that showed nothing new, and say so (counted over whole generations); without --for
    /// or --seeds, for a day at most
    #[arg(long, value_name = "RUNS", value_parser = clap::value_parser!(u64).range(1..), conflicts_with = "shard")]
    pub(crate) until_quiet: Option<u64>,
    #[command(flatten)]
    pub(crate) outputs: Outputs,
}

/// Runs a sweep and says what it found.
pub(crate) fn run(args: &Args) -> Result<Conclusion, Trouble> {
    let plant = args.plant.as_deref().map(planted::find).transpose()?;
    let scenarios = chosen(args, plant.as_ref().map(|bug| bug.scenario))?;
    let threads = sweep::threads(args.jobs);
    check_engine(args)?;
    args.outputs.check(true)?;
    let header = header(args, &scenarios)?;
    let (from, lasts) = (header.from, header.lasts_ms.map(Duration::from_millis));
    let what = match header.shard {
        Some(shard) => format!("{}, shard {shard}", header.what()),
        None => header.what(),
    };
    let mut lines = args.outputs.lines()?;
    let mut store = Store::create(args.out.as_deref(), &failures::root(), header)?;
    interrupt::listen()?;
    let watch = fresh::Stopwatch::start();
    let mut jobs = rounds(args.seeds, from, scenarios.len())
        .filter(|(place, seed)| args.shard.is_none_or(|shard| shard.owns(*place, *seed)));
    let bar = progress(&scenarios, args, lasts);
    eprintln!(
        "squall: {}, {what}, on {}, kept in {}",
        table::count(scenarios.len(), "scenario"),
        table::count(threads, "thread"),
        store.folder().display()
    );

    let (mut over, mut quiet) = (false, false);
    let guide = Guidance::new(from, store.header().guided);
    let next = || {
        let (place, seed) = jobs.next()?;
        // The first round is whole, however short the time.
        over |= interrupt::asked() || lasts.is_some_and(|lasts| seed > from && watch.elapsed() >= lasts);
        if !over {
            let silent = guide.begin(seed);
            quiet = args.until_quiet.is_some_and(|enough| silent >= enough);
            over |= quiet;
        }
        (!over).then(|| (scenarios[place].name(), seed))
    };
    let keep = Keep {
        plant: args.plant.as_deref(),
        // As seen from the sweep's folder, which may travel.
        named: args.failures.clone().unwrap_or_else(|| FAILURES.into()),
        plans: args.failures.clone().unwrap_or_else(|| store.folder().join(FAILURES)),
        pages: args.outputs.pages(Some(store.folder()))?,
        guide: &guide,
        swarm: !args.no_swarm,
        engine: args.engine,
    };
    let work = |(name, seed): (&'static str, u64)| one(name, seed, &keep);
    let mut runs: BTreeMap<&'static str, Vec<RunSummary>> = BTreeMap::new();
    let mut cpu: BTreeMap<&'static str, Duration> = BTreeMap::new();
    let (mut done, mut bad, mut lost, mut ending) = (0, 0, None, false);
    sweep::sweep(threads, next, work, |result| {
        if !ending && interrupt::asked() {
            ending = true;
            bar.suspend(|| eprintln!("squall: finishing the runs that have begun; once more ends at once"));
        }
        if let Some((run, took)) = result {
            *cpu.entry(run.scenario).or_default() += took;
            done += 1;
            bad += usize::from(run.conclusion() != Conclusion::Held);
            let cpu_ms = took.as_millis() as u64;
            if lost.is_none() {
                lost = store.keep(&run, cpu_ms).err();
            }
            if let Some(lines) = &mut lines {
                lines.add(&run, cpu_ms);
            }
            runs.entry(run.scenario).or_default().push(run);
            bar.inc(u64::from(lasts.is_none()));
        }
        if let Some(lasts) = lasts {
            bar.set_position(watch.elapsed().as_secs().min(lasts.as_secs()));
        }
        bar.set_message(format!("{}, {bad} failed", table::count(done, "run")));
    });
    bar.finish_and_clear();

    if quiet {
        args.outputs.tell(format!(
            "Quiet: the last {} showed nothing new, so the sweep stops here.",
            table::count(guide.quiet() as usize, "run")
        ));
    }
    let mut gaps = vec![];
    gaps.extend(interrupt::asked().then(|| "the sweep was interrupted".to_owned()));
    gaps.extend(lost.map(|Trouble(what)| format!("not all of it is kept: {what}")));
    let mut swept = Swept {
        header: store.header().clone(),
        scenarios,
        runs,
        wall: watch.elapsed(),
        cpu,
        gaps,
        pages: keep.pages,
        plans: keep.plans.display().to_string(),
    };
    let conclusion = outcome::conclude(&mut swept, &args.outputs)?;
    store.end(Ended {
        conclusion: conclusion.word().to_owned(),
        interrupted: interrupt::asked(),
        runs: done,
        wall_seconds: swept.wall.as_secs_f64(),
    })?;
    if args.shrink && !interrupt::asked() {
        let failures = swept.runs.values().flatten().map(|run| groups::Failure {
            scenario: run.scenario,
            seed: run.seed,
            violations: &run.violations,
            file: run.file.as_deref(),
        });
        args.outputs
            .tell(groups::told(failures, args.plant.as_deref(), &keep.plans)?);
    }
    Ok(conclusion)
}

/// What is asked for.
fn header(args: &Args, scenarios: &[Scenario]) -> Result<Header, Trouble> {
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
    let usual = if args.until_quiet.is_some() { 86_400 } else { 60 };
    let lasts = args.lasts.unwrap_or(Duration::from_secs(usual));
    Ok(Header {
        version: store::VERSION,
        build: identity::identity()?,
        started: fresh::utc().to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        plant: args.plant.clone(),
        scenarios: scenarios.iter().map(|scenario| scenario.name().to_owned()).collect(),
        from,
        to: args.seeds.map(|seeds| seeds.to),
        lasts_ms: args.seeds.is_none().then_some(lasts.as_millis() as u64),
        shard: args.shard,
        // What a shard would breed from depends on the others.
        guided: !args.no_guidance && args.shard.is_none() && args.engine == EngineKind::EventLoop,
        swarm: !args.no_swarm,
        engine: args.engine,
        ended: None,
    })
}

/// What performs plans again does so on the first engine.
fn check_engine(args: &Args) -> Result<(), Trouble> {
    let option = match (args.shrink, args.outputs.reports()) {
        _ if args.engine == EngineKind::EventLoop => return Ok(()),
        (true, _) => "--shrink",
        (_, true) => "--report",
        _ => return Ok(()),
    };
    Err(Trouble(format!(
        "{option} is not to be had with --engine turmoil: it performs plans again, on the other engine. Leave out one of them"
    )))
}

/// In rounds: one seed of every scenario, then the next seed.
fn rounds(seeds: Option<Seeds>, from: u64, scenarios: usize) -> impl Iterator<Item = (usize, u64)> + Send {
    let to = seeds.map_or(u64::MAX, |seeds| seeds.to);
    (from..to).flat_map(move |seed| (0..scenarios).map(move |place| (place, seed)))
}

fn chosen(args: &Args, meant_for: Option<&str>) -> Result<Vec<Scenario>, Trouble> {
    let mut names: Vec<&str> = args.scenario.iter().map(String::as_str).collect();
    if names.is_empty() {
        names.extend(meant_for);
    }
    if names.is_empty() {
        return Ok(catalogue::all());
    }
    let mut scenarios: Vec<Scenario> = vec![];
    for name in names {
        let scenario = catalogue::find(name)?;
        if scenarios.iter().all(|other| other.name() != scenario.name()) {
            scenarios.push(scenario);
        }
    }
    Ok(scenarios)
}

/// What becomes of a run.
struct Keep<'a> {
    plant: Option<&'a str>,
    /// Where the plans of failing runs go, and what that place is called in the file of runs.
    plans: PathBuf,
    named: PathBuf,
    pages: Option<Pages>,
    guide: &'a Guidance,
    swarm: bool,
    engine: EngineKind,
}

/// One run, and what it cost. Threads share names only: each builds its own scenario.
fn one(name: &str, seed: u64, keep: &Keep<'_>) -> (RunSummary, Duration) {
    let scenario = catalogue::find(name).expect("the name comes from the catalogue");
    let bug = keep
        .plant
        .map(|name| planted::find(name).expect("the name was found before"));
    let draw = |seed| match keep.swarm {
        true => scenario.plan(seed),
        false => scenario.plain_plan(seed),
    };
    let ((plan, mut summary), took, _) = fresh::measure(|| {
        let plan = keep.guide.plan(&scenario, seed, draw);
        if keep.engine == EngineKind::Turmoil && classic::fits(&plan).is_err() {
            let summary = RunSummary::of_misfit(&scenario, &plan);
            return (plan, summary);
        }
        let options = JudgeOptions {
            engine: keep.engine,
            ..JudgeOptions::default()
        };
        let run = harness::perform(&scenario, &plan, bug.as_ref(), &options);
        let summary = RunSummary::of(&scenario, &plan, run.as_ref());
        (plan, summary)
    });
    (summary.seed, summary.engine) = (seed, keep.engine);
    summary.drawn = plan == scenario.plan(seed);
    keep.guide.learn(scenario.name(), &plan, &summary);
    if summary.conclusion() != Conclusion::Held {
        let file = match summary.drawn {
            true => format!("{name}-{seed}"),
            false => format!("{name}-{seed}-bred"),
        };
        match failures::write_as(&keep.plans, &plan, &file, keep.plant) {
            Ok(path) => {
                summary.file = (!summary.drawn).then(|| path.display().to_string());
                let file = path.file_name().map(|file| keep.named.join(file));
                summary.plan = file.map(|file| file.display().to_string());
            }
            // The verdict stands; only the copy of the plan is missing. The seed has it, or the sweep as a whole.
            Err(Trouble(what)) => eprintln!("squall: the plan of {name}, seed {seed}, is not kept: {what}"),
        }
    }
    if let Some(Err(Trouble(what))) = keep
        .pages
        .as_ref()
        .map(|pages| pages.found(&summary, &plan, bug.as_ref()))
    {
        eprintln!("squall: {name}, seed {seed}, has no page yet: {what}");
    }
    (summary, took)
}

/// A bar on standard error, if that is a terminal.
fn progress(scenarios: &[Scenario], args: &Args, lasts: Option<Duration>) -> ProgressBar {
    let (length, unit) = match (args.seeds, lasts) {
        (None, Some(lasts)) => (lasts.as_secs(), "s"),
        (seeds, _) => {
            let runs = seeds
                .map_or(0, |seeds| seeds.count())
                .saturating_mul(scenarios.len() as u64);
            (runs / args.shard.map_or(1, |shard| shard.of), "runs")
        }
    };
    let style = ProgressStyle::with_template(&format!("{{bar:32}} {{pos}}/{{len}} {unit}  {{msg}}"));
    let bar = ProgressBar::new(length);
    bar.set_style(style.expect("the template is a constant"));
    bar
}
