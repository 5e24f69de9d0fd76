//! Attackers lock addresses, and operators look at them and unlock some.
//!
//! - Ulla and Victor are locked out. An operator unlocks Ulla's address alone: she logs in, and he does not. What is guessed at her
//!   address after that counts from 0.
//! - At Wendy's address several guess at once, and operators unlock it while attempts are under way, before it is locked and after.
//! - At the end the directory is locked, and its disk is full: an operator who unlocks Victor's address is told that it was not
//!   done, until it is.
//!
//! Windows are short in this world, so that a hundred guesses fit into a minute. (Inventory 18; SP 800-63B-4 section 3.2.2.)

use crate::{
    catalogue::marks::refused_to,
    limits::{Op, desk::NOBODY},
    mailed_code, people,
    property::{AttemptsLimited, EmailCodeOnce, LimitsLetIn, NoSecretLogged, invocations, reading::Invocation},
    scenario::{Guesser, Logins, Operator, Returns, World, directory_busy, directory_full, ms, secs},
    vocabulary::{Faults, MarkView, Op as AnyOp, Scenario},
};
use std::time::Duration;

const CROWD: [(&str, Duration); 5] = [
    ("crowd-1", Duration::ZERO),
    ("crowd-2", Duration::ZERO),
    ("crowd-3", Duration::ZERO),
    ("crowd-4", ms(700)),
    ("crowd-5", ms(1_400)),
];
const AT_FIRST: [&str; 5] = ["unlocks-1", "unlocks-2", "unlocks-3", "unlocks-4", "unlocks-5"];
const LATER: [&str; 5] = ["unlocks-6", "unlocks-7", "unlocks-8", "unlocks-9", "unlocks-10"];

pub(crate) fn unlocked_by_operators() -> Scenario {
    Scenario::new(
        "unlocked_by_operators",
        "attackers lock addresses, and operators unlock some of them",
    )
    .covering(&[18])
    .world(World::standard().limits_per(secs(3)).links_take_up_to(ms(15)..ms(30)))
    .workload(
        Guesser::of("ulla", 122, ms(250))
            .called("guesser-of-ulla")
            .from(secs(2)),
    )
    .workload(
        Guesser::of("victor", 122, ms(250))
            .called("guesser-of-victor")
            .from(secs(3)),
    )
    .workload(Operator::unlocks("ulla").from(secs(58)..secs(60)))
    .workload(Returns::of("ulla", secs(14)).from(secs(62)))
    .workload(Logins::of("victor").from(secs(63)))
    .workload(
        Guesser::of("ulla", 14, ms(400))
            .called("later-guesser")
            .from(secs(67)..secs(68)),
    )
    // Together they do not use up what a window admits. Three come at once: the hundredth has others at its side.
    .workloads(CROWD.map(|(name, later)| {
        let guesser = Guesser::of("wendy", 34, ms(2100)).called(name);
        guesser.from(secs(4).saturating_add(later)).every(Duration::ZERO)
    }))
    .workloads(AT_FIRST.map(|name| Operator::unlocks("wendy").called(name).from(secs(6)..secs(10))))
    .workloads(LATER.map(|name| Operator::unlocks("wendy").called(name).from(secs(60)..secs(70))))
    .workload(Operator::watches("ulla", 40, ms(2500)).from(secs(1)))
    .workload(Operator::watches("victor", 40, ms(2500)).from(secs(1)))
    .workload(Operator::watches("wendy", 200, ms(500)).from(secs(1)))
    .workload(
        Operator::unlocks("victor")
            .called("meets-a-lock")
            .from(ms(83_500)..secs(84)),
    )
    .workload(
        Operator::unlocks("victor")
            .called("meets-a-full-disk")
            .from(ms(89_500)..secs(90)),
    )
    .workload(Operator::unlocks("victor").from(secs(94)))
    .workload(Returns::of("victor", secs(8)).called("victor-again").from(secs(96)))
    .faults(
        Faults::new()
            .at(secs(82)..secs(83), directory_busy(secs(3)))
            .at(secs(88)..secs(89), directory_full(secs(3)))
            .heal_at(secs(93)),
    )
    .always(AttemptsLimited)
    .always(EmailCodeOnce)
    .always(NoSecretLogged)
    .eventually(LimitsLetIn::within(secs(8)))
    .sometimes(
        "the hard stop refused the guesser",
        refused_to("guesser-of-ulla", "locked"),
    )
    .sometimes("the owner of an unlocked address logged in", owner_logged_in)
    .sometimes(
        "the owner of another address stayed locked out",
        refused_to("victor", "locked"),
    )
    .sometimes(
        "an address was unlocked while an attempt was under way",
        unlocked_during_an_attempt,
    )
    .sometimes(
        "several guessers together met the hard stop",
        refused_to("crowd-1", "locked"),
    )
    .sometimes("unlocking failed", unlocking_failed)
    .lasts(secs(110))
}

fn owner_logged_in(view: &MarkView<'_>) -> bool {
    let all = invocations(view.history);
    let mut own = all.iter().filter(|invocation| invocation.who == "ulla");
    own.any(|invocation| *invocation.op == AnyOp::People(people::Op::LogIn) && invocation.ok())
}

fn unlocks<'v>(all: &'v [Invocation<'v>]) -> impl Iterator<Item = (&'v Invocation<'v>, &'v str)> {
    all.iter().filter_map(|invocation| match invocation.op {
        AnyOp::Limits(Op::Unlock { address }) => Some((invocation, address.as_str())),
        _ => None,
    })
}

fn unlocked_during_an_attempt(view: &MarkView<'_>) -> bool {
    let all = invocations(view.history);
    unlocks(&all).filter(|(unlock, _)| unlock.ok()).any(|(unlock, whose)| {
        all.iter().any(|attempt| match attempt.op {
            AnyOp::MailedCode(mailed_code::Op::VerifyCode { address, .. }) => {
                address == whose && attempt.began_ms < unlock.began_ms && unlock.ended_ms() < attempt.ended_ms()
            }
            _ => false,
        })
    })
}

fn unlocking_failed(view: &MarkView<'_>) -> bool {
    let all = invocations(view.history);
    unlocks(&all).any(|(unlock, _)| unlock.failure().is_some_and(|why| why != NOBODY))
}
