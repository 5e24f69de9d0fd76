use super::*;
use crate::{
    judge::baseline::Recorded,
    site::{Found, Shape, name},
};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// A world of one mutant, whose judge is a script: it is called with the mutant's number in the environment.
struct Bed {
    folders: Folders,
    catalogue: Catalogue,
    baseline: Baseline,
}

fn bed(test: &str, script: &str) -> Bed {
    let root = std::env::temp_dir().join(format!("squall-mutants-{}-{test}", std::process::id()));
    let folders = Folders::of(root);
    let judge = folders.judge();
    let folder: &Path = judge.parent().expect("it is in a folder");
    fs::create_dir_all(folder).expect("the folder is ours");
    fs::write(&judge, format!("#!/bin/sh\n{script}\n")).expect("the folder is ours");
    fs::set_permissions(&judge, fs::Permissions::from_mode(0o755)).expect("the file is ours");
    let found = Found {
        range: 0..1,
        shape: Shape::Expr,
        operator: Operator::Literal,
        replacement: "2".into(),
        function: "f".into(),
    };
    let catalogue = Catalogue {
        key: "k".into(),
        mutants: name("core/src/x.rs", "1", vec![found], 0),
    };
    let recorded = |seed, reached| Recorded {
        scenario: "day".into(),
        seed,
        fingerprint: "same".into(),
        cpu_ms: 1.0,
        reached,
    };
    let baseline = Baseline {
        catalogue: "k".into(),
        seeds: 3,
        runs: vec![recorded(1, vec![0]), recorded(2, vec![]), recorded(3, vec![0])],
    };
    Bed {
        folders,
        catalogue,
        baseline,
    }
}

impl Bed {
    fn judge(&self, budget_s: f64) -> Judged {
        self.judge_without(budget_s, &[])
    }

    fn judge_without(&self, budget_s: f64, without: &[String]) -> Judged {
        let limits = Limits {
            budget_s,
            run_s: 1,
            without,
        };
        let mutant = &self.catalogue.mutants[0];
        judge(&self.folders, &self.catalogue, &self.baseline, mutant, limits).expect("the script starts")
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        let _: std::io::Result<()> = fs::remove_dir_all::<&PathBuf>(&self.folders.root); // it is a temporary one
    }
}

/// A script that answers each run with this line; `$2` in it is the seed.
fn answers(line: &str) -> String {
    format!("while read -r scenario seed; do set -- \"$scenario\" \"$seed\"; cat <<END\n{line}\nEND\ndone")
}

const HELD: &str = r#"{"scenario":"day","seed":$2,"cpu_ms":600,"reached":[0],"fingerprint":"same","violations":[]}"#;

#[test]
fn only_runs_that_reach_it_are_performed() {
    let judged = bed("reach", &answers(HELD)).judge(10.0);
    assert_eq!(judged.verdict, Verdict::Missed { why: Missed::NoEffect });
    assert_eq!(
        (judged.runs, judged.reaching, judged.differing),
        (2, 2, 0),
        "seed 2 does not reach it"
    );
    let mut bed = bed("nobody", "exit 7");
    bed.baseline.runs.iter_mut().for_each(|run| run.reached.clear());
    assert_eq!(bed.judge(10.0).verdict, Verdict::Missed { why: Missed::Unreached });
}

#[test]
fn the_budget_ends_it_and_another_fingerprint_is_a_difference() {
    let judged = bed("budget", &answers(&HELD.replace("same", "other"))).judge(0.5);
    assert_eq!(judged.verdict, Verdict::Missed { why: Missed::Differs });
    assert_eq!((judged.runs, judged.differing), (1, 1));
    let mutant = &bed("alarm", "").catalogue.mutants[0];
    assert!(!judged.is_false_alarm(mutant), "a mistake may differ");
    let harmless = Mutant {
        operator: Operator::Harmless,
        ..mutant.clone()
    };
    assert!(judged.is_false_alarm(&harmless), "what changes nothing may not");
}

#[test]
fn a_violation_is_a_detection_and_is_replayed() {
    let violated = HELD.replace("[]", r#"[{"property":"P","reason":"r","what":"w","at_ms":1}]"#);
    let judged = bed("violated", &answers(&violated)).judge(10.0);
    let Verdict::Detected {
        property,
        seed,
        confirmed,
        ..
    } = judged.verdict
    else {
        panic!("{judged:?}");
    };
    assert_eq!((property.as_str(), seed, confirmed, judged.runs), ("P", 1, true, 1));
    // Without what detects it, it is not.
    let bed_of = |test| bed(test, &answers(&violated));
    let left_out = |name: &str| [name.to_owned()];
    let by_others = bed_of("without-p").judge_without(10.0, &left_out("P"));
    assert_eq!(by_others.verdict, Verdict::Missed { why: Missed::NoEffect });
    let nowhere = bed_of("without-day").judge_without(10.0, &left_out("day"));
    assert_eq!(nowhere.verdict, Verdict::Missed { why: Missed::Unreached });
    let judged = bed_of("with-others").judge_without(10.0, &left_out("Q"));
    assert!(judged.needs(&left_out("P")) && judged.needs(&left_out("day")) && !judged.needs(&left_out("Q")));
    // The second time it holds: then somebody must look at it.
    let once = format!(
        "test -e \"$0.ran\" && violations='[]' || violations='[{{\"property\":\"P\",\"what\":\"w\"}}]'; touch \"$0.ran\"; {}",
        answers(&HELD.replace("[]", "$violations"))
    );
    let judged = bed("once", &once).judge(10.0);
    assert!(
        matches!(judged.verdict, Verdict::Detected { confirmed: false, .. }),
        "{judged:?}"
    );
}

#[test]
fn a_run_that_does_not_end_is_a_detection() {
    let judged = bed("hung", "exec sleep 30").judge(10.0);
    let Verdict::Detected {
        property, confirmed, ..
    } = judged.verdict
    else {
        panic!("{judged:?}");
    };
    assert_eq!((property.as_str(), confirmed), ("RunEnds", true));
}

#[test]
fn what_no_property_says_is_not_detected() {
    for (test, script, expected) in [
        ("died", "kill -9 $$".to_owned(), "signal: 9"),
        (
            "error",
            answers(r#"{"scenario":"day","seed":$2,"cpu_ms":1,"reached":[],"error":"broke"}"#),
            "day 1: broke",
        ),
    ] {
        let judged = bed(test, &script).judge(10.0);
        match &judged.verdict {
            Verdict::Trouble { what } if what.contains(expected) => {}
            other => panic!("{test}: {other:?}"),
        }
    }
}
