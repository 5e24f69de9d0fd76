//! The folder of a sweep, written while the sweep runs: however the process ends, the results so far are stored.
//!
//! | in the folder | |
//! |---|---|
//! | `sweep.json` | what was requested and, once the sweep has ended, how it ended: [`Header`] |
//! | `runs.jsonl` | one line for each run, in the order in which they ended: [`Line`] |
//! | `failures/` | the plans of runs that failed |
//! | `report/` | pages, if there is a report |

use super::{Trouble, args::Seeds, fresh, replay_line::bug_option, shard::Shard, summary::RunSummary, tell};
use crate::{service::Service, simulator::EngineKind, suite::Suite};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
    time::Duration,
};

/// The version of the folder's files.
pub(crate) const VERSION: u32 = 3;
/// The name of the header.
pub(crate) const HEADER: &str = "sweep.json";
/// The name of the file of runs.
pub(crate) const RUNS: &str = "runs.jsonl";
/// The folder of plans.
pub(crate) const FAILURES: &str = "failures";
/// The folder of pages.
pub(crate) const REPORT: &str = "report";

/// The header of a sweep: what was requested, and how it ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Header {
    /// [`VERSION`].
    pub(crate) version: u32,
    /// The identity of the build; `None` if unknown.
    pub(crate) build: Option<String>,
    /// A hash of the program's behaviour in a sample: see [`super::identity`].
    pub(crate) behaviour: String,
    /// Time of its beginning, UTC (RFC 3339).
    pub(crate) started: String,
    /// The planted bug.
    pub(crate) bug: Option<String>,
    /// The scenarios, in the order of the table.
    pub(crate) scenarios: Vec<String>,
    /// The first seed.
    pub(crate) from: u64,
    /// The seed after the last one; `None` for a sweep by time.
    pub(crate) to: Option<u64>,
    /// How long to begin new runs, milliseconds; `None` for a sweep by seeds.
    pub(crate) lasts_ms: Option<u64>,
    /// The part of the sweep that this is.
    pub(crate) shard: Option<Shard>,
    /// Whether plans were bred from those that showed new behaviour.
    #[serde(default)]
    pub(crate) guided: bool,
    /// Whether each seed drew the kinds of people and faults.
    #[serde(default = "yes")]
    pub(crate) swarm: bool,
    /// The engine.
    #[serde(default)]
    pub(crate) engine: EngineKind,
    /// How it ended; `None` while it runs, and forever if the process was killed.
    pub(crate) ended: Option<Ended>,
}

fn yes() -> bool {
    true
}

/// The end of a sweep.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ended {
    /// `held`, `violated` or `inconclusive`.
    pub(crate) conclusion: String,
    /// Whether it was interrupted.
    pub(crate) interrupted: bool,
    /// Number of runs.
    pub(crate) runs: usize,
    /// Duration, real time.
    pub(crate) wall_seconds: f64,
}

impl Header {
    /// The scenarios and seeds, in a clause.
    pub(crate) fn what(&self) -> String {
        match (self.to, self.lasts_ms) {
            (None, Some(lasts_ms)) => {
                let lasts = for_people(Duration::from_millis(lasts_ms));
                format!("for {lasts} from seed {}", self.from)
            }
            (to, _) => format!(
                "seeds {}",
                Seeds {
                    from: self.from,
                    to: to.unwrap_or(self.from)
                }
            ),
        }
    }

    /// The options that selected the runs, for typing them again.
    pub(crate) fn options<S: Service>(&self, suite: &Suite<S>) -> String {
        let bug = self.bug.as_deref().and_then(|bug| suite.find_bug(bug).ok());
        let usual: Vec<&str> = match bug {
            Some(bug) => vec![bug.scenario],
            None => suite.scenarios().iter().map(|scenario| scenario.name()).collect(),
        };
        let mut text = String::new();
        if self.scenarios != usual {
            for name in &self.scenarios {
                text.push_str(&format!(" --scenario {name}"));
            }
        }
        text.push_str(&bug_option(self.bug.as_deref()));
        if self.engine == EngineKind::Turmoil {
            text.push_str(" --engine turmoil");
        } else if !self.guided && self.shard.is_none() {
            text.push_str(" --no-guidance");
        }
        if !self.swarm {
            text.push_str(" --no-swarm");
        }
        text
    }
}

/// One run, as a line of JSON.
#[derive(Serialize)]
pub(crate) struct Line<'a> {
    /// The identity of the build, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) build: Option<&'a str>,
    #[serde(flatten)]
    pub(crate) run: &'a RunSummary,
    /// Processor time, milliseconds.
    pub(crate) cpu_ms: u64,
    /// Its behaviours, for the report of a merged sweep; see [`crate::guidance::signature`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) behaviours: Option<&'a [u32]>,
}

impl Line<'_> {
    /// Writes the line with one call, so that a process that is killed tears at most the last line.
    pub(crate) fn write(&self, to: &mut impl Write) -> std::io::Result<()> {
        let mut text = serde_json::to_vec(self).expect("a summary is numbers and text");
        text.push(b'\n');
        to.write_all(&text)?;
        to.flush()
    }
}

