//! A scenario in which everything is drawn at random: the options of the world, who is there, and what breaks.
//!
//! Each run leaves most kinds of things out: where everything is possible, faults hide each other, and seldom does
//! anything get far enough to fail in an interesting way (Groce, Zhang, Eide, Chen and Regehr, "Swarm testing", ISSTA
//! 2012). So a seed draws a few kinds of faults, mild or harsh, and how often they come, wait for a trigger, and end; and
//! a few kinds of people. Then everything heals, the world has time to settle, and everything must work again.
//!
//! ```text
//! Scenario::new("swarm", "everything at random, and then everything heals")
//!     .swarm(
//!         Swarm::new()
//!             .options(draw_options)
//!             .crowd(&[buyers, impatient_buyers, snipers])
//!             .after_healing(&[buyers])
//!             .faults(&[printer_jams])
//!             .heals_at(secs(45))
//!             .settles_within(secs(45)),
//!     )
//!     .always(SeatSoldOnce)
//! ```

mod crowd;
mod faults;
mod targets;
#[cfg(test)]
mod tests;

use super::{Dice, DrawWorld, Scenario, Workload, secs};
use crate::{
    engine::Order,
    fault::Fault,
    plan::{Operation, Plan},
    service::Service,
    world::World,
};
use std::{sync::Arc, time::Duration};

/// Draws one kind of work: who does it, and how much of it. `few` is how many people a kind of this run has, about; when
/// the first of them begins is up to the swarm.
pub type DrawWorkloads<S> = fn(dice: &mut Dice, few: usize) -> Vec<Workload<S>>;

/// Draws one kind of fault: what is injected at one moment, each with what ends it, if anything does.
pub type DrawFaults<S> = fn(dice: &mut Dice, world: &World<S>) -> Vec<(Fault<S>, Option<Fault<S>>)>;

/// Plans more operations, when those of a run are known: see [`Swarm::follow_up`].
pub type FollowUp<S> = fn(world: &World<S>, planned: &[Operation<S>], settled_ms: u64) -> Vec<Operation<S>>;

/// What a run lasts after everything has settled, unless the scenario says otherwise.
const WATCHED: Duration = secs(40);

/// What a scenario may draw from; see the module.
#[derive(Clone)]
pub struct Swarm<S: Service> {
    options: Arc<dyn DrawWorld<S>>,
    plain_options: Arc<dyn DrawWorld<S>>,
    background: Vec<DrawWorkloads<S>>,
    crowd: Vec<DrawWorkloads<S>>,
    after_healing: Vec<DrawWorkloads<S>>,
    follow_up: Option<FollowUp<S>>,
    faults: Vec<DrawFaults<S>>,
    clock_offsets_ms: Vec<i64>,
    heals_at: Duration,
    settles_within: Duration,
}

impl<S: Service> Default for Swarm<S> {
    fn default() -> Swarm<S> {
        Swarm::new()
    }
}

impl<S: Service> Swarm<S> {
    /// Nobody, in a world of default options, which has the faults that any world has. Everything heals after 45 s, and
    /// has 45 s to settle.
    pub fn new() -> Swarm<S> {
        let options = Arc::new(|_: &mut Dice| S::World::default());
        Swarm {
            options: options.clone(),
            plain_options: options,
            background: vec![],
            crowd: vec![],
            after_healing: vec![],
            follow_up: None,
            faults: vec![],
            clock_offsets_ms: vec![500, 5_000, 30_000, 100_000],
            heals_at: secs(45),
            settles_within: secs(45),
        }
    }

    /// The options of the world. What they decide of its hosts and links decides what can break.
    pub fn options(self, draw: impl DrawWorld<S> + 'static) -> Swarm<S> {
        let options = Arc::new(draw);
        Swarm { options, ..self }
    }

    /// The options of the world in the plain version: see [`Scenario::drawn_plainly`].
    pub fn plain_options(self, draw: impl DrawWorld<S> + 'static) -> Swarm<S> {
        let plain_options = Arc::new(draw);
        Swarm { plain_options, ..self }
    }

