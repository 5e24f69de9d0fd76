//! Which lines of the log may follow which: the state of a replica as its log tells it (inventory 26, 29, 56).

use crate::{lines, routes::Violation, settings::Settings};
use std::collections::{BTreeMap, BTreeSet};

/// A line of a replica's log, at production's level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogLine<'a> {
    /// Milliseconds from the start of the run.
    pub at_ms: u64,
    /// Whose.
    pub host: &'a str,
    /// `ERROR`, `WARN` or `INFO`.
    pub level: &'a str,
    /// The message and its fields.
    pub text: &'a str,
}

/// A process of a replica ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessEnd<'a> {
    /// Milliseconds from the start of the run. Lines of that millisecond are of the process that ended.
    pub at_ms: u64,
    /// Whose.
    pub host: &'a str,
}

/// What is said when the port is opened for the first time.
const READY: &str = "ready";

/// The port that needs no store.
const ACCOUNTS: &str = "accounts";

/// Lines about something that is tried again after a pause, and the pause (core/LIMITS.md).
const TRIED_AGAIN: [(&str, &str); 3] = [
    ("no connection could be accepted", "accepts again"),
    ("ready, but the port cannot be opened", "tries to open the port"),
    ("keys cannot be loaded yet", "tries to open the port"),
];
/// Lines of a process that stops, which tell how much is lost; they are there only if something is.
const LOST_AT_A_STOP: [&str; 2] = [
    "mails are lost, or were sent and not answered mails=",
    "analytics has lost events lost=",
];

/// How often things are done, milliseconds.
struct Paces {
    look_ms: u64,
    /// How long requests and jobs have at a stop.
    work_ms: u64,
    /// As [`TRIED_AGAIN`].
    tries_ms: [u64; 3],
    exact_to_ms: u64,
}

