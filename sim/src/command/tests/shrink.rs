//! Tests of shrinking and saving failing plans.

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

    let held = typed(&["shrink", &large, "--without-bug"]).unwrap_err();
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
    let again = typed(&["save", &small, "--folder", &regressions]).unwrap_err();
    assert!(
        again.contains("saved already"),
        "the plan says which bug it needs: {again}"
    );
    let holds = typed(&["save", &small, "--folder", &regressions, "--without-bug"]).unwrap_err();
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
    let spoilt = whole.replace("decisive = [", "decisive = [\"a mark that is not there any more\", ");
    assert_ne!(spoilt, whole);
    fs::write(&saved, spoilt).unwrap();
    let told = done(&["replay", &saved, "--without-bug"], Conclusion::Inconclusive);
    assert!(
        told.contains("INCONCLUSIVE  the plan no longer means") && !told.contains("HELD"),
        "{told}"
    );
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

#[test]
fn a_plan_that_was_found_with_a_planted_bug_is_replayed_with_it() {
    let here = scratch("planted");
    let plan = here.join("plan.toml");
    let file = text(&plan);
    typed(&[
        "replay",
        "rush",
        "--seed",
        "1",
        "--bug",
        "same_ticket_twice",
        "--save",
        file,
    ])
    .unwrap();
    let whole = fs::read_to_string(&plan).unwrap();
    assert!(whole.contains("bug = \"same_ticket_twice\""), "{whole}");

    for with in [&[][..], &["--bug", "same_ticket_twice"]] {
        let (conclusion, output) = typed(&[&["replay", file], with].concat()).unwrap();
        assert_eq!(conclusion, Conclusion::Violated, "{output}");
        assert!(output.contains("Planted bug same_ticket_twice"), "{output}");
    }
    let (conclusion, output) = typed(&["replay", file, "--without-bug"]).unwrap();
    assert_eq!(conclusion, Conclusion::Held);
    assert!(output.contains("WITHOUT THE PLANTED BUG same_ticket_twice"), "{output}");

    let other = typed(&["replay", file, "--bug", "same_ticket"]).unwrap_err();
    assert!(
        other.contains("needs the planted bug same_ticket_twice") && other.contains(file),
        "{other}"
    );
    let both = typed(&["replay", file, "--bug", "same_ticket_twice", "--without-bug"]).unwrap_err();
    assert!(both.contains("cannot be used with"), "{both}");
    fs::write(&plan, whole.replace("\"same_ticket_twice\"", "\"same_tickets_twice\"")).unwrap();
    let unknown = typed(&["replay", file]).unwrap_err();
    assert!(
        unknown.contains("did you mean same_ticket_twice?") && unknown.contains("--without-bug"),
        "{unknown}"
    );

    // Files of older versions have no such line.
    fs::write(&plan, whole.replace("bug = \"same_ticket_twice\"\n", "")).unwrap();
    assert_eq!(typed(&["replay", file]).unwrap().0, Conclusion::Held);
    assert_eq!(
        typed(&["replay", file, "--bug", "same_ticket_twice"]).unwrap().0,
        Conclusion::Violated
    );

    // A program that uses the library keeps the bug as well.
    fs::write(&plan, &whole).unwrap();
    let (suite, read) = (suite(), Plan::<Shop>::read(&plan).unwrap());
    let refused = crate::judge::judge(&suite.scenarios()[1], &read, None, &Default::default()).unwrap_err();
    assert!(
        refused.to_string().contains("needs the planted bug same_ticket_twice"),
        "{refused}"
    );
}

#[test]
fn a_replay_on_another_build_says_so() {
    let plan = scratch("other-build").join("plan.toml");
    let (suite, other) = (
        suite().built_from("aaaaaaaaaaaaaaaa"),
        suite().built_from("bbbbbbbbbbbbbbbb"),
    );
    let (_, output) = typed_to(&suite, &["replay", "calm", "--seed", "1", "--save", text(&plan)]).unwrap();
    assert!(output.contains("Build aaaaaaaaaaaa"), "{output}");
    let says = |suite: &Suite<Shop>, args: &[&str]| {
        let (conclusion, output) = typed_to(suite, args).unwrap();
        assert_eq!(conclusion, Conclusion::Held, "{output}");
        output.contains("ANOTHER BUILD  ") && output.contains("aaaaaaaaaaaa, and this is bbbbbbbbbbbb")
    };
    assert!(says(&other, &["replay", text(&plan)]) && !says(&suite, &["replay", text(&plan)]));
    let line = ["replay", "calm", "--seed", "1", "--build", "aaaaaaaaaaaa"];
    assert!(says(&other, &line) && !says(&suite, &line));
    let (_, output) = typed_to(&super::suite(), &line).unwrap();
    assert!(output.contains("this build is unknown"), "{output}");
    let (_, output) = typed_to(&suite, &["replay", "calm", "--seed", "1", "--json"]).unwrap();
    assert!(output.contains("\"build\": \"aaaaaaaaaaaa\""), "{output}");
}

#[test]
fn a_file_is_not_written_twice_and_a_plan_is_not_written_over() {
    let here = scratch("twice");
    let (plan, file) = (here.join("plan.toml"), here.join("file"));
    typed(&["replay", "calm", "--seed", "1", "--save", text(&plan)]).unwrap();
    let before = fs::read_to_string(&plan).unwrap();
    for (args, expected) in [
        (
            vec!["replay", text(&plan), "--report", text(&plan)],
            "would be overwritten",
        ),
        (
            vec![
                "replay",
                "calm",
                "--seed",
                "1",
                "--save",
                text(&file),
                "--report",
                text(&file),
            ],
            "name two files",
        ),
        (
            vec!["--seeds", "1..2", "--json", text(&file), "--junit", text(&file)],
            "--json and --junit: both",
        ),
    ] {
        let said = typed(&args).unwrap_err();
        assert!(said.contains(expected), "{said}");
    }
    assert_eq!(fs::read_to_string(&plan).unwrap(), before);
    assert!(!file.exists());
}

#[test]
fn a_replay_in_which_nobody_finishes_anything_proves_nothing() {
    let plan = scratch("idle").join("plan.toml");
    let nobody = Plan {
        operations: vec![],
        ..suite().scenarios()[0].plan(1)
    };
    nobody.write(&plan).unwrap();
    let (conclusion, output) = typed(&["replay", text(&plan)]).unwrap();
    assert_eq!(conclusion, Conclusion::Inconclusive);
    assert!(
        output.contains("INCONCLUSIVE  no operation ended") && !output.contains("HELD"),
        "{output}"
    );
    let (conclusion, output) = typed(&["replay", text(&plan), "--json"]).unwrap();
    assert_eq!(conclusion, Conclusion::Inconclusive);
    assert!(output.contains("\"conclusion\": \"inconclusive\""), "{output}");
}
