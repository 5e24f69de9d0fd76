//! What a sweep of calls consists of: a run for each call of each story and each way in which it can go wrong.

use super::ways::{self, Way};
use crate::{
    calls::{CallRecord, CallSite, CallStory},
    command::{Trouble, perform::perform, shard::Shard},
    fault::{Fault, TimedFault},
    judge::JudgeOptions,
    plan::Plan,
    scenario::{Dice, Scenario},
    service::Service,
    suite::{PlantedBug, Suite},
};
use std::collections::BTreeSet;

/// A story at a seed, performed in calm.
pub(super) struct Calm<'a, S: Service> {
    pub(super) story: CallStory,
    pub(super) scenario: &'a Scenario<S>,
    pub(super) plan: Plan<S>,
    /// The calls to be struck: of those that come by the clock, one for each state.
    pub(super) calls: Vec<CallRecord>,
    /// All sites that it reached.
    pub(super) reached: BTreeSet<&'static str>,
}

impl<'a, S: Service> Calm<'a, S> {
    /// Performs a story in calm, where everything must hold.
    ///
    /// # Errors
    /// It breaks something itself, or a claim does not hold even so.
    pub(super) fn of(
        suite: &'a Suite<S>,
        story: CallStory,
        seed: u64,
        bug: Option<&PlantedBug<S>>,
    ) -> Result<Calm<'a, S>, Trouble> {
        let name = story.scenario;
        let scenario = suite.find_scenario(name)?;
        let plan = scenario.plan(seed);
        if let Some(timed) = plan.faults.first() {
            return Err(Trouble(format!(
                "{name} with seed {seed} is not calm: {}. Name a story without faults in Suite::every_call",
                timed.fault
            )));
        }
        let run = perform(scenario, &plan, bug, &JudgeOptions::default())?;
        if let Some(violation) = run.violations.first() {
            return Err(Trouble(format!(
                "{name} with seed {seed} does not even hold in calm: {violation}. {} replay {name} --seed {seed}",
                suite.command
            )));
        }
        let mut states = BTreeSet::new();
        let is_wanted = |record: &&CallRecord| {
            let by_clock = site::<S>(record.call).by_clock;
            record.at_ms < story.until_ms
                && (!by_clock || states.insert((record.host.clone(), record.call, record.after)))
        };
        Ok(Calm {
            calls: run.calls.iter().filter(is_wanted).cloned().collect(),
            reached: run.calls.iter().map(|record| record.call).collect(),
            story,
            scenario,
            plan,
        })
    }

    /// The story's plan with these faults, after which everything heals.
    pub(super) fn with(&self, faults: impl IntoIterator<Item = TimedFault<S>>) -> Plan<S> {
        let mut plan = self.plan.clone();
        plan.faults.extend(faults);
        plan.faults.push(TimedFault::at(self.story.heals_at_ms, Fault::Heal));
        plan
    }
}

/// What a service says of a call that was made.
pub(super) fn site<S: Service>(call: &str) -> &'static CallSite {
    let site = S::CALLS.iter().find(|site| site.name == call);
    site.expect("a call that is not among them panics when it is made")
}

/// One run of the sweep.
pub(super) struct Job<S: Service> {
    /// Its story, by its place among those in calm.
    pub(super) calm: usize,
    /// Which call is struck, or which two.
    pub(super) calls: Vec<CallRecord>,
    /// How: `fails with READONLY`.
    pub(super) ways: Vec<String>,
    pub(super) faults: Vec<TimedFault<S>>,
}

impl<S: Service> Job<S> {
    /// What is struck, and how: no two jobs of a story and a seed have the same.
    pub(super) fn what(&self) -> String {
        let struck = self.calls.iter().zip(&self.ways).map(|(call, way)| {
            let (host, nth) = (&call.host, call.nth);
            format!("{host} \u{201c}{}\u{201d} no. {nth}: {way}", call.call)
        });
        struck.collect::<Vec<_>>().join("; and ")
    }

    /// This one and another one in the same run.
    pub(super) fn and(&self, other: &Job<S>) -> Job<S> {
        let both = |of: fn(&Job<S>) -> &[String]| [of(self), of(other)].concat();
        Job {
            calm: self.calm,
            calls: [&self.calls[..], &other.calls[..]].concat(),
            ways: both(|job| &job.ways),
            faults: [&self.faults[..], &other.faults[..]].concat(),
        }
    }
}

/// All single runs, in the order of the stories and their calls.
pub(super) fn singles<S: Service>(calm: &[Calm<'_, S>]) -> Vec<Job<S>> {
    let mut jobs = vec![];
    for (place, story) in calm.iter().enumerate() {
        let world = S::world(&story.plan.world);
        for call in &story.calls {
            let ways = ways::of_call(call, site::<S>(call.call), &story.story, &world);
            jobs.extend(ways.into_iter().map(|Way { name, faults }| Job {
                calm: place,
                calls: vec![call.clone()],
                ways: vec![name],
                faults,
            }));
        }
    }
    jobs
}

/// So many of them, each as likely as the others, in their order; all, if that is not more.
pub(super) fn sample<T>(mut jobs: Vec<T>, count: Option<usize>, seed: u64) -> Vec<T> {
    let Some(count) = count.filter(|count| *count < jobs.len()) else {
        return jobs;
    };
    let mut dice = Dice::of(seed, "sample of calls");
    let (mut left, mut wanted) = (jobs.len(), count);
    jobs.retain(|_| {
        let take = dice.between(1, left as u64) <= wanted as u64;
        left -= 1;
        wanted -= usize::from(take);
        take
    });
    jobs
}

/// The part of a shard.
pub(super) fn of_shard<T>(jobs: Vec<T>, shard: Option<Shard>) -> Vec<T> {
    let numbered = jobs.into_iter().zip(0_u64..);
    let mine = numbered.filter(|(_, number)| shard.is_none_or(|shard| shard.owns(0, *number)));
    mine.map(|(job, _)| job).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_has_its_size_and_its_order_and_depends_on_the_seed_alone() {
        let all = || (0..1000).collect::<Vec<_>>();
        let some = sample(all(), Some(50), 1);
        assert_eq!(some.len(), 50);
        assert!(some.is_sorted());
        assert_eq!(some, sample(all(), Some(50), 1));
        assert_ne!(some, sample(all(), Some(50), 2));
        assert_eq!(sample(all(), Some(5000), 1), all());
        assert_eq!(sample(all(), None, 1), all());
    }

    #[test]
    fn shards_share_all_jobs() {
        let of = 4;
        let parts = (1..=of).map(|index| of_shard((0..103).collect(), Some(Shard { index, of })));
        let mut all: Vec<i32> = parts.flatten().collect();
        all.sort_unstable();
        assert_eq!(all, (0..103).collect::<Vec<_>>());
    }
}