/// The state of a process, as its log has told it.
#[derive(Debug, Clone, Default)]
struct Told<'a> {
    /// Whether the port for logins is open, as the log says.
    ready: bool,
    was_ready: bool,
    /// Whether that for accounts is, and whether it ever was.
    accounts: bool,
    had_accounts: bool,
    /// The last reasons, and when they were told.
    reasons: Option<(u64, &'a str)>,
    epoch: Option<&'a str>,
    /// The cause of a command of which nobody knows whether it was done, and when.
    doubt: Option<(u64, &'a str)>,
    /// Whether analytics loses events.
    loses_events: bool,
    /// Since when it is stopping.
    stops_ms: Option<u64>,
    /// When each of [`TRIED_AGAIN`] was told, by what was tried.
    tried_ms: BTreeMap<&'a str, u64>,
}

/// Judges the lines of the replicas' logs, in order: the first that core/MESSAGES.md does not know, or that cannot follow
/// those before it. `exact_to_ms`: how exact their times are.
pub fn judge_log(lines: &[LogLine<'_>], ends: &[ProcessEnd<'_>], exact_to_ms: u64) -> Option<Violation> {
    let settings = Settings::default();
    let paces = Paces {
        look_ms: settings.get("looks at health"),
        work_ms: settings.get("work at a stop"),
        tries_ms: TRIED_AGAIN.map(|(_, row)| settings.get(row)),
        exact_to_ms,
    };
    let mut processes: BTreeMap<&str, (usize, Told<'_>)> = BTreeMap::new();
    let mut epochs = BTreeSet::new();
    for line in lines {
        let (ended, told) = processes.entry(line.host).or_default();
        let ended_now = ends
            .iter()
            .filter(|end| end.host == line.host && end.at_ms < line.at_ms)
            .count();
        if ended_now > *ended {
            (*ended, *told) = (ended_now, Told::default());
        }
        // A process that ends and is started again in one millisecond: what the old one cannot say, the new one does.
        let ends_now = ends.iter().any(|end| end.host == line.host && end.at_ms == line.at_ms);
        if ends_now && ended_now == *ended && told.clone().follow(line, &paces, &mut epochs.clone()).is_some() {
            (*ended, *told) = (ended_now + 1, Told::default());
        }
        let wrong = match lines::check(line.level, line.text) {
            Err(what) => Some(("undocumented-line", what)),
            Ok(()) => told
                .follow(line, &paces, &mut epochs)
                .map(|(reason, what)| (reason, what.to_owned())),
        };
        if let Some((reason, what)) = wrong {
            return Some(Violation {
                reason: reason.into(),
                what: format!(
                    "a line in the log of {} {what}: {:?} (inventory 56)",
                    line.host, line.text
                ),
                at_ms: line.at_ms,
                evidence: vec![],
            });
        }
    }
    None
}

impl<'a> Told<'a> {
    fn follow(
        &mut self,
        line: &LogLine<'a>,
        paces: &Paces,
        epochs: &mut BTreeSet<&'a str>,
    ) -> Option<(&'static str, &'static str)> {
        let text = line.text;
        if let Some(cause) =
            text.strip_prefix("the store did not answer as it should cause=outcome unknown: connection lost: ")
        {
            self.doubt = Some((line.at_ms, cause));
        }
        if let Some((at_ms, cause)) = self.doubt
            && at_ms == line.at_ms
            && text.starts_with("refused ")
            && text.ends_with(cause)
            && text.contains(": not done: connection lost: ")
        {
            return Some(("doubt-denied", "says that something was not done of which nobody knows"));
        }
        if let Some(reasons) = text.strip_prefix("something is wrong reasons=") {
            let (reasons, ready) = reasons.rsplit_once(" ready=")?;
            return self.wrong(line.at_ms, reasons, ready == "true", paces.look_ms);
        }
        if let Some((port, reasons)) = text
            .strip_prefix("degraded: closing the port for ")
            .and_then(|rest| rest.split_once(" reasons="))
        {
            let was_open = std::mem::take(self.port(port)?);
            self.reasons = Some((line.at_ms, reasons));
            return (!was_open).then_some(("degraded-twice", "says that a port is closed that is not open"));
        }
        if let Some(port) = text
            .strip_prefix("recovered: opening the port for ")
            .and_then(|rest| rest.strip_suffix(" again"))
        {
            let was_opened = match port {
                ACCOUNTS => self.had_accounts,
                _ => self.was_ready,
            };
            let was = std::mem::replace(self.port(port)?, true);
            return (was || !was_opened)
                .then_some(("not-degraded", "tells of a recovery, and nothing had been degraded"));
        }
        if text == "ready for accounts, and not for logins" {
            self.accounts = true;
            let had = std::mem::replace(&mut self.had_accounts, true);
            return had.then_some((
                "accounts-twice",
                "says that the port for accounts is open at last, and it has been open before",
            ));
        }
        if text == "stopping" {
            let was = self.stops_ms.replace(line.at_ms);
            return was
                .is_some()
                .then_some(("stopping-twice", "says for the second time that this process stops"));
        }
        if text == "stopped" && self.epoch.is_some() {
            return Some((
                "led-to-the-end",
                "says that the process has stopped, and not that it leads no longer",
            ));
        }
        if text == "stopped" {
            return self.stops_ms.is_none().then_some((
                "stopped-at-once",
                "says that the process has stopped, and not that it stops",
            ));
        }
        if text.starts_with("requests or jobs did not end in time") {
            let had_time = self
                .stops_ms
                .is_some_and(|stops_ms| line.at_ms >= stops_ms + paces.work_ms);
            return (!had_time).then_some(("cut-off-early", "cuts off what had time left"));
        }
        if text == READY {
            self.ready = true;
            self.accounts = true;
            self.had_accounts = true;
            let was = std::mem::replace(&mut self.was_ready, true);
            return was.then_some((
                "ready-twice",
                "says for the second time that this process is ready at last",
            ));
        }
        let what = text.split(" error=").next().unwrap_or(text);
        let what = what.split(" cause=").next().unwrap_or(what);
        for ((says, _), pause_ms) in TRIED_AGAIN.iter().zip(paces.tries_ms) {
            if what.starts_with(says)
                && let Some(before_ms) = self.tried_ms.insert(what, line.at_ms)
                && line.at_ms + paces.exact_to_ms <= before_ms + pause_ms
            {
                return Some(("tried-too-soon", "tells of another try before its pause is over"));
            }
        }
        if text.starts_with("analytics loses events ") {
            let lost = std::mem::replace(&mut self.loses_events, true);
            return lost.then_some(("loses-twice", "says for the second time that events are lost"));
        }
        if let Some(lost) = text.strip_prefix("the analytics hook takes events again lost=") {
            let lost_any = std::mem::replace(&mut self.loses_events, false) && lost != "0";
            return (!lost_any).then_some(("lost-nothing", "tells of lost events, and none had been lost"));
        }
        if LOST_AT_A_STOP.iter().any(|says| text.strip_prefix(says) == Some("0")) {
            return Some(("lost-nothing", "tells of a loss, and of nothing that was lost"));
        }
        if let Some(epoch) = text.strip_prefix("leading epoch=") {
            let before = self.epoch.replace(epoch);
            return match (before, epochs.insert(epoch)) {
                (_, false) => Some(("epoch-twice", "begins an epoch that somebody has begun before")),
                (Some(_), _) => Some(("leads-twice", "begins to lead while it leads")),
                _ => None,
            };
        }
        if let Some(rest) = text.strip_prefix("no longer leading epoch=") {
            let epoch = rest.split(' ').next();
            let before = self.epoch.take();
            return (before != epoch).then_some(("did-not-lead", "ends an epoch in which it did not lead"));
        }
        None
    }

    /// Whether the port of this name is open.
    fn port(&mut self, name: &str) -> Option<&mut bool> {
        match name {
            "logins" => Some(&mut self.ready),
            ACCOUNTS => Some(&mut self.accounts),
            _ => None,
        }
    }

    fn wrong(
        &mut self,
        at_ms: u64,
        reasons: &'a str,
        ready: bool,
        look_ms: u64,
    ) -> Option<(&'static str, &'static str)> {
        let before = self.reasons.replace((at_ms, reasons));
        // In between there may have been a look that found nothing wrong, which is not told.
        let again = before.is_some_and(|(told_ms, told)| told == reasons && at_ms < told_ms + 2 * look_ms);
        match (again, ready == self.ready) {
            (true, _) => Some(("told-twice", "tells again what it has just told")),
            (_, false) => Some(("not-its-state", "does not say whether the port is open")),
            _ => None,
        }
    }
}
