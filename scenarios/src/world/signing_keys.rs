//! Signing keys in the directory, and what somebody has done to them.

use super::directory::SharedDirectory;
use crate::directory::Damage;
use model_disk::{transaction_begins, wait_for_syncs};
use rusqlite::{Connection, params};

/// A row of the table before it was damaged.
pub(super) struct Sound {
    kid: String,
    alg: String,
    pkcs8: Vec<u8>,
}

impl SharedDirectory {
    /// Damages a signing key, or puts back what it was. False if that must wait, because somebody writes.
    pub(crate) fn damage_key(&self, damage: Option<Damage>) -> bool {
        let lock = self.lock();
        let held = lock.held();
        held.connection.is_autocommit() && wait_for_syncs(|| self.change_key(&held.connection, damage)).is_ok()
    }

    /// Whether there is a key for RS256, whatever can be made of it.
    pub(crate) fn has_rsa_key(&self) -> bool {
        let lock = self.lock();
        let held = lock.held();
        let mut keys = held
            .connection
            .prepare("SELECT 1 FROM signing_keys WHERE alg = 'RS256'");
        keys.as_mut().is_ok_and(|keys| keys.exists([]).unwrap_or(false))
    }

    fn change_key(&self, connection: &Connection, damage: Option<Damage>) -> rusqlite::Result<()> {
        let mut sound = self.sound_key();
        if let Some(before) = &*sound {
            put_back(connection, before)?;
            *sound = None;
        }
        if let Some(damage) = damage {
            *sound = Some(cut(connection, damage)?);
        }
        Ok(())
    }
}

/// Damages a key, and says what it was.
fn cut(connection: &Connection, damage: Damage) -> rusqlite::Result<Sound> {
    let alg = match damage {
        Damage::Es256 | Damage::Unknown => "ES256",
        Damage::Rs256 => "RS256",
    };
    let sound = connection.query_row(
        "SELECT kid, alg, pkcs8 FROM signing_keys WHERE alg = ?1",
        [alg],
        |row| {
            Ok(Sound {
                kid: row.get(0)?,
                alg: row.get(1)?,
                pkcs8: row.get(2)?,
            })
        },
    )?;
    let (alg, bytes) = match damage {
        Damage::Es256 | Damage::Rs256 => (alg, &sound.pkcs8[..sound.pkcs8.len() / 2]),
        Damage::Unknown => ("ES999", &*sound.pkcs8),
    };
    write(connection, &sound.kid, alg, bytes)?;
    Ok(sound)
}

fn put_back(connection: &Connection, sound: &Sound) -> rusqlite::Result<()> {
    write(connection, &sound.kid, &sound.alg, &sound.pkcs8)
}

fn write(connection: &Connection, kid: &str, alg: &str, pkcs8: &[u8]) -> rusqlite::Result<()> {
    transaction_begins();
    let statement = "UPDATE signing_keys SET alg = ?2, pkcs8 = ?3 WHERE kid = ?1";
    connection.execute(statement, params![kid, alg, pkcs8]).map(drop)
}
