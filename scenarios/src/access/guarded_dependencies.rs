//! The relay, Redis and the Sentinels want passwords, over TLS, and one after the other something is wrong with that.
//!
//! Somebody on the path hides STARTTLS, or writes into the conversation; a certificate is of another name, has expired or is
//! signed by nobody; a password is changed and mended by hand. Nothing is said in clear or to somebody else, operators are told
//! what is wrong, and when it is over everything works again. Then the master dies. (Inventory 1, 25, 26, 37, 56.)

use crate::{
    catalogue::marks::{marked, master_replaced, somebody_logged_in},
    property::{
        CodeRedeemedOnce, EmailCodeOnce, ErrorsExplained, EveryReplicaServes, EveryoneCanLogIn, HealthTells,
        MailArrives, NoSecretInClear, NoSecretLogged, OneMailPerWindow, RemindersArrive, RemindersOnce,
        SessionsSurvive,
    },
    scenario::{
        Logins, Monitor, Probe, Visitors, World, bad_certificate, clear_behind_starttls, hosts::*, kill, ms,
        no_starttls, redis_refuses, relay_password, secs,
    },
    vocabulary::{Defect, Faults, Refusal, Scenario},
    world::mail,
};
use sim::world::{CERTIFICATE_REFUSED, HANDSHAKE_BROKEN, PASSWORD_REFUSED};

/// How long something is wrong with the relay: long enough for operators to read it.
const RELAY_S: u64 = 6;
/// How long something is wrong with Redis or the Sentinels: no replica closes its port because of it.
const REDIS_S: u64 = 3;

pub(crate) fn guarded_dependencies() -> Scenario {
    let [first, second, third] = SENTINELS;
    let closes = |node| redis_refuses(node, Refusal::ClosedConnections, ms(100));
    let another = |node| redis_refuses(node, Refusal::AnotherPassword, secs(REDIS_S));
    let expired = |host| bad_certificate(host, Defect::Expired, secs(REDIS_S));
    let of_another = |host| bad_certificate(host, Defect::AnotherName, secs(REDIS_S));
    let relays = [Defect::AnotherName, Defect::Expired, Defect::Untrusted];
    let relays = relays.map(|why| bad_certificate(MAIL, why, secs(RELAY_S)));
    Scenario::new(
        "guarded_dependencies",
        "the relay, Redis and the Sentinels want passwords over TLS, and something is wrong with each in turn",
    )
    .covering(&[1, 25, 26, 37, 56])
    .world(
        World::guarded()
            .reminders(3, secs(6)..secs(36))
            .reminders(2, secs(60)..secs(62))
            .reminder_at(secs(84)),
    )
    .workload(Logins::people(40).from(secs(3)).every(ms(1_400)))
    .workload(Visitors::looking(3, 18, secs(3)).from(secs(1)).every(secs(1)))
    .workload(Logins::people(4).from(secs(80)).every(secs(1)))
    .workloads(Probe::everything_from(secs(82)))
    .workload(Monitor::every(secs(2)))
    .faults(
        Faults::new()
            .at(secs(4)..secs(5), no_starttls(secs(RELAY_S)))
            .at(secs(12)..secs(13), clear_behind_starttls(secs(RELAY_S)))
            .at(secs(20)..secs(21), relay_password(secs(RELAY_S)))
            .one_at(secs(28)..secs(29), relays)
            .at(secs(38)..secs(39), another(REDIS_1))
            .and(another(REDIS_2))
            .at(secs(44)..secs(45), of_another(REDIS_1))
            .and(of_another(REDIS_2))
            .then(ms(200), closes(REDIS_1))
            .and(closes(REDIS_2))
            .at(secs(50)..secs(51), expired(first))
            .and(expired(second))
            .and(expired(third))
            .then(ms(200), closes(REDIS_1))
            .and(closes(REDIS_2))
            .at(secs(57)..secs(58), kill(REDIS_1))
            .heal_at(secs(66)),
    )
    .always(NoSecretInClear)
    .always(NoSecretLogged)
    .always(HealthTells)
    .always(CodeRedeemedOnce)
    .always(EmailCodeOnce)
    .always(OneMailPerWindow)
    .always(RemindersOnce)
    .always(SessionsSurvive::settling_within(secs(0)))
    .always(ErrorsExplained)
    .eventually(RemindersArrive::within(secs(10)).settling(secs(12)))
    .eventually(EveryoneCanLogIn::within(secs(15)).settling(secs(12)))
    .eventually(EveryReplicaServes::within(secs(12)).settling(secs(12)))
    .eventually(MailArrives::within(secs(6)).settling(secs(12)))
    .sometimes("somebody logged in", somebody_logged_in)
    .sometimes("the relay let a replica in", marked(mail::LET_IN))
    .sometimes("a replica was offered no STARTTLS", marked(mail::NOT_OFFERED))
    .sometimes("a replica was sent text in clear", marked(mail::CLEAR_TEXT))
    .sometimes("a handshake broke", marked(HANDSHAKE_BROKEN))
    .sometimes("the relay refused a password", marked(mail::PASSWORD_REFUSED))
    .sometimes("Redis refused a password", marked(PASSWORD_REFUSED))
    .sometimes("a replica refused a certificate", marked(CERTIFICATE_REFUSED))
    .sometimes("the master was replaced", master_replaced)
    .lasts(secs(100))
}
