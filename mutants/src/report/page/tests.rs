use super::*;
use crate::site::{Found, Shape, name};

fn found(operator: Operator, replacement: &str) -> Found {
    Found {
        range: 0..1,
        shape: Shape::Expr,
        operator,
        replacement: replacement.into(),
        function: "f".into(),
    }
}

fn judged(mutant: &Mutant, verdict: Verdict, differing: usize) -> (String, Judged) {
    let judged = Judged {
        id: mutant.id.clone(),
        catalogue: String::new(),
        verdict,
        runs: 3,
        differing,
        reaching: 9,
        cpu_s: 0.25,
        budget_s: 10.0,
    };
    (mutant.id.clone(), judged)
}

#[test]
fn a_page_says_what_was_judged_and_lists_what_nobody_detects() {
    let all = vec![
        found(Operator::Literal, "2"),
        found(Operator::Literal, "3"),
        found(Operator::Harmless, "1 + 0"),
        found(Operator::Link, "4"),
    ];
    let mut mutants = name("core/src/limits/x.rs", "1", all, 0);
    mutants[3].dropped = Some("E0308: mismatched types".into());
    let detected = Verdict::Detected {
        property: "SendsLimited".into(),
        reason: String::new(),
        scenario: "calm_day".into(),
        seed: 1,
        what: "six mails".into(),
        confirmed: true,
    };
    let missed = |why| Verdict::Missed { why };
    let results = [
        judged(&mutants[0], detected, 1),
        judged(&mutants[1], missed(Missed::Differs), 1),
        judged(&mutants[2], missed(Missed::NoEffect), 0),
    ];
    let mut results = BTreeMap::from(results);
    let harmless = mutants[2].id.clone();
    let catalogue = Catalogue {
        key: String::new(),
        mutants,
    };
    let page = |judged: &BTreeMap<String, Judged>| {
        let measured = Measurement {
            catalogue: &catalogue,
            known: &Known::default(),
            judged,
            command: "cargo mutate run --sample 2".into(),
        };
        (markdown(&measured), measured.false_alarms().len())
    };
    let (text, alarms) = page(&results);
    assert_eq!(alarms, 0);
    for line in [
        "**1 of 2 detected: 50 % (9 to 91)**",
        "| limits | 2 | 1 | 0 | 0 | 1 | 0 | 0 | 0 | 50 % (9 to 91) | 0.25 |",
        "| SendsLimited | 1 | 0.25 |",
        "Of 1 changes that change nothing, 0 had another run or a violation.",
        "core/src/limits/x.rs:1:1 f, literal: `3` for `1`",
        "| link | 1 | 0 | 1 | E0308 |",
    ] {
        assert!(text.contains(line), "{line:?} is in\n{text}");
    }
    assert!(!text.contains("`2` for `1`"), "what is detected is not listed");
    let equivalent = crate::known::Equivalent {
        argument: "…".into(),
        confirmed: true,
    };
    let known = Known {
        equivalent: BTreeMap::from([(catalogue.mutants[1].id.clone(), equivalent)]),
        ..Known::default()
    };
    let measured = Measurement {
        catalogue: &catalogue,
        known: &known,
        judged: &results,
        command: String::new(),
    };
    assert!(measured.is_excused_too_often(), "one of two");
    assert!(
        markdown(&measured).contains("**1 of 1 detected"),
        "what is equivalent is not counted"
    );
    // Somebody objects to what is harmless.
    results.get_mut(&harmless).expect("it was judged").differing = 1;
    let (text, alarms) = page(&results);
    assert!(
        alarms == 1 && text.contains(&format!("- false alarm: `{harmless}`")),
        "{text}"
    );
}
