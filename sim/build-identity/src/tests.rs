use super::*;
use std::fs;

/// A package in a folder of its own.
fn package(name: &str) -> PathBuf {
    let folder = env::temp_dir().join(format!("build-identity-{}-{name}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("src/rules")).unwrap();
    fs::create_dir_all(folder.join("tests")).unwrap();
    fs::write(folder.join("Cargo.toml"), "[package]").unwrap();
    fs::write(
        folder.join("src/lib.rs"),
        "const A: &str = include_str!( \"../table.txt\" );",
    )
    .unwrap();
    fs::write(folder.join("src/rules/at_most_once.rs"), "at most once").unwrap();
    fs::write(folder.join("table.txt"), "1").unwrap();
    fs::write(folder.join("README.md"), "about").unwrap();
    fs::write(folder.join("tests/all.rs"), "test").unwrap();
    folder.canonicalize().unwrap()
}

#[test]
fn what_is_compiled_counts_and_nothing_else() {
    let folder = package("counts");
    let found = sources::of_package(&folder).unwrap();
    let names: Vec<String> = (found.files.iter())
        .map(|file| file.strip_prefix(&folder).unwrap().display().to_string())
        .collect();
    assert_eq!(
        names,
        ["Cargo.toml", "src/lib.rs", "src/rules/at_most_once.rs", "table.txt"]
    );
    // A folder is looked at with all that is in it: a file that comes or goes is a change, too.
    assert!(found.watched.contains(&folder.join("src")) && found.watched.contains(&folder.join("table.txt")));
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn included_files_are_found_by_their_names() {
    let text =
        "include_str!(\"a.css\") include_bytes!(\n    \"../b\") include_str!(concat!(\"c\", \"d\")) include!(\"e.rs\")";
    let mut found = sources::included(text);
    found.sort_unstable();
    assert_eq!(found, ["../b", "a.css", "e.rs"]);
}

#[test]
fn parts_are_told_apart() {
    let hash = |parts: &[(&str, &str)]| {
        let mut hash = Xxh3::new();
        parts
            .iter()
            .for_each(|(name, bytes)| add(&mut hash, name, bytes.as_bytes()));
        hash.digest128()
    };
    assert_ne!(hash(&[("a", "b")]), hash(&[("ab", "")]));
    assert_ne!(hash(&[("a", "bc")]), hash(&[("a", "b"), ("c", "")]));
    assert_ne!(hash(&[("a", "1")]), hash(&[("a", "2")]));
}

#[test]
fn folders_are_read_from_what_cargo_says() {
    let folder = package("folders");
    let place = folder.display();
    let tree =
        format!("seats v0.1.0 ({place})\nserde v1.0.0\nmacros v0.1.0 (proc-macro) ({place}) (*)\nx v1 (https://a/b)");
    assert_eq!(folders_in(&tree), std::slice::from_ref(&folder));
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn only_cfg_flags_count() {
    let flags = ["-C", "opt-level=3", "--cfg", "tokio_unstable", "--cfg=b", "-g"].join("\u{1f}");
    assert_eq!(cfgs_in(&flags), ["tokio_unstable", "b"]);
    assert!(cfgs_in("").is_empty());
}

/// This package itself: cargo and the compiler answer, twice alike.
#[test]
fn a_real_package_has_an_identity() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = packages_below(here).unwrap();
    assert_eq!(folders, [here]);
    assert_eq!(
        lock_of(here).unwrap(),
        here.join("../../Cargo.lock").canonicalize().unwrap()
    );
    assert!(compiler().unwrap().starts_with("1."));
    assert_eq!(of_this_package().unwrap(), of_this_package().unwrap());
}
