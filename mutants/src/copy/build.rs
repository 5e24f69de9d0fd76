//! Builds the copy once, without the mutants that the compiler refuses.

use super::{Catalogue, Folders, Sources};
use crate::{
    render::Rendered,
    trouble::{About, Trouble},
};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    ops::Range,
    path::Path,
    process::{Command, Stdio},
};

/// So often is it built again without what was refused. Types are looked at before borrows, so two or three are usual.
const ROUNDS_MAX: usize = 20;

/// Builds the copy, unless it is there. Says what it does.
///
/// # Errors
/// It cannot be written, or does not build whichever mutants are left out.
pub fn build(folders: &Folders, mut say: impl FnMut(&str)) -> Result<Catalogue, Trouble> {
    let mut sources = Sources::read(&folders.root)?;
    if let Ok(there) = folders.read_catalogue()
        && there.key == sources.catalogue.key
        && folders.judge().is_file()
    {
        return Ok(there);
    }
    let copy = folders.copy();
    // What was refused before a build of these very sources was interrupted is refused still.
    if let Ok(there) = Catalogue::read(&folders.unfinished())
        && there.key == sources.catalogue.key
    {
        sources.catalogue = there;
    }
    for round in 1..=ROUNDS_MAX {
        let mutated = sources.write(&copy)?;
        let built = sources.catalogue.built().count();
        say(&format!("building {built} mutants at once, round {round} ..."));
        let errors = compile(folders, &copy)?;
        if errors.is_empty() {
            sources.catalogue.write(&folders.work)?;
            return Ok(sources.catalogue);
        }
        let mut dropped = 0;
        for error in &errors {
            for number in error.to_blame(&mutated) {
                let mutant = &mut sources.catalogue.mutants[number as usize];
                dropped += usize::from(mutant.dropped.is_none());
                mutant.dropped.get_or_insert_with(|| error.title());
            }
        }
        // An error for which nobody is to blame follows from another one, as a rule, and is gone with it.
        if dropped == 0 {
            let said: Vec<&str> = errors.iter().map(Diagnostic::rendered).collect();
            let said = said.join("\n");
            return Err(Trouble::Said(format!(
                "the mutated copy does not build, and no mutant is to blame:\n{said}"
            )));
        }
        say(&format!("the compiler refuses {dropped}"));
        sources.catalogue.write(&folders.unfinished())?;
    }
    Err(Trouble::Said(format!(
        "the mutated copy in {} still does not build after {ROUNDS_MAX} rounds",
        copy.display()
    )))
}

/// One line of cargo's.
#[derive(Deserialize)]
struct Message {
    reason: String,
    message: Option<Diagnostic>,
}

/// What rustc says.
#[derive(Deserialize)]
struct Diagnostic {
    message: String,
    level: String,
    code: Option<Code>,
    spans: Vec<Span>,
    #[serde(default)]
    rendered: Option<String>,
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

#[derive(Deserialize)]
struct Span {
    file_name: String,
    byte_start: usize,
    byte_end: usize,
    is_primary: bool,
    expansion: Option<Box<Expansion>>,
}

#[derive(Deserialize)]
struct Expansion {
    span: Span,
}

impl Diagnostic {
    fn title(&self) -> String {
        let code = self.code.as_ref().map_or("error", |code| &code.code);
        format!("{code}: {}", self.message)
    }

    /// The mutants that it is about: those whose own text it points to, first or at all; else those of the place.
    fn to_blame(&self, mutated: &BTreeMap<String, Rendered>) -> Vec<u32> {
        let mut places: Vec<(bool, Vec<u32>)> = vec![];
        for span in &self.spans {
            let mut span = span;
            let is_primary = span.is_primary;
            loop {
                let at: Range<usize> = span.byte_start..span.byte_end;
                let blamed = mutated.get(&span.file_name).map(|file| file.to_blame(&at));
                if let Some(blamed) = blamed.filter(|blamed| !blamed.is_empty()) {
                    places.push((is_primary, blamed));
                    break;
                }
                let Some(expansion) = &span.expansion else { break };
                span = &expansion.span;
            }
        }
        // Fewer are to blame the more exactly it points; the primary place decides between equals.
        let best = places
            .into_iter()
            .min_by_key(|(is_primary, blamed)| (blamed.len(), !is_primary));
        best.map(|(_, blamed)| blamed).unwrap_or_default()
    }

    fn rendered(&self) -> &str {
        self.rendered.as_deref().unwrap_or(&self.message)
    }
}

fn compile(folders: &Folders, copy: &Path) -> Result<Vec<Diagnostic>, Trouble> {
    let mut cargo = Command::new("cargo")
        .args(["build", "--release", "--bin", "judge", "--message-format=json"])
        .current_dir(copy)
        .env("CARGO_TARGET_DIR", folders.work.join("target"))
        .env("CARGO_INCREMENTAL", "0")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .about(Path::new("cargo"))?;
    let said = std::thread::scope(|scope| -> Result<_, Trouble> {
        let stderr = cargo.stderr.take().expect("it is piped");
        let stderr = scope.spawn(move || BufReader::new(stderr).lines().map_while(Result::ok).collect::<Vec<_>>());
        let mut errors = vec![];
        for line in BufReader::new(cargo.stdout.take().expect("it is piped")).lines() {
            let line = line.about(Path::new("cargo"))?;
            let Ok(message) = serde_json::from_str::<Message>(&line) else {
                continue;
            };
            let diagnostic = message
                .message
                .filter(|said| said.level == "error" && !said.spans.is_empty());
            errors.extend(diagnostic.filter(|_| message.reason == "compiler-message"));
        }
        Ok((errors, stderr.join().expect("reading lines does not panic")))
    });
    let (errors, stderr) = said?;
    let ended = cargo.wait().about(Path::new("cargo"))?;
    if !ended.success() && errors.is_empty() {
        return Err(Trouble::Said(format!(
            "the mutated copy does not build:\n{}",
            stderr.join("\n")
        )));
    }
    Ok(errors)
}
