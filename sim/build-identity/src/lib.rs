//! Which sources a program was built from, as one short text, for the build script of whoever makes a suite:
//!
//! ```no_run
//! // build.rs, with `build-identity` among the build-dependencies
//! build_identity::emit();
//! ```
//!
//! The suite then takes it with `Suite::built_from(sim::build_identity!())`. Two builds have the same identity if nothing
//! differs that decides how a run comes out or how it is judged: the sources of the package and of all packages below it
//! that are in folders (the service, its claims, the harness, the models), `Cargo.lock`, the workspace's `Cargo.toml`, the
//! compiler, and the features and `--cfg` flags of the build. Neither the profile nor the machine nor the folder counts:
//! runs come out alike in a debug and in a release build, and on every machine. Tests, examples, documents and saved
//! regressions do not count either, for none of them is in the program.
//!
//! Where the identity cannot be found, the build goes on with a warning, and the suite says that its build is unknown.

mod sources;
#[cfg(test)]
mod tests;

use std::{
    env,
    fmt::Write,
    path::{Path, PathBuf},
    process::Command,
};
use xxhash_rust::xxh3::Xxh3;

/// The variable in which a build script hands the identity to the compiler, for `sim::build_identity!()`.
pub const VARIABLE: &str = "SIM_BUILD_IDENTITY";

/// What is handed over when the identity could not be found.
pub const UNKNOWN: &str = "unknown";

/// Finds the identity of the package whose build script calls this, hands it to the compiler, and has cargo run the build
/// script again when one of the sources changes, and only then.
pub fn emit() {
    let identity = of_this_package().unwrap_or_else(|what| {
        println!("cargo:warning=the identity of this build is unknown, so shards of it cannot be merged: {what}");
        // With no such line cargo would run the script after every change of any file of the package: so it does here.
        UNKNOWN.to_owned()
    });
    println!("cargo:rustc-env={VARIABLE}={identity}");
}

fn of_this_package() -> Result<String, String> {
    let manifest = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let lock = lock_of(&manifest)?;
    let folders = packages_below(&manifest)?;
    let mut watched = vec![];
    let mut hash = Xxh3::new();
    add(&mut hash, "lock", &read(&lock)?);
    add(&mut hash, "workspace", &read(&lock.with_file_name("Cargo.toml"))?);
    add(&mut hash, "compiler", compiler()?.as_bytes());
    add(&mut hash, "switches", switches().as_bytes());
    watched.extend([lock.clone(), lock.with_file_name("Cargo.toml")]);
    let mut parts: Vec<(String, Vec<u8>)> = vec![];
    for folder in &folders {
        let found = sources::of_package(folder)?;
        for file in &found.files {
            parts.push((name_of(file, folder), read(file)?));
        }
        watched.extend(found.watched);
    }
    // In an order that does not depend on where the packages are.
    parts.sort();
    parts.iter().for_each(|(name, bytes)| add(&mut hash, name, bytes));
    for place in watched {
        println!("cargo:rerun-if-changed={}", place.display());
    }
    println!("cargo:rerun-if-env-changed=CARGO_ENCODED_RUSTFLAGS");
    Ok(format!("{:032x}", hash.digest128()))
}

/// A file of a package, by a name that is the same on every machine: without what is above the package's folder, and with
/// one kind of slash.
fn name_of(file: &Path, package: &Path) -> String {
    let above = package.parent().unwrap_or(package);
    let name = match file.strip_prefix(above) {
        Ok(name) => name,
        Err(_) => Path::new(file.file_name().unwrap_or_default()),
    };
    name.to_string_lossy().replace('\\', "/")
}

/// One part, told from the next one by its name and its length.
fn add(hash: &mut Xxh3, name: &str, bytes: &[u8]) {
    hash.update(&(name.len() as u64).to_le_bytes());
    hash.update(name.as_bytes());
    hash.update(&(bytes.len() as u64).to_le_bytes());
    hash.update(bytes);
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|_| format!("{name} is not set: call this from a build script"))
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))
}

/// The nearest `Cargo.lock` above a package.
fn lock_of(package: &Path) -> Result<PathBuf, String> {
    let found = package.ancestors().map(|folder| folder.join("Cargo.lock"));
    let mut found = found.filter(|lock| lock.is_file());
    found
        .next()
        .ok_or_else(|| format!("there is no Cargo.lock above {}", package.display()))
}

/// The folders of this package and of all packages below it that are in folders, as cargo resolves them: with those that a
/// feature may add, without those that only tests need.
fn packages_below(package: &Path) -> Result<Vec<PathBuf>, String> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["tree", "--frozen", "--all-features", "--edges", "normal,build"])
        .args(["--prefix", "none", "--format", "{p}", "--manifest-path"])
        .arg(package.join("Cargo.toml"))
        .output()
        .map_err(|error| format!("cannot start `cargo tree`: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("`cargo tree` failed: {}", said.trim().replace('\n', "; ")));
    }
    let folders = folders_in(&String::from_utf8_lossy(&output.stdout));
    match folders.iter().any(|folder| folder == package) {
        true => Ok(folders),
        false => Err(format!("`cargo tree` does not name {}", package.display())),
    }
}

/// What is in parentheses in lines like `sim v0.1.0 (/where/it/is) (*)`, as far as it is a folder; sorted, each once.
fn folders_in(tree: &str) -> Vec<PathBuf> {
    let places = tree.lines().flat_map(|line| line.split(" (").skip(1));
    let places = places.filter_map(|part| part.trim_end().strip_suffix(')'));
    let mut folders: Vec<PathBuf> = places.map(PathBuf::from).filter(|place| place.is_dir()).collect();
    folders.sort();
    folders.dedup();
    folders
}

/// Which compiler, without the machine that it runs on.
fn compiler() -> Result<String, String> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .arg("-vV")
        .output()
        .map_err(|error| format!("cannot start rustc: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    match (line("release:"), line("commit-hash:")) {
        (Some(release), commit) => Ok(format!("{release} {}", commit.unwrap_or_default())),
        (None, _) => Err("`rustc -vV` does not name its release".into()),
    }
}

/// The features of the package, and the `--cfg` flags: what else decides which source is compiled.
fn switches() -> String {
    let mut text = String::new();
    let mut features: Vec<String> = env::vars_os()
        .filter_map(|(name, _)| name.into_string().ok())
        .filter(|name| name.starts_with("CARGO_FEATURE_"))
        .collect();
    features.sort();
    for feature in features {
        let _ = writeln!(text, "{feature}");
    }
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let mut cfgs = cfgs_in(&flags);
    cfgs.sort();
    for cfg in cfgs {
        let _ = writeln!(text, "--cfg {cfg}");
    }
    text
}

/// The values of `--cfg X` and `--cfg=X` among flags that are separated as cargo hands them over.
fn cfgs_in(flags: &str) -> Vec<String> {
    let flags: Vec<&str> = flags.split('\u{1f}').collect();
    let apart = flags.windows(2).filter(|pair| pair[0] == "--cfg").map(|pair| pair[1]);
    let joined = flags.iter().filter_map(|flag| flag.strip_prefix("--cfg="));
    apart.chain(joined).map(str::to_owned).collect()
}
