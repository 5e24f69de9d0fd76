//! Planted bugs: wrong ways to keep seats. Production has no switch for them.

use crate::{desk::Seats, in_redis::InRedis, world::BoxOffice};
use async_trait::async_trait;
use redis::cmd;
use sim::prelude::*;

pub(crate) const REDIS_ALONE: PlantedBug<BoxOffice> = PlantedBug {
    name: "redis_alone",
    title: "Redis has the last word on whether a seat is sold: there is no ledger",
    covers: &[],
    scenario: "failover_in_mid_sale",
    detected_by: "SeatSoldOnce",
    bug: |redis| Arc::new(redis),
};

pub(crate) const GET_THEN_SET: PlantedBug<BoxOffice> = PlantedBug {
    name: "get_then_set",
    title: "a seat is looked up with GET and taken with the SET that follows, and there is no ledger",
    covers: &[],
    scenario: "rush",
    detected_by: "SeatSoldOnce",
    bug: |redis| Arc::new(GetThenSet(redis)),
};

struct GetThenSet(InRedis);

#[async_trait]
impl Seats for GetThenSet {
    async fn sell(&self, seat: u64) -> Outcome<bool> {
        let key = format!("seat:{seat}");
        let found: Option<String> = self.0.ask(cmd("GET").arg(&key)).await?;
        if found.is_none() {
            let () = self.0.ask(cmd("SET").arg(&key).arg("sold")).await?;
        }
        Ok(found.is_none())
    }
}
