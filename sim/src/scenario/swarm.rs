//! Swarm testing: a scenario in which the options of the world, the people and the faults are random.
//!
//! Each run leaves most kinds of faults and people out. If everything is possible in every run, faults hide each other,
//! and seldom does an operation get far enough to fail in an interesting way (Groce, Zhang, Eide, Chen and Regehr,
//! "Swarm testing", ISSTA 2012). So a seed draws a few kinds of faults, mild or harsh, and how often they come, wait
//! for a trigger, and end; and a few kinds of people. Then everything heals, the world has time to settle, and
//! everything must work again.
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
    engine::{ArrivalOrder, Order},
    fault::{Fault, TimedFault},
    plan::{Operation, Plan},
    service::Service,
    world::World,
};
use std::{sync::Arc, time::Duration};

/// Draws the workloads of one kind of people. `few` is about how many people a kind has in this run. The swarm decides
/// when the first of them begins.
pub type DrawWorkloads<S> = fn(dice: &mut Dice, few: usize) -> Vec<Workload<S>>;

/// Draws one kind of fault: the faults that are injected at one moment, each with the fault that ends it, if there is
/// one.
pub type DrawFaults<S> = fn(dice: &mut Dice, world: &World<S>) -> Vec<(Fault<S>, Option<Fault<S>>)>;

/// Draws faults that follow each other, each at its time; all are over when everything heals, which is at the given time,
/// milliseconds.
pub type DrawSequence<S> = fn(dice: &mut Dice, world: &World<S>, heals_at_ms: u64) -> Vec<TimedFault<S>>;

/// Plans additional operations after those of a run are known: see [`Swarm::follow_up`].
pub type FollowUp<S> = fn(world: &World<S>, planned: &[Operation<S>], settled_ms: u64) -> Vec<Operation<S>>;

/// How long a run lasts after everything has settled.
const WATCHED: Duration = secs(40);

