//! `run`: judges mutants, several at once.

use super::{RunArgs, built, describe, say};
use crate::{
    copy::{Catalogue, Folders},
    judge::{Baseline, Judged, Limits, Verdict, judge},
    matters,
    results::{self, Results},
    sample::{draw, draw_harmless},
    site::Mutant,
    switch,
    trouble::Trouble,
};
use std::sync::Mutex;

pub(super) fn run(args: &RunArgs) -> Result<bool, Trouble> {
    let (folders, catalogue) = built()?;
    // Before what takes minutes.
    for id in &args.mutant {
        catalogue.find(id)?;
    }
    eprintln!("squall-mutants: the runs without a mutant ...");
    let baseline = Baseline::of(&folders, &catalogue, args.seeds, args.jobs)?;
    let chosen = chosen(args, &catalogue, &baseline)?;
    let mut results = Results::open(&args.out, &catalogue)?;
    if let Some(from) = &args.from {
        for (id, judged) in results::read(std::slice::from_ref(from), &catalogue)? {
            let is_wanted = chosen.iter().any(|mutant| mutant.id == id);
            if is_wanted && !judged.needs(&args.without) && !results.judged.contains_key(&id) {
                results.add(judged)?;
            }
        }
    }
    let is_asked = !args.mutant.is_empty();
    let waiting: Vec<&Mutant> = chosen
        .iter()
        .filter(|mutant| is_asked || !results.judged.contains_key(&mutant.id))
        .copied()
        .collect();
    let (all, there) = (chosen.len(), chosen.len() - waiting.len());
    eprintln!("squall-mutants: {all} mutants, {there} of them judged before");
    let limits = Limits {
        budget_s: args.budget,
        run_s: args.run_limit,
        without: &args.without,
    };
    let next = Mutex::new(waiting.into_iter());
    let done = Mutex::new((&mut results, 0_usize));
    let work = || -> Result<(), Trouble> {
        loop {
            let Some(mutant) = next.lock().expect("handing out does not panic").next() else {
                return Ok(());
            };
            let judged = judge(&folders, &catalogue, &baseline, mutant, limits)?;
            let mut done = done.lock().expect("writing down does not panic");
            done.1 += 1;
            say(&format!("{}/{all} {}", there + done.1, line(mutant, &judged, &folders)));
            done.0.add(judged)?;
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..args.jobs).map(|_| scope.spawn(work)).collect();
        let ended = threads
            .into_iter()
            .map(|thread| thread.join().expect("judging does not panic"));
        ended.collect::<Result<(), Trouble>>()
    })?;
    let alarms = chosen.iter().filter(|mutant| {
        let judged = results.judged.get(&mutant.id);
        judged.is_some_and(|judged| judged.is_false_alarm(mutant))
    });
    Ok(alarms.count() == 0)
}

fn chosen<'a>(args: &RunArgs, catalogue: &'a Catalogue, baseline: &Baseline) -> Result<Vec<&'a Mutant>, Trouble> {
    if !args.mutant.is_empty() {
        return args
            .mutant
            .iter()
            .map(|id| {
                let mutant = catalogue.find(id)?;
                match &mutant.dropped {
                    None => Ok(mutant),
                    Some(why) => Err(Trouble::Said(format!("{id} is not in the build: {why}"))),
                }
            })
            .collect();
    }
    let touching = catalogue
        .built()
        .filter(|mutant| matters::is_asked_for(mutant, &args.matter));
    let mut chosen = draw(touching, args.sample.unwrap_or(usize::MAX), args.seed);
    // One that no run reaches could not give an alarm.
    let reached = catalogue
        .built()
        .filter(|mutant| !baseline.reaching(mutant.number).is_empty());
    let harmless = draw_harmless(reached, args.harmless, args.seed);
    if harmless.len() < args.harmless {
        eprintln!(
            "squall-mutants: only {} changes that change nothing are reached",
            harmless.len()
        );
    }
    chosen.extend(harmless);
    let owns = |place: usize| args.shard.is_none_or(|shard| shard.owns(place));
    let owned = chosen.into_iter().enumerate().filter(|(place, _)| owns(*place));
    Ok(owned.map(|(_, mutant)| mutant).collect())
}

/// What became of it, and how to see it again.
fn line(mutant: &Mutant, judged: &Judged, folders: &Folders) -> String {
    let what = describe(mutant);
    let (runs, cpu_s) = (judged.runs, judged.cpu_s);
    match &judged.verdict {
        Verdict::Detected {
            property,
            scenario,
            seed,
            confirmed,
            ..
        } => {
            let (variable, number, judge) = (switch::VARIABLE, mutant.number, folders.judge());
            let doubt = if *confirmed {
                ""
            } else {
                " (not again in a fresh process!)"
            };
            format!(
                "DETECTED by {property}{doubt} after {runs} runs, {cpu_s:.2} s: {what}\n    {variable}={number} {} replay {scenario} --seed {seed}",
                judge.display()
            )
        }
        Verdict::Missed { why } => {
            let reaching = judged.reaching;
            format!("missed, {why:?}, after {runs} of {reaching} runs, {cpu_s:.2} s: {what}")
        }
        Verdict::Trouble { what: trouble } => format!("TROUBLE: {trouble}: {what}"),
    }
}
