//! A scenario: a story that a seed tells in its own way, and what is claimed of it.

mod dice;
mod faults;
mod swarm;
mod triggers;
mod workload;

pub use dice::{Dice, Spread, ms, secs};
pub use faults::*;
pub use swarm::{DrawFaults, DrawWorkloads, FollowUp, Swarm};
pub use triggers::draw_trigger;
pub use workload::{Cast, Workload};

use crate::{
    engine::Order,
    plan::{PLAN_VERSION, Plan},
    property::{Mark, MarkView, Property, Violation},
    run::Run,
    service::Service,
};
use std::{fmt, panic::Location, sync::Arc, time::Duration};

/// Draws a whole plan: see [`Scenario::drawn`].
pub type Draw<S> = Arc<dyn Fn(u64, &mut Plan<S>) + Send + Sync>;

/// Draws the options of a world.
pub trait DrawWorld<S: Service>: Send + Sync {
    /// The options for a stream of draws.
    fn draw(&self, dice: &mut Dice) -> S::World;
}

impl<S: Service, F: Fn(&mut Dice) -> S::World + Send + Sync> DrawWorld<S> for F {
    fn draw(&self, dice: &mut Dice) -> S::World {
        self(dice)
    }
}

/// A metamorphic claim: a plan with one thing changed must agree with the original.
pub struct Same<S: Service> {
    /// Stable name, as a property has one.
    pub name: &'static str,
    /// What is changed.
    pub change: fn(&mut Plan<S>),
    /// In what they must agree.
    pub agree: fn(&Run<S>, &Run<S>) -> Result<(), Violation>,
}

impl<S: Service> Clone for Same<S> {
    fn clone(&self) -> Same<S> {
        *self
    }
}

impl<S: Service> Copy for Same<S> {}

/// A story and its claims; see the module.
#[derive(Clone)]
pub struct Scenario<S: Service> {
    name: &'static str,
    title: &'static str,
    source: &'static Location<'static>,
    covers: &'static [u8],
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
    /// A scenario by its name and, in one sentence, what happens in it.
    #[track_caller]
    pub fn new(name: &'static str, title: &'static str) -> Scenario<S> {
        Scenario {
            name,
            title,
            source: Location::caller(),
            covers: &[],
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

    /// Rows of an inventory of mechanisms and failures that it is about, where the suite has one.
    pub fn covering(mut self, rows: &'static [u8]) -> Scenario<S> {
        self.covers = rows;
        self
    }
    /// What the world is like.
    pub fn world(mut self, world: impl DrawWorld<S> + 'static) -> Scenario<S> {
        self.world = Arc::new(world);
        self
    }
    /// Who does what; may be said several times.
    pub fn workload(mut self, workload: Workload<S>) -> Scenario<S> {
        self.workloads.push(workload);
        self
    }
    /// The same, for several at once.
    pub fn workloads(mut self, workloads: impl IntoIterator<Item = Workload<S>>) -> Scenario<S> {
        self.workloads.extend(workloads);
        self
    }
    /// Which faults are injected.
    pub fn faults(mut self, faults: Faults<S>) -> Scenario<S> {
        self.faults = faults;
        self
    }
    /// For a scenario that draws everything: changes the plan that the other words gave.
    pub fn drawn(mut self, draw: impl Fn(u64, &mut Plan<S>) + Send + Sync + 'static) -> Scenario<S> {
        self.draw = Some(Arc::new(draw));
        self
    }
    /// The same, without a choice of what there is at all: to see what that choice is worth.
    pub fn drawn_plainly(mut self, draw: impl Fn(u64, &mut Plan<S>) + Send + Sync + 'static) -> Scenario<S> {
        self.draw_plainly = Some(Arc::new(draw));
        self
    }
    /// What must hold at every moment.
    pub fn always(mut self, property: impl Property<S> + 'static) -> Scenario<S> {
        self.properties.push(Arc::new(property));
        self
    }
    /// What must hold within a bound once everything has healed.
    pub fn eventually(self, property: impl Property<S> + 'static) -> Scenario<S> {
        self.always(property)
    }
    /// What a sweep must have reached at least once, and what one run in four reaches, or more; see [`Mark`].
    pub fn sometimes(
        self,
        name: &'static str,
        reached: impl Fn(&MarkView<'_, S>) -> bool + Send + Sync + 'static,
    ) -> Scenario<S> {
        self.sometimes_one_in(Mark::<S>::ONE_IN, name, reached)
    }
    /// The same, of what is rarer, or more frequent: at least one run in `runs` reaches it. Measure it with `explore --marks`,
    /// and declare it rarer than it is.
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
    /// What a changed plan must agree with.
    pub fn same_as(mut self, same: Same<S>) -> Scenario<S> {
        self.same = Some(same);
        self
    }
    /// How long a run lasts.
    pub fn lasts(mut self, lasts: Duration) -> Scenario<S> {
        self.lasts = lasts;
        self
    }

    /// Its name, as people type it.
    pub fn name(&self) -> &'static str {
        self.name
    }
    /// What happens in it, in one sentence.
    pub fn title(&self) -> &'static str {
        self.title
    }
    /// Where it is written: file and line of the call of [`Scenario::new`].
    pub fn source(&self) -> &'static Location<'static> {
        self.source
    }
    /// Rows of the inventory that it tells of.
    pub fn covers(&self) -> &[u8] {
        self.covers
    }
    /// Whether what is claimed of it is claimed of any plan: of one that draws everything, it is. A story
    /// claims what its own faults permit.
    pub fn takes_any_plan(&self) -> bool {
        self.draw.is_some()
    }
    /// What is claimed of it.
    pub fn properties(&self) -> Vec<Arc<dyn Property<S>>> {
        self.properties.clone()
    }
    /// The names of all that is claimed of it: its properties, and what its twin must agree with.
    pub fn claims(&self) -> Vec<String> {
        let properties = self.properties.iter().map(|property| property.name());
        properties.chain(self.same.map(|same| same.name.to_owned())).collect()
    }
    /// What a sweep must have reached.
    pub fn marks(&self) -> Vec<Mark<S>> {
        self.marks.clone()
    }

    /// The plan of a seed: always the same one.
    pub fn plan(&self, seed: u64) -> Plan<S> {
        self.drawn_by(self.draw.as_ref(), seed)
    }

    /// The plan of a seed that may draw everything: see [`Scenario::drawn_plainly`]. Others have the plan
    /// that they always have.
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

    /// The plan with one thing changed that must agree with it, if the scenario claims such a thing.
    pub fn twin(&self, plan: &Plan<S>) -> Option<Plan<S>> {
        self.same.map(|same| {
            let mut twin = plan.clone();
            (same.change)(&mut twin);
            twin
        })
    }

    /// Whether a run and its twin agree.
    ///
    /// # Errors
    /// In what they do not.
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
