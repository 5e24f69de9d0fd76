//! What is at home in a login service: lifetimes, limits, outcomes, bindings.

use super::Finder;
use crate::operator::Operator;
use syn::{Expr, Member};

/// Groups of the configuration, and whether all that is in them are durations.
const GROUPS: &[(&str, bool)] = &[("ttl", true), ("deadlines", true), ("leader", true), ("limits", false)];
/// Limits that are durations.
const WINDOWS: &[&str] = &["window", "send_once"];

impl Finder<'_> {
    pub(super) fn domain(&mut self, expr: &Expr) {
        match expr {
            Expr::Call(call) => {
                let callee = super::words(self.source(&*call.func));
                if callee.starts_with("Duration::from_") {
                    self.duration(expr);
                }
                // `Some(…)`: what is optional is not there.
                if callee == "Some" {
                    self.instead(expr, Operator::Field, "None");
                }
            }
            Expr::Path(path) => {
                let text = super::words(self.source(path));
                match text.as_str() {
                    "Failure::Fail" => self.instead(expr, Operator::Outcome, "Failure::Unknown"),
                    "Failure::Unknown" => self.instead(expr, Operator::Outcome, "Failure::Fail"),
                    _ => {}
                }
                match self.constants.iter().find(|(name, _)| *name == text) {
                    Some((_, true)) => self.duration(expr),
                    Some((_, false)) => self.limit(expr),
                    None => {}
                }
            }
            Expr::Field(field) => {
                let (Member::Named(name), group) = (&field.member, last_word(&field.base)) else {
                    return;
                };
                let group = GROUPS.iter().find(|(known, _)| group.as_deref() == Some(*known));
                match group {
                    Some((_, is_duration)) if *is_duration || WINDOWS.iter().any(|window| name == window) => {
                        self.duration(expr);
                    }
                    Some(_) => self.limit(expr),
                    None => {}
                }
            }
            // A part of what is hashed, keyed or claimed: its neighbour stands in its place, so that the array keeps its length.
            Expr::Array(array)
                if array.elems.len() >= 2 && !array.elems.iter().all(|one| matches!(one, Expr::Lit(_))) =>
            {
                let texts: Vec<&str> = array.elems.iter().map(|element| self.source(element)).collect();
                for left_out in 0..texts.len() {
                    let mut rest = texts.clone();
                    rest[left_out] = texts[if left_out == 0 { 1 } else { left_out - 1 }];
                    self.instead(expr, Operator::Binding, format!("[{}]", rest.join(", ")));
                }
            }
            _ => {}
        }
    }

    fn duration(&mut self, expr: &Expr) {
        let text = self.source(expr);
        self.instead(expr, Operator::Lifetime, format!("{text} * 60"));
        self.instead(expr, Operator::Lifetime, format!("{text} / 1000"));
    }

    fn limit(&mut self, expr: &Expr) {
        let text = self.source(expr);
        self.instead(expr, Operator::Limit, format!("{text} + 1"));
        self.instead(expr, Operator::Limit, format!("{text} - 1"));
    }
}

/// The last name of a path or of a chain of fields.
fn last_word(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
        Expr::Field(field) => match &field.member {
            Member::Named(name) => Some(name.to_string()),
            Member::Unnamed(_) => None,
        },
        _ => None,
    }
}
