//! Statements that are left out.

use super::Finder;
use crate::{operator::Operator, site::Shape};
use syn::{Block, Expr, Pat, Stmt};

impl Finder<'_> {
    pub(super) fn statements(&mut self, block: &Block) {
        for stmt in &block.stmts {
            let operator = match stmt {
                Stmt::Expr(expr, Some(_)) if does_something(expr) => Operator::Statement,
                Stmt::Local(local) if matches!(local.pat, Pat::Wild(_)) => Operator::Statement,
                Stmt::Macro(item) => match item.mac.path.segments.first() {
                    Some(first) if first.ident == "tracing" => Operator::Log,
                    Some(first) if first.ident.to_string().contains("assert") => continue,
                    Some(first) if first.ident == "unreachable" => continue,
                    _ => Operator::Statement,
                },
                // What has the shape of a block needs no semicolon.
                Stmt::Expr(expr @ (Expr::If(_) | Expr::Match(_)), None) => {
                    let range = self.range(expr);
                    for found in self.found.iter_mut().filter(|found| found.range == range) {
                        found.shape = Shape::Tail;
                    }
                    continue;
                }
                _ => continue,
            };
            self.add(self.range(stmt), Shape::Statement, operator, "");
        }
    }
}

/// Whether leaving it out is a mistake that somebody could make: no jump, no mark.
fn does_something(expr: &Expr) -> bool {
    match expr {
        Expr::MethodCall(call) => call.method != "mark",
        Expr::Await(item) => does_something(&item.base),
        Expr::Try(item) => does_something(&item.expr),
        Expr::Call(_) | Expr::Assign(_) | Expr::Macro(_) => true,
        Expr::Binary(binary) => {
            use syn::BinOp::{AddAssign, BitAndAssign, BitOrAssign, MulAssign, SubAssign};
            let op = &binary.op;
            matches!(
                op,
                AddAssign(_) | SubAssign(_) | MulAssign(_) | BitAndAssign(_) | BitOrAssign(_)
            )
        }
        _ => false,
    }
}
