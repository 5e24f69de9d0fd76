//! Where the plans of failing runs are kept.

use super::Trouble;
use sim::plan::Plan;
use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// Where plans are kept that are no sweep's.
pub(crate) fn folder() -> PathBuf {
    root().join("failures")
}

/// `target/squall` of the workspace that the command was started in.
pub(crate) fn root() -> PathBuf {
    let target = match env::var_os("CARGO_TARGET_DIR") {
        Some(target) => PathBuf::from(target),
        None => {
            let here = env::current_dir().unwrap_or_default();
            let root = here.ancestors().find(|folder| folder.join("Cargo.lock").is_file());
            root.unwrap_or(&here).join("target")
        }
    };
    target.join("squall")
}

/// Writes a failing plan as `SCENARIO-SEED.toml`, with the planted bug's name where there is one.
///
/// # Errors
/// What the file system said, and about which file.
pub(crate) fn write(folder: &Path, plan: &Plan, plant: Option<&str>) -> Result<PathBuf, Trouble> {
    write_as(folder, plan, &format!("{}-{}", plan.scenario, plan.seed), plant)
}

/// The same, by a name of its own.
///
/// # Errors
/// What the file system said, and about which file.
pub(crate) fn write_as(folder: &Path, plan: &Plan, name: &str, plant: Option<&str>) -> Result<PathBuf, Trouble> {
    let suffix = plant.map(|name| format!("-{name}")).unwrap_or_default();
    let path = folder.join(format!("{name}{suffix}.toml"));
    fs::create_dir_all(folder)
        .map_err(|error| Trouble(format!("cannot make the folder {}: {error}", folder.display())))?;
    plan.write(&path)?;
    Ok(path)
}
