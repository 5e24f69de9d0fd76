//! Writes a file again with a switch at every mutant; the rest stays byte for byte.
//!
//! What a switch chooses is the text of the original file, without further switches: only one mutant is on at a time, and the
//! copy grows with the depth of nesting and not with its power.

use crate::site::{Mutant, Shape};
use std::{collections::BTreeMap, ops::Range};

/// A mutated file.
#[derive(Debug, Default)]
pub struct Rendered {
    /// Its text.
    pub text: String,
    /// For each mutant's own text, where it is: what the compiler does not accept there is that mutant's fault.
    alternatives: Vec<(Range<usize>, u32)>,
    /// For each rewritten place, where it is, and its mutants.
    places: Vec<(Range<usize>, Vec<u32>)>,
}

impl Rendered {
    /// The mutants to blame for an error at these bytes: the one whose text it is, else all of the innermost place.
    pub fn to_blame(&self, at: &Range<usize>) -> Vec<u32> {
        fn innermost<'a, T>(ranges: &'a [(Range<usize>, T)], at: &Range<usize>) -> Option<&'a T> {
            let inside = |range: &&(Range<usize>, T)| range.0.start <= at.start && at.end <= range.0.end;
            let found = ranges.iter().filter(inside).min_by_key(|(range, _)| range.len());
            found.map(|(_, what)| what)
        }
        match innermost(&self.alternatives, at) {
            Some(number) => vec![*number],
            None => innermost(&self.places, at).cloned().unwrap_or_default(),
        }
    }
}

/// A place and its mutants, which share range and shape.
struct Place<'a> {
    range: Range<usize>,
    shape: Shape,
    mutants: Vec<&'a Mutant>,
}

/// Renders `text` with the mutants of this file that were not dropped.
pub fn render(text: &str, mutants: &[Mutant]) -> Rendered {
    let mut places = BTreeMap::<(usize, std::cmp::Reverse<usize>, Shape), Place<'_>>::new();
    for mutant in mutants.iter().filter(|mutant| mutant.dropped.is_none()) {
        // At the end of a function's brace and before its first statement, what is inserted comes first: see the order.
        let (start, end) = (mutant.range.start, mutant.range.end);
        let reach = if start == end { usize::MAX } else { end };
        // One expression, whichever of its mutants knows that it stands where a semicolon may be missing.
        let kind = if mutant.shape == Shape::Tail {
            Shape::Expr
        } else {
            mutant.shape
        };
        let place = places.entry((start, std::cmp::Reverse(reach), kind));
        let place = place.or_insert_with(|| Place {
            range: mutant.range.clone(),
            shape: mutant.shape,
            mutants: vec![],
        });
        place.mutants.push(mutant);
        if mutant.shape == Shape::Tail {
            place.shape = Shape::Tail;
        }
    }
    let places: Vec<Place<'_>> = places.into_values().collect();
    let mut rendered = Rendered::default();
    let mut next = 0;
    between(text, 0..text.len(), &places, &mut next, &mut rendered);
    rendered
}

/// Writes the bytes of `range`, with the places from `next` on that are in it.
fn between(text: &str, range: Range<usize>, places: &[Place<'_>], next: &mut usize, out: &mut Rendered) {
    let mut at = range.start;
    while let Some(place) = places.get(*next).filter(|place| place.range.end <= range.end) {
        assert!(place.range.start >= at, "places nest or are apart: {:?}", place.range);
        out.text.push_str(&text[at..place.range.start]);
        *next += 1;
        at = place.range.end;
        write(text, place, places, next, out);
    }
    out.text.push_str(&text[at..range.end]);
}

const ON: &str = "crate::mutant_switch::on";

fn write(text: &str, place: &Place<'_>, places: &[Place<'_>], next: &mut usize, out: &mut Rendered) {
    let from = out.text.len();
    let numbers: Vec<u32> = place.mutants.iter().map(|mutant| mutant.number).collect();
    match place.shape {
        Shape::Expr | Shape::Tail | Shape::Shorthand => {
            let (open, close) = if place.shape == Shape::Tail {
                ("", "")
            } else {
                ("(", ")")
            };
            if place.shape == Shape::Shorthand {
                out.text.push_str(&format!("{}: ", &text[place.range.clone()]));
            }
            out.text.push_str(open);
            for mutant in &place.mutants {
                out.text.push_str(&format!("match {ON}({}) {{ true => ", mutant.number));
                // With its parentheses, which the compiler points to as well.
                let begins = out.text.len();
                out.text.push_str(&format!("({})", mutant.replacement));
                out.alternatives.push((begins..out.text.len(), mutant.number));
                out.text.push_str(", _ => ");
            }
            between(text, place.range.clone(), places, next, out);
            out.text.push_str(&"}".repeat(place.mutants.len()));
            out.text.push_str(close);
        }
        Shape::Statement => {
            let off: Vec<String> = numbers.iter().map(|number| format!("!{ON}({number})")).collect();
            out.text.push_str(&format!("if {} {{ ", off.join(" && ")));
            between(text, place.range.clone(), places, next, out);
            out.text.push_str(" }");
        }
        Shape::Insert => {
            for mutant in &place.mutants {
                out.text.push_str(&format!(" if {ON}({}) {{ ", mutant.number));
                let begins = out.text.len();
                out.text.push_str(&mutant.replacement);
                out.alternatives.push((begins..out.text.len(), mutant.number));
                out.text.push_str(" }");
            }
        }
        Shape::Arm => {
            let off: Vec<String> = numbers.iter().map(|number| format!("!{ON}({number})")).collect();
            out.text.push_str(&format!(" if {}", off.join(" && ")));
        }
    }
    out.places.push((from..out.text.len(), numbers));
}

/// A mutant as a difference: the lines that it touches, before and after.
pub fn difference(text: &str, mutant: &Mutant) -> String {
    let (start, end) = (mutant.range.start, mutant.range.end);
    let from = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let to = text[end..].find('\n').map_or(text.len(), |at| end + at);
    let there = match mutant.shape {
        Shape::Statement => String::new(),
        Shape::Arm => " if false".into(),
        Shape::Shorthand => format!("{}: {}", &text[start..end], mutant.replacement),
        Shape::Expr | Shape::Tail | Shape::Insert => mutant.replacement.clone(),
    };
    let after = format!("{}{there}{}", &text[from..start], &text[end..to]);
    let old: Vec<&str> = text[from..to].lines().collect();
    let new: Vec<&str> = after.lines().filter(|line| !line.trim().is_empty()).collect();
    let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let rest = old[same..].iter().rev().zip(new[same..].iter().rev());
    let same_end = rest.take_while(|(a, b)| a == b).count();
    let mut shown = format!("--- {0}\n+++ {0}\n@@ line {1} @@\n", mutant.file, mutant.line + same);
    for (sign, lines) in [('-', &old), ('+', &new)] {
        for line in &lines[same..lines.len() - same_end] {
            shown.push_str(&format!("{sign}{line}\n"));
        }
    }
    shown
}

#[cfg(test)]
mod tests;