/// The folder of a running sweep.
#[derive(Debug)]
pub(crate) struct SweepFolder {
    folder: PathBuf,
    header: Header,
    runs: File,
}

impl SweepFolder {
    /// Creates a folder: `asked`, or one under `under` that is named by the time, in which case `latest` points to it.
    ///
    /// # Errors
    /// The error of the file system, or that the folder already has a sweep.
    pub(crate) fn create(asked: Option<&Path>, under: &Path, header: Header) -> Result<SweepFolder, Trouble> {
        let folder = match asked {
            Some(folder) => empty(folder)?,
            None => named_by_time(under)?,
        };
        write_header(&folder, &header)?;
        let file = folder.join(RUNS);
        let runs = File::create_new(&file).map_err(|error| cannot("write", &file, &error))?;
        if asked.is_none() {
            point_latest(under, &folder);
        }
        Ok(SweepFolder { folder, header, runs })
    }

    /// The path of the folder.
    pub(crate) fn path(&self) -> &Path {
        &self.folder
    }

    /// The header.
    pub(crate) fn header(&self) -> &Header {
        &self.header
    }

    /// Adds a run.
    ///
    /// # Errors
    /// The error of the file system.
    pub(crate) fn add(&mut self, run: &RunSummary, cpu_ms: u64) -> Result<(), Trouble> {
        let behaviours = Some(run.behaviours.as_slice());
        let line = Line {
            build: self.header.build.as_deref(),
            run,
            cpu_ms,
            behaviours,
        };
        line.write(&mut self.runs)
            .map_err(|error| cannot("write", &self.folder.join(RUNS), &error))
    }

    /// Records how the sweep ended.
    ///
    /// # Errors
    /// The error of the file system.
    pub(crate) fn end(&mut self, ended: Ended) -> Result<(), Trouble> {
        self.header.ended = Some(ended);
        write_header(&self.folder, &self.header)
    }
}

fn cannot(what: &str, file: &Path, error: &std::io::Error) -> Trouble {
    Trouble(format!("cannot {what} {}: {error}", file.display()))
}

/// Writes the header under another name and then moves it to its place, so that a reader finds the old one or the new
/// one.
fn write_header(folder: &Path, header: &Header) -> Result<(), Trouble> {
    let (file, draft) = (folder.join(HEADER), folder.join(format!("{HEADER}.new")));
    let text = serde_json::to_string_pretty(header).expect("a header is numbers and text");
    fs::write(&draft, format!("{text}\n"))
        .and_then(|()| fs::rename(&draft, &file))
        .map_err(|error| cannot("write", &file, &error))
}

/// Makes a folder that the user named, and checks that it is empty.
pub(crate) fn empty(folder: &Path) -> Result<PathBuf, Trouble> {
    let wrong = |what: &str| Trouble(format!("--out: {} {what}", folder.display()));
    fs::create_dir_all(folder).map_err(|error| wrong(&format!("cannot be made: {error}")))?;
    let mut entries = fs::read_dir(folder).map_err(|error| wrong(&format!("cannot be read: {error}")))?;
    if folder.join(HEADER).exists() {
        return Err(wrong("holds a sweep, which is left as it is; name another folder"));
    }
    match entries.next() {
        Some(_) => Err(wrong("is not empty, and is left as it is; name another folder")),
        None => Ok(folder.to_owned()),
    }
}

fn named_by_time(under: &Path) -> Result<PathBuf, Trouble> {
    fs::create_dir_all(under).map_err(|error| cannot("make the folder", under, &error))?;
    let time = fresh::utc().format("%Y-%m-%dT%H-%M-%SZ").to_string();
    for nth in 1.. {
        let folder = under.join(match nth {
            1 => time.clone(),
            nth => format!("{time}-{nth}"),
        });
        match fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(cannot("make the folder", &folder, &error)),
        }
    }
    unreachable!("some number is free")
}

/// Makes `latest` point to the newest sweep, if the system has symbolic links.
fn point_latest(under: &Path, folder: &Path) {
    #[cfg(unix)]
    if let Some(name) = folder.file_name() {
        let draft = under.join(format!(".latest-{}", std::process::id()));
        let pointed = std::os::unix::fs::symlink(name, &draft).and_then(|()| fs::rename(&draft, under.join("latest")));
        if let Err(error) = pointed {
            let _ = fs::remove_file(&draft);
            tell(format!(
                "{} does not point to this sweep: {error}",
                under.join("latest").display()
            ));
        }
    }
    #[cfg(not(unix))]
    let _ = (under, folder);
}

/// A duration as text: `90 s`, `10 min`.
fn for_people(lasts: Duration) -> String {
    match lasts.as_secs() {
        0 => format!("{} ms", lasts.as_millis()),
        secs @ 1..120 => format!("{secs} s"),
        secs => format!("{} min", secs / 60),
    }
}
