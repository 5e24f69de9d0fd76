//! What people and clients read, word by word: the tables of the page `core/MESSAGES.md`.

use crate::lines::{Lines, Piece, pieces};
use std::{collections::BTreeMap, sync::LazyLock};

const PAGE: &str = include_str!("../../../core/MESSAGES.md");

static TABLES: LazyLock<Tables> = LazyLock::new(|| Tables::read(PAGE));

/// The tables.
#[derive(Debug, Default)]
struct Tables {
    /// Parts of a page, by its name.
    pages: BTreeMap<&'static str, Vec<&'static str>>,
    /// Title and notice, by the name of an error.
    errors: BTreeMap<&'static str, Vec<(&'static str, &'static str)>>,
    /// `error_description`, by error and occasion.
    descriptions: BTreeMap<(&'static str, &'static str), &'static str>,
    /// The parameter that the log names, by error and `error_description`.
    parameters: BTreeMap<(&'static str, &'static str), &'static str>,
    /// Subject and lines, by the kind of mail.
    mails: BTreeMap<&'static str, (&'static str, Vec<&'static str>)>,
    /// Events for analytics, each with whether it names the person.
    events: BTreeMap<&'static str, bool>,
    /// Reasons that only the log tells.
    reasons: Vec<&'static str>,
    /// Lines of the log, by their level; causes of failures; steps, with where they are taken.
    log: Vec<Row>,
}

/// A row of the tables of lines, causes and steps.
#[derive(Debug, Clone, Copy)]
enum Row {
    Line(&'static str, &'static str),
    Cause(&'static str, &'static str, &'static str),
    Step(&'static str, &'static str, &'static str),
}

impl Tables {
    fn read(page: &'static str) -> Tables {
        let mut tables = Tables::default();
        let mut heading: Vec<&str> = vec![];
        for line in page.lines() {
            let Some(row) = line.strip_prefix('|').and_then(|line| line.strip_suffix('|')) else {
                heading.clear();
                continue;
            };
            let cells: Vec<&'static str> = row.split('|').map(str::trim).collect();
            match (&heading[..], &cells[..]) {
                ([], _) => heading = cells,
                (_, [first, ..]) if first.starts_with("---") => {}
                (["page", ..], [name, parts]) => {
                    tables.pages.insert(name, parts.split(" / ").collect());
                }
                (["level", ..], [level, line, _]) => tables.log.push(Row::Line(level, line)),
                (["cause", ..], [cause, of, outcome]) => tables.log.push(Row::Cause(cause, of, outcome)),
                (["step", ..], [step, of, paths]) => tables.log.push(Row::Step(step, of, paths)),
                ([_, "title", _], [error, title, notice]) => {
                    tables.errors.entry(error).or_default().push((title, notice));
                }
                (["mail", ..], [kind, subject, text]) => {
                    tables
                        .mails
                        .insert(kind, (subject, text.split('/').map(str::trim).collect()));
                }
                (["event", ..], [event, _, subject]) => {
                    tables.events.insert(event, *subject == "the person");
                }
                ([_, "when", ..], [error, when, parameter, text]) => {
                    tables.descriptions.insert((error, when), text);
                    tables.parameters.insert((error, text), parameter);
                }
                (_, [reason, _]) => tables.reasons.push(reason),
                _ => panic!("core/MESSAGES.md has a row {line:?} that fits no table"),
            }
        }
        tables
    }
}

/// `error_description` of an error, on an occasion.
///
/// # Panics
/// The page has no such row.
pub(crate) fn description(error: &str, when: &str) -> &'static str {
    let found = TABLES.descriptions.get(&(error, when));
    found.unwrap_or_else(|| panic!("core/MESSAGES.md has no row {error:?}, {when:?}"))
}

/// The parameter that the log names of a refusal with this `error_description`: its name, `any` or nothing.
pub(crate) fn parameter(error: &str, description: &str) -> Option<&'static str> {
    TABLES.parameters.get(&(error, description)).copied()
}

