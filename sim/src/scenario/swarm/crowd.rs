//! The people of a run.

use super::{DrawWorkloads, Swarm};
use crate::{
    plan::Operation,
    scenario::{Cast, Dice, Spread, secs},
    service::Service,
    world::World,
};

/// About how many people a kind has in the plain version.
const PLAIN_FEW: usize = 3;

impl<S: Service> Swarm<S> {
    /// Operations of some kinds of people, few or many.
    pub(super) fn some_people(&self, world: &World<S>, dice: &mut Dice) -> Vec<Operation<S>> {
        let percent = dice.pick(&[15, 35, 60]);
        let few = dice.pick(&[1, 2, 4, 6]);
        let mut kinds = self.crowd.clone();
        kinds.retain(|_| dice.chance(percent));
        if kinds.is_empty() && self.background.is_empty() && !self.crowd.is_empty() {
            kinds.push(dice.pick(&self.crowd)); // a run without people tests nothing
        }
        self.operations_of(&kinds, world, dice, few)
    }

    /// Operations of every kind of people.
    pub(super) fn everybody(&self, world: &World<S>, dice: &mut Dice) -> Vec<Operation<S>> {
        self.operations_of(&self.crowd, world, dice, PLAIN_FEW)
    }

    /// Operations of these people, of those whom every run has, and of those who begin once everything has settled.
    fn operations_of(
        &self,
        kinds: &[DrawWorkloads<S>],
        world: &World<S>,
        dice: &mut Dice,
        few: usize,
    ) -> Vec<Operation<S>> {
        let early: Spread = (secs(1)..self.heals_at / 3).into();
        let settled = self.heals_at + self.settles_within;
        let early = self.background.iter().chain(kinds).map(|kind| (kind, early));
        let late = self.after_healing.iter().map(|kind| (kind, settled.into()));
        let (mut cast, mut operations) = (Cast::default(), vec![]);
        for (kind, begins) in early.chain(late) {
            for workload in kind(dice, few) {
                operations.extend(workload.from(begins).draw(dice, &mut cast));
            }
        }
        if let Some(follow_up) = self.follow_up {
            let more = follow_up(world, &operations, settled.as_millis() as u64);
            operations.extend(more);
        }
        operations
    }
}
