//! Scenarios: a story that each seed varies, with the properties that must hold in it.

mod dice;
mod faults;
mod swarm;
mod triggers;
mod workload;

pub use dice::{Dice, Spread, ms, secs};
pub use faults::*;
pub use swarm::{DrawFaults, DrawSequence, DrawWorkloads, FollowUp, Swarm};
pub(crate) use triggers::at_its_call;
pub use triggers::draw_trigger;
pub use workload::{Cast, Workload};

use crate::{
    engine::{ArrivalOrder, Order},
    plan::{PLAN_VERSION, Plan},
    property::{Mark, MarkView, Property, Violation},
    run::Run,
    service::Service,
};
use std::{fmt, panic::Location, sync::Arc, time::Duration};

/// A function that draws a whole plan: see [`Scenario::drawn`].
pub type Draw<S> = Arc<dyn Fn(u64, &mut Plan<S>) + Send + Sync>;

/// A source of random options of a world.
pub trait DrawWorld<S: Service>: Send + Sync {
    /// Draws the options.
    fn draw(&self, dice: &mut Dice) -> S::World;
}

impl<S: Service, F: Fn(&mut Dice) -> S::World + Send + Sync> DrawWorld<S> for F {
    fn draw(&self, dice: &mut Dice) -> S::World {
        self(dice)
    }
}

/// A metamorphic property: the run of a plan with one change must agree with that of the original.
pub struct Same<S: Service> {
    /// Stable name, like that of a property.
    pub name: &'static str,
    /// Changes the plan.
    pub change: fn(&mut Plan<S>),
    /// Compares the two runs.
    pub agree: fn(&Run<S>, &Run<S>) -> Result<(), Violation>,
}

impl<S: Service> Clone for Same<S> {
    fn clone(&self) -> Same<S> {
        *self
    }
}

impl<S: Service> Copy for Same<S> {}

/// A story that each seed varies, with its properties and marks.
#[derive(Clone)]
pub struct Scenario<S: Service> {
    name: &'static str,
    title: &'static str,
    source: &'static Location<'static>,
    covers: &'static [u8],
    seeds: u64,
    lasts: Duration,
    world: Arc<dyn DrawWorld<S>>,
    workloads: Vec<Workload<S>>,
    faults: Faults<S>,
    draw: Option<Draw<S>>,
    draw_plainly: Option<Draw<S>>,
    properties: Vec<Arc<dyn Property<S>>>,
    marks: Vec<Mark<S>>,
    same: Option<Same<S>>,
}

impl<S: Service> Scenario<S> {
    /// A scenario with its name and a sentence that says what happens in it.
    #[track_caller]
    pub fn new(name: &'static str, title: &'static str) -> Scenario<S> {
        Scenario {
            name,
            title,
            source: Location::caller(),
            covers: &[],
            seeds: 1,
            lasts: secs(60),
            world: Arc::new(|_: &mut Dice| S::World::default()),
            workloads: vec![],
            faults: Faults::new(),
            draw: None,
            draw_plainly: None,
            properties: vec![],
            marks: vec![],
            same: None,
        }
    }

    /// Sets the rows of the suite's inventory of mechanisms and failures that it is about, if the suite has one.
    pub fn covering(mut self, rows: &'static [u8]) -> Scenario<S> {
        self.covers = rows;
        self
    }

    /// Says that consecutive seeds go through a list, which so many of them complete: less is not the whole story.
    pub fn enumerated_by(mut self, seeds: u64) -> Scenario<S> {
        self.seeds = seeds.max(1);
        self
    }

    /// How many consecutive seeds are the whole story.
    pub fn whole_seeds(&self) -> u64 {
        self.seeds
    }

