//! `merge`: reports the shards of a sweep as one sweep.

use super::{
    Conclusion, Trouble,
    folder::{Ended, FAILURES, Header, SweepFolder},
    identity,
    outcome::{self, Lines, Outputs, Swept},
    output,
    stored::StoredSweep,
    summary::RunSummary,
    table,
};
use crate::{scenario::Scenario, service::Service, suite::Suite};
use clap::Args as ClapArgs;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// Options of `merge`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// The folders of the shards: all of one sweep, each once. A sweep without shards can be reported again
    #[arg(value_name = "DIR", required = true)]
    folders: Vec<PathBuf>,
    /// Write the merged sweep, with the plans of failing runs, to this folder, which must be new
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Merge what is there, although shards or runs are missing, the last line of a shard is torn, or nobody knows whether one build ran them; the result is inconclusive at best
    #[arg(long)]
    partial: bool,
    #[command(flatten)]
    outputs: Outputs,
}

/// Merges and reports.
pub(crate) fn run<S: Service>(suite: &Suite<S>, args: &Args) -> Result<Conclusion, Trouble> {
    args.outputs.check(args.out.is_some())?;
    let shards = args
        .folders
        .iter()
        .map(|folder| StoredSweep::read(suite, folder))
        .collect::<Result<Vec<_>, _>>()?;
    must_be_of_this_build(suite, &shards[0])?;
    must_be_one_sweep(&shards)?;
    must_be_disjoint(&shards)?;
    let mut gaps = gaps(&shards);
    if shards.len() > 1 && suite.build.is_none() {
        gaps.push(format!(
            "{} does not know which sources it is built from, so the shards may be of different programs; \
             Suite::built_from tells it",
            suite.name
        ));
    }
    if let (false, Some(first)) = (args.partial, gaps.first()) {
        let more = match gaps.len() - 1 {
            0 => String::new(),
            more => format!(" (and {more} more)"),
        };
        return Err(Trouble(format!(
            "{first}{more}. Nothing was merged: run what is missing, or merge what is there with --partial"
        )));
    }
    let header = Header {
        shard: None,
        ended: None,
        ..shards[0].header.clone()
    };
    let out = args.out.as_deref();
    let mut folder = out.map(|out| write(out, &header, &shards)).transpose()?;
    let mut swept = swept(suite, header, &shards, gaps)?;
    if let Some(folder) = &folder {
        swept.plans = folder.path().join(FAILURES).display().to_string();
    }
    swept.pages = args.outputs.pages(out)?;
    let mut lines = args.outputs.lines()?;
    for (run, cpu) in shards.iter().flat_map(|shard| &shard.runs) {
        if let Some(lines) = &mut lines {
            lines.add(run, cpu.as_millis() as u64, suite.build);
        }
    }
    let (conclusion, written) = outcome::conclude(suite, &mut swept, &args.outputs);
    let ended = folder.as_mut().map_or(Ok(()), |folder| {
        folder.end(Ended {
            conclusion: conclusion.word().to_owned(),
            interrupted: !swept.gaps.is_empty(),
            runs: shards.iter().map(|shard| shard.runs.len()).sum(),
            wall_seconds: swept.wall.as_secs_f64(),
        })?;
        args.outputs
            .print(format!("The merged sweep is in {}", folder.path().display()));
        Ok(())
    });
    let lines = lines.map_or(Ok(()), Lines::end);
    output::after_verdict(conclusion, output::all([written, ended, lines]))
}

/// Checks that the shards were run by this program. Otherwise their seeds give other runs, and their properties other
/// verdicts.
fn must_be_of_this_build<S: Service>(suite: &Suite<S>, stored: &StoredSweep) -> Result<(), Trouble> {
    let wrong = |theirs: &str, mine: &str| {
        Err(Trouble(format!(
            "{} was written by another build ({theirs}; this is {mine}), in which seeds stand for other runs, or claims \
             judge otherwise: merge with the build that ran it",
            stored.folder.display()
        )))
    };
    let named = |build: Option<&str>| build.unwrap_or("unknown").to_owned();
    let header = &stored.header;
    if header.build.as_deref() != suite.build {
        return wrong(&named(header.build.as_deref()), &named(suite.build));
    }
    let behaviour = identity::behaviour(suite)?;
    match header.behaviour == behaviour {
        true => Ok(()),
        false => wrong(
            &format!("it does {}", header.behaviour),
            &format!("{}, which does {behaviour}", named(suite.build)),
        ),
    }
}

