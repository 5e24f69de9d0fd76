//! Snapshots: SAVE, BGSAVE, save points, LASTSAVE. A snapshot is taken at once; later writes are not in
//! it, and are lost at a restart.

use super::client::Client;
use super::config::{Moment, PersistenceMode};
use super::keyspace::{Context, SYNTAX, is_one_of};
use super::node::Node;
use super::number::parse_int;
use super::resp::{Args, Reply};

/// SAVE, BGSAVE and BGREWRITEAOF.
pub(super) fn save(node: &mut Node, _: &mut Client, args: &Args, ctx: Context) -> Reply {
    match ctx.name {
        "bgrewriteaof" => {
            // The file is stored as the data that it would load: there is nothing to rewrite.
            Reply::simple("Background append only file rewriting started")
        }
        "save" => {
            node.snapshot(ctx.now);
            Reply::OK
        }
        _ if args.len() > 2 || args.get(1).is_some_and(|word| !is_one_of(word, &["SCHEDULE"])) => Reply::error(SYNTAX),
        _ => {
            node.snapshot(ctx.now);
            Reply::simple("Background saving started")
        }
    }
}

pub(super) fn lastsave(node: &mut Node, _: &mut Client, _: &Args, _: Context) -> Reply {
    Reply::Int(node.saved_at_s)
}

impl Node {
    fn snapshot(&mut self, now: Moment) {
        self.disk.lock().snapshot = self.data.clone();
        self.dirty = 0;
        self.saved_at_s = now.unix_s();
    }

    /// FLUSHALL with save points saves at once (flushallCommand).
    pub(super) fn save_emptiness(&mut self, ctx: Context) {
        if matches!(self.config.persistence, PersistenceMode::Rdb { .. }) {
            self.snapshot(ctx.now);
        }
    }

    /// Takes a snapshot if one is due; returns when to check again. Redis checks ten times a second.
    pub(super) fn save_if_due(&mut self, now: Moment) -> Option<u64> {
        let PersistenceMode::Rdb { after_s, changes } = self.config.persistence else {
            return None;
        };
        if self.dirty < changes.max(1) {
            return None;
        }
        let since_s = now.unix_s() - self.saved_at_s;
        if since_s > after_s as i64 {
            self.snapshot(now);
            return None;
        }
        // Checked again after a second at the latest, because the wall clock may jump.
        Some(self.cron_turn_after(now.mono_ms + 1000))
    }

    /// After a full resynchronisation: replaces what is on the disk, as synced.
    pub(super) fn rewrite_disk(&mut self) {
        let mut disk = self.disk.lock();
        match self.config.persistence {
            PersistenceMode::None => {}
            // The file from the master is the snapshot from now on.
            PersistenceMode::Rdb { .. } => disk.snapshot = self.data.clone(),
            PersistenceMode::Aof => {
                disk.durable = self.data.clone();
                disk.written.clear();
            }
        }
    }

    /// CONFIG SET appendonly.
    pub(super) fn append_only(&mut self, on: bool) {
        match (on, self.config.persistence) {
            (true, PersistenceMode::Aof) => {}
            (true, _) => {
                self.config.persistence = PersistenceMode::Aof;
                self.rewrite_disk();
            }
            (false, PersistenceMode::Aof) => self.config.persistence = PersistenceMode::None,
            (false, _) => {}
        }
    }

    /// CONFIG SET save: no save point, or one (the last, if several are given).
    pub(super) fn save_points(&mut self, value: &[u8]) -> Result<(), String> {
        let words: Vec<&[u8]> = value
            .split(u8::is_ascii_whitespace)
            .filter(|word| !word.is_empty())
            .collect();
        let numbers: Option<Vec<u64>> = words
            .iter()
            .map(|word| parse_int(word).and_then(|n| u64::try_from(n).ok()))
            .collect();
        let point = match numbers.as_deref() {
            Some([]) => None,
            Some([.., after_s, changes]) if words.len().is_multiple_of(2) => Some((*after_s, *changes)),
            _ => return Err("Invalid save parameters".into()),
        };
        self.config.persistence = match (point, self.config.persistence) {
            (_, PersistenceMode::Aof) => PersistenceMode::Aof,
            (Some((after_s, changes)), _) => PersistenceMode::Rdb { after_s, changes },
            (None, _) => PersistenceMode::None,
        };
        Ok(())
    }
}
