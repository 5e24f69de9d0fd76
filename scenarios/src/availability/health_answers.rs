//! What replicas said of their health.

use crate::{
    exchange,
    vocabulary::{Event, History, Observation},
};
use serde_json::Value;
use spec::exchange::{Answered, Body};
use std::collections::BTreeMap;

/// An answer at the operators' port.
pub(crate) struct HealthAnswer<'a> {
    /// Its record.
    pub(crate) record: usize,
    /// When it was asked for, milliseconds.
    pub(crate) asked_ms: u64,
    /// When it came, milliseconds.
    pub(crate) at_ms: u64,
    /// The replica.
    pub(crate) host: &'a str,
    /// Its body.
    pub(crate) says: &'a Value,
}

/// All of them, in the order in which they came.
pub(crate) fn health_answers(history: &History) -> Vec<HealthAnswer<'_>> {
    let mut asked: BTreeMap<u64, (u64, &str)> = BTreeMap::new();
    let mut answers = vec![];
    for (index, record) in history.records.iter().enumerate() {
        let Event::Own(Observation::Exchange(seen)) = &record.event else {
            continue;
        };
        match seen {
            exchange::Observation::Asked { number, door, request } if request.path == "/health" => {
                asked.insert(*number, (record.at_ms, door));
            }
            exchange::Observation::Answered {
                number,
                answer: Answered::With(answer),
            } => {
                let (Some((asked_ms, door)), Body::Json(says)) = (asked.remove(number), &answer.body) else {
                    continue;
                };
                answers.push(HealthAnswer {
                    record: index,
                    asked_ms,
                    at_ms: record.at_ms,
                    host: door.split(':').next().unwrap_or_default(),
                    says,
                });
            }
            _ => {}
        }
    }
    answers
}
