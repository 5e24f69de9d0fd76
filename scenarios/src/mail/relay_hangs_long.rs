//! The mail relay hangs for longer than a mailed code lives.
//!
//! Mails wait for each other meanwhile. When the relay works again, those whose code has ended are not sent any more, and
//! everybody who presses again gets a new one. (Inventory 1, 3.)

use crate::{
    catalogue::marks::{marked, somebody_logged_in},
    property::{EmailCodeOnce, EveryoneCanLogIn, LatencyBudget, MailsTriedAgain, OneMailPerWindow},
    scenario::{Logins, World, mail, ms, secs},
    vocabulary::{Faults, Mode, Scenario},
};

pub(crate) fn relay_hangs_long() -> Scenario {
    Scenario::new(
        "relay_hangs_long",
        "the mail relay hangs for longer than a mailed code lives",
    )
    .covering(&[1, 3])
    .world(World::of_a_developer().mailed_codes_live(secs(60)))
    .workload(Logins::people(24).from(secs(3)).every(ms(300)))
    .workload(Logins::people(2).from(secs(130)).every(secs(1)))
    .faults(
        Faults::new()
            .at(ms(3_300)..ms(4_500), mail(Mode::Hanging))
            .heal_at(secs(74)..secs(80)),
    )
    .always(LatencyBudget::pages(ms(500)).tokens(ms(400)))
    .always(MailsTriedAgain)
    .always(OneMailPerWindow)
    .always(EmailCodeOnce)
    .eventually(EveryoneCanLogIn::within(secs(15)).settling(secs(30)))
    .sometimes("a mail was of no use any more", marked("mail given up"))
    .sometimes("somebody logged in", somebody_logged_in)
    .lasts(secs(190))
}
