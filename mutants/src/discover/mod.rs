//! Finds the places of a file that can be mutated.
//!
//! Not looked at: tests; what the compiler must know beforehand (constants, types, patterns, attributes), because no switch can
//! decide there at run time; `Debug`; the insides of macros, but for those whose arguments are plain expressions; and calls of
//! `mark`, which tell the simulation where a run has been and do nothing in production, with the conditions of nothing else.

mod body;
mod calls;
mod domain;
mod expressions;
mod harmless;
mod macros;
mod sql;
mod statements;

use crate::{
    operator::Operator,
    site::{Found, Shape},
};
use std::{collections::BTreeSet, ops::Range};
use syn::{
    Attribute, Expr, ImplItemFn, ItemConst, ItemFn, ItemImpl, ItemMod, ItemTrait, Meta, Signature, TraitItemFn,
    spanned::Spanned,
    visit::{self, Visit},
};

/// All mutants of a file, in the order of the text.
///
/// # Errors
/// It is no Rust.
pub fn discover(text: &str) -> syn::Result<Vec<Found>> {
    let file = syn::parse_file(text)?;
    let mut finder = Finder {
        text,
        owner: vec![],
        constants: constants(&file),
        found: vec![],
    };
    finder.visit_file(&file);
    let mut found = finder.found;
    // A replacement that says what stands there already is none, and the same one twice is one.
    found.retain(|found| {
        let same = || words(&found.replacement) == words(&text[found.range.clone()]);
        matches!(found.shape, Shape::Insert | Shape::Arm) || !same()
    });
    let mut seen = BTreeSet::new();
    found.retain(|found| {
        let range = (found.range.start, found.range.end);
        seen.insert((range, found.shape, found.replacement.clone()))
    });
    found.sort_by_key(|found| (found.range.start, std::cmp::Reverse(found.range.end), found.shape));
    Ok(found)
}

fn words(text: &str) -> String {
    text.split_whitespace().collect()
}

/// Constants of this file that are numbers or durations: a mutant is made where they are used.
fn constants(file: &syn::File) -> Vec<(String, bool)> {
    let of = |item: &syn::Item| match item {
        syn::Item::Const(ItemConst { ident, ty, .. }) => {
            let ty = type_name(ty)?;
            let is_duration = ty == "Duration";
            (is_duration || matches!(&*ty, "u32" | "u64" | "usize")).then(|| (ident.to_string(), is_duration))
        }
        _ => None,
    };
    file.items.iter().filter_map(of).collect()
}

/// The last word of a type that is a path.
fn type_name(ty: &syn::Type) -> Option<String> {
    match ty {
        syn::Type::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
        _ => None,
    }
}

struct Finder<'a> {
    text: &'a str,
    /// Types and functions around this place, outermost first.
    owner: Vec<String>,
    constants: Vec<(String, bool)>,
    found: Vec<Found>,
}

impl<'a> Finder<'a> {
    fn range(&self, node: &impl Spanned) -> Range<usize> {
        node.span().byte_range()
    }

    fn source(&self, node: &impl Spanned) -> &'a str {
        &self.text[self.range(node)]
    }

    fn add(&mut self, range: Range<usize>, shape: Shape, operator: Operator, replacement: impl Into<String>) {
        self.found.push(Found {
            range,
            shape,
            operator,
            replacement: replacement.into(),
            function: self.owner.join("::"),
        });
    }

    /// Another expression in the place of this one.
    fn instead(&mut self, node: &impl Spanned, operator: Operator, replacement: impl Into<String>) {
        self.add(self.range(node), Shape::Expr, operator, replacement);
    }

    fn within(&mut self, name: String, visit: impl FnOnce(&mut Self)) {
        self.owner.push(name);
        visit(self);
        self.owner.pop();
    }

    fn function(&mut self, sig: &Signature, attrs: &[Attribute], block: &syn::Block) {
        if sig.constness.is_some() || is_test(attrs) {
            return;
        }
        self.within(sig.ident.to_string(), |finder| {
            finder.body(sig, block);
            finder.visit_block(block);
        });
    }
}