/// Checks that all are shards of one sweep; the error names the first difference.
fn must_be_one_sweep(shards: &[StoredSweep]) -> Result<(), Trouble> {
    let first = &shards[0];
    for other in &shards[1..] {
        let (a, b) = (&first.header, &other.header);
        let differs = |what: &str, a: String, b: String| {
            Err(Trouble(format!(
                "these are shards of different sweeps: {what} is {a} in {} and {b} in {}",
                first.folder.display(),
                other.folder.display()
            )))
        };
        let build = |header: &Header| {
            let build = header.build.as_deref().unwrap_or("unknown");
            format!("{build}, which does {},", header.behaviour)
        };
        if (&a.build, &a.behaviour) != (&b.build, &b.behaviour) {
            return differs("the build", build(a), build(b));
        }
        if (a.from, a.to, a.lasts_ms) != (b.from, b.to, b.lasts_ms) {
            return differs("what was run", a.what(), b.what());
        }
        if a.scenarios != b.scenarios {
            return differs("the list of scenarios", a.scenarios.join(", "), b.scenarios.join(", "));
        }
        if a.bug != b.bug {
            let named = |bug: &Option<String>| bug.clone().unwrap_or_else(|| "none".into());
            return differs("the planted bug", named(&a.bug), named(&b.bug));
        }
        let of = |header: &Header| header.shard.map(|shard| shard.of);
        if of(a) != of(b) {
            let named = |of: Option<u64>| of.map_or_else(|| "one (the whole sweep)".into(), |of| of.to_string());
            return differs("the number of shards", named(of(a)), named(of(b)));
        }
        if (a.guided, a.swarm, a.engine) != (b.guided, b.swarm, b.engine) {
            let named = |header: &Header| {
                let engine = header.engine;
                format!("guidance {}, swarm {}, engine {engine:?}", header.guided, header.swarm)
            };
            return differs("how it was run", named(a), named(b));
        }
    }
    Ok(())
}

/// Checks that no run is there twice, and that each belongs to its shard.
fn must_be_disjoint(shards: &[StoredSweep]) -> Result<(), Trouble> {
    let mut by_shard: BTreeMap<String, &Path> = BTreeMap::new();
    let mut by_run: BTreeMap<(&str, u64), &Path> = BTreeMap::new();
    for stored in shards {
        let name = match stored.header.shard {
            Some(shard) => format!("shard {shard}"),
            None => "the whole sweep".into(),
        };
        if let Some(other) = by_shard.insert(name.clone(), &stored.folder) {
            return Err(Trouble(format!(
                "{} and {} overlap: both are {name}. Name each shard once",
                other.display(),
                stored.folder.display()
            )));
        }
        for (run, _) in &stored.runs {
            let which = format!("{}, seed {}", run.scenario, run.seed);
            if !belongs(&stored.header, run.scenario, run.seed) {
                return Err(Trouble(format!(
                    "{} holds {which}, which does not belong to {name}, {}",
                    stored.folder.display(),
                    stored.header.what()
                )));
            }
            if by_run.insert((run.scenario, run.seed), &stored.folder).is_some() {
                return Err(Trouble(format!("{} holds {which} twice", stored.folder.display())));
            }
        }
    }
    Ok(())
}

fn belongs(header: &Header, scenario: &str, seed: u64) -> bool {
    let place = header.scenarios.iter().position(|name| name == scenario);
    let mine = place.is_some_and(|place| header.shard.is_none_or(|shard| shard.owns(place, seed)));
    mine && header.from <= seed && header.to.is_none_or(|to| seed < to)
}

