//! The content of one file, and the record of what was written since its last sync.

/// The size of the parts in which a disk performs a write, bytes. Any of them may be there after a power loss.
pub(crate) const SECTOR: usize = 512;

/// A file. It has one copy of its content: the newest. The record says how to go back from it to what was synced, so that
/// appending, which is most of what a write-ahead log does, costs no second copy.
#[derive(Debug, Default)]
pub(crate) struct File {
    data: Vec<u8>,
    record: Vec<Undo>,
}

#[derive(Debug)]
struct Undo {
    number: u64,
    /// The length of the file before.
    length: usize,
    change: Change,
    /// The bytes that were replaced or cut off.
    old: Vec<u8>,
}

#[derive(Debug)]
enum Change {
    Write { offset: usize, length: usize },
    Truncate { length: usize },
}

/// A change that was taken back, and may be performed again.
#[derive(Debug)]
pub(crate) struct Redo {
    /// Its number among all operations of the disk.
    pub(crate) number: u64,
    change: Change,
    new: Vec<u8>,
}

/// How much of a change is performed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Share {
    All,
    None,
    /// Any of its sectors.
    Part,
}

impl File {
    pub(crate) fn len(&self) -> usize {
        self.data.len()
    }

    pub(crate) fn data(&self) -> &[u8] {
        &self.data
    }

    pub(crate) fn unsynced(&self) -> usize {
        self.record.len()
    }

    /// The bytes from an offset, fewer than `length` if the file ends before.
    pub(crate) fn read(&self, offset: usize, length: usize) -> &[u8] {
        let from = self.data.get(offset..).unwrap_or_default();
        &from[..from.len().min(length)]
    }

    /// Writes at an offset. `number` counts the operations of the disk; without it nothing is recorded.
    pub(crate) fn write(&mut self, number: Option<u64>, offset: usize, bytes: &[u8]) {
        if let Some(number) = number {
            let end = self.data.len().min(offset + bytes.len());
            self.record.push(Undo {
                number,
                length: self.data.len(),
                change: Change::Write {
                    offset,
                    length: bytes.len(),
                },
                old: self.data.get(offset..end).unwrap_or_default().to_vec(),
            });
        }
        self.put(offset, bytes);
    }

    /// Cuts the file to a length, or extends it with zeros.
    pub(crate) fn truncate(&mut self, number: Option<u64>, length: usize) {
        if let Some(number) = number {
            self.record.push(Undo {
                number,
                length: self.data.len(),
                change: Change::Truncate { length },
                old: self.data.get(length..).unwrap_or_default().to_vec(),
            });
        }
        self.data.resize(length, 0);
    }

    /// What is there now stays.
    pub(crate) fn sync(&mut self) {
        self.record.clear();
    }

    /// Takes back everything that was not synced, and returns it, the oldest first.
    pub(crate) fn rewind(&mut self) -> Vec<Redo> {
        let mut taken_back = vec![];
        while let Some(undo) = self.record.pop() {
            let (at, new) = match undo.change {
                Change::Write { offset, length } => (offset, self.data[offset..offset + length].to_vec()),
                Change::Truncate { length } => (length, vec![]),
            };
            self.data.resize(undo.length, 0);
            if !undo.old.is_empty() {
                self.data[at..at + undo.old.len()].copy_from_slice(&undo.old);
            }
            taken_back.push(Redo {
                number: undo.number,
                change: undo.change,
                new,
            });
        }
        taken_back.reverse();
        taken_back
    }

    /// Performs a change again. `keeps` is asked for each sector if it is performed in part.
    pub(crate) fn redo(&mut self, redo: &Redo, share: Share, mut keeps: impl FnMut() -> bool) {
        match (&redo.change, share) {
            (_, Share::None) => {}
            (Change::Truncate { length }, Share::All) => self.data.resize(*length, 0),
            (Change::Truncate { length }, Share::Part) => {
                if keeps() {
                    self.data.resize(*length, 0);
                }
            }
            (Change::Write { offset, .. }, Share::All) => self.put(*offset, &redo.new),
            (Change::Write { offset, length }, Share::Part) => {
                let (mut from, end) = (*offset, offset + length);
                while from < end {
                    let to = end.min((from / SECTOR + 1) * SECTOR);
                    if keeps() {
                        self.put(from, &redo.new[from - offset..to - offset]);
                    }
                    from = to;
                }
            }
        }
    }

    fn put(&mut self, offset: usize, bytes: &[u8]) {
        let end = offset + bytes.len();
        if offset == self.data.len() {
            self.data.extend_from_slice(bytes);
            return;
        }
        if end > self.data.len() {
            self.data.resize(end, 0);
        }
        self.data[offset..end].copy_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> File {
        let mut file = File::default();
        file.write(Some(1), 0, b"0123456789");
        file.sync();
        file.write(Some(2), 8, b"abcd");
        file.truncate(Some(3), 3);
        file.write(Some(4), 5, b"xy");
        file
    }

    #[test]
    fn what_was_not_synced_is_taken_back() {
        let mut file = file();
        assert_eq!(file.data(), b"012\0\0xy");
        let redos = file.rewind();
        assert_eq!(file.data(), b"0123456789");
        assert_eq!(file.unsynced(), 0);
        for redo in &redos {
            file.redo(redo, Share::All, || unreachable!("it is not performed in part"));
        }
        assert_eq!(file.data(), b"012\0\0xy");
        assert_eq!(redos.iter().map(|redo| redo.number).collect::<Vec<_>>(), [2, 3, 4]);
    }

    #[test]
    fn each_change_can_be_lost_by_itself() {
        let mut file = file();
        let redos = file.rewind();
        file.redo(&redos[0], Share::None, || true);
        file.redo(&redos[1], Share::None, || true);
        file.redo(&redos[2], Share::All, || true);
        assert_eq!(file.data(), b"01234xy789");
    }

    #[test]
    fn a_write_is_torn_between_sectors() {
        let mut file = File::default();
        file.write(Some(1), 0, &[1; 3 * SECTOR]);
        file.sync();
        file.write(Some(2), 100, &[2; 2 * SECTOR]);
        let redos = file.rewind();
        let mut keeps = [true, false, true].into_iter();
        file.redo(&redos[0], Share::Part, || keeps.next().expect("three sectors"));
        assert_eq!(keeps.next(), None);
        let mut expected = vec![1; 3 * SECTOR];
        expected[100..SECTOR].fill(2);
        expected[2 * SECTOR..2 * SECTOR + 100].fill(2);
        assert_eq!(file.data(), expected);
    }

    #[test]
    fn reads_beyond_the_end_are_short() {
        let mut file = File::default();
        file.write(None, 0, b"abc");
        assert_eq!(file.read(1, 4), b"bc");
        assert_eq!(file.read(7, 4), b"");
        assert_eq!(file.read(0, 2), b"ab");
    }
}
