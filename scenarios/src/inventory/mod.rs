//! The inventory: every mechanism, failure and lesson of the two incident reports from which the login service comes.
//! `INVENTORY.md` is this table, with the tests for each row; [`markdown`] writes it.

mod rows;

use crate::login::Login;
use rows::ROWS;
use sim::suite::Suite;
use std::{collections::BTreeMap, fmt::Write, fs, path::Path};

/// A row. Its number is its stable name.
struct Row {
    number: u8,
    /// The mechanism, the failure or the lesson.
    item: &'static str,
    /// The promise that must hold.
    promise: &'static str,
    /// A test beside scenarios and planted bugs, as a path in the project.
    elsewhere: Option<&'static str>,
}

const HEAD: &str = "\
# Inventory

Every mechanism, failure and lesson of the two incident reports that this project comes from, and what stands for each:
the stories about it, the planted bugs that must be detected, and the properties that detect them. Comments, stories and
regressions cite rows by their numbers, which are stable names. A row with none of these has nothing yet.

A and B are two replicas, R is Redis. \u{201c}At most once\u{201d} means one success for each key over the whole history,
failovers included.

This page is written by `INVENTORY=write cargo test -p scenarios inventory`; a test checks that it is up to date.

| # | item | what must hold | stories | planted bugs and what detects them | elsewhere |
|---|---|---|---|---|---|
";

/// The table, with the scenarios, planted bugs and properties of a suite for each row. Names link to their files below
/// `src`.
///
/// # Panics
/// The sources are not there, or a scenario or planted bug has no file of its name.
pub fn markdown(suite: &Suite<Login>, src: &Path) -> String {
    let files = files(src);
    let link = |name: &str| match files.get(name) {
        Some(path) => format!("[{name}](src/{path})"),
        None => panic!("{name} has no file of its name below {}", src.display()),
    };
    let mut text = HEAD.to_owned();
    for row in ROWS {
        let stories = suite
            .scenarios()
            .iter()
            .filter(|story| story.covers().contains(&row.number));
        let stories: Vec<String> = stories.map(|story| link(story.name())).collect();
        let bugs = suite.bugs().iter().filter(|bug| bug.covers.contains(&row.number));
        let bugs: Vec<String> = bugs
            .map(|bug| format!("{}: {}", link(bug.name), bug.detected_by))
            .collect();
        let elsewhere = row
            .elsewhere
            .map_or(String::new(), |path| format!("[{path}](../{path})"));
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {elsewhere} |",
            row.number,
            row.item,
            row.promise,
            stories.join(", "),
            bugs.join(", "),
        );
    }
    text
}

/// The source files by the names of scenarios and planted bugs: `code_race` is in `redemption/code_race.rs`. The name
/// of a folder stands for the whole module.
fn files(src: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for room in fs::read_dir(src).expect("the sources are there") {
        let room = room.expect("the sources are there");
        let name = room.file_name().to_string_lossy().into_owned();
        let Ok(inside) = fs::read_dir(room.path()) else {
            continue;
        };
        for file in inside {
            let file = file.expect("the sources are there").file_name();
            let file = file.to_string_lossy();
            let stem = file.trim_end_matches(".rs");
            let what = if stem == "mod" { &name } else { stem };
            files.insert(what.to_owned(), format!("{name}/{file}"));
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_up_to_date() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let (page, now) = (here.join("INVENTORY.md"), markdown(&crate::suite(), &here.join("src")));
        if std::env::var("INVENTORY").is_ok_and(|what| what == "write") {
            fs::write(&page, &now).expect("the page can be written");
        }
        let written = fs::read_to_string(&page).unwrap_or_default();
        assert!(
            written == now,
            "scenarios/INVENTORY.md is out of date; write it by `INVENTORY=write cargo test -p scenarios inventory`"
        );
    }

    #[test]
    fn rows_are_numbered_and_what_they_name_exists() {
        let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for (index, row) in ROWS.iter().enumerate() {
            assert_eq!(usize::from(row.number), index + 1, "{}", row.item);
            let exists = |path: &str| project.join(path).exists();
            assert!(row.elsewhere.is_none_or(exists), "row {}", row.number);
        }
    }
}
