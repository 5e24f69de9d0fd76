//! What people have found out about mutants that nobody detects: `equivalent.toml` and `masked.toml`.

use crate::{
    copy::Catalogue,
    trouble::{About, Trouble},
};
use serde::{Deserialize, de::DeserializeOwned};
use std::{collections::BTreeMap, fs, path::Path};

/// A mutant that does what the service does.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Equivalent {
    /// Why nobody can tell them apart.
    pub argument: String,
    /// Whether a reader who did not write the argument agrees. Before that it counts as not detected.
    pub confirmed: bool,
}

/// A mutant whose mistake a second guard makes good.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Masked {
    /// Which guard, and where.
    pub guard: String,
}

/// Both files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// By identifier.
    pub equivalent: BTreeMap<String, Equivalent>,
    /// By identifier.
    pub masked: BTreeMap<String, Masked>,
}

impl Known {
    /// Reads them from the folder of this package.
    ///
    /// # Errors
    /// One of them cannot be read, or names a mutant that there is not.
    pub fn read(folder: &Path, catalogue: &Catalogue) -> Result<Known, Trouble> {
        let known = Known {
            equivalent: file(&folder.join("equivalent.toml"), catalogue)?,
            masked: file(&folder.join("masked.toml"), catalogue)?,
        };
        Ok(known)
    }

    /// Whether somebody else agrees that it is equivalent.
    pub fn is_equivalent(&self, id: &str) -> bool {
        self.equivalent.get(id).is_some_and(|equivalent| equivalent.confirmed)
    }
}

fn file<T: DeserializeOwned>(path: &Path, catalogue: &Catalogue) -> Result<BTreeMap<String, T>, Trouble> {
    let text = fs::read_to_string(path).about(path)?;
    let unreadable = |what: String| Trouble::Unreadable {
        path: path.to_owned(),
        what,
    };
    let entries: BTreeMap<String, T> = toml::from_str(&text).map_err(|error| unreadable(error.to_string()))?;
    let unknown: Vec<&str> = entries
        .keys()
        .filter(|id| catalogue.find(id).is_err())
        .map(String::as_str)
        .collect();
    match unknown.is_empty() {
        true => Ok(entries),
        false => Err(unreadable(format!(
            "these mutants are not there any more, because their code was edited; look at them anew: {}",
            unknown.join(", ")
        ))),
    }
}
