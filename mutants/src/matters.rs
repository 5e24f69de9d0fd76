//! Matters of security that a mutant touches, told from its place and its text.

use crate::{operator::Operator, site::Mutant};
use clap::builder::PossibleValuesParser;

/// A matter, and what is of it.
struct Matter {
    name: &'static str,
    /// Beginnings of files, below `core/src/`.
    files: &'static [&'static str],
    /// Words of its function or of what it changes.
    words: &'static [&'static str],
    operators: &'static [Operator],
}

const MATTERS: &[Matter] = &[
    Matter {
        name: "bindings",
        files: &["redemption/pkce.rs", "authorize/flow.rs", "session/model.rs"],
        words: &[
            "Binding::check",
            "CodeRecord::check",
            "is_own",
            "prove",
            "challenge",
            "browser_hash",
            "code_verifier",
        ],
        operators: &[Operator::Binding],
    },
    Matter {
        name: "single use",
        files: &[
            "ledger.rs",
            "redemption/redeem.rs",
            "redemption/reuse.rs",
            "redemption/sqlite.rs",
            "mailed_code/judge.rs",
        ],
        words: &["GETDEL", "spend"],
        operators: &[Operator::Transaction],
    },
    Matter {
        name: "limits",
        files: &["limits/"],
        words: &["SENDS", "limits.", "POLLS_MAX"],
        operators: &[Operator::Limit],
    },
    Matter {
        name: "revocation and expiry",
        files: &["leader/sweep.rs"],
        words: &[
            "revoked",
            "log_out",
            "end_session",
            "expires_at",
            "remaining",
            "ttl.",
            "clock_slack",
        ],
        operators: &[],
    },
    Matter {
        name: "cookies",
        files: &[
            "authorize/flow_cookie.rs",
            "http/caller.rs",
            "session/account.rs",
            "session/model.rs",
        ],
        words: &["COOKIE", "cookie"],
        operators: &[Operator::Cookie],
    },
    Matter {
        name: "redirects",
        files: &["authorize/resume.rs"],
        words: &["may_redirect_to", "same_loopback", "see_other", "redirect_uri"],
        operators: &[],
    },
    Matter {
        name: "signatures",
        files: &["keys/", "redemption/id_token.rs"],
        words: &[],
        operators: &[],
    },
];

/// The names of all matters, in the order of the report.
pub fn names() -> impl Iterator<Item = &'static str> {
    MATTERS.iter().map(|matter| matter.name)
}

/// Stands for every matter.
pub const ANY: &str = "any of them";

/// What may be asked for by name.
pub fn names_or_any() -> PossibleValuesParser {
    PossibleValuesParser::new(names().chain([ANY]))
}

/// Whether a mutant is of one of the `asked` matters; without any, every mutant is.
pub fn is_asked_for(mutant: &Mutant, asked: &[String]) -> bool {
    let of = of(mutant);
    let is_of = |name: &String| match name.as_str() {
        ANY => !of.is_empty(),
        name => of.contains(&name),
    };
    asked.is_empty() || asked.iter().any(is_of)
}

/// The matters of a mutant.
pub fn of(mutant: &Mutant) -> Vec<&'static str> {
    let below = mutant.file.strip_prefix("core/src/").unwrap_or(&mutant.file);
    let title = mutant.title();
    let touches = |matter: &&Matter| {
        matter.operators.contains(&mutant.operator)
            || matter.files.iter().any(|file| below.starts_with(file))
            || matter
                .words
                .iter()
                .any(|word| mutant.function.contains(word) || title.contains(word))
    };
    MATTERS.iter().filter(touches).map(|matter| matter.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::{Found, Shape, name};

    #[test]
    fn a_mutant_is_of_what_it_changes() {
        let of = |file: &str, function: &str, operator, original: &str, replacement: &str| {
            let found = Found {
                range: 0..original.len(),
                shape: Shape::Expr,
                operator,
                replacement: replacement.into(),
                function: function.into(),
            };
            of(&name(file, original, vec![found], 0)[0])
        };
        let ledger = of("core/src/ledger.rs", "spend", Operator::Body, "1", "2");
        assert_eq!(ledger, ["single use"]);
        let check = of(
            "core/src/redemption/code.rs",
            "CodeRecord::check",
            Operator::Operator,
            "a",
            "b",
        );
        assert_eq!(check, ["bindings"]);
        let logged = of("core/src/http/client.rs", "f", Operator::Log, "1", "2");
        assert!(logged.is_empty(), "{logged:?}");
        let asked = |names: &[&str]| {
            let found = Found {
                range: 0..1,
                shape: Shape::Expr,
                operator: Operator::Body,
                replacement: "2".into(),
                function: "spend".into(),
            };
            let ledger = &name("core/src/ledger.rs", "1", vec![found], 0)[0];
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            is_asked_for(ledger, &names)
        };
        assert!(asked(&[]) && asked(&[ANY]) && asked(&["limits", "single use"]));
        assert!(!asked(&["limits"]));
        let part = |text: &str| format!("f(\"{text}\", {}, \"redirect_uri\")", "a".repeat(90));
        let far = of("core/src/http/x.rs", "f", Operator::Literal, &part("1"), &part("2"));
        assert!(far.is_empty(), "what is far from the change is not of it: {far:?}");
    }
}
