//! The lines that perform a run again.

use scenarios::planted::Planted;
use std::path::Path;

/// Of a scenario's seed, or of a plan file.
pub(crate) fn line(what: &str, seed: Option<u64>, plant: Option<&str>) -> String {
    let seed = seed.map(|seed| format!(" --seed {seed}")).unwrap_or_default();
    let plant = plant.map(|bug| format!(" --plant {bug}")).unwrap_or_default();
    format!("cargo squall replay {what}{seed}{plant}")
}

/// Where the small plan is, how to see it again, and how to keep it.
pub(crate) fn small_plan(out: &Path, plant: Option<&Planted>) -> String {
    let file = out.display().to_string();
    let replay = line(&file, None, plant.map(|bug| bug.name));
    let save = replay.replacen("replay", "save", 1);
    format!("The small plan is in {file}\n  {replay}\n  {save}")
}
