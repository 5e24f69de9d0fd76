//! Performs the runs of a sweep of calls, on several threads.

use super::{
    super::{Trouble, failures, fresh, interrupt, parallel::in_parallel, perform::perform, summary::RunSummary, tell},
    book::{Book, Broken, Line},
    job::{Calm, Job},
};
use crate::{
    judge::JudgeOptions,
    plan::{Plan, Stamp},
    service::Service,
    shrink::slug,
    suite::{PlantedBug, Suite},
};
use indicatif::{ProgressBar, ProgressStyle};
use std::{collections::BTreeMap, path::PathBuf};

/// What the runs of a sweep have in common.
pub(super) struct Sweep<'a, S: Service> {
    pub(super) suite: &'a Suite<S>,
    pub(super) bug: Option<&'a PlantedBug<S>>,
    pub(super) calm: &'a [Calm<'a, S>],
    /// Where the plans of failing runs go.
    pub(super) plans: PathBuf,
    pub(super) threads: usize,
}

impl<S: Service> Sweep<'_, S> {
    /// Performs those jobs that are not done; the lines of all that are, in the order of the jobs, and after them those of
    /// other jobs.
    ///
    /// # Errors
    /// What could not be written.
    pub(super) fn perform(&self, jobs: &[Job<S>], done: Vec<Line>, book: &mut Book) -> Result<Vec<Line>, Trouble> {
        let mut done: BTreeMap<_, Line> = done.into_iter().map(|line| (line.key(), line)).collect();
        let mut lines: Vec<Option<Line>> = jobs.iter().map(|job| done.remove(&self.key(job))).collect();
        let todo: Vec<usize> = (0..jobs.len()).filter(|place| lines[*place].is_none()).collect();
        let bar = ProgressBar::new(todo.len() as u64);
        bar.set_style(ProgressStyle::with_template("{bar:32} {pos}/{len} runs  {msg}").expect("a constant"));
        let mut next = todo.into_iter();
        let next = || next.next().filter(|_| !interrupt::asked());
        let (mut failed, mut lost) = (0, None);
        in_parallel(
            self.threads,
            next,
            |place| (place, self.one(&jobs[place])),
            |result| {
                let Some((place, line)) = result else { return };
                failed += usize::from(!line.broke.is_empty());
                if lost.is_none() {
                    lost = book.add(&line).err();
                }
                lines[place] = Some(line);
                bar.inc(1);
                bar.set_message(format!("{failed} failed"));
            },
        );
        bar.finish_and_clear();
        match lost {
            Some(error) => Err(Trouble(format!("--out: not all of it was written: {error}"))),
            None => Ok(lines.into_iter().flatten().chain(done.into_values()).collect()),
        }
    }

    fn key(&self, job: &Job<S>) -> (String, u64, String) {
        let calm = &self.calm[job.calm];
        (calm.scenario.name().to_owned(), calm.plan.seed, job.what())
    }

    /// Performs one.
    fn one(&self, job: &Job<S>) -> Line {
        let calm = &self.calm[job.calm];
        let plan = calm.with(job.faults.clone());
        let ((run, summary), took, _) = fresh::measure(|| {
            let run = perform(calm.scenario, &plan, self.bug, &JudgeOptions::default());
            let summary = RunSummary::of(calm.scenario, &plan, run.as_ref());
            (run, summary)
        });
        let (scenario, seed, what) = self.key(job);
        let new = run.iter().flat_map(|run| &run.calls).map(|record| record.call);
        let mut line = Line {
            scenario,
            seed,
            what,
            calls: job.calls.iter().map(|call| call.call.to_owned()).collect(),
            broke: (summary.violations.iter())
                .map(|violation| Broken {
                    property: violation.property.clone(),
                    reason: violation.reason.clone(),
                    what: violation.what.clone(),
                })
                .collect(),
            error: summary.error,
            missed: summary.triggers_missed > 0,
            also_reached: (new.filter(|call| !calm.reached.contains(call)))
                .map(str::to_owned)
                .collect(),
            behaviours: summary.behaviours,
            fingerprint: summary.fingerprint,
            plan: None,
            cpu_ms: took.as_millis() as u64,
        };
        if !line.broke.is_empty() {
            line.plan = self.write_plan(&plan, job);
        }
        line
    }

    fn write_plan(&self, plan: &Plan<S>, job: &Job<S>) -> Option<String> {
        let struck = job.calls.iter().zip(&job.ways);
        let struck: Vec<String> = struck
            .map(|(call, way)| {
                let (host, nth) = (&call.host, call.nth);
                format!("{host}-{}-{nth}-{}", slug(call.call), slug(way)) // a slug has no numbers
            })
            .collect();
        let name = format!("{}-{}-{}", plan.scenario, plan.seed, struck.join("-and-"));
        let name: String = name.chars().take(180).collect();
        let stamp = Stamp {
            bug: self.bug.map(|bug| bug.name),
            build: self.suite.build,
        };
        match failures::write_as(&self.plans, plan, &name, stamp) {
            Ok(path) => Some(path.display().to_string()),
            // The verdict stands; only the copy of the plan is missing. The same sweep writes it again.
            Err(Trouble(what)) => {
                tell(format!(
                    "{}: the plan of {} was not written: {what}",
                    self.suite.name,
                    job.what()
                ));
                None
            }
        }
    }
}
