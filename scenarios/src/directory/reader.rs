//! An operator who reads the directory with the database's own tools, again and again, until the run ends.

use super::{Observation, ReminderRow};
use crate::{
    vocabulary::{Event, Observation as AnyObservation},
    world::{
        Scene,
        at_rest::{ENDS, each_value},
    },
};
use rusqlite::{Connection, OpenFlags, types::ValueRef};
use sim::world::EPOCH;
use std::{collections::BTreeMap, time::Duration};
use tokio::time::sleep;

/// Reads the directory, and again after some time, for ever. While somebody holds its lock nothing can be read.
pub(super) async fn read(scene: &Scene, who: &str, every: Duration) {
    loop {
        if let Ok(found) = look(&scene.directory) {
            scene.recorder.note(who, Event::Own(AnyObservation::Directory(found)));
        }
        sleep(every).await;
    }
}

fn look(location: &str) -> rusqlite::Result<Observation> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    let mut connection = Connection::open_with_flags(location, flags)?;
    connection.busy_timeout(Duration::ZERO)?;
    let transaction = connection.transaction()?;
    let mut ends_ms: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    each_value(&transaction, |table, column, value| {
        if let ValueRef::Integer(ms) = value
            && ENDS.contains(&column)
        {
            ends_ms.entry(table.to_owned()).or_default().push(from_start_ms(ms));
        }
    })?;
    ends_ms.values_mut().for_each(|ends| ends.sort_unstable());
    let mut reminders =
        transaction.prepare("SELECT address, due, claimed_epoch IS NOT NULL, sent FROM reminders ORDER BY due, id")?;
    let reminders = reminders.query_map([], |row| {
        Ok(ReminderRow {
            address: row.get(0)?,
            due_ms: from_start_ms(row.get(1)?),
            claimed: row.get(2)?,
            sent: row.get(3)?,
        })
    })?;
    Ok(Observation::Read {
        ends_ms,
        reminders: reminders.collect::<rusqlite::Result<_>>()?,
    })
}

fn from_start_ms(since_epoch_ms: i64) -> u64 {
    u64::try_from(since_epoch_ms)
        .unwrap_or(0)
        .saturating_sub(EPOCH.millis())
}
