//! An operator who reads the directory with the database's own tools, again and again, until the run ends.

use super::{Observation, ReminderRow};
use crate::{
    vocabulary::{Event, Observation as AnyObservation},
    world::Scene,
};
use rusqlite::{Connection, OpenFlags, types::Value};
use sim::world::EPOCH;
use std::{collections::BTreeMap, time::Duration};
use tokio::time::sleep;

/// Reads the directory, and again after some time, for ever. While somebody holds its lock nothing can be read.
pub(super) async fn read(scene: &Scene, who: &str, every: Duration) {
    loop {
        let secrets = scene.recorder.reported().1;
        if let Ok(found) = look(&scene.directory, |text| {
            let is_secret = |secret: &str| text == secret || (secret.len() >= LONG && text.contains(secret));
            secrets
                .iter()
                .find(|(secret, _)| is_secret(secret))
                .map(|(_, kind)| *kind)
        }) {
            scene.recorder.note(who, Event::Own(AnyObservation::Directory(found)));
        }
        sleep(every).await;
    }
}

/// Shorter secrets, such as six digits, may be part of anything.
const LONG: usize = 20;

/// A column of this name says when its row ends.
const ENDS: [&str; 2] = ["expires_at", "remember_until"];

fn look(location: &str, secret: impl Fn(&str) -> Option<&'static str>) -> rusqlite::Result<Observation> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    let mut connection = Connection::open_with_flags(location, flags)?;
    connection.busy_timeout(Duration::ZERO)?;
    let transaction = connection.transaction()?;
    let mut tables = transaction.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")?;
    let tables: Vec<String> = tables
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let (mut ends_ms, mut in_clear) = (BTreeMap::new(), vec![]);
    for table in tables {
        let mut rows = transaction.prepare(&format!("SELECT * FROM \"{table}\""))?;
        let columns: Vec<String> = rows.column_names().into_iter().map(str::to_owned).collect();
        let mut ends = vec![];
        let mut rows = rows.query([])?;
        while let Some(row) = rows.next()? {
            for (n, column) in columns.iter().enumerate() {
                match row.get(n)? {
                    Value::Integer(ms) if ENDS.contains(&column.as_str()) => ends.push(from_start_ms(ms)),
                    Value::Text(text) => {
                        let kind = secret(&text).map(str::to_owned);
                        in_clear.extend(kind.map(|kind| (format!("{table}.{column}"), kind)));
                    }
                    _ => {}
                }
            }
        }
        if columns.iter().any(|column| ENDS.contains(&column.as_str())) {
            ends.sort_unstable();
            ends_ms.insert(table, ends);
        }
    }
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
        in_clear,
    })
}

fn from_start_ms(since_epoch_ms: i64) -> u64 {
    u64::try_from(since_epoch_ms)
        .unwrap_or(0)
        .saturating_sub(EPOCH.millis())
}
