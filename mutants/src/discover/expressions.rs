//! Expressions: operators, conditions, arms, literals, fields.

use super::{Finder, binds};
use crate::{operator::Operator, site::Shape};
use syn::{BinOp, Expr, ExprBinary, ExprMatch, ExprStruct, Lit, Pat, UnOp};

impl Finder<'_> {
    pub(super) fn expression(&mut self, expr: &Expr) {
        self.harmless(expr);
        self.domain(expr);
        match expr {
            Expr::Binary(binary) => self.binary(expr, binary),
            Expr::Unary(unary) if matches!(unary.op, UnOp::Not(_) | UnOp::Neg(_)) => {
                self.instead(expr, Operator::Unary, self.source(&*unary.expr));
            }
            Expr::If(item) => self.condition(&item.cond),
            Expr::While(item) if !binds(&item.cond) => self.instead(&*item.cond, Operator::Condition, "false"),
            Expr::Match(item) => self.arms(item),
            Expr::Lit(literal) => self.literal(expr, &literal.lit),
            Expr::Struct(item) => self.fields(item),
            Expr::Call(call) => self.call(expr, call),
            Expr::MethodCall(call) => self.method_call(expr, call),
            _ => {}
        }
    }

    /// A condition holds always or never. Of one that binds names, those of its parts that do not.
    pub(super) fn condition(&mut self, cond: &Expr) {
        match cond {
            Expr::Let(_) => {}
            Expr::Binary(binary) if binds(cond) => {
                self.condition(&binary.left);
                self.condition(&binary.right);
            }
            _ => {
                self.instead(cond, Operator::Condition, "true");
                self.instead(cond, Operator::Condition, "false");
                if !matches!(cond, Expr::Lit(_)) {
                    self.instead(cond, Operator::Harmless, format!("!!({})", self.source(cond)));
                }
            }
        }
    }

    fn binary(&mut self, expr: &Expr, binary: &ExprBinary) {
        let (left, right) = (self.source(&*binary.left), self.source(&*binary.right));
        if binds(expr) {
            return;
        }
        let boundary = Operator::Boundary;
        let operator = Operator::Operator;
        let swaps: &[(Operator, &str)] = match binary.op {
            BinOp::Eq(_) => &[(operator, "!=")],
            BinOp::Ne(_) => &[(operator, "==")],
            BinOp::And(_) => &[(operator, "||")],
            BinOp::Or(_) => &[(operator, "&&")],
            BinOp::Lt(_) => &[(boundary, "<="), (operator, ">"), (operator, "==")],
            BinOp::Gt(_) => &[(boundary, ">="), (operator, "<"), (operator, "==")],
            BinOp::Le(_) => &[(boundary, "<"), (operator, ">")],
            BinOp::Ge(_) => &[(boundary, ">"), (operator, "<")],
            BinOp::Add(_) => &[(operator, "-"), (operator, "*")],
            BinOp::Sub(_) => &[(operator, "+"), (operator, "/")],
            BinOp::Mul(_) => &[(operator, "+"), (operator, "/")],
            BinOp::Div(_) => &[(operator, "%"), (operator, "*")],
            BinOp::Rem(_) => &[(operator, "/"), (operator, "+")],
            BinOp::Shl(_) => &[(operator, ">>")],
            BinOp::Shr(_) => &[(operator, "<<")],
            BinOp::BitAnd(_) => &[(operator, "|"), (operator, "^")],
            BinOp::BitOr(_) => &[(operator, "&"), (operator, "^")],
            BinOp::BitXor(_) => &[(operator, "&"), (operator, "|")],
            BinOp::AddAssign(_) => &[(operator, "-="), (operator, "*=")],
            BinOp::SubAssign(_) => &[(operator, "+="), (operator, "/=")],
            BinOp::MulAssign(_) => &[(operator, "+="), (operator, "/=")],
            BinOp::BitOrAssign(_) => &[(operator, "&="), (operator, "=")],
            _ => &[],
        };
        for (operator, other) in swaps {
            self.instead(expr, *operator, format!("{left} {other} {right}"));
        }
        if matches!(binary.op, BinOp::And(_) | BinOp::Or(_)) {
            self.instead(expr, Operator::Binding, left);
            self.instead(expr, Operator::Binding, right);
        }
    }

    fn arms(&mut self, item: &ExprMatch) {
        let takes_all = |pat: &Pat| match pat {
            Pat::Wild(_) => true,
            // `None` looks like a name, too.
            Pat::Ident(name) => name.subpat.is_none() && !name.ident.to_string().starts_with(char::is_uppercase),
            _ => false,
        };
        let is_wild = |arm: &syn::Arm| takes_all(&arm.pat) && arm.guard.is_none();
        let has_wild = item.arms.iter().any(is_wild);
        for (at, arm) in item.arms.iter().enumerate() {
            // An arm with a guard is left out by the guard that never holds.
            if has_wild && !is_wild(arm) && arm.guard.is_none() {
                let end = self.range(&arm.pat).end;
                self.add(end..end, Shape::Arm, Operator::ArmLeftOut, self.source(&arm.pat));
            }
            let other = item.arms.get(at + 1).or(item.arms.get(at.wrapping_sub(1)));
            if let Some(other) = other.filter(|other| !(says_nothing(&arm.body) && says_nothing(&other.body))) {
                // A body that is a block needs no comma after it.
                let range = self.range(&*arm.body);
                self.add(range, Shape::Tail, Operator::ArmSwapped, self.source(&*other.body));
            }
        }
    }

    fn literal(&mut self, expr: &Expr, literal: &Lit) {
        match literal {
            Lit::Int(int) => {
                let digits = int.base10_digits();
                if let Ok(value) = digits.parse::<u64>() {
                    let suffix = int.suffix();
                    self.instead(expr, Operator::Literal, format!("{}{suffix}", value + 1));
                    self.instead(expr, Operator::Harmless, format!("{value}{suffix} + 0"));
                }
            }
            Lit::Bool(bool) => self.instead(expr, Operator::Literal, (!bool.value).to_string()),
            Lit::Str(text) => {
                let value = text.value();
                if super::sql::is_sql(&value) {
                    for (operator, other) in super::sql::mutants(self.source(expr)) {
                        self.instead(expr, operator, other);
                    }
                } else if !value.is_empty() && value.len() <= 40 && !value.contains(": ") {
                    self.instead(expr, Operator::Literal, "\"xyzzy\"");
                }
            }
            _ => {}
        }
    }

    fn fields(&mut self, item: &ExprStruct) {
        for field in &item.fields {
            let (shape, text) = match field.colon_token {
                Some(_) => (Shape::Expr, self.source(&field.expr)),
                None => (Shape::Shorthand, self.source(&field.member)),
            };
            // What is the default already would be no mistake.
            let is_default = matches!(text, "None" | "false" | "0" | "vec![]" | "String::new()");
            let is_zero = text.starts_with("Atomic") && text.ends_with("::new(0)");
            if is_default || is_zero || text.ends_with("::default()") || text == "env" {
                continue;
            }
            let range = match field.colon_token {
                Some(_) => self.range(&field.expr),
                None => self.range(&field.member),
            };
            self.add(range.clone(), shape, Operator::Field, "Default::default()");
            if let (Some(base), syn::Member::Named(name)) = (&item.rest, &field.member) {
                let base = format!("({}).{name}", self.source(&**base));
                self.add(range, shape, Operator::Field, base);
            }
        }
    }
}

/// Whether it does nothing that anybody could notice: it sets a mark of the harness, or is empty.
fn says_nothing(body: &Expr) -> bool {
    match body {
        Expr::MethodCall(call) => call.method == "mark",
        Expr::Block(block) => block.block.stmts.is_empty(),
        Expr::Tuple(tuple) => tuple.elems.is_empty(),
        _ => false,
    }
}