/// Subject and text of a mail; each place has one value.
///
/// # Panics
/// The page has no such row.
pub(crate) fn mail(kind: &str, places: &Places) -> (&'static str, String) {
    let found = TABLES.mails.get(kind);
    let (subject, lines) = found.unwrap_or_else(|| panic!("core/MESSAGES.md has no mail {kind:?}"));
    let lines: Vec<String> = lines.iter().flat_map(|line| filled(line, places)).collect();
    (subject, lines.join("\n"))
}

/// An event for analytics by its name, and whether it names the person.
pub(crate) fn event(name: &str) -> Option<(&'static str, bool)> {
    TABLES.events.get_key_value(name).map(|(name, names)| (*name, *names))
}

/// What a line of the log may say.
pub(crate) fn lines() -> Lines {
    let mut lines = Lines::default();
    for row in &TABLES.log {
        match row {
            Row::Line(level, line) => lines.add_line(level, line),
            Row::Cause(cause, of, outcome) => lines.add_cause(cause, of, outcome),
            Row::Step(step, of, paths) => lines.add_step(step, of, paths),
        }
    }
    lines
}

/// Whether a refusal may stand in the log under this name: that of an error, or a reason of it that only the log tells.
pub(crate) fn is_reason(logged: &str, error: &str) -> bool {
    match TABLES
        .reasons
        .iter()
        .any(|reason| reason.split(':').next() == Some(error))
    {
        true => TABLES.reasons.contains(&logged),
        false => logged == error,
    }
}

/// What a page may say in the places that differ: by the name of the place, all that may stand there.
pub(crate) type Places = BTreeMap<&'static str, Vec<String>>;

/// Whether a page says what it must, and nothing else.
///
/// # Errors
/// From where on it differs.
///
/// # Panics
/// The page of the project has no such row.
pub(crate) fn check(
    page: &str,
    error: Option<&str>,
    notice: Option<&str>,
    places: &Places,
    text: &str,
) -> Result<(), String> {
    let parts = TABLES.pages.get(page);
    let parts = parts.unwrap_or_else(|| panic!("core/MESSAGES.md has no page {page:?}"));
    let rows = match error {
        None => &[("", "")][..],
        Some(error) => {
            let rows = TABLES.errors.get(error);
            rows.unwrap_or_else(|| panic!("core/MESSAGES.md has no error {error:?}"))
        }
    };
    let rows = rows
        .iter()
        .filter(|(_, says)| notice.is_none_or(|notice| notice == *says));
    let mut furthest = 0;
    for (title, notice) in rows {
        let mut ends = vec![0];
        for part in parts {
            let admitted = match *part {
                "{title}" => vec![(*title).to_owned()],
                "{notice}" => vec![(*notice).to_owned()],
                "{reference}" if error.is_none() => vec![String::new()],
                "{reference}" => filled("Reference, if you ask for help: {correlation}", places),
                part => filled(part, places),
            };
            let longer = |end: &usize| {
                let rest = &text[*end..];
                let after = |one: &String| match (one.is_empty(), *end) {
                    (true, end) => Some(end),
                    (_, 0) => rest.starts_with(one.as_str()).then_some(one.len()),
                    (_, end) => rest
                        .strip_prefix(' ')?
                        .starts_with(one.as_str())
                        .then_some(end + 1 + one.len()),
                };
                admitted.iter().filter_map(after).collect::<Vec<usize>>()
            };
            ends = ends.iter().flat_map(longer).collect();
            furthest = furthest.max(ends.iter().copied().max().unwrap_or(0));
        }
        if ends.contains(&text.len()) {
            return Ok(());
        }
    }
    Err(format!(
        "the page is not what core/MESSAGES.md says from {:?} on",
        &text[furthest..]
    ))
}