/// The missing parts.
fn gaps(shards: &[StoredSweep]) -> Vec<String> {
    let mut gaps = vec![];
    if let Some(of) = shards[0].header.shard.map(|shard| shard.of) {
        let here: Vec<u64> = shards
            .iter()
            .filter_map(|stored| Some(stored.header.shard?.index))
            .collect();
        let missing = (1..=of)
            .filter(|index| !here.contains(index))
            .map(|index| format!("{index}/{of}"));
        let missing: Vec<String> = missing.collect();
        match missing.as_slice() {
            [] => {}
            [one] => gaps.push(format!("shard {one} is missing")),
            several => gaps.push(format!("shards {} are missing", several.join(", "))),
        }
    }
    for stored in shards {
        let folder = stored.folder.display();
        gaps.extend(stored.torn.clone());
        match &stored.header.ended {
            None => gaps.push(format!("the sweep in {folder} has not ended, or was killed")),
            Some(ended) if ended.interrupted => gaps.push(format!("the sweep in {folder} was interrupted")),
            Some(ended) if ended.runs != stored.runs.len() => gaps.push(format!(
                "{folder} holds {} and should hold {}",
                table::count(stored.runs.len(), "run"),
                table::thousands(ended.runs as u64)
            )),
            Some(_) => {}
        }
    }
    gaps
}

fn swept<'a, S: Service>(
    suite: &'a Suite<S>,
    header: Header,
    shards: &[StoredSweep],
    gaps: Vec<String>,
) -> Result<Swept<'a, S>, Trouble> {
    let mut runs: BTreeMap<&'static str, Vec<RunSummary>> = BTreeMap::new();
    let mut cpu: BTreeMap<&'static str, Duration> = BTreeMap::new();
    for (run, took) in shards.iter().flat_map(|shard| &shard.runs) {
        *cpu.entry(run.scenario).or_default() += *took;
        runs.entry(run.scenario).or_default().push(run.clone());
    }
    let scenarios = header.scenarios.iter().map(|name| suite.find_scenario(name));
    let plans = shards
        .iter()
        .filter(|shard| shard.runs.iter().any(|(run, _)| run.plan.is_some()));
    let plans: Vec<String> = plans
        .map(|shard| shard.folder.join(FAILURES).display().to_string())
        .collect();
    Ok(Swept {
        scenarios: scenarios.collect::<Result<Vec<&Scenario<S>>, _>>()?,
        header,
        runs,
        wall: wall(shards),
        cpu,
        gaps,
        pages: None,
        plans: plans.join(", "),
    })
}

/// Shards run in parallel, so the sweep took as long as the longest shard.
fn wall(shards: &[StoredSweep]) -> Duration {
    let walls = shards
        .iter()
        .filter_map(|stored| Some(stored.header.ended.as_ref()?.wall_seconds));
    Duration::try_from_secs_f64(walls.fold(0.0, f64::max)).unwrap_or_default()
}

/// Writes the runs of the merged sweep as `explore` would have written them.
fn write(out: &Path, header: &Header, shards: &[StoredSweep]) -> Result<SweepFolder, Trouble> {
    let mut folder = SweepFolder::create(Some(out), out, header.clone())?;
    for shard in shards {
        for (run, cpu) in &shard.runs {
            if let Some(plan) = &run.plan {
                copy_plan(&shard.folder, out, plan)?;
            }
            folder.add(run, cpu.as_millis() as u64)?;
        }
    }
    Ok(folder)
}

/// Copies a plan that is in the shard's folder. If the user chose another folder for plans, they stay there.
fn copy_plan(from: &Path, out: &Path, plan: &str) -> Result<(), Trouble> {
    let inside = Path::new(plan).parent() == Some(Path::new(FAILURES));
    let source = from.join(plan);
    if !inside || !source.is_file() {
        return Ok(());
    }
    let target = out.join(plan);
    let copied = fs::create_dir_all(out.join(FAILURES)).and_then(|()| fs::copy(&source, &target));
    match copied {
        Ok(_) => Ok(()),
        Err(error) => Err(Trouble(format!(
            "cannot copy {} to {}: {error}",
            source.display(),
            target.display()
        ))),
    }
}
