//! `calls`: exactly one thing fails, everywhere.
//!
//! Random faults find what happens often. Here a calm story is performed once, and then once more for each call that its
//! processes made and each way in which that call can go wrong: it fails as its dependency fails, it is done and its answer
//! is lost, it comes late, its process is killed or paused just before or just after it, its client goes away.

mod book;
mod job;
mod report;
mod sweep;
mod ways;

use super::{
    Conclusion, Trouble, args::Seeds, failures, fresh, identity, interrupt, parallel, say, shard::Shard, table, tell,
};
use crate::{
    calls::CallStory,
    scenario::Dice,
    service::Service,
    suite::{PlantedBug, Suite},
};
use book::{Book, Header, Line, StoryLine};
use clap::Args as ClapArgs;
use job::{Calm, Job};
use report::Report;
use std::{collections::BTreeSet, path::PathBuf, time::Duration};
use sweep::Sweep;

/// How the build of a suite begins that does not say what it is built from.
const UNKNOWN: &str = "unknown";

/// Options of `calls`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// Only this story; may be given more than once [default: all that the suite names for it]
    #[arg(long, value_name = "NAME")]
    scenario: Vec<String>,
    /// At which seeds to perform each story: A..B, B not included [default: 1..2]
    #[arg(long, value_name = "A..B")]
    seeds: Option<Seeds>,
    /// Only so many runs, drawn from all
    #[arg(long, value_name = "RUNS", value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    sample: Option<usize>,
    /// What to draw the sample and the pairs from
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    sample_seed: u64,
    /// Afterwards, so many runs in which two things fail: drawn from those that showed something new by themselves
    #[arg(long, value_name = "RUNS", default_value_t = 0, conflicts_with = "shard")]
    pairs: usize,
    /// Run only this part of the sweep: the first of four is 1/4
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// Write one line of JSON a run to this file; if it is there already, of the same sweep, go on where that stopped
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Put shards together and report them as one sweep: their files, all of them
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["out", "shard", "sample", "pairs", "seeds", "scenario", "bug"])]
    merge: Vec<PathBuf>,
    /// Threads [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1024))]
    jobs: Option<usize>,
    /// Plant this bug
    #[arg(long, alias = "plant", value_name = "BUG")]
    bug: Option<String>,
    /// Where to write the plans of failing runs [default: target/{name}/failures]
    #[arg(long, value_name = "DIR")]
    failures: Option<PathBuf>,
    /// Write everything to this file, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Perform nothing: list the calls of each story, and how many runs they make
    #[arg(long, conflicts_with_all = ["merge", "out", "json"])]
    list: bool,
}

/// Runs a sweep of calls and says what it found.
pub(crate) fn run<S: Service>(suite: &Suite<S>, args: &Args) -> Result<Conclusion, Trouble> {
    if let Some(file) = &args.json {
        super::must_be_writable("--json", file)?;
    }
    if !args.merge.is_empty() {
        let read = |file: &PathBuf| Ok((file.display().to_string(), book::read(file)?));
        let parts = args.merge.iter().map(read).collect::<Result<Vec<_>, Trouble>>()?;
        let (header, lines) = book::merge(parts)?;
        let mut gaps = vec![];
        if args.merge.len() > 1 && header.build.starts_with(UNKNOWN) {
            gaps.push("the shards do not say what they were built from, and may be of different builds".to_owned());
        }
        return conclude(suite, args, &header, &lines, gaps, Duration::ZERO);
    }
    let bug = args.bug.as_deref().map(|bug| suite.find_bug(bug)).transpose()?;
    let watch = fresh::Stopwatch::start();
    let calm = in_calm(suite, args, bug)?;
    let all = job::singles(&calm);
    if args.list {
        list(&calm, &all);
        return Ok(Conclusion::Held);
    }
    let jobs = job::of_shard(job::sample(all, args.sample, args.sample_seed), args.shard);
    let header = header(suite, args, &calm, jobs.len())?;
    let (mut book, stored) = Book::open(args.out.as_deref(), &header)?;
    interrupt::listen()?;
    tell(format!(
        "{}: {} of {}, {} to go",
        suite.name,
        table::count(jobs.len(), "run"),
        table::count(calm.len(), "story in calm").replace("story in calms", "stories in calm"),
        table::count(jobs.len().saturating_sub(stored.len()), "run")
    ));
    let sweep = Sweep {
        suite,
        bug,
        calm: &calm,
        plans: args.failures.clone().unwrap_or_else(|| failures::folder(suite)),
        threads: parallel::threads(args.jobs),
    };
    let mut lines = sweep.perform(&jobs, stored, &mut book)?;
    let mut gaps = vec![];
    if args.pairs > 0 && !interrupt::asked() {
        let pairs = pairs(&jobs, &lines, args.pairs, args.sample_seed);
        if pairs.len() < args.pairs {
            let found = table::count(pairs.len(), "pair");
            tell(format!("{}: what showed something new makes {found}", suite.name));
        }
        let (singles, of_pairs) = lines.split_at(jobs.len());
        let more = sweep.perform(&pairs, of_pairs.to_vec(), &mut book)?;
        lines = [singles, &more].concat();
    }
    if interrupt::asked() {
        gaps.push("the sweep was interrupted; with --out it goes on where it stopped".to_owned());
    }
    conclude(suite, args, &header, &lines, gaps, watch.elapsed())
}

