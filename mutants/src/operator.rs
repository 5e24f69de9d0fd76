//! The rules by which mistakes are made.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What is done to a place. The first eleven are those of cargo-mutants and what programs in general get wrong; then those
/// that are at home in a login service; the last one changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operator {
    /// A function returns a constant at once.
    Body,
    /// `==` for `!=`, `&&` for `||`, `+` for `-`.
    Operator,
    /// `<` for `<=`: one too many or one too few.
    Boundary,
    /// A `!` or `-` is left out.
    Unary,
    /// A condition, or a guard of a match, always or never holds.
    Condition,
    /// A match arm is left out, where another takes its values.
    ArmLeftOut,
    /// A match arm does what the next one does.
    ArmSwapped,
    /// A statement is left out.
    Statement,
    /// Two neighbouring arguments change places.
    Arguments,
    /// A number one higher, another boolean, another short text.
    Literal,
    /// `is_some` for `is_none`, `any` for `all`, `get` for `take`.
    Method,
    /// A link of a chain of calls is left out: `.filter(…)`, `.arg("NX")`.
    Link,
    /// A field of a value is left empty.
    Field,
    /// A lifetime or deadline × 60 or ÷ 1000.
    Lifetime,
    /// A limit one higher or one lower.
    Limit,
    /// `Unknown` for `Fail`, or the other way.
    Outcome,
    /// Something that binds is left out: a conjunct, a part of what is hashed, a condition of a query.
    Binding,
    /// A comparison, a value or a promise of an SQL statement is another.
    Sql,
    /// An attribute of a cookie is left out.
    Cookie,
    /// A member of a JSON document is left out.
    Claim,
    /// One transaction in two.
    Transaction,
    /// A line of the log is left out.
    Log,
    /// Nothing is wrong: whoever objects gives a false alarm.
    Harmless,
}

impl Operator {
    /// All of them, in the order of the report.
    pub const ALL: [Operator; 23] = [
        Operator::Body,
        Operator::Operator,
        Operator::Boundary,
        Operator::Unary,
        Operator::Condition,
        Operator::ArmLeftOut,
        Operator::ArmSwapped,
        Operator::Statement,
        Operator::Arguments,
        Operator::Literal,
        Operator::Method,
        Operator::Link,
        Operator::Field,
        Operator::Lifetime,
        Operator::Limit,
        Operator::Outcome,
        Operator::Binding,
        Operator::Sql,
        Operator::Cookie,
        Operator::Claim,
        Operator::Transaction,
        Operator::Log,
        Operator::Harmless,
    ];

    /// Its name in lists and files.
    pub fn name(self) -> &'static str {
        match self {
            Operator::Body => "body",
            Operator::Operator => "operator",
            Operator::Boundary => "boundary",
            Operator::Unary => "unary",
            Operator::Condition => "condition",
            Operator::ArmLeftOut => "arm-left-out",
            Operator::ArmSwapped => "arm-swapped",
            Operator::Statement => "statement",
            Operator::Arguments => "arguments",
            Operator::Literal => "literal",
            Operator::Method => "method",
            Operator::Link => "link",
            Operator::Field => "field",
            Operator::Lifetime => "lifetime",
            Operator::Limit => "limit",
            Operator::Outcome => "outcome",
            Operator::Binding => "binding",
            Operator::Sql => "sql",
            Operator::Cookie => "cookie",
            Operator::Claim => "claim",
            Operator::Transaction => "transaction",
            Operator::Log => "log",
            Operator::Harmless => "harmless",
        }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_files_say() {
        for operator in Operator::ALL {
            let text = serde_json::to_string(&operator).expect("a word");
            assert_eq!(text, format!("\"{}\"", operator.name()));
        }
    }
}
