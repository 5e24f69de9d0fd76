//! A replica is asked to end while something that it depends on does not answer, and cannot finish what it has begun.
//!
//! It ends all the same, in time, and says what is lost: mails that wait for a relay that hangs, events for a hook that hangs,
//! requests whose commit takes longer than requests may take at a stop. (Inventory 1, 34, 54.)

use crate::{
    catalogue::marks::{marked, somebody_logged_in},
    property::{
        CodeRedeemedOnce, EmailCodeOnce, EveryReplicaServes, EveryoneCanLogIn, HealthTells, RemindersOnce, StopsInOrder,
    },
    scenario::{Logins, Monitor, Probe, World, analytics, disk_slow, hosts::*, mail, ms, secs, start, stop},
    vocabulary::{Faults, Mode, Scenario},
};

pub(crate) fn stops_in_vain() -> Scenario {
    Scenario::new(
        "stops_in_vain",
        "replicas are asked to end while what they depend on does not answer",
    )
    .covering(&[1, 34, 54])
    .world(World::standard().reminders(3, secs(20)..secs(24)))
    .workload(Logins::people(12).from(secs(3)).every(ms(700)))
    .workload(Logins::people(12).from(secs(42)).every(ms(500)))
    .workload(Logins::people(30).from(secs(80)).every(ms(250)))
    .workloads(Probe::everything_from(secs(122)))
    .workload(Monitor::every(secs(2)))
    .faults(
        Faults::new()
            .at(secs(5)..secs(6), mail(Mode::Hanging))
            .at(secs(11)..secs(12), stop(IDP_A))
            .at(secs(32), mail(Mode::Healthy))
            .at(secs(33), start(IDP_A))
            .at(secs(43)..secs(44), analytics(Mode::Hanging))
            .at(secs(48)..secs(49), stop(IDP_B))
            .at(secs(70), analytics(Mode::Healthy))
            .at(secs(71), start(IDP_B))
            .at(secs(82)..secs(83), disk_slow(IDP_A, ms(9_900), secs(12)))
            .at(ms(83_200)..ms(83_800), stop(IDP_A))
            .at(secs(104), start(IDP_A))
            .heal_at(secs(106)),
    )
    .always(StopsInOrder)
    .always(CodeRedeemedOnce)
    .always(EmailCodeOnce)
    .always(RemindersOnce)
    .always(HealthTells)
    .eventually(EveryoneCanLogIn::within(secs(45)).at_any_time())
    .eventually(EveryReplicaServes::within(secs(8)).settling(secs(10)))
    .sometimes("somebody logged in", somebody_logged_in)
    .sometimes(
        "mails were left behind by a stop",
        marked("mails left behind by a stop"),
    )
    .sometimes("a stop cut something off", marked("cut off by a stop"))
    .lasts(secs(140))
}
