//! Names that triggers may use for what the login service does.

use scenarios::login::Login;
use sim::service::Service;
use std::{collections::BTreeSet, fs, path::Path};

#[test]
fn writes_are_known_by_the_keys_of_the_service() {
    for (command, key, expected) in [
        ("SET", "auth:oidc:flow:abc", Some("flow stored")),
        ("SET", "auth:oidc:code:abc", Some("code stored")),
        ("DEL", "auth:oidc:code:abc", Some("code taken")),
        ("SET", "auth:oidc:codex:abc", None),
        ("SET", "auth:leader:jobs", Some("lease granted")),
        ("PEXPIREAT", "auth:leader:jobs", Some("lease renewed")),
        ("INCR", "auth:limit:login:x", Some("attempt counted")),
        ("PUBLISH", "__sentinel__:hello", None),
    ] {
        assert_eq!(Login::name_of_write(command, key), expected, "{command} {key}");
        assert!(
            expected.is_none_or(|name| Login::WRITES.contains(&name)),
            "{command} {key}"
        );
    }
}

/// Names that most triggers wait for, and that somebody can wait for at all.
#[test]
fn usual_and_rare_triggers_are_events() {
    let events = sim::trigger::event_names(&Login::world(&Default::default()));
    let events: BTreeSet<&str> = events.iter().map(String::as_str).collect();
    for name in Login::USUAL_TRIGGERS.iter().chain(Login::RARE_TRIGGERS) {
        assert!(events.contains(name), "there is no event {name:?}");
    }
}

/// A trigger could wait for a mark that was renamed, and it would never come.
#[test]
fn marks_are_set_somewhere() {
    fn text(folder: &Path, all: &mut String) {
        for entry in fs::read_dir(folder).expect("the sources are there") {
            let path = entry.expect("the sources are there").path();
            match path.is_dir() {
                true => text(&path, all),
                false => all.push_str(&fs::read_to_string(&path).unwrap_or_default()),
            }
        }
    }
    let mut sources = String::new();
    for folder in ["core/src", "scenarios/src/world"] {
        text(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder),
            &mut sources,
        );
    }
    let spans = Login::MARK_SPANS.iter().flat_map(|span| [&span.begins, &span.ends]);
    for mark in Login::MARKS.iter().chain(spans) {
        assert!(
            sources.contains(&format!(".mark(\"{mark}\")")),
            "nothing sets the mark {mark:?}"
        );
    }
}
