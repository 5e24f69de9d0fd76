//! SQL in string literals: its comparisons, conjuncts and promises. Works on the literal as it is written, quotes and all.

use crate::operator::Operator;

/// Whether a text is a statement.
pub(super) fn is_sql(text: &str) -> bool {
    const BEGINNINGS: &[&str] = &["SELECT ", "INSERT ", "UPDATE ", "DELETE FROM ", "BEGIN", "PRAGMA "];
    BEGINNINGS
        .iter()
        .any(|beginning| text.trim_start().starts_with(beginning))
}

/// Words, and what stands in their place.
const OTHERS: &[(&str, &str)] = &[
    (" <= ", " < "),
    (" < ", " <= "),
    (" >= ", " > "),
    (" > ", " >= "),
    (" IS NULL", " IS NOT NULL"),
    (" IS NOT NULL", " IS NULL"),
    ("BEGIN IMMEDIATE", "BEGIN"),
    ("synchronous = FULL", "synchronous = OFF"),
    ("foreign_keys = ON", "foreign_keys = OFF"),
    (" ON CONFLICT DO NOTHING", ""),
    (" DESC", ""),
    (" = 1", " = 0"),
    (" = 0", " = 1"),
    (" + 1", ""),
    ("OR IGNORE ", "OR REPLACE "),
    ("ORDER BY due", "ORDER BY -due"),
];

/// The mutants of a literal, each as the whole literal.
pub(super) fn mutants(literal: &str) -> Vec<(Operator, String)> {
    let mut mutants = vec![];
    for (from, to) in OTHERS {
        for (at, _) in literal.match_indices(from) {
            let rest = &literal[at + from.len()..];
            // `= 10` is not `= 1`.
            let is_whole = !rest.starts_with(|c: char| c.is_ascii_digit());
            if is_whole {
                mutants.push((Operator::Sql, format!("{}{to}{rest}", &literal[..at])));
            }
        }
    }
    for word in ["WHERE ", " AND "] {
        for (at, _) in literal.match_indices(word) {
            let (before, rest) = literal.split_at(at + word.len());
            let end = clause(rest);
            let (condition, after) = rest.split_at(end);
            // It still names its parameters, or SQLite would count fewer.
            let always = format!("{before}({} OR 1 = 1){after}", condition.trim());
            mutants.push((Operator::Binding, always));
        }
    }
    mutants
}

/// Where a condition ends.
fn clause(text: &str) -> usize {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' if depth == 0 => return at,
            ')' => depth -= 1,
            '"' | ';' => return at,
            _ => {}
        }
        const ENDS: &[&str] = &[" AND ", " ORDER BY ", " LIMIT ", " RETURNING ", "\n"];
        if depth == 0 && ENDS.iter().any(|end| text[at..].starts_with(end)) {
            return at;
        }
    }
    text.len()
}
