//! Bodies that return a constant at once, as cargo-mutants has them.

use super::{Finder, type_name};
use crate::{operator::Operator, site::Shape};
use syn::{GenericArgument, PathArguments, ReturnType, Signature, Type};

impl Finder<'_> {
    pub(super) fn body(&mut self, sig: &Signature, block: &syn::Block) {
        if block.stmts.is_empty() {
            return;
        }
        let values = match &sig.output {
            ReturnType::Default => vec![String::new()],
            ReturnType::Type(_, ty) => values(ty),
        };
        let open = self.range(&block.brace_token.span.open());
        // A body that is the value already is not mutated into it.
        let only = match &*block.stmts {
            [syn::Stmt::Expr(expr, None)] => self.source(expr),
            _ => "",
        };
        for value in values.iter().filter(|value| *value != only) {
            let code = match value.is_empty() {
                true => "return;".to_owned(),
                false => format!("return {value};"),
            };
            self.add(open.end..open.end, Shape::Insert, Operator::Body, code);
        }
    }
}

/// Values of a type.
fn values(ty: &Type) -> Vec<String> {
    let own = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
    match ty {
        Type::Tuple(tuple) if tuple.elems.is_empty() => own(&["()"]),
        Type::Reference(reference) => match type_name(&reference.elem).as_deref() {
            Some("str") => own(&["\"\"", "\"xyzzy\""]),
            _ => vec![],
        },
        Type::Path(path) => {
            let Some(last) = path.path.segments.last() else {
                return vec![];
            };
            let inner = match &last.arguments {
                PathArguments::AngleBracketed(arguments) => match arguments.args.first() {
                    Some(GenericArgument::Type(inner)) => values(inner),
                    _ => vec![],
                },
                _ => vec![],
            };
            let wrapped = |with: &str| inner.iter().map(|value| format!("{with}({value})")).collect::<Vec<_>>();
            match &*last.ident.to_string() {
                "bool" => own(&["true", "false"]),
                "String" => own(&["String::new()", "\"xyzzy\".into()"]),
                "u8" | "u16" | "u32" | "u64" | "usize" | "i32" | "i64" => own(&["0", "1"]),
                "Option" => [own(&["None"]), wrapped("Some")].concat(),
                "Result" | "Outcome" => wrapped("Ok"),
                "Vec" => own(&["vec![]"]),
                "Duration" => own(&["::std::time::Duration::ZERO"]),
                "Arc" | "Box" | "Self" | "Router" => vec![],
                _ => own(&["Default::default()"]),
            }
        }
        _ => vec![],
    }
}
