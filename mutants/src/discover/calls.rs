//! Calls: swapped arguments, other methods, links left out, one transaction in two.

use super::Finder;
use crate::{operator::Operator, site::Shape};
use syn::{Block, Expr, ExprCall, ExprMethodCall, Pat, Stmt, punctuated::Punctuated, token::Comma};

/// Methods and what is called in their place, where the types allow it.
const OTHERS: &[(&str, &str)] = &[
    ("is_some", "is_none"),
    ("is_none", "is_some"),
    ("is_ok", "is_err"),
    ("is_err", "is_ok"),
    ("any", "all"),
    ("all", "any"),
    ("min", "max"),
    ("max", "min"),
    ("take", "get"),
    ("first", "last"),
    ("find", "rfind"),
    ("is_some_and", "is_none_or"),
    ("saturating_sub", "saturating_add"),
    ("insert", "append"),
    ("append", "insert"),
    ("fetch_add", "fetch_sub"),
    ("starts_with", "ends_with"),
    ("put_if_absent", "put"),
    ("unwrap_or_default", "expect(\"xyzzy\")"),
];

/// Links whose absence changes the type or nothing: conversions, waiting, opening what was wrapped.
const CONVERSIONS: &[&str] = &[
    "as_bytes",
    "as_deref",
    "as_millis",
    "as_ref",
    "as_secs",
    "as_str",
    "borrow",
    "by_ref",
    "chars",
    "clone",
    "cloned",
    "collect",
    "copied",
    "during",
    "execute",
    "expect",
    "flatten",
    "headers_mut",
    "into",
    "into_iter",
    "iter",
    "lock",
    "map",
    "map_err",
    "ok",
    "ok_or",
    "ok_or_else",
    "prepare_cached",
    "to_owned",
    "to_string",
    "unwrap_or",
    "unwrap_or_default",
    "unwrap_or_else",
    "with_state",
];

/// Calls that do nothing in production, and whose texts only a panic or a log shows.
pub(super) const UNSEEN: &[&str] = &["mark", "expect", "during"];

impl Finder<'_> {
    pub(super) fn call(&mut self, expr: &Expr, call: &ExprCall) {
        let callee = self.source(&*call.func);
        for arguments in self.swapped(&call.args) {
            self.instead(expr, Operator::Arguments, format!("{callee}({arguments})"));
        }
    }

    pub(super) fn method_call(&mut self, expr: &Expr, call: &ExprMethodCall) {
        let method = call.method.to_string();
        if UNSEEN.contains(&&*method) {
            return;
        }
        let whole = self.range(expr);
        let name = self.range(&call.method);
        let rest = &self.text[name.end..whole.end];
        let before = &self.text[whole.start..name.start];
        if let Some((_, other)) = OTHERS.iter().find(|(one, _)| *one == method) {
            let rest = if other.ends_with(')') { "" } else { rest };
            self.instead(expr, Operator::Method, format!("{before}{other}{rest}"));
        }
        if method == "is_unknown" {
            self.instead(expr, Operator::Outcome, format!("!{}", self.source(expr)));
        }
        if !CONVERSIONS.contains(&&*method) {
            self.instead(expr, Operator::Link, self.source(&*call.receiver));
        }
        for arguments in self.swapped(&call.args) {
            self.instead(expr, Operator::Arguments, format!("{before}{method}({arguments})"));
        }
        if method == "write"
            && let Some(Expr::Closure(job)) = call.args.first()
            && let (Some(Pat::Ident(connection)), Expr::Block(body)) = (job.inputs.first(), &*job.body)
        {
            self.split(&connection.ident.to_string(), &body.block);
        }
    }

    /// The arguments with each pair of neighbours in the other order.
    pub(super) fn swapped(&self, arguments: &Punctuated<Expr, Comma>) -> Vec<String> {
        let texts: Vec<&str> = arguments.iter().map(|argument| self.source(argument)).collect();
        let order = |at: usize| {
            let mut texts = texts.clone();
            texts.swap(at, at + 1);
            texts.join(", ")
        };
        (1..texts.len()).map(|at| order(at - 1)).collect()
    }

    /// One transaction in two: it is committed before a statement that is not its first, and another one begins.
    fn split(&mut self, connection: &str, block: &Block) {
        for (at, stmt) in block.stmts.iter().enumerate() {
            if at > 0 {
                let start = self.range(stmt).start;
                let code = format!("{connection}.execute_batch(\"COMMIT; BEGIN IMMEDIATE\")?;");
                self.add(start..start, Shape::Insert, Operator::Transaction, code);
            }
            if let Stmt::Expr(Expr::If(inner), _) = stmt {
                self.split(connection, &inner.then_branch);
            }
        }
    }
}
