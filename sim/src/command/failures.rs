//! The folders for the plans of failing runs.

use super::Trouble;
use crate::{
    plan::{Plan, Stamp},
    service::Service,
    suite::Suite,
};
use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// The folder for plans that belong to no sweep.
pub(crate) fn folder<S: Service>(suite: &Suite<S>) -> PathBuf {
    root(suite).join("failures")
}

/// The folder `target/NAME` of the workspace in which the command was started.
pub(crate) fn root<S: Service>(suite: &Suite<S>) -> PathBuf {
    let target = match env::var_os("CARGO_TARGET_DIR") {
        Some(target) => PathBuf::from(target),
        None => workspace().join("target"),
    };
    target.join(suite.name)
}

/// The nearest folder with a `Cargo.lock`, upwards from the current folder; otherwise the current folder.
pub(crate) fn workspace() -> PathBuf {
    let here = env::current_dir().unwrap_or_default();
    let root = here.ancestors().find(|folder| folder.join("Cargo.lock").is_file());
    root.unwrap_or(&here).to_owned()
}

/// Writes a failing plan as `SCENARIO-SEED.toml`. The planted bug, if there is one, is named in the file's name and in
/// the file, so that a replay plants it.
///
/// # Errors
/// The error of the file system, with the file.
pub(crate) fn write<S: Service>(folder: &Path, plan: &Plan<S>, stamp: Stamp<'_>) -> Result<PathBuf, Trouble> {
    write_as(folder, plan, &format!("{}-{}", plan.scenario, plan.seed), stamp)
}

/// Writes a failing plan under another name.
///
/// # Errors
/// The error of the file system, with the file.
pub(crate) fn write_as<S: Service>(
    folder: &Path,
    plan: &Plan<S>,
    name: &str,
    stamp: Stamp<'_>,
) -> Result<PathBuf, Trouble> {
    let suffix = stamp.bug.map(|name| format!("-{name}")).unwrap_or_default();
    let path = folder.join(format!("{name}{suffix}.toml"));
    fs::create_dir_all(folder)
        .map_err(|error| Trouble(format!("cannot make the folder {}: {error}", folder.display())))?;
    plan.stamped(stamp).write(&path)?;
    Ok(path)
}
