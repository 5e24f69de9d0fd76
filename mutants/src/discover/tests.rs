use super::*;

/// What a rule does to a function, as `original => replacement`.
fn by_rule(text: &str, rule: Operator) -> Vec<String> {
    let found = discover(text).expect("the sample is Rust");
    let of_rule = found.iter().filter(|found| found.operator == rule);
    of_rule
        .map(|found| format!("{} => {}", &text[found.range.clone()], found.replacement))
        .collect()
}

/// Exactly these mutants of a rule, in the order of the text.
#[track_caller]
fn check(text: &str, rule: Operator, expected: &[&str]) {
    assert_eq!(by_rule(text, rule), expected, "{rule} of {text}");
}

#[test]
fn bodies_return_values_of_their_type() {
    let body = Operator::Body;
    check(
        "fn f() -> bool { g() }",
        body,
        &[" => return true;", " => return false;"],
    );
    check("fn f() { g() }", body, &[" => return;"]);
    check("fn f() -> bool { true }", body, &[" => return false;"]);
    check(
        "async fn f() -> Outcome<Option<u64>> { g().await }",
        body,
        &[
            " => return Ok(None);",
            " => return Ok(Some(0));",
            " => return Ok(Some(1));",
        ],
    );
    check("fn f() {}", body, &[]);
    check("const fn f() -> bool { g() }", body, &[]);
    check("#[cfg(test)] mod tests { fn f() -> bool { g() } }", body, &[]);
    check(
        "impl fmt::Debug for S { fn fmt(&self) -> fmt::Result { g() } }",
        body,
        &[],
    );
}

#[test]
fn operators_have_their_neighbours() {
    let text = "fn f() { g(a == b); g(a < b); g(a && b); }";
    check(
        text,
        Operator::Operator,
        &[
            "a == b => a != b",
            "a < b => a > b",
            "a < b => a == b",
            "a && b => a || b",
        ],
    );
    check(text, Operator::Boundary, &["a < b => a <= b"]);
    check(text, Operator::Binding, &["a && b => a", "a && b => b"]);
    check("fn f() { g(!a) }", Operator::Unary, &["!a => a"]);
}

#[test]
fn conditions_hold_always_or_never_and_what_binds_names_is_left_alone() {
    let rule = Operator::Condition;
    check("fn f() { if a { g() } }", rule, &["a => true", "a => false"]);
    check("fn f() { if let Some(x) = y { g() } }", rule, &[]);
    check(
        "fn f() { if a && let Some(x) = y { g() } }",
        rule,
        &["a => true", "a => false"],
    );
    check(
        "fn f() { match x { A if b => 1, _ => 2 } }",
        rule,
        &["b => true", "b => false"],
    );
    // Neither may it become `||`, for then the name is not bound.
    check("fn f() { if a && let Some(x) = y { g() } }", Operator::Operator, &[]);
}

#[test]
fn arms_are_left_out_where_another_takes_their_values() {
    let rule = Operator::ArmLeftOut;
    check("fn f() { match x { A => 1, _ => 2 } }", rule, &[" => A"]);
    check("fn f() { match x { A => 1, None => 2 } }", rule, &[]);
    check(
        "fn f() { match x { A => g(), B => h() } }",
        Operator::ArmSwapped,
        &["g() => h()", "h() => g()"],
    );
    let marks = r#"fn f() { match x { A => env.mark("a"), B => env.mark("b") } }"#;
    check(marks, Operator::ArmSwapped, &[]);
}

#[test]
fn statements_are_left_out_but_no_marks_and_no_jumps() {
    let text = r#"fn f() { self.put(x).await?; env.mark("here"); return; let _ = g(); a = b; tracing::info!("x"); }"#;
    check(
        text,
        Operator::Statement,
        &["self.put(x).await?; => ", "let _ = g(); => ", "a = b; => "],
    );
    let marks = "fn f() { if a == b { env.mark(\"here\"); } }";
    check(marks, Operator::Condition, &[]);
    check(marks, Operator::Operator, &[]);
    check(text, Operator::Log, &["tracing::info!(\"x\"); => "]);
}

#[test]
fn arguments_change_places() {
    let rule = Operator::Arguments;
    check("fn f() { g(a, b) }", rule, &["g(a, b) => g(b, a)"]);
    check("fn f() { x.g(a, b) }", rule, &["x.g(a, b) => x.g(b, a)"]);
    check("fn f() { params![a, b] }", rule, &["params![a, b] => params!(b, a)"]);
    check(
        "fn f() { format!(\"{}{}\", a, b) }",
        rule,
        &["format!(\"{}{}\", a, b) => format!(\"{}{}\", b, a)"],
    );
}

