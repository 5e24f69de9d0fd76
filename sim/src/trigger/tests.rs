use super::*;
use crate::history::{OpId, Tag};
use std::{collections::BTreeSet, fs, path::Path};

fn cue(name: &str) -> Cue {
    Cue::named(name).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn names_are_distinct_and_read_back() {
    let all = Cue::all();
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    for name in &all {
        assert_eq!(cue(name).to_string(), *name);
    }
}

#[test]
fn an_unknown_event_is_refused_with_those_near_it() {
    let said = |name| Cue::named(name).expect_err("there is none").to_string();
    let near = said("redeem begun");
    assert!(
        near.contains("\"redeem begins\"") && near.contains("\"redeem begun\""),
        "{near}"
    );
    assert!(said("").contains("lease renewed"));
}

#[test]
fn each_turn_of_an_operation_is_told_apart() {
    let (id, op) = (OpId(1), Op::ReceiveCode);
    let ended = |seen| Event::Ended {
        id,
        op: op.clone(),
        seen,
        took_ms: 1,
    };
    let rows = [
        (Event::Began { id, op: op.clone() }, vec!["begins"]),
        (ended(Seen::Ok), vec!["ends", "succeeds"]),
        (ended(Seen::Fail("no".into())), vec!["ends", "fails"]),
        (ended(Seen::Unknown("504".into())), vec!["ends", "in doubt"]),
    ];
    for (event, turns) in rows {
        let found: Vec<String> = Cue::all()
            .into_iter()
            .filter(|name| cue(name).is_event(&event))
            .collect();
        let expected: Vec<String> = turns.iter().map(|turn| format!("receive-code {turn}")).collect();
        assert_eq!(found, expected);
    }
    let odown = Event::Sentinel {
        host: "sentinel-1".into(),
        says: "+odown master auth 10.0.0.4 6379 #quorum 2/2".into(),
    };
    assert!(cue("sentinel says +odown").is_event(&odown) && !cue("sentinel says -odown").is_event(&odown));
    let lost = Event::LoggedOut { session: Tag::of("s") };
    assert!(cue("session lost").is_event(&lost));
}

#[test]
fn writes_are_known_by_the_keys_of_the_service() {
    for (command, key, expected) in [
        ("SET", "auth:oidc:code:abc", Some("code stored")),
        ("DEL", "auth:oidc:code:abc", Some("code taken")),
        ("SET", "auth:oidc:codex:abc", None),
        ("set", "auth:leader:jobs", Some("lease granted")),
        ("PEXPIREAT", "auth:leader:jobs", Some("lease renewed")),
        ("INCR", "auth:limit:login:x", Some("attempt counted")),
        ("PUBLISH", "__sentinel__:hello", None),
    ] {
        assert_eq!(written(command, key), expected, "{command} {key}");
        assert!(expected.is_none_or(|name| cue(name).is_write(command, key)));
    }
}

/// A mark that was renamed could be aimed at and would never come.
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
    for folder in ["core/src", "sim/src/world"] {
        text(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder),
            &mut sources,
        );
    }
    for mark in MARKS {
        assert!(
            sources.contains(&format!(".mark(\"{mark}\")")),
            "nothing sets the mark {mark:?}"
        );
    }
}
