//! What is claimed of the box office, and the stories in which it must hold.

use crate::world::{Behaviour, BoxOffice, Op};
use sim::prelude::*;

/// An answer that never came proves nothing: only two people who were told that the seat is theirs do.
struct SeatSoldOnce;

impl Property<BoxOffice> for SeatSoldOnce {
    fn claim(&self) -> String {
        "a seat is sold at most once".into()
    }

    fn check(&self, evidence: &Evidence<'_, BoxOffice>) -> Result<(), Violation> {
        let sold = evidence.history.succeeded();
        evidence.judged(sold.iter().count());
        sold.no_two_share(|Op::Buy { seat }| Some(seat))
    }
}

pub(crate) fn rush() -> Scenario<BoxOffice> {
    Scenario::new("rush", "everybody wants the same few seats at once")
        .workload(buyers(40, 8, 30).every(ms(20)))
        .always(SeatSoldOnce)
        .eventually(Succeeds::within(secs(2)).or_refused("sold"))
        .sometimes("somebody came too late", marks::refused_with("sold"))
        .lasts(secs(10))
}

pub(crate) fn failover_in_mid_sale() -> Scenario<BoxOffice> {
    let faults = Faults::new()
        .at(secs(8)..secs(9), cut("redis-1", "redis-2"))
        .then(ms(300)..secs(1), kill("redis-1"))
        .heal_at(secs(25));
    Scenario::new("failover_in_mid_sale", "the Redis master dies in mid-sale")
        .workload(buyers(60, 30, 0).from(secs(6)).every(ms(150)))
        .workload(buyers(10, 40, 0).from(secs(50)).every(ms(500)))
        .faults(faults)
        .always(SeatSoldOnce)
        .eventually(Succeeds::within(secs(5)).or_refused("sold"))
        .sometimes("the master was replaced", marks::master_replaced)
        .sometimes("the ledger knew better", marks::marked("the ledger knew better"))
        .lasts(secs(65))
}

pub(crate) fn swarm() -> Scenario<BoxOffice> {
    let swarm = Swarm::new()
        .background(&[|dice, few| vec![buyers(10 * few, 20, 20).every(ms(dice.pick(&[50, 300, 1000])))]])
        .after_healing(&[|_, _| vec![buyers(10, 30, 0)]]);
    Scenario::new("swarm", "anything breaks, and then everything heals")
        .swarm(swarm)
        .always(SeatSoldOnce)
        .eventually(Succeeds::within(secs(5)).settling(secs(45)).or_refused("sold"))
        .sometimes("a fault hit somebody", marks::fault_hit_somebody)
        .sometimes("the master was replaced", marks::master_replaced)
}

/// Each wants one of the first so many seats; so many of a hundred press the button twice.
fn buyers(people: usize, seats: u64, impatient_percent: u64) -> Workload<BoxOffice> {
    Workload::people_each(people, move |dice| {
        let seat = dice.between(1, seats);
        match dice.chance(impatient_percent) {
            true => Behaviour::BuyTwiceAtOnce { seat },
            false => Behaviour::Buy { seat },
        }
    })
}
