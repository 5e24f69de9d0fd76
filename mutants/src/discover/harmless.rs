//! Changes that change nothing, by construction: who objects to one of them gives a false alarm.

use super::{Finder, binds};
use crate::operator::Operator;
use syn::{BinOp, Expr, UnOp};

impl Finder<'_> {
    pub(super) fn harmless(&mut self, expr: &Expr) {
        match expr {
            Expr::Binary(binary) if is_pure(&binary.left) && is_pure(&binary.right) => {
                let other = match binary.op {
                    BinOp::Eq(_) => "==",
                    BinOp::Ne(_) => "!=",
                    BinOp::And(_) => "&&",
                    BinOp::Or(_) => "||",
                    BinOp::Lt(_) => ">",
                    BinOp::Gt(_) => "<",
                    BinOp::Le(_) => ">=",
                    BinOp::Ge(_) => "<=",
                    _ => return,
                };
                let (left, right) = (self.source(&*binary.left), self.source(&*binary.right));
                self.instead(expr, Operator::Harmless, format!("{right} {other} {left}"));
            }
            Expr::If(item) if !binds(&item.cond) => {
                if let Some((_, otherwise)) = &item.else_branch
                    && matches!(**otherwise, Expr::Block(_))
                {
                    let (cond, otherwise) = (self.source(&*item.cond), self.source(&**otherwise));
                    let then = self.source(&item.then_branch);
                    self.instead(
                        expr,
                        Operator::Harmless,
                        format!("if !({cond}) {otherwise} else {then}"),
                    );
                }
            }
            Expr::MethodCall(call) if call.method == "clone" && call.args.is_empty() => {
                self.instead(expr, Operator::Harmless, format!("{}.clone()", self.source(expr)));
            }
            _ => {}
        }
    }
}

/// Whether looking at it does nothing, and in either order the same.
fn is_pure(expr: &Expr) -> bool {
    match expr {
        Expr::Path(_) | Expr::Lit(_) => true,
        Expr::Field(field) => is_pure(&field.base),
        Expr::Reference(reference) => is_pure(&reference.expr),
        Expr::Paren(paren) => is_pure(&paren.expr),
        Expr::Unary(unary) => matches!(unary.op, UnOp::Not(_) | UnOp::Deref(_)) && is_pure(&unary.expr),
        _ => false,
    }
}
