//! Somebody guesses codes, alternating between the replicas, and Redis fails over meanwhile.
//!
//! Another floods an inbox. Both meet limits that the replicas share; a failover forgets no more
//! than what was counted in Redis. (Inventory 18, 20, 24.)

use super::marks::{limited_after_failover, marked, master_replaced, refused_with};
use crate::{
    property::{AttemptsLimited, EmailCodeOnce, EveryoneCanLogIn, OneMailPerWindow, SendsLimited},
    scenario::{Faults, Flooder, Guesser, Logins, Scenario, cut, hosts::*, kill, ms, secs},
};

pub(super) fn guesser_across_failover() -> Scenario {
    Scenario::new(
        "guesser_across_failover",
        "somebody guesses codes at both replicas, and Redis fails over meanwhile",
    )
    .covering(&[18, 20, 24])
    .workload(Guesser::of("victor", 70, ms(600)).from(secs(1)))
    .workload(Flooder::of("flora", 40, ms(700)).from(secs(1)))
    .workload(Logins::people(6).every(secs(2)))
    .workload(Logins::people(3).from(secs(62)).every(secs(1)))
    .faults(
        Faults::new()
            .at(secs(20)..secs(24), cut(REDIS_1, REDIS_2))
            .then(ms(100)..secs(2), kill(REDIS_1))
            .heal_at(secs(40)),
    )
    .always(AttemptsLimited)
    .always(SendsLimited)
    .always(OneMailPerWindow)
    .always(EmailCodeOnce)
    .eventually(EveryoneCanLogIn::within(secs(20)).settling(secs(20)))
    .sometimes("a guess was wrong", refused_with("wrong-code"))
    .sometimes("a limit refused the guesser after the failover", limited_after_failover)
    .sometimes("a limit refused a mail", marked("a mail was refused by the limiter"))
    .sometimes("the master was replaced", master_replaced)
    .lasts(secs(85))
}
