//! Real builds of a small suite and of the claims below it: what changes the identity, and what does not.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// A workspace: a program, and a package of claims in another folder.
fn workspace(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&root); // of an earlier run
    let write = |file: &str, text: &str| {
        let file = root.join(file);
        fs::create_dir_all(file.parent().expect("a folder")).expect("it can be made");
        fs::write(file, text).expect("it can be written");
    };
    let package =
        |name: &str, more: &str| format!("[package]\nname = {name:?}\nversion = \"0.1.0\"\nedition = \"2024\"\n{more}");
    let here = env!("CARGO_MANIFEST_DIR");
    let needs = format!(
        "[dependencies]\nclaims = {{ path = \"../claims\" }}\n[build-dependencies]\nbuild-identity = {{ path = {here:?} }}\n"
    );
    write(
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"claims\", \"suite\"]\n",
    );
    // The versions that are on this machine already.
    let lock = fs::read_to_string(Path::new(here).join("../../Cargo.lock")).expect("the workspace has one");
    write("Cargo.lock", &lock);
    write("claims/Cargo.toml", &package("claims", ""));
    write("claims/src/lib.rs", CLAIM);
    write("claims/README.md", "About");
    write("suite/Cargo.toml", &package("suite", &needs));
    write("suite/build.rs", "fn main() { build_identity::emit(); }");
    write(
        "suite/src/main.rs",
        "fn main() { println!(\"{} {}\", env!(\"SIM_BUILD_IDENTITY\"), claims::holds(2)); }",
    );
    root
}

const CLAIM: &str = "pub fn holds(sold: u32) -> bool { sold <= 1 }";

/// Builds it and runs it: its identity, and whether the build had anything to do.
fn built(root: &Path, more: &[&str]) -> (String, bool) {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--offline", "--verbose"])
        .args(more)
        .current_dir(root)
        .env("CARGO_TARGET_DIR", root.join("target"))
        .output()
        .expect("cargo starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(!said.contains("is unknown"), "{said}");
    let profile = if more.contains(&"--release") {
        "release"
    } else {
        "debug"
    };
    let program = root.join("target").join(profile).join("suite");
    let printed = Command::new(program).output().expect("it runs").stdout;
    let printed = String::from_utf8(printed).expect("text");
    let identity = printed.split(' ').next().expect("an identity").to_owned();
    assert_eq!(identity.len(), 32, "{printed}");
    (identity, !said.contains("Fresh suite "))
}

#[test]
fn a_claim_that_changes_is_another_build_and_nothing_else_is() {
    let root = workspace("builds");
    let (first, _) = built(&root, &[]);
    assert_eq!(
        built(&root, &[]),
        (first.clone(), false),
        "nothing changed, so nothing is built"
    );
    for file in ["claims/README.md", "claims/tests/all.rs", "suite/regressions/0001.toml"] {
        fs::create_dir_all(root.join(file).parent().expect("a folder")).expect("it can be made");
        fs::write(root.join(file), "// changed").expect("it can be written");
        assert_eq!(built(&root, &[]), (first.clone(), false), "{file}");
    }
    let claim = root.join("claims/src/lib.rs");
    fs::write(&claim, CLAIM.replace("<= 1", "<= 2")).expect("it can be written");
    let (other, _) = built(&root, &[]);
    assert_ne!(other, first, "the claim of another package judges otherwise");
    fs::write(&claim, CLAIM).expect("it can be written");
    assert_eq!(built(&root, &[]).0, first, "the same sources are the same build");
    fs::write(root.join("claims/src/more.rs"), "").expect("it can be written");
    assert_ne!(built(&root, &[]).0, first, "a file came");
    fs::remove_file(root.join("claims/src/more.rs")).expect("it is there");
    assert_eq!(built(&root, &["--release"]).0, first, "the profile does not count");

    let moved = root.with_file_name("builds-elsewhere");
    let _ = fs::remove_dir_all(&moved);
    fs::create_dir_all(&moved).expect("it can be made");
    for part in ["Cargo.toml", "Cargo.lock", "claims", "suite"] {
        fs::rename(root.join(part), moved.join(part)).expect("it can be moved");
    }
    assert_eq!(built(&moved, &[]).0, first, "the folder does not count");
}
