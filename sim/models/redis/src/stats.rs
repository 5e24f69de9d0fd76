//! The counters of INFO's sections stats, commandstats and errorstats.

use super::command::Spec;
use super::keyspace::Context;
use super::resp::{Args, Reply};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Longest code of an error; a longer first word is counted as ERR (afterErrorReply).
const CODE_BYTES_MAX: usize = 31;

/// How often a command came.
#[derive(Debug, Default)]
struct Calls {
    executed: u64,
    /// Refused before it was executed.
    rejected: u64,
    /// Executed, with an error.
    failed: u64,
}

/// Counters since the boot, or since CONFIG RESETSTAT.
#[derive(Debug, Default)]
pub(super) struct Stats {
    pub(super) connections: u64,
    pub(super) input_bytes: u64,
    pub(super) output_bytes: u64,
    pub(super) replication_output_bytes: u64,
    pub(super) full_syncs: u64,
    pub(super) partial_syncs: u64,
    pub(super) refused_partial_syncs: u64,
    pub(super) expired_keys: u64,
    pub(super) evicted_keys: u64,
    pub(super) hits: u64,
    pub(super) misses: u64,
    /// Commands executed, those of transactions and scripts included.
    pub(super) executed: u64,
    pub(super) errors: u64,
    /// `errors` when the last command ended: what has been added since belongs to the current one.
    attributed: u64,
    /// The errors in the reply of the current script have been counted, some of them when a command of the script failed.
    pub(super) script_errors_are_counted: bool,
    commands: BTreeMap<(&'static str, &'static str), Calls>,
    codes: BTreeMap<String, u64>,
}

fn has_error(reply: &Reply) -> bool {
    match reply {
        Reply::Error(_) => true,
        Reply::Array(items) | Reply::Set(items) => items.iter().any(has_error),
        Reply::Map(pairs) => pairs.iter().any(|(key, value)| has_error(key) || has_error(value)),
        _ => false,
    }
}

impl Stats {
    /// A key was looked up.
    pub(super) fn looked_up(&mut self, found: bool, ctx: Context) {
        if ctx.reads {
            *if found { &mut self.hits } else { &mut self.misses } += 1;
        }
    }

    /// An error reply.
    pub(super) fn error(&mut self, text: &str) {
        self.errors += 1;
        let code = text.split_once(' ').map(|(code, _)| code);
        let code = code.filter(|code| code.len() <= CODE_BYTES_MAX).unwrap_or("ERR");
        match self.codes.get_mut(code) {
            Some(count) => *count += 1,
            None => {
                self.codes.insert(code.to_owned(), 1);
            }
        }
    }

    /// A command was refused with this error.
    pub(super) fn rejected(&mut self, spec: &Spec, args: &Args, text: &str) {
        self.error(text);
        let calls = self.of(spec, args);
        if let Some(calls) = calls {
            calls.rejected += 1;
        }
    }

    /// A command begins.
    pub(super) fn begins(&mut self) {
        self.attributed = self.errors;
    }

    /// A command has been executed, with this reply. A transaction does not fail because one of its commands does; a script
    /// fails with what it returns.
    pub(super) fn ends(&mut self, spec: &Spec, args: &Args, reply: &Reply) {
        let failed = match spec.name.starts_with("eval") {
            true => has_error(reply),
            false => self.errors > self.attributed,
        };
        self.attributed = self.errors;
        self.executed += 1;
        if let Some(calls) = self.of(spec, args) {
            calls.executed += 1;
            calls.failed += u64::from(failed);
        }
    }

    /// The counters of a command, or of its subcommand; `None` if there is no such subcommand.
    fn of(&mut self, spec: &Spec, args: &Args) -> Option<&mut Calls> {
        let word = args.get(1).filter(|_| !spec.subcommands.is_empty());
        let is = |name: &str, word: &[u8]| word.eq_ignore_ascii_case(name.as_bytes());
        let subcommand = match word {
            None => "",
            Some(word) => spec.subcommands.iter().find(|(name, _)| is(name, word))?.0,
        };
        Some(self.commands.entry((spec.name, subcommand)).or_default())
    }

    /// INFO commandstats. The model's commands take no time.
    pub(super) fn command_lines(&self) -> String {
        let mut text = String::new();
        for ((name, subcommand), calls) in &self.commands {
            let bar = if subcommand.is_empty() { "" } else { "|" };
            let Calls {
                executed,
                rejected,
                failed,
            } = calls;
            // Writing to a String cannot fail.
            let _ = write!(
                text,
                "cmdstat_{name}{bar}{subcommand}:calls={executed},usec=0,usec_per_call=0.00,rejected_calls={rejected},failed_calls={failed}\r\n"
            );
        }
        text
    }

    /// INFO errorstats.
    pub(super) fn error_lines(&self) -> String {
        let lines = self.codes.iter();
        lines
            .map(|(code, count)| format!("errorstat_{code}:count={count}\r\n"))
            .collect()
    }
}