#[test]
fn lifetimes_limits_and_outcomes() {
    check(
        "fn f() { g(config.ttl.code) }",
        Operator::Lifetime,
        &[
            "config.ttl.code => config.ttl.code * 60",
            "config.ttl.code => config.ttl.code / 1000",
        ],
    );
    check(
        "const TWIN: Duration = Duration::from_secs(5); fn f() { g(TWIN) }",
        Operator::Lifetime,
        &["TWIN => TWIN * 60", "TWIN => TWIN / 1000"],
    );
    check(
        "fn f() { g(limits.sends) }",
        Operator::Limit,
        &["limits.sends => limits.sends + 1", "limits.sends => limits.sends - 1"],
    );
    check(
        "fn f() { Failure::Unknown(cause) }",
        Operator::Outcome,
        &["Failure::Unknown => Failure::Fail"],
    );
    check(
        "fn f() { pepper.mac(\"code\", &[a, b]) }",
        Operator::Binding,
        &["[a, b] => [b, b]", "[a, b] => [a, a]"],
    );
}

#[test]
fn sql_loses_its_conditions_and_keeps_its_parameters() {
    let text = r#"fn f() { g("DELETE FROM t WHERE a = ?1 AND b <= ?2") }"#;
    check(
        text,
        Operator::Binding,
        &[
            r#""DELETE FROM t WHERE a = ?1 AND b <= ?2" => "DELETE FROM t WHERE (a = ?1 OR 1 = 1) AND b <= ?2""#,
            r#""DELETE FROM t WHERE a = ?1 AND b <= ?2" => "DELETE FROM t WHERE a = ?1 AND (b <= ?2 OR 1 = 1)""#,
        ],
    );
    check(
        text,
        Operator::Sql,
        &[r#""DELETE FROM t WHERE a = ?1 AND b <= ?2" => "DELETE FROM t WHERE a = ?1 AND b < ?2""#],
    );
}

#[test]
fn a_cookie_loses_an_attribute_and_its_argument() {
    let text = r#"fn f() { format!("{}={value}; Path=/; Max-Age={}; HttpOnly", name, age) }"#;
    let whole = r#"format!("{}={value}; Path=/; Max-Age={}; HttpOnly", name, age)"#;
    let without = [
        r#"format!("{}={value}; Max-Age={}; HttpOnly", name, age)"#,
        r#"format!("{}={value}; Path=/; HttpOnly", name)"#,
        r#"format!("{}={value}; Path=/; Max-Age={}", name, age)"#,
    ];
    let expected = without.map(|without| format!("{whole} => {without}"));
    check(text, Operator::Cookie, &expected.each_ref().map(String::as_str));
}

#[test]
fn a_document_loses_a_member() {
    let text = r#"fn f() { json!({ "a": 1, "b": [2, 3] }) }"#;
    let whole = r#"json!({ "a": 1, "b": [2, 3] })"#;
    let expected = [r#"json!({ "b": [2, 3] })"#, r#"json!({ "a": 1, })"#];
    let expected = expected.map(|without| format!("{whole} => {without}"));
    check(text, Operator::Claim, &expected.each_ref().map(String::as_str));
}

#[test]
fn one_transaction_in_two() {
    check(
        "fn f() { self.write(|t| { if a(t)? { b(t)?; c(t)?; } d(t) }) }",
        Operator::Transaction,
        &[
            " => t.execute_batch(\"COMMIT; BEGIN IMMEDIATE\")?;",
            " => t.execute_batch(\"COMMIT; BEGIN IMMEDIATE\")?;",
        ],
    );
}

#[test]
fn what_is_harmless_changes_nothing() {
    check(
        "fn f() { if a == b { g(x.clone()) } else { h() } }",
        Operator::Harmless,
        &[
            "if a == b { g(x.clone()) } else { h() } => if !(a == b) { h() } else { g(x.clone()) }",
            "a == b => !!(a == b)",
            "a == b => b == a",
            "x.clone() => x.clone().clone()",
        ],
    );
    // Looking twice may be seen.
    check("fn f() { g(next() == next()) }", Operator::Harmless, &[]);
}
