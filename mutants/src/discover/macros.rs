//! Macros whose arguments are expressions.

use super::Finder;
use crate::operator::Operator;
use proc_macro2::{TokenStream, TokenTree};
use std::ops::Range;
use syn::{Expr, ExprLit, Lit, Macro, parse::Parser, punctuated::Punctuated, token::Comma, visit::Visit};

impl Finder<'_> {
    pub(super) fn macro_arguments(&mut self, item: &Macro) {
        let Some(name) = item.path.segments.last().map(|last| last.ident.to_string()) else {
            return;
        };
        match name.as_str() {
            "params" | "vec" | "format" | "write" => self.expressions(&name, item),
            "matches" => {
                let text = self.source(item);
                self.instead(item, Operator::Unary, format!("!{text}"));
            }
            "json" => self.members(item),
            _ => {}
        }
    }

    fn expressions(&mut self, name: &str, item: &Macro) {
        let parsed = Punctuated::<Expr, Comma>::parse_terminated.parse2(item.tokens.clone());
        let Ok(arguments) = parsed else { return };
        let texts: Vec<&str> = arguments.iter().map(|argument| self.source(argument)).collect();
        // The format comes first, and is no argument.
        let first = match name {
            "format" => 1,
            "write" => 2,
            _ => 0,
        };
        for at in first + 1..texts.len() {
            let mut swapped = texts.clone();
            swapped.swap(at - 1, at);
            self.instead(item, Operator::Arguments, format!("{name}!({})", swapped.join(", ")));
        }
        if let Some(format) = first.checked_sub(1).and_then(|at| arguments.get(at)) {
            self.cookie(name, item, &texts, first - 1, format);
        }
        arguments
            .iter()
            .skip(first)
            .for_each(|argument| self.visit_expr(argument));
    }

    /// A cookie is written as a format with its attributes.
    fn cookie(&mut self, name: &str, item: &Macro, texts: &[&str], at: usize, format: &Expr) {
        let Expr::Lit(ExprLit { lit: Lit::Str(_), .. }) = format else {
            return;
        };
        let Some(attributes) = texts[at].strip_prefix('"').and_then(|text| text.strip_suffix('"')) else {
            return;
        };
        let parts: Vec<&str> = attributes.split("; ").collect();
        if !parts.iter().any(|part| part.starts_with("Path=")) {
            return;
        }
        for left_out in 1..parts.len() {
            let rest: Vec<&str> = (0..parts.len())
                .filter(|at| *at != left_out)
                .map(|at| parts[at])
                .collect();
            let mut texts = texts.to_vec();
            let literal = format!("\"{}\"", rest.join("; "));
            texts[at] = &literal;
            // The argument of an attribute goes with it.
            let holes = parts[1..left_out].iter().filter(|part| part.contains("{}")).count();
            let earlier = parts[0].matches("{}").count();
            if parts[left_out].contains("{}") {
                texts.remove(at + 1 + earlier + holes);
            }
            self.instead(item, Operator::Cookie, format!("{name}!({})", texts.join(", ")));
        }
    }

    /// A JSON document without one of its members.
    fn members(&mut self, item: &Macro) {
        let mut tokens = item.tokens.clone().into_iter();
        let (Some(TokenTree::Group(group)), None) = (tokens.next(), tokens.next()) else {
            return;
        };
        let members = split(group.stream());
        let whole = self.range(item);
        for member in &members {
            let end = members
                .iter()
                .map(|other| other.start)
                .filter(|start| *start > member.start)
                .min();
            let end = end.unwrap_or(group.span_close().byte_range().start);
            let text = format!(
                "{}{}",
                &self.text[whole.start..member.start],
                &self.text[end..whole.end]
            );
            self.add(whole.clone(), crate::site::Shape::Expr, Operator::Claim, text);
        }
    }
}

/// The parts between the commas, from the first byte of each to its last.
fn split(tokens: TokenStream) -> Vec<Range<usize>> {
    let mut parts: Vec<Range<usize>> = vec![];
    let mut begins = true;
    for token in tokens {
        if matches!(&token, TokenTree::Punct(comma) if comma.as_char() == ',') {
            begins = true;
            continue;
        }
        let range = token.span().byte_range();
        match parts.last_mut() {
            Some(last) if !begins => last.end = range.end,
            _ => parts.push(range),
        }
        begins = false;
    }
    parts
}
