//! Every bug that was ever found, replayed: see `sim::regression`.

mod common;

use scenarios::login::Login;
use sim::regression::{Regression, Replayed, read_all, replay};
use std::path::Path;

fn entries() -> Vec<(String, Regression<Login>)> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/regressions"));
    let entries = read_all(folder).unwrap_or_else(|error| panic!("{error}"));
    let name = |path: &Path| path.file_name().expect("a file").to_string_lossy().into_owned();
    entries.into_iter().map(|(path, entry)| (name(&path), entry)).collect()
}

#[test]
fn none_is_back_and_none_has_lost_its_meaning() {
    let suite = scenarios::suite();
    let mut wrong = vec![];
    for (file, entry) in entries() {
        match replay(&suite, &entry) {
            Ok((replayed, _)) if replayed.passed() => {
                if replayed != Replayed::Same {
                    eprintln!("{file} {}", replayed.describe(suite.command));
                }
            }
            Ok((replayed, _)) => wrong.push(format!(
                "{file} {}\n  cargo squall replay scenarios/regressions/{file}",
                replayed.describe(suite.command)
            )),
            Err(error) => wrong.push(format!("{file} cannot be replayed: {error}")),
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n\n"));
}

#[test]
fn each_is_numbered_and_cites_its_rows() {
    let entries = entries();
    assert!(!entries.is_empty());
    for (number, (file, entry)) in entries.iter().enumerate() {
        assert_eq!(*file, format!("{:04}-{}.toml", number + 1, entry.name));
        assert!(!entry.covers.is_empty(), "{file} cites no row");
    }
}
