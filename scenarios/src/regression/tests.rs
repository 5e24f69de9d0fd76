use super::*;
use crate::{catalogue, planted};
use sim::plan::{Behaviour, Operation};
use std::{fs, path::Path};

/// One calm login, and nothing else.
fn calm() -> Plan {
    let mut plan = catalogue::find("calm_day").expect("it is there").plan(1);
    plan.lasts_ms = 12_000;
    plan.operations = vec![Operation {
        at_ms: 1000,
        who: "ann".into(),
        does: Behaviour::LogIn,
    }];
    plan.faults.clear();
    plan.world.reminders.clear();
    plan
}

/// An entry of a bug that is mended: its run holds.
fn mended() -> Regression {
    let mut entry = Regression {
        version: REGRESSION_VERSION,
        name: "calm".into(),
        what: "ann could not log in".into(),
        covers: vec![33],
        plant: None,
        fingerprint: String::new(),
        broke: Reason {
            property: "EveryoneCanLogIn".into(),
            reason: "in-doubt".into(),
        },
        meaning: Meaning::default(),
        plan: calm(),
    };
    let scenario = catalogue::find("calm_day").expect("it is there");
    let run = crate::judge::judge(&scenario, &entry.plan, None, &Default::default()).expect("it runs");
    entry.fingerprint = run.fingerprint.to_string();
    entry.meaning = Meaning::of(&scenario, &run);
    entry
}

fn replayed(entry: &Regression) -> Replayed {
    replay(entry).expect("it can be replayed").0
}

#[test]
fn equal_runs_are_the_same_and_others_may_mean_the_same() {
    let mut entry = mended();
    assert_eq!(replayed(&entry), Replayed::Same);
    entry.fingerprint = "0123456789abcdef".into();
    assert_eq!(replayed(&entry), Replayed::SameMeaning);
    let (_, today) = replay(&entry).unwrap();
    assert_eq!(today, mended(), "recorded anew");
}

#[test]
fn a_run_that_does_not_get_there_has_diverged_and_has_not_passed() {
    let mut entry = mended();
    entry.fingerprint = "0123456789abcdef".into();
    entry.meaning.decisive.insert("the master was replaced".into());
    entry.meaning.hit.insert("redis-1 is killed".into());
    entry.meaning.ended.insert("visit".into(), [3, 0, 0]);
    let replayed = replayed(&entry);
    assert!(!replayed.passed());
    let Replayed::Diverged { lost } = &replayed else {
        panic!("{replayed}");
    };
    assert_eq!(
        lost[..],
        [
            "not reached: the master was replaced",
            "hit nobody: redis-1 is killed",
            "never ended well: visit"
        ]
    );
    assert!(replayed.to_string().starts_with("diverged"));
}

#[test]
fn a_planted_bug_that_is_not_convicted_gets_away() {
    let mut entry = mended();
    entry.plant = Some("hook_awaited".into());
    entry.meaning.decisive.clear();
    assert!(matches!(replayed(&entry), Replayed::GotAway { .. }));
    entry.meaning.decisive.insert("the hook was late".into());
    assert!(matches!(replayed(&entry), Replayed::Diverged { .. }));
    entry.plant = Some("nobody".into());
    assert!(replay(&entry).unwrap_err().to_string().contains("nobody"));
}

#[test]
fn what_holds_is_not_kept() {
    let bug = planted::find("hook_awaited").unwrap();
    assert!(matches!(
        record("calm", &calm(), Some(&bug), None),
        Err(RegressionError::Holds)
    ));
}

#[test]
fn an_entry_survives_its_file_and_spoilt_files_are_refused() {
    let entry = mended();
    let text = entry.to_text();
    let path = Path::new("0001-calm.toml");
    assert_eq!(Regression::from_text(&text, path).unwrap(), entry);
    for (from, to, expected) in [
        ("# end of regression", "", "is torn"),
        ("version = 1", "version = 7", "has version 7"),
        ("name = ", "nmae = ", "unknown field `nmae`"),
        ("lasts_ms = 12000", "lasts_ms = \"long\"", "line"),
    ] {
        assert!(text.contains(from), "{from}\n{text}");
        let error = Regression::from_text(&text.replacen(from, to, 1), path);
        let error = error.expect_err(to).to_string();
        assert!(error.contains(expected) && error.contains("0001-calm.toml"), "{error}");
    }
}

#[test]
fn plans_and_entries_are_told_apart_and_numbers_follow() {
    let folder = std::env::temp_dir().join(format!("squall-regressions-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let plan = folder.join("plan.toml");
    calm().write(&plan).unwrap();
    assert_eq!(open(&plan).unwrap().broke, None);
    fs::remove_file(&plan).unwrap();
    let first = file_name(&folder, "calm").unwrap();
    assert!(first.ends_with("0001-calm.toml"));
    mended().write(&first).unwrap();
    assert_eq!(open(&first).unwrap().broke, Some(mended().broke));
    assert!(file_name(&folder, "again").unwrap().ends_with("0002-again.toml"));
    assert_eq!(read_all(&folder).unwrap().len(), 1);
    fs::remove_dir_all(&folder).unwrap();
}
