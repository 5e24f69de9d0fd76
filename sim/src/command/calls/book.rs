//! The file of a sweep of calls: what was asked for, then one line a run. A sweep that was stopped goes on from it, and
//! shards are put together from theirs.

use super::super::{Trouble, shard::Shard};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    io::Write,
    path::Path,
};

/// The version of the file.
pub(super) const VERSION: u32 = 1;

/// What a sweep of calls was asked for, and what its stories do in calm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    /// [`VERSION`].
    pub(super) version: u32,
    /// See [`super::super::identity`].
    pub(super) build: String,
    /// The planted bug.
    pub(super) bug: Option<String>,
    /// Each story and seed.
    pub(super) stories: Vec<StoryLine>,
    /// How many runs were drawn from all, and from which seed; `None`: all.
    pub(super) sample: Option<(usize, u64)>,
    /// How many pairs.
    pub(super) pairs: usize,
    /// Which part this is.
    pub(super) shard: Option<Shard>,
    /// How many runs this part has, pairs not included.
    pub(super) runs: usize,
}

/// One story at a seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoryLine {
    pub(super) scenario: String,
    pub(super) seed: u64,
    /// How many of its calls are struck.
    pub(super) calls: usize,
    /// The names of all calls that it makes in calm.
    pub(super) reached: BTreeSet<String>,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Line {
    pub(super) scenario: String,
    pub(super) seed: u64,
    /// What was struck, and how.
    pub(super) what: String,
    /// The calls that were struck, by name.
    pub(super) calls: Vec<String>,
    pub(super) broke: Vec<Broken>,
    /// What the harness could not do.
    pub(super) error: Option<String>,
    /// Whether a fault was not injected, for its call was not made.
    pub(super) missed: bool,
    /// Calls that nobody makes in calm.
    pub(super) also_reached: BTreeSet<String>,
    /// What it did that others may not have done: see [`crate::guidance::signature`].
    pub(super) behaviours: Vec<u32>,
    pub(super) fingerprint: Option<String>,
    /// The plan of a run that failed, as a file.
    pub(super) plan: Option<String>,
    pub(super) cpu_ms: u64,
}

/// A claim that did not hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Broken {
    pub(super) property: String,
    pub(super) reason: String,
    pub(super) what: String,
}

impl Line {
    /// What no two runs of a sweep share.
    pub(super) fn key(&self) -> (String, u64, String) {
        (self.scenario.clone(), self.seed, self.what.clone())
    }
}

/// A sweep as its file has it.
pub(super) struct Stored {
    pub(super) header: Header,
    pub(super) lines: Vec<Line>,
    /// How much of the file was written whole, bytes: a process that was killed may have torn the last line.
    whole: usize,
}

/// Reads a file.
///
/// # Errors
/// What is wrong, where, and what to do.
pub(super) fn read(file: &Path) -> Result<Stored, Trouble> {
    let bytes = fs::read(file).map_err(|error| Trouble(format!("cannot read {}: {error}", file.display())))?;
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let mut rows = bytes[..whole]
        .split(|byte| *byte == b'\n')
        .filter(|row| !row.is_empty());
    let header = rows.next().ok_or_else(|| {
        let file = file.display();
        Trouble(format!(
            "{file} is no sweep of calls: it is empty. Remove it, or name another file"
        ))
    })?;
    Ok(Stored {
        header: parse(header, file, 1)?,
        lines: rows
            .zip(2..)
            .map(|(row, number)| parse(row, file, number))
            .collect::<Result<_, _>>()?,
        whole,
    })
}

fn parse<T: DeserializeOwned>(row: &[u8], file: &Path, number: usize) -> Result<T, Trouble> {
    serde_json::from_slice(row).map_err(|error| {
        let file = file.display();
        Trouble(format!(
            "{file} is no sweep of calls of this version: line {number}: {error}. Name another file"
        ))
    })
}

/// A file that is being written.
pub(super) struct Book(Option<File>);

impl Book {
    /// A new file, or one of the same sweep that was stopped, whose runs are returned. No file: nothing is kept.
    ///
    /// # Errors
    /// What the file system said, or that the file is of another sweep.
    pub(super) fn open(file: Option<&Path>, header: &Header) -> Result<(Book, Vec<Line>), Trouble> {
        let Some(file) = file else {
            return Ok((Book(None), vec![]));
        };
        let cannot = |error| Trouble(format!("--out: cannot write {}: {error}", file.display()));
        if !file.exists() {
            let mut book = Book(Some(File::create_new(file).map_err(cannot)?));
            book.write(header).map_err(cannot)?;
            return Ok((book, vec![]));
        }
        if !file.is_file() {
            return Err(Trouble(format!(
                "--out: {} is no file; name a file, new or of the same sweep",
                file.display()
            )));
        }
        let stored = read(file)?;
        if stored.header != *header {
            let file = file.display();
            return Err(Trouble(format!(
                "--out: {file} is of another sweep (another build, other stories, seeds, sample or shard), and is left as it \
                 is; name another file"
            )));
        }
        let open = OpenOptions::new().append(true).open(file).map_err(cannot)?;
        open.set_len(stored.whole as u64).map_err(cannot)?;
        Ok((Book(Some(open)), stored.lines))
    }

    /// Writes a run down.
    ///
    /// # Errors
    /// What the file system said.
    pub(super) fn add(&mut self, line: &Line) -> std::io::Result<()> {
        self.write(line)
    }

    /// In one piece, so that a process that is killed tears the last line at most.
    fn write(&mut self, row: &impl Serialize) -> std::io::Result<()> {
        let Some(file) = &mut self.0 else { return Ok(()) };
        let mut text = serde_json::to_vec(row).expect("a line is numbers and text");
        text.push(b'\n');
        file.write_all(&text)?;
        file.flush()
    }
}

/// Puts the shards of one sweep together.
///
/// # Errors
/// They are not all shards of one sweep, each once and whole.
pub(super) fn merge(parts: Vec<(String, Stored)>) -> Result<(Header, Vec<Line>), Trouble> {
    let mut parts = parts.into_iter();
    let (first, whole) = parts.next().expect("clap asks for one file at least");
    let of = whole.header.shard.map_or(1, |shard| shard.of);
    let mut seen = BTreeSet::new();
    let (mut header, mut lines) = (
        Header {
            shard: None,
            runs: 0,
            ..whole.header.clone()
        },
        vec![],
    );
    for (file, part) in std::iter::once((first.clone(), whole)).chain(parts) {
        let same = Header {
            shard: None,
            runs: 0,
            ..part.header.clone()
        };
        if (same, part.header.shard.map_or(1, |shard| shard.of))
            != (
                Header {
                    runs: 0,
                    ..header.clone()
                },
                of,
            )
        {
            return Err(Trouble(format!(
                "{file} and {first} are not of one sweep: another build, other stories, seeds or samples, or another number of \
                 shards"
            )));
        }
        let index = part.header.shard.map_or(1, |shard| shard.index);
        if !seen.insert(index) {
            return Err(Trouble(format!(
                "{file} is shard {index}/{of}, which was named already"
            )));
        }
        if part.lines.len() < part.header.runs {
            return Err(Trouble(format!(
                "{file} has {} of its {} runs: go on with the same command and --out {file}",
                part.lines.len(),
                part.header.runs
            )));
        }
        header.runs += part.header.runs;
        lines.extend(part.lines);
    }
    match (1..=of).find(|index| !seen.contains(index)) {
        None => Ok((header, lines)),
        Some(missing) => Err(Trouble(format!("shard {missing}/{of} is missing"))),
    }
}