    /// Sets the options of the world.
    pub fn world(mut self, world: impl DrawWorld<S> + 'static) -> Scenario<S> {
        self.world = Arc::new(world);
        self
    }
    /// Adds a workload: who does what. May be called several times.
    pub fn workload(mut self, workload: Workload<S>) -> Scenario<S> {
        self.workloads.push(workload);
        self
    }
    /// Adds several workloads.
    pub fn workloads(mut self, workloads: impl IntoIterator<Item = Workload<S>>) -> Scenario<S> {
        self.workloads.extend(workloads);
        self
    }
    /// Sets the faults.
    pub fn faults(mut self, faults: Faults<S>) -> Scenario<S> {
        self.faults = faults;
        self
    }
    /// Makes this a scenario that draws everything: `draw` changes the plan that the other methods have produced.
    pub fn drawn(mut self, draw: impl Fn(u64, &mut Plan<S>) + Send + Sync + 'static) -> Scenario<S> {
        self.draw = Some(Arc::new(draw));
        self
    }
    /// Sets the plain version of [`Scenario::drawn`], which leaves no kind of people or faults out. Comparing the two
    /// shows what leaving kinds out is worth.
    pub fn drawn_plainly(mut self, draw: impl Fn(u64, &mut Plan<S>) + Send + Sync + 'static) -> Scenario<S> {
        self.draw_plainly = Some(Arc::new(draw));
        self
    }
    /// Adds a property that must hold at every moment.
    pub fn always(mut self, property: impl Property<S> + 'static) -> Scenario<S> {
        self.properties.push(Arc::new(property));
        self
    }
    /// Adds a property that must hold within a bound once everything has healed.
    pub fn eventually(self, property: impl Property<S> + 'static) -> Scenario<S> {
        self.always(property)
    }
    /// Adds a mark that a sweep must reach, and that at least one run in four reaches; see [`Mark`].
    pub fn sometimes(
        self,
        name: &'static str,
        reached: impl Fn(&MarkView<'_, S>) -> bool + Send + Sync + 'static,
    ) -> Scenario<S> {
        self.sometimes_one_in(Mark::<S>::ONE_IN, name, reached)
    }
    /// Adds a mark that is rarer or more frequent: at least one run in `runs` reaches it. Measure this with
    /// `explore --marks`, and declare the mark rarer than measured.
    pub fn sometimes_one_in(
        mut self,
        runs: u32,
        name: &'static str,
        reached: impl Fn(&MarkView<'_, S>) -> bool + Send + Sync + 'static,
    ) -> Scenario<S> {
        self.marks.push(Mark {
            name,
            reached: Arc::new(reached),
            one_in: runs,
        });
        self
    }
    /// Sets the metamorphic property.
    pub fn same_as(mut self, same: Same<S>) -> Scenario<S> {
        self.same = Some(same);
        self
    }
    /// Sets the duration of a run.
    pub fn lasts(mut self, lasts: Duration) -> Scenario<S> {
        self.lasts = lasts;
        self
    }

    /// Its name, as people type it.
    pub fn name(&self) -> &'static str {
        self.name
    }
    /// A sentence that says what happens in it.
    pub fn title(&self) -> &'static str {
        self.title
    }
    /// Its place in the source: file and line of the call of [`Scenario::new`].
    pub fn source(&self) -> &'static Location<'static> {
        self.source
    }
    /// Rows of the inventory that it is about.
    pub fn covers(&self) -> &[u8] {
        self.covers
    }
    /// Whether its properties are claimed of any plan. This is so for a swarm; any other scenario claims only what its own
    /// faults permit, also one that draws some of its people or faults.
    pub fn takes_any_plan(&self) -> bool {
        self.draw_plainly.is_some()
    }
    /// Its properties.
    pub fn properties(&self) -> Vec<Arc<dyn Property<S>>> {
        self.properties.clone()
    }
    /// The names of its properties, including the metamorphic one.
    pub fn claims(&self) -> Vec<String> {
        let properties = self.properties.iter().map(|property| property.name());
        properties.chain(self.same.map(|same| same.name.to_owned())).collect()
    }
    /// The marks that a sweep must reach.
    pub fn marks(&self) -> Vec<Mark<S>> {
        self.marks.clone()
    }

    /// The plan of a seed; equal seeds give equal plans.
    pub fn plan(&self, seed: u64) -> Plan<S> {
        self.drawn_by(self.draw.as_ref(), seed)
    }

    /// The plan of a seed in the plain version: see [`Scenario::drawn_plainly`]. A scenario without a plain version has
    /// only one plan for a seed.
    pub fn plain_plan(&self, seed: u64) -> Plan<S> {
        self.drawn_by(self.draw_plainly.as_ref().or(self.draw.as_ref()), seed)
    }

    fn drawn_by(&self, draw: Option<&Draw<S>>, seed: u64) -> Plan<S> {
        let dice = |part: &str| Dice::of(seed, &format!("{}/{part}", self.name));
        let (mut cast, mut operations) = (Cast::default(), vec![]);
        for (index, workload) in self.workloads.iter().enumerate() {
            operations.extend(workload.draw(&mut dice(&format!("workload {index}")), &mut cast));
        }
        let mut plan = Plan {
            version: PLAN_VERSION,
            scenario: self.name.to_owned(),
            seed,
            lasts_ms: self.lasts.as_millis() as u64,
            bug: None,
            build: None,
            order: Order::FirstCome,
            arrival_order: ArrivalOrder::AsSent,
            world: self.world.draw(&mut dice("world")),
            operations,
            faults: self.faults.draw(&mut dice("faults")),
        };
        if let Some(draw) = draw {
            draw(seed, &mut plan);
        }
        plan.operations.sort_by_key(|operation| operation.at_ms);
        plan.faults.sort_by_key(|fault| fault.at_ms);
        plan
    }

    /// The changed plan that must agree with this one, if the scenario has a metamorphic property.
    pub fn twin(&self, plan: &Plan<S>) -> Option<Plan<S>> {
        self.same.map(|same| {
            let mut twin = plan.clone();
            (same.change)(&mut twin);
            twin
        })
    }

    /// Checks that a run and its twin agree.
    ///
    /// # Errors
    /// The difference.
    pub fn same(&self, run: &Run<S>, twin: &Run<S>) -> Result<(), Violation> {
        match self.same {
            Some(same) => (same.agree)(run, twin),
            None => Ok(()),
        }
    }
}

impl<S: Service> fmt::Debug for Scenario<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scenario({})", self.name)
    }
}
