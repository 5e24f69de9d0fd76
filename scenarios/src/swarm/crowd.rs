//! The people and attackers of a run.

use crate::{
    http::Head,
    limits,
    login::Login,
    mailed_code,
    scenario::{
        BurntCodes, Clients, CodeThief, Eavesdropper, Flooder, GoesOn, Guesser, HastyPeople, ImpatientPeople, Logins,
        LogsInAgain, Monitor, Operator, Probe, Racers, RestoredTabs, SentElsewhere, SignsOut, Sprayer, Stranger,
        Visitors, ms, secs,
    },
    vocabulary::{Behaviour, Operation, Workload},
};
use sim::{
    scenario::{Cast, Dice, DrawWorkloads},
    service::Behaviour as _,
    world::{HostKind, World},
};
use std::{collections::BTreeSet, time::Duration};

/// Kinds of people; each run has some of them. One line for each kind.
pub(super) const KINDS: &[DrawWorkloads<Login>] = &[
    |_, few| vec![Logins::people(few + 2).every(ms(300))],
    |dice, few| vec![ImpatientPeople::clicking(few, dice.between(2, 8) as u32).every(gap(dice))],
    |dice, few| vec![Visitors::looking(few, 30, secs(dice.pick(&[1, 3, 7]))).every(gap(dice))],
    |dice, few| vec![Racers::people(few).every(gap(dice))],
    |dice, few| vec![BurntCodes::people(few).every(gap(dice))],
    |_, _| vec![CodeThief::replays_after(&[secs(1), secs(3), secs(8), secs(15)])],
    |dice, _| vec![Guesser::of("victor", 60, ms(dice.pick(&[150, 700])))],
    |dice, _| vec![Flooder::of("flora", 30, ms(dice.pick(&[200, 800])))],
    |dice, _| vec![Monitor::every(secs(dice.pick(&[2, 6])))],
    |dice, _| {
        let after = secs(dice.between(1, 8));
        vec![Logins::of("wendy"), Eavesdropper::of("wendy", after)]
    },
    |dice, few| vec![HastyPeople::waiting(few + 2, 10, 250).every(gap(dice))],
    |dice, _| vec![Stranger::sends_largest(40, ms(dice.pick(&[100, 400])))],
    |dice, _| {
        let (text, times) = dice.pick(&[("a", 2_000), ("{", 900), ("\u{dfc}\u{65e5}", 150)]);
        vec![Clients::with_state(text, times).every(gap(dice))]
    },
    |dice, few| {
        vec![
            RestoredTabs::people(few).every(gap(dice)),
            SentElsewhere::people(few).every(gap(dice)),
        ]
    },
    |dice, few| {
        let after = || ms(700)..secs(6);
        vec![
            LogsInAgain::people(few, after()).every(gap(dice)),
            LogsInAgain::as_another(few, after()).every(gap(dice)),
            SignsOut::of("olga"),
        ]
    },
    |dice, few| vec![GoesOn::people(few, secs(dice.pick(&[1, 3, 7])), 4..30).every(gap(dice))],
    |dice, _| vec![Sprayer::of(30, 2, ms(dice.pick(&[300, 900])))],
    |dice, _| {
        let head = dice.pick(&[Head::Nothing, Head::Half, Head::ByBytes, Head::SecondByBytes]);
        vec![Stranger::holds_heads(head, 2)]
    },
    |dice, _| {
        let crawl = limits::Behaviour::BeginLogins {
            logins: 80,
            every_ms: dice.pick(&[50, 300]),
            state_bytes: dice.pick(&[0, 900]),
            from_many_places: dice.pick(&[false, true]),
        };
        vec![Workload::named("crawler", crawl.into())]
    },
    // A desk that unlocks whom a crowd of guessers is about to lock out.
    |dice, _| {
        let guesser = Guesser::of("ursula", 60, ms(dice.pick(&[150, 700]))).called("locksmith");
        vec![
            guesser,
            Operator::watches("ursula", 8, secs(4)),
            Operator::unlocks("ursula"),
        ]
    },
];

/// Time between two people of a kind.
fn gap(dice: &mut Dice) -> Duration {
    ms(dice.between(200, 2000))
}

/// People who log in during the whole run.
pub(super) fn people(dice: &mut Dice, few: usize) -> Vec<Workload> {
    vec![Logins::people(few + 5).every(ms(dice.pick(&[500, 2000, 4000])))]
}

/// People who log in once everything has settled.
pub(super) fn late(_: &mut Dice, _: usize) -> Vec<Workload> {
    vec![Logins::people(4).every(secs(2))]
}

/// Logins of everybody who was attacked, and checks of each replica and of Redis.
pub(super) fn victims_and_probes(world: &World<Login>, planned: &[Operation], settled_ms: u64) -> Vec<Operation> {
    let limited = planned
        .iter()
        .filter(|operation| matches!(operation.does, Behaviour::Limits(_)));
    let victims: BTreeSet<&str> = limited.flat_map(|operation| operation.does.others()).collect();
    let victims = victims.into_iter().map(|who| Operation {
        at_ms: settled_ms + 9000,
        who: who.to_owned(),
        does: mailed_code::Behaviour::LogIn.into(),
    });
    let replicas = world.of_kind(HostKind::Service).into_iter();
    let probes = replicas
        .map(|replica| Probe::of(&replica))
        .chain((!world.of_kind(HostKind::Redis).is_empty()).then(Probe::of_replication));
    let (mut dice, mut cast) = (Dice::of(0, "no choice"), Cast::default());
    let probes = probes.flat_map(|probe| probe.from(ms(settled_ms)).draw(&mut dice, &mut cast));
    victims.chain(probes).collect()
}