/// The choices of a swarm scenario; see the module.
#[derive(Clone)]
pub struct Swarm<S: Service> {
    options: Arc<dyn DrawWorld<S>>,
    plain_options: Arc<dyn DrawWorld<S>>,
    background: Vec<DrawWorkloads<S>>,
    crowd: Vec<DrawWorkloads<S>>,
    after_healing: Vec<DrawWorkloads<S>>,
    follow_up: Option<FollowUp<S>>,
    faults: Vec<DrawFaults<S>>,
    sequences: Vec<(u64, DrawSequence<S>)>,
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
    /// A swarm without people, in a world of default options, with the faults of any world. Everything heals after 45
    /// s, and has 45 s to settle.
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
            sequences: vec![],
            clock_offsets_ms: vec![500, 5_000, 30_000, 100_000],
            heals_at: secs(45),
            settles_within: secs(45),
        }
    }

    /// Sets the options of the world. Its hosts and links decide which faults are possible.
    pub fn options(self, draw: impl DrawWorld<S> + 'static) -> Swarm<S> {
        let options = Arc::new(draw);
        Swarm { options, ..self }
    }

    /// Sets the options of the world in the plain version: see [`Scenario::drawn_plainly`].
    pub fn plain_options(self, draw: impl DrawWorld<S> + 'static) -> Swarm<S> {
        let plain_options = Arc::new(draw);
        Swarm { plain_options, ..self }
    }

    /// Adds kinds of people, of which each run has some. They begin early.
    pub fn crowd(mut self, kinds: &[DrawWorkloads<S>]) -> Swarm<S> {
        self.crowd.extend(kinds);
        self
    }

    /// Adds kinds of people that every run has. They begin early.
    pub fn background(mut self, kinds: &[DrawWorkloads<S>]) -> Swarm<S> {
        self.background.extend(kinds);
        self
    }

    /// Adds kinds of people who begin once everything has healed and settled. They show whether everything works again.
    pub fn after_healing(mut self, kinds: &[DrawWorkloads<S>]) -> Swarm<S> {
        self.after_healing.extend(kinds);
        self
    }

    /// Sets additional operations for the time after settling, which depend on the plan and on no draw. For example,
    /// somebody who was attacked uses the service, or somebody asks each process of this world.
    pub fn follow_up(self, plan: FollowUp<S>) -> Swarm<S> {
        let follow_up = Some(plan);
        Swarm { follow_up, ..self }
    }

    /// Adds kinds of faults that only this service has, each as likely as one of any world.
    pub fn faults(mut self, kinds: &[DrawFaults<S>]) -> Swarm<S> {
        self.faults.extend(kinds);
        self
    }

    /// Adds faults that only this service has and that follow each other, as what an operator does in several steps. This percentage
    /// of runs has them, whatever else happens.
    pub fn sequence(mut self, percent: u64, draw: DrawSequence<S>) -> Swarm<S> {
        self.sequences.push((percent, draw));
        self
    }

    /// Sets by how much clocks may be wrong in either direction, milliseconds. Choose less than the service tolerates.
    ///
    /// # Panics
    /// The list is empty.
    pub fn clock_offsets_ms(self, offsets_ms: &[i64]) -> Swarm<S> {
        assert!(!offsets_ms.is_empty(), "a wrong clock is wrong by something");
        let clock_offsets_ms = offsets_ms.to_vec();
        Swarm {
            clock_offsets_ms,
            ..self
        }
    }

    /// Sets the time at which everything heals.
    ///
    /// # Panics
    /// The time is below 5 s: hosts need a second to boot, and faults some time to have an effect.
    pub fn heals_at(self, heals_at: Duration) -> Swarm<S> {
        assert!(heals_at >= secs(5), "everything heals after 5 s or later");
        Swarm { heals_at, ..self }
    }

    /// Sets how long the world may take to settle after healing.
    pub fn settles_within(self, settles_within: Duration) -> Swarm<S> {
        Swarm { settles_within, ..self }
    }

    /// Duration of a run: until everything has settled, and 40 s more.
    pub fn lasts(&self) -> Duration {
        self.heals_at + self.settles_within + WATCHED
    }

    fn heals_at_ms(&self) -> u64 {
        self.heals_at.as_millis() as u64
    }

    /// Draws a plan.
    fn draw(&self, seed: u64, plan: &mut Plan<S>) {
        let label = plan.scenario.clone();
        let dice = |part: &str| Dice::of(seed, &format!("{label}/{part}"));
        plan.world = self.options.draw(&mut dice("options"));
        let world = S::world(&plan.world);
        plan.operations = self.some_people(&world, &mut dice("crowd"));
        plan.faults = self.some_faults(&world, &mut dice("faults"));
        plan.faults.extend(self.perhaps_a_stop(&world, &mut dice("stop")));
        for (number, (percent, draw)) in self.sequences.iter().enumerate() {
            let mut dice = dice(&format!("sequence {number}"));
            if dice.chance(*percent) {
                plan.faults.extend(draw(&mut dice, &world, self.heals_at_ms()));
            }
        }
        plan.order = dice("order").pick(&[Order::FirstCome, Order::FirstCome, Order::Shuffled, Order::Priorities]);
        plan.arrival_order =
            dice("arrival order").pick(&[ArrivalOrder::AsSent, ArrivalOrder::AsSent, ArrivalOrder::Shuffled]);
    }

    /// Draws the plain version of a plan: every kind of people and of faults is in it.
    fn draw_plainly(&self, seed: u64, plan: &mut Plan<S>) {
        let label = plan.scenario.clone();
        let dice = |part: &str| Dice::of(seed, &format!("{label}/plain/{part}"));
        plan.world = self.plain_options.draw(&mut dice("options"));
        let world = S::world(&plan.world);
        plan.operations = self.everybody(&world, &mut dice("crowd"));
        plan.faults = self.faults_of_every_kind(&world, &mut dice("faults"));
        plan.faults.extend(self.a_stop(&world, &mut dice("stop")));
    }
}

impl<S: Service> Scenario<S> {
    /// Makes this a swarm scenario, with a plain version that leaves nothing out. It lasts as long as the swarm.
    pub fn swarm(self, swarm: Swarm<S>) -> Scenario<S> {
        let plain = swarm.clone();
        self.lasts(swarm.lasts())
            .drawn(move |seed, plan| swarm.draw(seed, plan))
            .drawn_plainly(move |seed, plan| plain.draw_plainly(seed, plan))
    }
}
