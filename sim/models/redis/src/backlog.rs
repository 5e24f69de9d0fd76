//! A node's position in the history of writes: replication IDs, offsets and the backlog.

use bytes::{Bytes, BytesMut};

/// The most recent bytes of the replication stream.
#[derive(Debug, Clone)]
pub(super) struct Backlog {
    bytes: BytesMut,
    /// Offset of the first byte kept.
    first: u64,
    capacity: usize,
}

impl Backlog {
    /// An empty backlog of a node that has reached `offset`.
    pub(super) fn new(capacity: usize, offset: u64) -> Backlog {
        Backlog {
            bytes: BytesMut::new(),
            first: offset + 1,
            capacity,
        }
    }

    /// Appends, dropping the oldest bytes beyond the capacity.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.trim();
    }

    /// Changes the capacity (`repl-backlog-size`).
    pub(super) fn resize(&mut self, capacity: usize) {
        self.capacity = capacity;
        self.trim();
    }

    fn trim(&mut self) {
        let excess = self.bytes.len().saturating_sub(self.capacity);
        if excess > 0 {
            let _forgotten = self.bytes.split_to(excess);
            self.first += excess as u64;
        }
    }

    /// Everything from `offset` on; `None` if that has been dropped or has not been written yet.
    pub(super) fn since(&self, offset: u64) -> Option<Bytes> {
        let skip = offset.checked_sub(self.first)?;
        (skip <= self.bytes.len() as u64).then(|| Bytes::copy_from_slice(&self.bytes[skip as usize..]))
    }

    /// Offset of the first byte kept, and how many there are.
    pub(super) fn extent(&self) -> (u64, usize) {
        (self.first, self.bytes.len())
    }
}

/// A history, and this node's position in it.
#[derive(Debug, Clone)]
pub(super) struct History {
    /// Replication ID: 40 hexadecimal digits.
    pub(super) id: String,
    /// Bytes of the stream applied (or, on a master, produced).
    pub(super) offset: u64,
    /// The history that this one continues: that of the master before.
    pub(super) id2: Option<String>,
    /// First offset *not* shared with `id2` ("second_repl_offset").
    pub(super) second_offset: u64,
    /// Recent bytes. A master that never had a replica keeps none and does not count its writes.
    pub(super) backlog: Option<Backlog>,
}

impl History {
    /// A new history, at its start.
    pub(super) fn new(id: String) -> History {
        History {
            id,
            offset: 0,
            id2: None,
            second_offset: 0,
            backlog: None,
        }
    }

    /// Begins a new history at the current offset: a promotion. Replicas of the old history may continue if they have
    /// nothing beyond this point.
    pub(super) fn shift(&mut self, id: String) {
        self.id2 = Some(std::mem::replace(&mut self.id, id));
        self.second_offset = self.offset + 1;
    }

    /// Appends to the stream.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.offset += bytes.len() as u64;
        if let Some(backlog) = &mut self.backlog {
            backlog.push(bytes);
        }
    }

    /// What a replica that has `id` up to before `offset` is missing. `None`: it needs everything,
    /// because its history is not ours, or diverged from ours, or is too far back
    /// (masterTryPartialResync in replication.c).
    pub(super) fn missing(&self, id: &str, offset: u64) -> Option<Bytes> {
        let ours = id.eq_ignore_ascii_case(&self.id);
        let before =
            self.id2.as_deref().is_some_and(|id2| id.eq_ignore_ascii_case(id2)) && offset <= self.second_offset;
        if !ours && !before {
            return None;
        }
        self.backlog.as_ref()?.since(offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history() -> History {
        let mut history = History::new("a".repeat(40));
        history.backlog = Some(Backlog::new(8, 0));
        history.push(b"12345678");
        history
    }

    #[test]
    fn an_overrun_backlog_means_everything() {
        let mut history = history();
        let id = history.id.clone();
        assert_eq!(history.missing(&id, 1).as_deref(), Some(&b"12345678"[..]));
        history.push(b"9");
        assert_eq!(history.missing(&id, 1), None);
        assert_eq!(history.missing(&id, 2).as_deref(), Some(&b"23456789"[..]));
        assert_eq!(history.missing(&id, 10).as_deref(), Some(&b""[..]));
        assert_eq!(history.missing(&id, 11), None, "that has not happened yet");
    }

    #[test]
    fn after_a_promotion_one_extra_write_is_one_too_many() {
        let mut history = history();
        let old = history.id.clone();
        history.shift("b".repeat(40));
        history.push(b"x");
        assert_eq!(
            history.missing(&old, 9).as_deref(),
            Some(&b"x"[..]),
            "the old master had nothing more"
        );
        assert_eq!(
            history.missing(&old, 10),
            None,
            "the old master had written one byte more"
        );
    }
}