    /// Kinds of people of whom each run has some and not others. They begin early.
    pub fn crowd(mut self, kinds: &[DrawWorkloads<S>]) -> Swarm<S> {
        self.crowd.extend(kinds);
        self
    }

    /// Kinds of people whom every run has. They begin early.
    pub fn background(mut self, kinds: &[DrawWorkloads<S>]) -> Swarm<S> {
        self.background.extend(kinds);
        self
    }

    /// Kinds of people who begin once everything has healed and settled: to see whether everything works again.
    pub fn after_healing(mut self, kinds: &[DrawWorkloads<S>]) -> Swarm<S> {
        self.after_healing.extend(kinds);
        self
    }

    /// What else is done once everything has settled, from what is planned and without a draw: somebody who was attacked
    /// uses the service, somebody asks each process of this world.
    pub fn follow_up(self, plan: FollowUp<S>) -> Swarm<S> {
        let follow_up = Some(plan);
        Swarm { follow_up, ..self }
    }

    /// Kinds of faults that only this service has, each as likely as one of the world's own.
    pub fn faults(mut self, kinds: &[DrawFaults<S>]) -> Swarm<S> {
        self.faults.extend(kinds);
        self
    }

    /// By how much clocks may be wrong, either way, milliseconds: less than what the service allows for.
    ///
    /// # Panics
    /// There is none.
    pub fn clock_offsets_ms(self, offsets_ms: &[i64]) -> Swarm<S> {
        assert!(!offsets_ms.is_empty(), "a wrong clock is wrong by something");
        let clock_offsets_ms = offsets_ms.to_vec();
        Swarm {
            clock_offsets_ms,
            ..self
        }
    }

    /// When everything heals.
    ///
    /// # Panics
    /// That is before 5 s: hosts need a second to boot, and faults some time to matter.
    pub fn heals_at(self, heals_at: Duration) -> Swarm<S> {
        assert!(heals_at >= secs(5), "everything heals after 5 s or later");
        Swarm { heals_at, ..self }
    }

    /// How long the world may take to settle after that.
    pub fn settles_within(self, settles_within: Duration) -> Swarm<S> {
        Swarm { settles_within, ..self }
    }

    /// How long a run lasts: until everything has settled, and 40 s.
    pub fn lasts(&self) -> Duration {
        self.heals_at + self.settles_within + WATCHED
    }

    fn heals_at_ms(&self) -> u64 {
        self.heals_at.as_millis() as u64
    }

    /// Everything that a seed decides.
    fn draw(&self, seed: u64, plan: &mut Plan<S>) {
        let label = plan.scenario.clone();
        let dice = |part: &str| Dice::of(seed, &format!("{label}/{part}"));
        plan.world = self.options.draw(&mut dice("options"));
        let world = S::world(&plan.world);
        plan.operations = self.some_people(&world, &mut dice("crowd"));
        plan.faults = self.some_faults(&world, &mut dice("faults"));
        plan.order = dice("order").pick(&[Order::FirstCome, Order::FirstCome, Order::Shuffled, Order::Priorities]);
    }

    /// The same without leaving anything out: every kind of people and of faults in every run.
    fn draw_plainly(&self, seed: u64, plan: &mut Plan<S>) {
        let label = plan.scenario.clone();
        let dice = |part: &str| Dice::of(seed, &format!("{label}/plain/{part}"));
        plan.world = self.plain_options.draw(&mut dice("options"));
        let world = S::world(&plan.world);
        plan.operations = self.everybody(&world, &mut dice("crowd"));
        plan.faults = self.faults_of_every_kind(&world, &mut dice("faults"));
    }
}

impl<S: Service> Scenario<S> {
    /// Draws everything at random, with a plain version that leaves nothing out. The scenario lasts as long as the swarm.
    pub fn swarm(self, swarm: Swarm<S>) -> Scenario<S> {
        let plain = swarm.clone();
        self.lasts(swarm.lasts())
            .drawn(move |seed, plan| swarm.draw(seed, plan))
            .drawn_plainly(move |seed, plan| plain.draw_plainly(seed, plan))
    }
}
