//! Who is there.

use super::hours::{HEAL_S, SETTLE_S};
use crate::{
    limits, mailed_code,
    scenario::{
        BurntCodes, Cast, CodeThief, Dice, Eavesdropper, Flooder, Guesser, ImpatientPeople, Logins, Probe, Racers,
        Visitors, hosts::*, ms, secs,
    },
    vocabulary::{Behaviour, Operation, Workload},
};

/// Kinds of operations, for a crowd of so many to whom something happens about as often as this.
fn kinds(dice: &mut Dice, few: usize) -> Vec<Vec<Workload>> {
    let gap = ms(dice.between(200, 2000));
    let every_s = dice.pick(&[1, 3, 7]);
    vec![
        vec![Logins::people(few + 2).every(ms(300))],
        vec![ImpatientPeople::clicking(few, dice.between(2, 8) as u32).every(gap)],
        vec![Visitors::looking(few, 30, secs(every_s)).every(gap)],
        vec![Racers::people(few).every(gap)],
        vec![BurntCodes::people(few).every(gap)],
        vec![CodeThief::replays_after(&[secs(1), secs(3), secs(8), secs(15)])],
        vec![Guesser::of("victor", 60, ms(dice.pick(&[150, 700])))],
        vec![Flooder::of("flora", 30, ms(dice.pick(&[200, 800])))],
        vec![Logins::of("wendy"), Eavesdropper::of("wendy", secs(dice.between(1, 8)))],
    ]
}

/// Some kinds of people, few or many.
pub(super) fn some(dice: &mut Dice) -> Vec<Operation> {
    let percent = dice.pick(&[15, 35, 60]);
    let few = dice.pick(&[1, 2, 4, 6]);
    let present = kinds(dice, few).into_iter().filter(|_| dice.chance(percent)).collect();
    drawn(dice, few, present)
}

/// Every kind of people.
pub(super) fn everybody(dice: &mut Dice) -> Vec<Operation> {
    let kinds = kinds(dice, 3);
    drawn(dice, 3, kinds)
}

/// These, people who simply log in meanwhile, and others once all is well again.
fn drawn(dice: &mut Dice, few: usize, kinds: Vec<Vec<Workload>>) -> Vec<Operation> {
    let gap = ms(dice.pick(&[500, 2000, 4000]));
    let meanwhile = vec![Logins::people(few + 5).every(gap)];
    let late = Logins::people(4).every(secs(2)).from(secs(HEAL_S + SETTLE_S));
    let (mut cast, mut operations) = (Cast::default(), vec![]);
    for workload in std::iter::once(meanwhile).chain(kinds).flatten() {
        operations.extend(workload.from(secs(1)..secs(15)).draw(dice, &mut cast));
    }
    operations.extend(late.draw(dice, &mut cast));
    // The rest draws nothing. Whoever was attacked logs in, and somebody looks.
    let at_ms = (HEAL_S + SETTLE_S) * 1000;
    let attacked = operations.iter().filter_map(|operation| match &operation.does {
        Behaviour::Limits(limits::Behaviour::Guess { victim, .. })
        | Behaviour::Limits(limits::Behaviour::Flood { victim, .. }) => Some(victim.clone()),
        _ => None,
    });
    let victims: Vec<Operation> = attacked
        .map(|who| Operation {
            at_ms: at_ms + 9000,
            who,
            does: Behaviour::MailedCode(mailed_code::Behaviour::LogIn),
        })
        .collect();
    operations.extend(victims);
    let probes = [Probe::of(IDP_A), Probe::of(IDP_B), Probe::of_replication()];
    let probes = probes.map(|probe| probe.from(ms(at_ms)).draw(&mut Dice::of(0, "no choice"), &mut cast));
    operations.extend(probes.into_iter().flatten());
    operations
}
