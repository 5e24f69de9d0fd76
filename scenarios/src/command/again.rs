//! The lines that perform a run again.

use scenarios::planted::Planted;
use std::path::Path;

/// Of a scenario's seed, or of a plan file.
pub(crate) fn line(what: &str, seed: Option<u64>, plant: Option<&str>) -> String {
    let seed = seed.map(|seed| format!(" --seed {seed}")).unwrap_or_default();
    let plant = plant.map(|bug| format!(" --plant {bug}")).unwrap_or_default();
    format!("cargo squall replay {what}{seed}{plant}")
}

/// Where the small plan is and how to see it again.
pub(crate) fn small(out: &Path, plant: Option<&Planted>) -> String {
    let with = plant.map(|bug| format!(" --plant {}", bug.name)).unwrap_or_default();
    let file = out.display();
    format!("The small plan is in {file}\n  cargo squall replay {file}{with}\n  cargo squall save {file}{with}")
}
