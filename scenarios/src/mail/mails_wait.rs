//! The relay is slow, and more people want a mail than may be under way, or even wait.
//!
//! There is one replica, so that it is known which mails wait there. As many as documented are under way, none waits while
//! there is room, and whoever finds the outbox full is told so at once and gets a mail later. (Inventory 1, 3.)

use crate::{
    catalogue::marks::{marked, refused_with, somebody_logged_in},
    property::{EmailCodeOnce, EveryoneCanLogIn, LatencyBudget, MailArrives, OneMailPerWindow, OutboxBounded},
    scenario::{Logins, Probe, World, hosts::IDP_A, mail, ms, secs},
    vocabulary::{Faults, Mode, Scenario},
};

/// Smaller than documented: so many people are enough to fill it.
const OUTBOX: usize = 12;

pub(crate) fn mails_wait() -> Scenario {
    let slow = [600, 900, 1_300].map(|by_ms| mail(Mode::Slow { by_ms }));
    Scenario::new(
        "mails_wait",
        "the relay is slow and more mails wait than the outbox holds",
    )
    .covering(&[1, 3])
    .world(World::standard().replicas(1).outbox(OUTBOX))
    .workload(Logins::people(26).from(secs(3)).every(ms(60)))
    .workload(Logins::people(6).from(secs(9)).every(ms(700)))
    .workload(Logins::people(2).from(secs(46)).every(secs(1)))
    .workload(Probe::of(IDP_A).from(secs(48)))
    .faults(Faults::new().one_at(ms(3_050)..ms(3_500), slow).heal_at(secs(30)))
    .always(LatencyBudget::pages(ms(500)).tokens(ms(400)))
    .always(OutboxBounded)
    .always(OneMailPerWindow)
    .always(EmailCodeOnce)
    .eventually(EveryoneCanLogIn::within(secs(15)).settling(secs(5)))
    .eventually(MailArrives::within(secs(6)).settling(secs(12)))
    .sometimes("the outbox was full", marked("outbox full"))
    .sometimes(
        "somebody was told to try again",
        refused_with("temporarily-unavailable"),
    )
    .sometimes("somebody logged in", somebody_logged_in)
    .lasts(secs(60))
}
