//! Formats rows in columns.

use super::{change::ChangeKind, row::Row, words::seconds};
use crate::service::Tone;

/// The appearance of a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Whether to use ANSI colours; only for a terminal.
    pub colour: bool,
    /// The width of the lines of changes, characters.
    pub width: usize,
}

impl Look {
    /// Without colours: for files, pipes and snapshots.
    pub const PLAIN: Look = Look {
        colour: false,
        width: 110,
    };

    /// `text` in an ANSI style (`1;31` is bold red), if there are colours.
    pub fn paint(&self, style: &str, text: &str) -> String {
        if self.colour && !text.is_empty() {
            format!("\u{1b}[{style}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

const TIME: usize = 11;
const WHO: usize = 12;
const WHAT: usize = 66;

pub(super) fn header(look: &Look) -> String {
    let line = format!("  {:>TIME$}  {:<WHO$} {:<WHAT$} {}", "time", "who", "what", "outcome");
    format!("{}\n", look.paint("1", line.trim_end()))
}

pub(super) fn note(look: &Look, text: &str) -> String {
    format!("{}\n", look.paint("2", &format!("  {:>TIME$}  ({text})", "")))
}

pub(super) fn row(look: &Look, row: &Row) -> String {
    let line = match row {
        Row::Step {
            at_ms,
            who,
            is_nested,
            what,
            outcome,
            tone,
            is_evidence,
            ..
        } => {
            let margin = if *is_evidence {
                look.paint("1;31", "✗")
            } else {
                " ".into()
            };
            let indent = if *is_nested { "  " } else { "" };
            let what = format!("{:<WHAT$}", format!("{indent}{what}"));
            let style = match tone {
                Tone::Good => "32",
                Tone::Bad => "31",
                Tone::Unsure => "33",
                Tone::Plain => "0",
            };
            let outcome = look.paint(style, outcome);
            let what = if *is_evidence { look.paint("1", &what) } else { what };
            format!("{margin} {:>TIME$}  {who:<WHO$} {what} {outcome}", seconds(*at_ms))
        }
        Row::Change {
            at_ms,
            what,
            kind,
            is_evidence,
        } => {
            let margin = if *is_evidence { "✗" } else { "─" };
            // The time is at the same position as in the other rows.
            let time = seconds(*at_ms);
            let lead = "─".repeat(TIME.saturating_sub(time.len()));
            let text = fill(&format!("{margin}{lead} {time}  {what} "), look.width);
            let style = if *kind == ChangeKind::Repair { "1;32" } else { "1;33" };
            look.paint(style, &text)
        }
        Row::More { count, until_ms } => look.paint(
            "2",
            &format!(
                "  {:>TIME$}  {:<WHO$} ⋮ and {count} more like it, the last at {}",
                "",
                "",
                seconds(*until_ms)
            ),
        ),
        Row::Log { at_ms, host, text } => {
            look.paint("2", &format!("  {:>TIME$}  {host:<WHO$} │ {text}", seconds(*at_ms)))
        }
        Row::Violated { at_ms, what } => look.paint("1;31", &format!("✗ {:>TIME$}  {what}", seconds(*at_ms))),
    };
    format!("{}\n", line.trim_end())
}

/// Fills a line up to the full width.
fn fill(text: &str, width: usize) -> String {
    let used = text.chars().count();
    format!("{text}{}", "─".repeat(width.saturating_sub(used)))
}
