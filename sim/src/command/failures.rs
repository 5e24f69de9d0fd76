//! Where the plans of failing runs are written.

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

/// Where plans are written that belong to no sweep.
pub(crate) fn folder<S: Service>(suite: &Suite<S>) -> PathBuf {
    root(suite).join("failures")
}

/// `target/NAME` of the workspace that the command was started in.
pub(crate) fn root<S: Service>(suite: &Suite<S>) -> PathBuf {
    let target = match env::var_os("CARGO_TARGET_DIR") {
        Some(target) => PathBuf::from(target),
        None => workspace().join("target"),
    };
    target.join(suite.name)
}

/// The nearest folder with a `Cargo.lock`, from where the command was started; else that folder itself.
pub(crate) fn workspace() -> PathBuf {
    let here = env::current_dir().unwrap_or_default();
    let root = here.ancestors().find(|folder| folder.join("Cargo.lock").is_file());
    root.unwrap_or(&here).to_owned()
}

/// Writes a failing plan as `SCENARIO-SEED.toml`, with the planted bug's name where there is one: in the file's name and in
/// the file, so that a replay plants it.
///
/// # Errors
/// What the file system said, and about which file.
pub(crate) fn write<S: Service>(folder: &Path, plan: &Plan<S>, stamp: Stamp<'_>) -> Result<PathBuf, Trouble> {
    write_as(folder, plan, &format!("{}-{}", plan.scenario, plan.seed), stamp)
}

/// The same, by a name of its own.
///
/// # Errors
/// What the file system said, and about which file.
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
