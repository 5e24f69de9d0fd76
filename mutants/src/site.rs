//! Where a mutant is, and what stands there instead.

use crate::operator::Operator;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// How the place is rewritten so that a switch decides at run time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// An expression: a `match` on the switch in its place. Its arms are no blocks, so that temporaries live as long as before.
    Expr,
    /// The same where an expression ends a statement without a semicolon.
    Tail,
    /// The same for the field `name` of a struct literal that is written without a value.
    Shorthand,
    /// A statement: executed only while the switch is off.
    Statement,
    /// Code inserted at an empty range: executed only while the switch is on.
    Insert,
    /// After the pattern of an arm without a guard: a guard that holds while the switch is off.
    Arm,
}

/// One mutant as found in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The bytes of the file that it replaces.
    pub range: Range<usize>,
    /// How.
    pub shape: Shape,
    /// The rule.
    pub operator: Operator,
    /// What stands there instead; nothing for [`Shape::Statement`], the pattern that is left out for [`Shape::Arm`].
    pub replacement: String,
    /// The function that it is in, with its type: `CodeRecord::check`.
    pub function: String,
}

/// One mutant, with its names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mutant {
    /// A hash over file, function, rule, text and place among equals: survives edits elsewhere.
    pub id: String,
    /// What the switch calls it in this copy.
    pub number: u32,
    /// The file, from the root of the repository.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in bytes, from 1.
    pub column: usize,
    /// The function that it is in.
    pub function: String,
    /// The rule.
    pub operator: Operator,
    /// How the place is rewritten.
    pub shape: Shape,
    /// The bytes of the file that it replaces.
    pub range: Range<usize>,
    /// What stands there.
    pub original: String,
    /// What stands there instead.
    pub replacement: String,
    /// Why it is not in the copy: what the compiler says of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub dropped: Option<String>,
}

impl Mutant {
    /// The folder that it is counted in: `core/src/session`, or `core/src` itself.
    pub fn folder(&self) -> &str {
        let below = self.file.strip_prefix("core/src/").unwrap_or(&self.file);
        match below.split_once('/') {
            Some((folder, _)) => folder,
            None => "(root)",
        }
    }

    /// What it does, on one line: of long texts, the part in which they differ.
    pub fn title(&self) -> String {
        let (original, replacement) = (one_line(&self.original), one_line(&self.replacement));
        match self.shape {
            Shape::Statement => format!("without `{}`", middle(&original, 0, 0)),
            Shape::Arm => format!("without the arm `{}`", middle(&replacement, 0, 0)),
            Shape::Insert => format!("`{}` inserted", middle(&replacement, 0, 0)),
            _ => {
                let both = original.chars().zip(replacement.chars());
                let same = both.take_while(|(a, b)| a == b).count();
                let both = original.chars().rev().zip(replacement.chars().rev());
                let same_end = both.take_while(|(a, b)| a == b).count();
                let original = middle(&original, same, same_end);
                format!("`{}` for `{original}`", middle(&replacement, same, same_end))
            }
        }
    }

    /// Where it is, as compilers say it.
    pub fn place(&self) -> String {
        format!("{}:{}:{}", self.file, self.line, self.column)
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text that fits on a line; of one that does not, what is around its difference from another, which begins after `same`
/// characters and ends `same_end` before its end.
fn middle(text: &str, same: usize, same_end: usize) -> String {
    const WIDTH: usize = 60;
    const CONTEXT: usize = 20;
    let all: Vec<char> = text.chars().collect();
    if all.len() <= WIDTH {
        return text.to_owned();
    }
    let from = same.saturating_sub(CONTEXT);
    let until = match same_end {
        0 => from + WIDTH,
        _ => (all.len().saturating_sub(same_end) + CONTEXT).clamp(from, from + WIDTH),
    };
    let until = until.min(all.len());
    let before = if from == 0 { "" } else { "…" };
    let after = if until == all.len() { "" } else { "…" };
    format!("{before}{}{after}", all[from..until].iter().collect::<String>())
}

/// Gives the mutants of one file their names. Numbers begin at `first`.
pub fn name(file: &str, text: &str, found: Vec<Found>, first: u32) -> Vec<Mutant> {
    let mut seen = std::collections::BTreeMap::<String, u32>::new();
    let mut mutants = vec![];
    for (number, found) in (first..).zip(found) {
        let original = &text[found.range.clone()];
        let what = format!(
            "{file}\0{}\0{}\0{original}\0{}",
            found.function, found.operator, found.replacement
        );
        let nth = seen.entry(what.clone()).or_default();
        let hash = xxhash_rust::xxh3::xxh3_64(format!("{what}\0{nth}").as_bytes());
        *nth += 1;
        let before = &text[..found.range.start];
        mutants.push(Mutant {
            id: format!("{:010x}", hash >> 24),
            number,
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before.len() - before.rfind('\n').map_or(0, |at| at + 1) + 1,
            function: found.function,
            operator: found.operator,
            shape: found.shape,
            original: original.to_owned(),
            range: found.range,
            replacement: found.replacement,
            dropped: None,
        });
    }
    mutants
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_shows_what_differs() {
        let title = |shape, original: &str, replacement: &str| {
            let found = Found {
                range: 0..original.len(),
                shape,
                operator: Operator::Literal,
                replacement: replacement.into(),
                function: "f".into(),
            };
            name("core/src/x.rs", original, vec![found], 0)[0].title()
        };
        assert_eq!(title(Shape::Expr, "1", "2"), "`2` for `1`");
        assert_eq!(title(Shape::Statement, "f();\n    g();", ""), "without `f(); g();`");
        let long = |middle: &str| format!("call({}, {middle}, {})", "a".repeat(70), "z".repeat(70));
        assert_eq!(
            title(Shape::Expr, &long("one"), &long("two")),
            format!(
                "`…{0}, two, {1}…` for `…{0}, one, {1}…`",
                "a".repeat(18),
                "z".repeat(18)
            )
        );
        assert_eq!(title(Shape::Tail, "a…b", "a…c"), "`a…c` for `a…b`");
    }
}
