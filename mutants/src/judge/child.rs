//! A process that performs runs with one mutant on.

use crate::{
    switch,
    trouble::{About, Trouble},
};
use serde::Deserialize;
use std::{
    io::{BufRead, BufReader, Write},
    ops::ControlFlow,
    path::Path,
    process::{Command, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    time::Duration,
};

/// As much address space as a process may have. A mutant that allocates without end must not take the machine with it.
const MEMORY_KIB_MAX: u64 = 8 << 20;

/// Scenarios and seeds.
pub type Runs = [(String, u64)];

/// What the judge says of one run.
#[derive(Debug, Clone, Deserialize)]
pub struct RunLine {
    /// Its scenario.
    pub scenario: String,
    /// Its seed.
    pub seed: u64,
    /// Processor time, milliseconds.
    pub cpu_ms: f64,
    /// Mutants whose places it reached: all of them while recording, else the one that is on.
    pub reached: Vec<u32>,
    /// Equal for equal runs.
    pub fingerprint: Option<String>,
    /// Ordered by simulated time.
    #[serde(default)]
    pub violations: Vec<Violated>,
    /// What the harness could not do.
    pub error: Option<String>,
}

/// A claim that did not hold.
#[derive(Debug, Clone, Deserialize)]
pub struct Violated {
    /// Which.
    pub property: String,
    /// In which way.
    #[serde(default)]
    pub reason: String,
    /// In one sentence.
    pub what: String,
}

/// How the process came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// All runs were performed, or enough of them.
    Ended,
    /// A run took too long.
    Hung,
    /// It ended by itself before its last run.
    Died(String),
}

/// How to start it.
#[derive(Debug, Clone, Copy)]
pub struct Child<'a> {
    /// The program that judges.
    pub program: &'a Path,
    /// What the switch is set to.
    pub switch: &'a str,
    /// Processor time after which the system ends it, seconds.
    pub cpu_s: u64,
    /// Real time that one run may take, seconds.
    pub run_s: u64,
}

impl Child<'_> {
    /// Performs runs one after the other, until `on_run` has seen enough.
    ///
    /// # Errors
    /// The process cannot be started, or what it says cannot be read.
    pub fn perform(&self, runs: &Runs, mut on_run: impl FnMut(RunLine) -> ControlFlow<()>) -> Result<End, Trouble> {
        let limits = format!("ulimit -v {MEMORY_KIB_MAX} -t {}; exec \"$0\" --runs", self.cpu_s);
        let mut child = Command::new("sh")
            .args(["-c", &limits])
            .arg(self.program)
            .env(switch::VARIABLE, self.switch)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .about(self.program)?;
        let text: String = runs
            .iter()
            .map(|(scenario, seed)| format!("{scenario} {seed}\n"))
            .collect();
        let mut stdin = child.stdin.take().expect("it is piped");
        let stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let (sender, lines) = mpsc::channel();
        let end = std::thread::scope(|scope| {
            // A process that is gone does not read; how it ended is asked below.
            scope.spawn(move || stdin.write_all(text.as_bytes()));
            scope.spawn(move || {
                for line in stdout.lines() {
                    if sender.send(line).is_err() {
                        break;
                    }
                }
            });
            let mut left = runs.len();
            let end = loop {
                if left == 0 {
                    break Ok(End::Ended);
                }
                match lines.recv_timeout(Duration::from_secs(self.run_s)) {
                    Ok(line) => {
                        let line = line.about(self.program)?;
                        if !line.starts_with('{') {
                            continue; // the service itself has printed it, as its console mailer does
                        }
                        let line = serde_json::from_str(&line).map_err(|error| Trouble::Unreadable {
                            path: self.program.to_owned(),
                            what: format!("it said {line:?}: {error}"),
                        })?;
                        left -= 1;
                        if on_run(line).is_break() {
                            break Ok(End::Ended);
                        }
                    }
                    Err(RecvTimeoutError::Timeout) => break Ok(End::Hung),
                    Err(RecvTimeoutError::Disconnected) => break Ok(End::Died(String::new())),
                }
            };
            if !matches!(end, Ok(End::Died(_))) {
                // It may have ended by itself meanwhile.
                let _ = child.kill();
            }
            drop(lines);
            end
        })?;
        let status = child.wait().about(self.program)?;
        Ok(match end {
            End::Died(_) => End::Died(status.to_string()),
            end => end,
        })
    }
}