fn is_test(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attr| match &attr.meta {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string().contains("test"),
        Meta::NameValue(_) => false,
    })
}

/// Whether a condition binds names (`let … =`): then it is no plain expression.
fn binds(expr: &Expr) -> bool {
    match expr {
        Expr::Let(_) => true,
        Expr::Binary(binary) => binds(&binary.left) || binds(&binary.right),
        Expr::Paren(paren) => binds(&paren.expr),
        _ => false,
    }
}

/// Whether all that it decides is whether a mark is set.
fn only_marks(item: &syn::ExprIf) -> bool {
    let marks = |stmt: &syn::Stmt| match stmt {
        syn::Stmt::Expr(Expr::MethodCall(call), _) => call.method == "mark",
        _ => false,
    };
    item.else_branch.is_none() && item.then_branch.stmts.iter().all(marks)
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        self.function(&item.sig, &item.attrs, &item.block);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        self.function(&item.sig, &item.attrs, &item.block);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast TraitItemFn) {
        if let Some(block) = &item.default {
            self.function(&item.sig, &item.attrs, block);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        let what = item.trait_.as_ref().and_then(|(_, path, _)| path.segments.last());
        if is_test(&item.attrs) || what.is_some_and(|what| what.ident == "Debug") {
            return;
        }
        let name = type_name(&item.self_ty).unwrap_or_else(|| "impl".into());
        self.within(name, |finder| visit::visit_item_impl(finder, item));
    }

    fn visit_item_trait(&mut self, item: &'ast ItemTrait) {
        self.within(item.ident.to_string(), |finder| visit::visit_item_trait(finder, item));
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if !is_test(&item.attrs) {
            self.within(item.ident.to_string(), |finder| visit::visit_item_mod(finder, item));
        }
    }

    fn visit_block(&mut self, block: &'ast syn::Block) {
        self.statements(block);
        visit::visit_block(self, block);
    }

    fn visit_expr(&mut self, expr: &'ast Expr) {
        if let Expr::If(item) = expr
            && only_marks(item)
        {
            return;
        }
        self.expression(expr);
        match expr {
            // Without a value of its own, the field is all of it.
            Expr::Struct(item) => {
                for field in item.fields.iter().filter(|field| field.colon_token.is_some()) {
                    self.visit_expr(&field.expr);
                }
                item.rest.iter().for_each(|rest| self.visit_expr(rest));
            }
            // Its text is for marks and panics.
            Expr::MethodCall(call) if calls::UNSEEN.contains(&&*call.method.to_string()) => {
                self.visit_expr(&call.receiver)
            }
            // The length of an array is known beforehand.
            Expr::Repeat(repeat) => self.visit_expr(&repeat.expr),
            _ => visit::visit_expr(self, expr),
        }
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        self.macro_arguments(item);
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        if let Some((_, guard)) = &arm.guard {
            self.condition(guard);
            self.visit_expr(guard);
        }
        self.visit_expr(&arm.body);
    }

    // What the compiler must know beforehand.
    fn visit_item_const(&mut self, _: &'ast ItemConst) {}
    fn visit_impl_item_const(&mut self, _: &'ast syn::ImplItemConst) {}
    fn visit_trait_item_const(&mut self, _: &'ast syn::TraitItemConst) {}
    fn visit_item_static(&mut self, _: &'ast syn::ItemStatic) {}
    fn visit_item_enum(&mut self, _: &'ast syn::ItemEnum) {}
    fn visit_type(&mut self, _: &'ast syn::Type) {}
    fn visit_pat(&mut self, _: &'ast syn::Pat) {}
    fn visit_attribute(&mut self, _: &'ast Attribute) {}
    fn visit_generic_argument(&mut self, _: &'ast syn::GenericArgument) {}
}

#[cfg(test)]
mod tests;
