//! The files of a package that are compiled into a program.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Macros that compile the file that they name.
const INCLUDES: [&str; 3] = ["include_str!(", "include_bytes!(", "include!("];

/// What a package is made of.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    /// All files, in the order of their names.
    pub(crate) files: BTreeSet<PathBuf>,
    /// What cargo must look at to see a change, an addition or a removal: folders with all that is in them, and files.
    pub(crate) watched: BTreeSet<PathBuf>,
}

/// Everything in `src`, the manifest, the build script, and files elsewhere that the sources include by name.
pub(crate) fn of_package(folder: &Path) -> Result<Sources, String> {
    let mut sources = Sources::default();
    let src = folder.join("src");
    collect(&src, &mut sources.files)?;
    sources.watched.insert(src.clone());
    for name in ["Cargo.toml", "build.rs"] {
        let file = folder.join(name);
        if file.is_file() {
            sources.files.insert(file.clone());
            sources.watched.insert(file);
        }
    }
    let rust: Vec<PathBuf> = sources
        .files
        .iter()
        .filter(|file| file.extension().is_some_and(|e| e == "rs"))
        .cloned()
        .collect();
    for file in rust {
        let text = fs::read_to_string(&file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
        for included in included(&text) {
            let path = file.parent().unwrap_or(Path::new("")).join(included);
            let Ok(path) = path.canonicalize() else { continue };
            // What is below `src` is there already. What only documents include is text for people.
            if path.is_file() && !path.starts_with(&src) && path.extension().is_none_or(|e| e != "md") {
                sources.watched.insert(path.clone());
                sources.files.insert(path);
            }
        }
    }
    Ok(sources)
}

fn collect(folder: &Path, files: &mut BTreeSet<PathBuf>) -> Result<(), String> {
    let wrong = |error: std::io::Error| format!("cannot read {}: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(wrong)? {
        let path = entry.map_err(wrong)?.path();
        match path.is_dir() {
            true => collect(&path, files)?,
            false => drop(files.insert(path)),
        }
    }
    Ok(())
}

/// The files that a source includes by a literal name.
pub(crate) fn included(text: &str) -> Vec<&str> {
    let calls = INCLUDES
        .iter()
        .flat_map(|call| text.match_indices(call).map(move |(at, _)| at + call.len()));
    let literal = |at: usize| text[at..].trim_start().strip_prefix('"')?.split('"').next();
    calls.filter_map(literal).collect()
}