fn conclude<S: Service>(
    suite: &Suite<S>,
    args: &Args,
    header: &Header,
    lines: &[Line],
    gaps: Vec<String>,
    wall: Duration,
) -> Result<Conclusion, Trouble> {
    let report = Report {
        suite,
        header,
        lines,
        gaps,
        wall,
    };
    say(report.text(&table::look()));
    if let Some(file) = &args.json {
        let text = format!("{:#}\n", report.json());
        std::fs::write(file, text)
            .map_err(|error| Trouble(format!("--json: cannot write {}: {error}", file.display())))?;
    }
    Ok(report.conclusion())
}

/// Each story at each seed, performed in calm.
fn in_calm<'a, S: Service>(
    suite: &'a Suite<S>,
    args: &Args,
    bug: Option<&PlantedBug<S>>,
) -> Result<Vec<Calm<'a, S>>, Trouble> {
    let known = suite.call_stories();
    if known.is_empty() {
        return Err(Trouble(
            "the suite names no calm story for this; add one with Suite::every_call, and wrap what its processes call \
             (sim::calls)"
                .into(),
        ));
    }
    let names: Vec<&str> = known.iter().map(|story| story.scenario).collect();
    if let Some(other) = args.scenario.iter().find(|name| !names.contains(&name.as_str())) {
        return Err(Trouble(format!(
            "--scenario: {other:?} is no story of a sweep of calls; those are {}",
            names.join(", ")
        )));
    }
    let wanted =
        |story: &&CallStory| args.scenario.is_empty() || args.scenario.iter().any(|name| name == story.scenario);
    let seeds = args.seeds.unwrap_or(Seeds { from: 1, to: 2 });
    let stories: Vec<CallStory> = known.iter().filter(wanted).copied().collect();
    let each = (seeds.from..seeds.to).flat_map(|seed| stories.iter().map(move |story| (*story, seed)));
    each.map(|(story, seed)| Calm::of(suite, story, seed, bug)).collect()
}

fn header<S: Service>(suite: &Suite<S>, args: &Args, calm: &[Calm<'_, S>], runs: usize) -> Result<Header, Trouble> {
    let stories = calm.iter().map(|calm| StoryLine {
        scenario: calm.scenario.name().to_owned(),
        seed: calm.plan.seed,
        calls: calm.calls.len(),
        reached: calm.reached.iter().map(|call| (*call).to_owned()).collect(),
    });
    Ok(Header {
        version: book::VERSION,
        build: match suite.build {
            Some(build) => build.to_owned(),
            None => format!("{UNKNOWN}, {}", identity::behaviour(suite)?),
        },
        bug: args.bug.clone(),
        stories: stories.collect(),
        sample: args.sample.map(|count| (count, args.sample_seed)),
        pairs: args.pairs,
        shard: args.shard,
        runs,
    })
}

fn list<S: Service>(calm: &[Calm<'_, S>], all: &[Job<S>]) {
    for (place, story) in calm.iter().enumerate() {
        let runs = all.iter().filter(|job| job.calm == place);
        say(format!(
            "{} with seed {}: {}, {}",
            story.scenario.name(),
            story.plan.seed,
            table::count(story.calls.len(), "call"),
            table::count(runs.clone().count(), "run")
        ));
        for call in &story.calls {
            let ways = runs.clone().filter(|job| job.calls[0] == *call).count();
            let (at_ms, host, nth) = (call.at_ms, &call.host, call.nth);
            let at = format!("{}.{:03} s", at_ms / 1000, at_ms % 1000);
            say(format!(
                "  {at:>10}  {host}  {} no. {nth}: {}",
                call.call,
                table::count(ways, "way")
            ));
        }
    }
}

/// So many runs in which two things fail, drawn from those single ones that showed something new, in the order of the sweep.
fn pairs<S: Service>(jobs: &[Job<S>], lines: &[Line], count: usize, seed: u64) -> Vec<Job<S>> {
    let mut known = BTreeSet::new();
    let is_new = |(_, line): &(&Job<S>, &Line)| {
        let mut new = false;
        line.behaviours
            .iter()
            .for_each(|behaviour| new |= known.insert(*behaviour));
        new && line.broke.is_empty()
    };
    let new: Vec<&Job<S>> = jobs.iter().zip(lines).filter(is_new).map(|(job, _)| job).collect();
    let mut all = vec![];
    for (place, first) in new.iter().enumerate() {
        let later = new[place + 1..].iter();
        let other_call = later.filter(|second| second.calm == first.calm && second.calls != first.calls);
        all.extend(other_call.map(|second| (*first, *second)));
    }
    // In an order of their own: a sample of the first ones would all have the same first call.
    let mut dice = Dice::of(seed, "pairs of calls");
    let mut drawn = vec![];
    while drawn.len() < count && !all.is_empty() {
        let place = dice.between(0, all.len() as u64 - 1) as usize;
        let (first, second) = all.swap_remove(place);
        drawn.push(first.and(second));
    }
    drawn
}
