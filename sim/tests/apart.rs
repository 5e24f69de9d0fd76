//! The models know nothing of the login service, nor of the engines: they could be crates of their own.

use std::{
    fs,
    path::{Path, PathBuf},
};

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("it is there") {
        let path = entry.expect("readable").path();
        match path.is_dir() {
            true => sources(&path, into),
            false => into.extend(path.extension().is_some_and(|ext| ext == "rs").then(|| path.clone())),
        }
    }
}

/// What a file names from another crate or from another room of this one.
fn names(text: &str, root: &str) -> Vec<String> {
    let ends = |c: char| !(c.is_alphanumeric() || c == '_' || c == ':' || c == '!');
    let found = text
        .match_indices(root)
        .filter(|(at, _)| !text[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_'));
    found
        .map(|(at, _)| text[at..].split(ends).next().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn the_models_know_only_the_seams_and_each_other() {
    let world = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/world");
    for (model, rooms) in [
        ("redis", &["crate::world::redis"][..]),
        ("sentinel", &["crate::world::redis", "crate::world::sentinel"]),
        ("balancer", &["crate::world::balancer"]),
    ] {
        let mut files = vec![];
        sources(&world.join(model), &mut files);
        assert!(files.len() > 3, "{model} has sources");
        // Tests of a model may need an engine to run it on.
        let is_test =
            |path: &Path| path.components().any(|part| part.as_os_str() == "tests") || path.ends_with("tests.rs");
        for file in files.iter().filter(|file| !is_test(file)) {
            let text = fs::read_to_string(file).expect("readable");
            for name in names(&text, "idp::") {
                let known = ["idp::seams", "idp::select!"].iter().any(|seam| name.starts_with(seam));
                assert!(known, "{} names {name}", file.display());
            }
            for name in names(&text, "crate::") {
                let known = rooms.iter().any(|room| name.starts_with(room));
                assert!(known, "{} names {name}", file.display());
            }
        }
        assert!(world.join(model).join("README.md").is_file(), "{model} has a README");
    }
}
