//! A scenario: a story that a seed tells in its own way, and what is claimed of it.

mod dice;
mod faults;
mod workload;
mod world;

pub use dice::{Dice, Spread, ms, secs};
pub use faults::*;
pub use workload::{
    BurntCodes, Cast, CodeThief, Eavesdropper, Flooder, Guesser, ImpatientPeople, Logins, Probe, Racers, Visitors,
    Workload,
};
pub use world::World;

use sim::{
    plan::{PLAN_VERSION, Plan},
    property::{Property, Reached, Sometimes, Violation},
    run::Run,
};
use std::{sync::Arc, time::Duration};

/// The replicas and what they depend on, by the names of their hosts.
pub mod hosts {
    /// First replica.
    pub const IDP_A: &str = "idp-a";
    /// Second replica.
    pub const IDP_B: &str = "idp-b";
    /// The Redis node that is the master at first.
    pub const REDIS_1: &str = "redis-1";
    /// The Redis node that is the replica at first.
    pub const REDIS_2: &str = "redis-2";
    /// The Sentinels.
    pub const SENTINELS: [&str; 3] = ["sentinel-1", "sentinel-2", "sentinel-3"];
    /// nginx.
    pub const BALANCER: &str = "balancer";
    /// Where browsers and relying parties are.
    pub const PEOPLE: &str = "people";
    /// The mail relay.
    pub const MAIL: &str = "mail";
    /// The analytics hook.
    pub const ANALYTICS: &str = "analytics";
}

/// What befalls one run, where the whole of it is drawn: see [`Scenario::drawn`].
pub type Draw = fn(seed: u64, plan: &mut Plan);

/// A metamorphic claim: a plan with one thing changed must agree with the original.
#[derive(Clone, Copy)]
pub struct Same {
    /// Stable name, as a property has one.
    pub name: &'static str,
    /// What is changed.
    pub change: fn(&mut Plan),
    /// In what they must agree.
    pub agree: fn(&Run, &Run) -> Result<(), Violation>,
}

/// A story and its claims; see the module.
#[derive(Clone)]
pub struct Scenario {
    name: &'static str,
    title: &'static str,
    covers: &'static [u8],
    lasts: Duration,
    world: World,
    workloads: Vec<Workload>,
    faults: Faults,
    draw: Option<Draw>,
    draw_plainly: Option<Draw>,
    properties: Vec<Arc<dyn Property>>,
    marks: Vec<Sometimes>,
    same: Option<Same>,
}

impl Scenario {
    /// A scenario by its name and, in one sentence, what happens in it.
    pub fn new(name: &'static str, title: &'static str) -> Scenario {
        Scenario {
            name,
            title,
            covers: &[],
            lasts: secs(60),
            world: World::standard(),
            workloads: vec![],
            faults: Faults::new(),
            draw: None,
            draw_plainly: None,
            properties: vec![],
            marks: vec![],
            same: None,
        }
    }

    /// Rows of the inventory that it tells of.
    pub fn covering(mut self, rows: &'static [u8]) -> Scenario {
        self.covers = rows;
        self
    }
    /// What the world is like.
    pub fn world(mut self, world: World) -> Scenario {
        self.world = world;
        self
    }
    /// Who does what; may be said several times.
    pub fn workload(mut self, workload: Workload) -> Scenario {
        self.workloads.push(workload);
        self
    }
    /// When somebody looks from outside whether everything works again: a login at each replica, past the balancer, and
    /// a look at the Redis nodes. To be said after all workloads, so that these keep their draws.
    pub fn probed_at(self, when: Duration) -> Scenario {
        self.workload(Probe::of(hosts::IDP_A).from(when))
            .workload(Probe::of(hosts::IDP_B).from(when))
            .workload(Probe::of_replication().from(when))
    }
    /// What befalls the world.
    pub fn faults(mut self, faults: Faults) -> Scenario {
        self.faults = faults;
        self
    }
    /// For a scenario that draws everything: changes the plan that the other words gave.
    pub fn drawn(mut self, draw: Draw) -> Scenario {
        self.draw = Some(draw);
        self
    }
    /// The same, without a choice of what there is at all: to see what that choice is worth.
    pub fn drawn_plainly(mut self, draw: Draw) -> Scenario {
        self.draw_plainly = Some(draw);
        self
    }
    /// What must hold at every moment.
    pub fn always(mut self, property: impl Property + 'static) -> Scenario {
        self.properties.push(Arc::new(property));
        self
    }
    /// What must hold within a bound once everything has healed.
    pub fn eventually(self, property: impl Property + 'static) -> Scenario {
        self.always(property)
    }
    /// What a sweep must have reached at least once.
    pub fn sometimes(
        mut self,
        name: &'static str,
        reached: impl Fn(&Reached<'_>) -> bool + Send + Sync + 'static,
    ) -> Scenario {
        self.marks.push(Sometimes {
            name,
            reached: Arc::new(reached),
        });
        self
    }
    /// What a changed plan must agree with.
    pub fn same_as(mut self, same: Same) -> Scenario {
        self.same = Some(same);
        self
    }
    /// How long a run lasts.
    pub fn lasts(mut self, lasts: Duration) -> Scenario {
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
    pub fn properties(&self) -> Vec<Arc<dyn Property>> {
        self.properties.clone()
    }
    /// The names of all that is claimed of it: its properties, and what its twin must agree with.
    pub fn claims(&self) -> Vec<String> {
        let properties = self.properties.iter().map(|property| property.name());
        properties.chain(self.same.map(|same| same.name.to_owned())).collect()
    }
    /// What a sweep must have reached.
    pub fn marks(&self) -> Vec<Sometimes> {
        self.marks.clone()
    }

    /// The plan of a seed: always the same one.
    pub fn plan(&self, seed: u64) -> Plan {
        self.drawn_by(self.draw, seed)
    }

    /// The plan of a seed that may draw everything: see [`Scenario::drawn_plainly`]. Others have the plan
    /// that they always have.
    pub fn plain_plan(&self, seed: u64) -> Plan {
        self.drawn_by(self.draw_plainly.or(self.draw), seed)
    }

    fn drawn_by(&self, draw: Option<Draw>, seed: u64) -> Plan {
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
    pub fn twin(&self, plan: &Plan) -> Option<Plan> {
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
    pub fn same(&self, run: &Run, twin: &Run) -> Result<(), Violation> {
        match self.same {
            Some(same) => (same.agree)(run, twin),
            None => Ok(()),
        }
    }
}
