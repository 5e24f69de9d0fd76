//! The mail relay and the analytics hook fail, and then nobody does anything for a long time.
//!
//! Whether they work again nobody knows until somebody tries. `/health` tells of the last failure for as long as documented, and
//! no longer: a monitor that is red for ever is looked at by nobody. (Inventory 1, 26, 53.)

use crate::{
    catalogue::marks::{marked, somebody_logged_in},
    property::{EmailCodeOnce, EveryoneCanLogIn, HealthTells},
    scenario::{Logins, Monitor, World, analytics, mail, ms, secs},
    vocabulary::{Faults, Mode, Scenario},
};

pub(crate) fn quiet_after_trouble() -> Scenario {
    Scenario::new(
        "quiet_after_trouble",
        "mail and analytics fail, and then nobody does anything for a long time",
    )
    .covering(&[1, 26, 53])
    // Requests take some time, so that the faults meet them.
    .world(World::standard().calls_wait(60, ms(60)))
    .workload(Logins::people(12).from(secs(2)).every(ms(150)))
    // They press again and again, and have given up before all heals.
    .workload(Logins::people(4).from(secs(5)).every(ms(400)))
    .workload(Logins::people(4).from(secs(165)).every(secs(1)))
    .workload(Monitor::every(secs(1)))
    .faults(
        Faults::new()
            .at(secs(3)..secs(4), mail(Mode::Failing))
            .one_at(secs(3)..secs(4), [analytics(Mode::Hanging), analytics(Mode::Failing)])
            .heal_at(secs(88)),
    )
    .always(HealthTells)
    .always(EmailCodeOnce)
    .eventually(EveryoneCanLogIn::within(secs(10)).settling(secs(5)))
    .sometimes("a mail was given up", marked("mail given up"))
    .sometimes("somebody logged in", somebody_logged_in)
    .lasts(secs(180))
}
