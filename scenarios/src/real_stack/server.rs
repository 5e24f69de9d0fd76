//! A replica as a process of its own: what it prints, and what it logs.

use crate::vocabulary::{LogLine, Recorder};
use crate::world::{Inboxes, hosts, mail};
use chrono::DateTime;
use conformance::{Unavailable, process::Process};
use sim::testbed::signal;
use std::{
    fs::{self, File},
    net::{Ipv4Addr, TcpStream},
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};
use tokio::time::sleep;

/// Between two looks at what is printed.
const LOOKS: Duration = Duration::from_millis(5);

/// The program with the login service, as the operator's command line starts it.
pub(super) struct Server {
    name: &'static str,
    process: Process,
    program: PathBuf,
    options: Vec<String>,
    printed: PathBuf,
    logged: PathBuf,
}

fn broken(why: impl std::fmt::Display) -> Unavailable {
    Unavailable::broken("the login service", why)
}

impl Server {
    /// Starts a replica of this name. `program` is `squall`, whose command `idp` is the program `idp`.
    ///
    /// # Errors
    /// It cannot be started.
    pub(super) fn start(
        program: &Path,
        name: &'static str,
        folder: &Path,
        options: &[String],
    ) -> Result<Server, Unavailable> {
        let [printed, logged] = ["out", "log"].map(|kind| folder.join(format!("{name}.{kind}")));
        for file in [&printed, &logged] {
            File::create(file).map_err(broken)?;
        }
        Ok(Server {
            name,
            process: process(program, name, options, [&printed, &logged])?,
            program: program.to_owned(),
            options: options.to_vec(),
            printed,
            logged,
        })
    }

    /// SIGTERM.
    ///
    /// # Errors
    /// It has gone.
    pub(super) fn ask_to_end(&self) -> Result<(), Unavailable> {
        signal(self.process.id(), "TERM").map_err(broken)
    }

    /// How it has ended, if it has.
    ///
    /// # Errors
    /// Nobody knows.
    pub(super) fn status(&mut self) -> Result<Option<ExitStatus>, Unavailable> {
        self.process.status().map_err(broken)
    }

    /// Starts it once more, after it has ended.
    ///
    /// # Errors
    /// It cannot be started.
    pub(super) fn start_again(&mut self) -> Result<(), Unavailable> {
        let files = [&self.printed, &self.logged];
        self.process = process(&self.program, self.name, &self.options, files)?;
        Ok(())
    }

    /// Whether it serves people on its port.
    pub(super) fn serves(&self, port: u16) -> bool {
        TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
    }

    /// Waits until it serves people.
    ///
    /// # Errors
    /// It does not within 10 s; with its log.
    pub(super) fn wait_until_ready(&self, port: u16) -> Result<(), Unavailable> {
        let log = |_| {
            Unavailable::broken(
                "the login service",
                fs::read_to_string(&self.logged).unwrap_or_default(),
            )
        };
        self.process.wait_until_listening(port).map_err(log)
    }

    /// Puts the codes that it prints into inboxes, for ever.
    pub(super) fn deliver(&self, inboxes: Inboxes, recorder: Recorder) -> impl Future<Output = ()> + use<> {
        let file = self.printed.clone();
        async move {
            let mut read = 0;
            loop {
                let text = fs::read_to_string(&file).unwrap_or_default();
                let whole = text.rfind('\n').map_or(0, |end| end + 1);
                // At the end the file is removed.
                for (to, says) in text.get(read..whole).unwrap_or_default().lines().filter_map(printed) {
                    mail::deliver(hosts::MAIL, &inboxes, &recorder, to, vec![], says.to_owned());
                }
                read = read.max(whole);
                sleep(LOOKS).await;
            }
        }
    }

    /// What it has logged, in a history that begins at `epoch_ms`, milliseconds since the Unix epoch.
    pub(super) fn log(&self, epoch_ms: u64) -> Vec<LogLine> {
        let text = fs::read_to_string(&self.logged).unwrap_or_default();
        let lines = text.lines().filter_map(|line| logged(self.name, epoch_ms, line));
        lines.collect()
    }
}

/// Starts the process; what it prints and logs is added to these files.
fn process(program: &Path, name: &str, options: &[String], files: [&PathBuf; 2]) -> Result<Process, Unavailable> {
    let open = |file: &PathBuf| File::options().append(true).open(file).map_err(broken);
    let [out, log] = files.map(open);
    let (out, log) = (out?, log?);
    Process::start_file("idp", program, |command, _| {
        command.args(["idp", "--replica", name]).args(options);
        command.env_remove("RUST_LOG");
        command.stdout(Stdio::from(out)).stderr(Stdio::from(log));
    })
}

/// A line such as `mail to ann@example.com: Your login code is …`.
fn printed(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix("mail to ")?.split_once(": ")
}

/// A line such as `2026-11-29T04:13:05.123456Z  INFO idp::http: refused correlation="0a1b" method=POST`, as the simulation
/// writes it: values without quotes.
fn logged(host: &str, epoch_ms: u64, line: &str) -> Option<LogLine> {
    let (written, rest) = line.split_once(' ')?;
    let written_ms = DateTime::parse_from_rfc3339(written).ok()?.timestamp_millis();
    let (level, rest) = rest.trim_start().split_once(' ')?;
    let (_, text) = rest.split_once(": ")?;
    let levels = ["ERROR", "WARN", "INFO", "DEBUG", "TRACE"];
    Some(LogLine {
        at_ms: u64::try_from(written_ms).ok()?.saturating_sub(epoch_ms),
        host: host.to_owned(),
        level: levels.into_iter().find(|known| *known == level)?,
        text: without_quotes(text),
    })
}

fn without_quotes(text: &str) -> String {
    let mut plain = String::new();
    let (mut before, mut is_quoted, mut is_escaped) = (' ', false, false);
    for c in text.chars() {
        match (c, is_quoted) {
            (_, true) if is_escaped => {
                is_escaped = false;
                plain.push(c);
            }
            ('\\', true) => is_escaped = true,
            ('"', true) => is_quoted = false,
            ('"', false) if before == '=' => is_quoted = true,
            _ => plain.push(c),
        }
        before = c;
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_log_is_read_as_the_simulation_writes_it() {
        let line = "2026-11-29T04:13:05.123456Z  INFO idp::http::error: refused correlation=\"0a1b\" method=POST \
                    path=\"/token\" status=400 error=\"invalid_grant: no such \\\"code\\\"\"";
        let read = logged("idp-a", 1_795_925_580_000, line).unwrap();
        assert_eq!((read.at_ms, read.host.as_str(), read.level), (5_123, "idp-a", "INFO"));
        let text = "refused correlation=0a1b method=POST path=/token status=400 error=invalid_grant: no such \"code\"";
        assert_eq!(read.text, text);
        assert_eq!(logged("idp-a", 0, "Development: state in memory"), None);
    }

    #[test]
    fn a_printed_mail_has_an_address_and_a_text() {
        let line = "mail to ann@example.com: Your login code is 123456 (good for 10 minutes)";
        let says = "Your login code is 123456 (good for 10 minutes)";
        assert_eq!(printed(line), Some(("ann@example.com", says)));
        assert_eq!(printed("anything else"), None);
    }
}
