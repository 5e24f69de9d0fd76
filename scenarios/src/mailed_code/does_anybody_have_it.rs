//! A stranger measures how long the service takes to say that a mail is on its way, for addresses that people have and for
//! others. Every way through the network takes the same time, so whatever takes longer has asked for more.

use crate::{
    mailed_code,
    property::{ExistenceTakesNoTime, NoSecretLogged, SendsLimited, invocations, reading::Invocation},
    scenario::{Flooder, Logins, Sprayer, World, ms, secs},
    vocabulary::{Op, Scenario},
};

/// The people whose addresses the stranger has, and how the stranger is called there.
const PEOPLE: [(&str, &str); 3] = [
    ("ulla", "stranger-u"),
    ("victor", "stranger-v"),
    ("wanda", "stranger-w"),
];

pub(crate) fn does_anybody_have_it() -> Scenario {
    Scenario::new(
        "does_anybody_have_it",
        "a stranger measures how long a code takes, at addresses that somebody has and at others",
    )
    .covering(&[20])
    .world(World::standard().links_take_up_to(ms(1)))
    .workload(Sprayer::of(12, 0, ms(800)).from(secs(2)..secs(3)))
    .workloads(PEOPLE.map(|(who, name)| Flooder::of(who, 4, ms(2_300)).called(name).from(secs(2)..secs(4))))
    .workload(Logins::of("nora").from(secs(14)))
    .always(ExistenceTakesNoTime)
    .always(SendsLimited)
    .always(NoSecretLogged)
    .sometimes(
        "the stranger asked often enough at addresses of both kinds",
        |reached| {
            let all = invocations(reached.history);
            let is_press = |one: &Invocation<'_>| matches!(one.op, Op::MailedCode(mailed_code::Op::SendCode { .. }));
            let asked = all.into_iter().filter(|one| one.ok() && is_press(one));
            let (of_nobody, of_somebody): (Vec<_>, Vec<_>) = asked.partition(|one| one.who == "sprayer");
            of_nobody.len().min(of_somebody.len()) >= 10
        },
    )
    .lasts(secs(20))
}
