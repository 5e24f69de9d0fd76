//! Failing plans, made small and saved.

use super::*;

#[test]
fn a_failing_plan_is_made_small_and_saved_and_nothing_is_lost() {
    let here = scratch("small");
    let path = |name: &str| text(&here.join(name)).to_owned();
    fs::create_dir_all(path("regressions")).unwrap();
    let done = |args: &[&str], conclusion: Conclusion| {
        let (found, output) = typed(args).unwrap_or_else(|what| panic!("{args:?}: {what}"));
        assert_eq!(found, conclusion, "{args:?}: {output}");
        output
    };
    let (large, small, bug) = (path("large.toml"), path("small.toml"), "same_ticket_twice");
    done(
        &["replay", "rush", "--seed", "1", "--bug", bug, "--save", &large],
        Conclusion::Violated,
    );

    let held = typed(&["shrink", &large]).unwrap_err();
    assert!(
        held.contains("nothing is violated") && held.contains("--bug BUG"),
        "{held}"
    );
    let steps = path("steps");
    let shrink = ["shrink", &large, "--bug", bug, "--out", &small, "--steps", &steps];
    let output = done(&shrink, Conclusion::Violated);
    assert!(
        output.contains("0 faults, 0 repairs") && output.contains("VIOLATED  TicketPrintedOnce"),
        "{output}"
    );
    assert!(
        output.contains(&format!("cargo shop save {small} --bug {bug}")),
        "{output}"
    );
    let last = fs::read_dir(&steps).unwrap().map(|file| file.unwrap().path()).max();
    assert_eq!(
        fs::read_to_string(last.expect("steps were written")).unwrap(),
        fs::read_to_string(&small).unwrap()
    );
    assert!(typed(&shrink).unwrap_err().contains("left as it is"));

    let regressions = path("regressions");
    let saved = path("regressions/0001-same-ticket-twice.toml");
    let save = ["save", &small, "--bug", bug, "--folder", &regressions];
    assert!(done(&save, Conclusion::Held).contains("0001-same-ticket-twice.toml"));
    assert!(typed(&save).unwrap_err().contains("saved already"));
    let holds = typed(&["save", &small, "--folder", &regressions]).unwrap_err();
    assert!(holds.contains("--bug BUG"), "{holds}");
    let nowhere = typed(&["save", &small, "--bug", bug]).unwrap_err();
    assert!(nowhere.contains("--folder"), "{nowhere}");
    done(&["replay", &saved], Conclusion::Violated);
    assert!(done(&["save", "--refresh", &saved], Conclusion::Held).contains("up to date"));

    let all = ["regressions", "--folder", &regressions];
    let told = done(&all, Conclusion::Held);
    assert!(
        told.contains("0001-same-ticket-twice.toml  passed: as recorded") && told.contains("1 regression: held"),
        "{told}"
    );
    let without_folder = typed(&["regressions"]).unwrap_err();
    assert!(without_folder.contains("--folder"), "{without_folder}");
    let empty = typed(&["regressions", "--folder", &path("nowhere")]).unwrap_err();
    assert!(empty.contains("cargo shop save"), "{empty}");

    let whole = fs::read_to_string(&saved).unwrap();
    fs::write(&saved, &whole[..whole.len() / 2]).unwrap();
    assert!(typed(&["replay", &saved]).unwrap_err().contains("torn"));
}

#[test]
fn a_replay_can_make_its_plan_small() {
    let plan = scratch("beside").join("plan.toml");
    assert_eq!(
        crate::command::shrink::beside(&plan).file_name().unwrap(),
        "plan-small.toml"
    );
    fs::write(plan.with_file_name("plan-small.toml"), "").unwrap();
    assert_eq!(
        crate::command::shrink::beside(&plan).file_name().unwrap(),
        "plan-small-2.toml"
    );
}
