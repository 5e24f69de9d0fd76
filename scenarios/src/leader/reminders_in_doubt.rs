//! Of some reminders nobody knows whether the relay took them, and a moment later it refuses others, which are given back. What
//! is given back is what was refused and nothing else: the others may have arrived. (Inventory 29, 30, 31.)

use crate::{
    catalogue::marks::marked,
    property::{RemindersArrive, RemindersOnce},
    scenario::{Logins, World, mail, ms, secs},
    vocabulary::{Faults, Mode, Scenario},
};

pub(crate) fn reminders_in_doubt() -> Scenario {
    Scenario::new(
        "reminders_in_doubt",
        "the relay takes some reminders without saying so, and refuses the next ones for a while",
    )
    .covering(&[29, 30, 31])
    .world(
        World::standard()
            .lease(secs(4))
            .reminders(2, secs(11)..secs(13))
            .reminders(2, secs(15)..secs(17))
            .reminder_at(secs(30)),
    )
    .workload(Logins::people(8).from(secs(8)).every(ms(800)))
    .faults(
        Faults::new()
            .at(secs(10), mail(Mode::Dropping))
            .then(secs(4), mail(Mode::Failing))
            .heal_at(secs(20)),
    )
    .always(RemindersOnce)
    .eventually(RemindersArrive::within(secs(4)).settling(secs(6)))
    .sometimes(
        "it was unknown whether a reminder was sent",
        marked("reminder fate unknown"),
    )
    .sometimes("a reminder was given back", marked("reminder given back"))
    .lasts(secs(40))
}
