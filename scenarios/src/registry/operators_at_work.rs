//! Operators add, change, show and remove people and clients while others log in, the directory is locked for a while and its
//! disk is full for a while. (Inventory 27.)

use crate::{
    catalogue::marks::{fault_hit_somebody, somebody_logged_in},
    property::{EveryoneCanLogIn, RegistryAsTold},
    registry::{self, Answer},
    scenario::{Administrator, Logins, World, directory_busy, directory_full, ms, secs},
    vocabulary::{Event, Faults, MarkView, Observation, Scenario},
};

pub(crate) fn operators_at_work() -> Scenario {
    Scenario::new(
        "operators_at_work",
        "operators change what is registered while people log in",
    )
    .covering(&[27])
    .world(World::standard())
    .workload(Logins::people(8).from(secs(2)).every(secs(3)))
    .workload(Logins::people(20).from(secs(9)).every(ms(450)))
    .workload(Administrator::giving(240, ms(150)))
    .faults(
        Faults::new()
            .at(secs(10)..secs(12), directory_busy(secs(3)))
            .at(secs(16)..secs(18), directory_full(secs(3)))
            .heal_at(secs(23)),
    )
    .always(RegistryAsTold)
    .eventually(EveryoneCanLogIn::within(secs(15)).settling(secs(5)))
    .sometimes("a fault met an operation under way", fault_hit_somebody)
    .sometimes("a command failed", a_command_failed)
    .sometimes("a command was refused", a_command_was_refused)
    .sometimes("somebody logged in", somebody_logged_in)
    .lasts(secs(50))
}

fn answered(view: &MarkView<'_>, is: fn(&Answer) -> bool) -> bool {
    view.history.records.iter().any(|record| match &record.event {
        Event::Own(Observation::Registry(registry::Observation::Answered { answer, .. })) => is(answer),
        _ => false,
    })
}

fn a_command_failed(view: &MarkView<'_>) -> bool {
    answered(view, |answer| matches!(answer, Answer::Failed { .. }))
}

fn a_command_was_refused(view: &MarkView<'_>) -> bool {
    answered(view, |answer| matches!(answer, Answer::Refused { .. }))
}