/// A part, with all that may stand in its places.
fn filled(part: &'static str, places: &Places) -> Vec<String> {
    pieces(part).iter().fold(vec![String::new()], |begun, piece| {
        let says = |begun: &String| match piece {
            Piece::Says(says) => vec![format!("{begun}{says}")],
            Piece::Place(place) => {
                let values = places.get(place).map_or(&[][..], Vec::as_slice);
                values.iter().map(|value| format!("{begun}{value}")).collect()
            }
        };
        begun.iter().flat_map(says).collect()
    })
}

/// A length of time, as pages say it.
pub(crate) fn span(ms: u64) -> String {
    let minutes = ms / 60_000;
    match (minutes / 60, minutes % 60) {
        (0, 0) => "less than a minute".into(),
        (0, minutes) => format!("{minutes} min"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// The same of all lengths between two.
pub(crate) fn spans(from_ms: u64, to_ms: u64) -> Vec<String> {
    (from_ms / 60_000..=to_ms / 60_000)
        .map(|minutes| span(minutes * 60_000))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> Places {
        Places::from([
            ("client", vec!["web".to_owned()]),
            ("correlation", vec!["0a1b".to_owned()]),
        ])
    }

    #[test]
    fn a_page_says_all_of_it_and_nothing_else() {
        let good = "Sign in to continue to web That is not a mail address. Please check it. Mail address Send login code You \
                    will get a mail with a code of eight digits. There is no password. Reference, if you ask for help: 0a1b";
        let check = |text: &str| check("login", Some("invalid-address"), None, &places(), text);
        assert_eq!(check(good), Ok(()));
        for (from, to) in [
            ("Sign in", "Sign up"),
            ("to web", "to app"),
            ("That is not a mail address. Please check it. ", ""),
            ("0a1b", "0a1c"),
            ("0a1b", "0a1b and more"),
            (" Reference, if you ask for help: 0a1b", ""),
        ] {
            assert!(check(&good.replacen(from, to, 1)).is_err(), "{to:?} for {from:?}");
        }
    }

    #[test]
    fn a_part_may_have_several_places() {
        let places = Places::from([
            ("code", vec!["CODE".to_owned()]),
            ("minutes", vec!["9".to_owned(), "10".to_owned()]),
        ]);
        let says = ["{code}: 9 and CODE", "{code}: 10 and CODE"].map(|text| text.replace("{code}", "CODE"));
        assert_eq!(filled("{code}: {minutes} and {code}", &places), says);
        assert_eq!(filled("nothing", &places), ["nothing"]);
        assert_eq!(filled("{client}", &places), [""; 0]);
    }

    #[test]
    fn an_error_may_be_restricted_to_one_notice() {
        let text = "That did not work a field was given more than once Reference, if you ask for help: 0a1b";
        let check = |notice| check("error", Some("malformed"), notice, &places(), text);
        assert_eq!(check(None), Ok(()));
        assert_eq!(check(Some("a field was given more than once")), Ok(()));
        assert!(check(Some("client_id was given more than once")).is_err());
    }

    #[test]
    fn reasons_of_the_log_are_those_of_their_error() {
        assert!(is_reason("invalid_grant: expired", "invalid_grant"));
        assert!(!is_reason("invalid_grant", "invalid_grant"));
        assert!(!is_reason("invalid_grant: xyzzy", "invalid_grant"));
        assert!(is_reason("wrong-code", "wrong-code"));
        assert!(!is_reason("expired", "wrong-code"));
    }

    #[test]
    fn times_are_told_in_minutes() {
        assert_eq!(span(59_999), "less than a minute");
        assert_eq!(spans(60_000, 120_000), ["1 min", "2 min"]);
        assert_eq!(span(7_500_000), "2 h 5 min");
    }

    #[test]
    #[should_panic(expected = "no row \"invalid_request\", \"whenever\"")]
    fn a_row_that_is_not_there_is_named() {
        description("invalid_request", "whenever");
    }
}
