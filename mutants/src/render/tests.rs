use super::*;
use crate::{discover::discover, operator::Operator, site::name};

/// Renders with the mutants of some rules only.
fn rendered(text: &str, rules: &[Operator]) -> (Rendered, Vec<Mutant>) {
    let found = discover(text).expect("the sample is Rust");
    let found = found
        .into_iter()
        .filter(|found| rules.contains(&found.operator))
        .collect();
    let mutants = name("core/src/x.rs", text, found, 0);
    (render(text, &mutants), mutants)
}

#[test]
fn each_shape_has_its_switch() {
    for (text, rule, expected) in [
        (
            "fn f() { g(a && b) }",
            Operator::Operator,
            "fn f() { g((match ON(0) { true => (a || b), _ => a && b})) }",
        ),
        ("fn f() { g(); }", Operator::Statement, "fn f() { if !ON(0) { g(); } }"),
        (
            "fn f() -> bool { g() }",
            Operator::Body,
            "fn f() -> bool { if ON(0) { return true; } if ON(1) { return false; } g() }",
        ),
        (
            "fn f() { match x { A => 1, _ => 2 } }",
            Operator::ArmLeftOut,
            "fn f() { match x { A if !ON(0) => 1, _ => 2 } }",
        ),
        (
            "fn f() { S { a } }",
            Operator::Field,
            "fn f() { S { a: (match ON(0) { true => (Default::default()), _ => a}) } }",
        ),
        (
            "fn f() { match x { A => { g() } B => { h() } } }",
            Operator::ArmSwapped,
            "fn f() { match x { A => match ON(0) { true => ({ h() }), _ => { g() }} B => match ON(1) { true => ({ g() }), _ => { h() }} } }",
        ),
    ] {
        let rendered = rendered(text, &[rule]).0;
        assert_eq!(rendered.text.replace(super::ON, "ON"), expected);
        syn::parse_file(&rendered.text).expect("it is Rust still");
    }
}

#[test]
fn places_nest_and_the_rest_stays_as_it_is() {
    let text = "fn f() {\n    // why\n    g(a == b && c);\n}\n";
    let (rendered, mutants) = rendered(text, &Operator::ALL);
    assert!(rendered.text.contains("    // why\n"), "{}", rendered.text);
    assert_eq!(
        rendered.text.matches('\n').count(),
        text.matches('\n').count(),
        "no line moves"
    );
    for mutant in &mutants {
        let switch = format!("{ON}({})", mutant.number);
        assert_eq!(
            rendered.text.matches(&switch).count(),
            1,
            "{} once: {}",
            mutant.title(),
            rendered.text
        );
    }
    syn::parse_file(&rendered.text).expect("it is Rust still");
    let none: Vec<Mutant> = mutants
        .into_iter()
        .map(|mutant| Mutant {
            dropped: Some("E0308".into()),
            ..mutant
        })
        .collect();
    assert_eq!(render(text, &none).text, text, "without mutants, byte for byte");
}

#[test]
fn the_text_that_the_compiler_points_to_is_to_blame() {
    let (rendered, _) = rendered("fn f() { g(a == b && c); }", &[Operator::Operator, Operator::Binding]);
    let at = |text: &str| {
        let start = rendered.text.find(text).expect("it is there");
        start..start + text.len()
    };
    // Numbers: 0 is `||` for `&&`, 1 the left operand, 2 the right one, 3 `!=` for `==`.
    assert_eq!(rendered.to_blame(&at("a == b || c")), [0], "its own text");
    assert_eq!(rendered.to_blame(&at("a != b")), [3], "the innermost one");
    assert_eq!(
        rendered.to_blame(&at("&& c")),
        [0, 1, 2],
        "what all of them leave as it is: all of them"
    );
    assert!(rendered.to_blame(&(0..2)).is_empty(), "nobody, outside of all places");
}

#[test]
fn a_difference_shows_the_lines_touched() {
    let text = "fn f() {\n    g(a < b);\n}\n";
    let (_, mutants) = rendered(text, &[Operator::Boundary]);
    let shown = difference(text, &mutants[0]);
    let expected = "--- core/src/x.rs\n+++ core/src/x.rs\n@@ line 2 @@\n-    g(a < b);\n+    g(a <= b);\n";
    assert_eq!(shown, expected);
    let text = "fn f() {\n    json!({\n        \"a\": 1,\n        \"b\": 2,\n        \"c\": 3,\n    })\n}\n";
    let (_, mutants) = rendered(text, &[Operator::Claim]);
    let expected = "--- core/src/x.rs\n+++ core/src/x.rs\n@@ line 4 @@\n-        \"b\": 2,\n";
    assert_eq!(difference(text, &mutants[1]), expected, "only what differs");
}

#[test]
fn names_survive_edits_elsewhere() {
    let ids = |text: &str| -> Vec<String> {
        let (_, mutants) = rendered(text, &[Operator::Boundary]);
        mutants.into_iter().map(|mutant| mutant.id).collect()
    };
    let before = ids("fn f() { g(a < b); g(a < b); }");
    assert_eq!(before.len(), 2);
    assert_ne!(before[0], before[1], "equal texts are told apart");
    assert_eq!(
        ids("fn e() { g(c < d); }\n\nfn f() { h(); g(a < b); g(a < b); }")[1..],
        before
    );
}
