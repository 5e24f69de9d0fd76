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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{operator::Operator, site::Found, site::Shape, site::name};

    #[test]
    fn what_is_not_there_any_more_is_named() {
        let found = Found {
            range: 0..1,
            shape: Shape::Expr,
            operator: Operator::Literal,
            replacement: "2".into(),
            function: "f".into(),
        };
        let catalogue = Catalogue {
            key: String::new(),
            mutants: name("core/src/x.rs", "1", vec![found], 0),
        };
        let id = &catalogue.mutants[0].id;
        let folder = std::env::temp_dir().join(format!("squall-mutants-{}-known", std::process::id()));
        fs::create_dir_all(&folder).expect("the folder is ours");
        let read = |equivalent: &str| {
            fs::write(folder.join("equivalent.toml"), equivalent).expect("the folder is ours");
            fs::write(folder.join("masked.toml"), "").expect("the folder is ours");
            Known::read(&folder, &catalogue)
        };
        let entry = |id: &str, confirmed| format!("[{id}]\nargument = \"a\"\nconfirmed = {confirmed}\n");
        assert!(read(&entry(id, true)).expect("it is there").is_equivalent(id));
        assert!(!read(&entry(id, false)).expect("it is there").is_equivalent(id));
        let gone = read(&entry("0123456789", true)).expect_err("it is gone").to_string();
        assert!(gone.contains("0123456789"), "{gone}");
        let misspelt = read("[a]\nreason = 1\n").expect_err("no such field").to_string();
        assert!(misspelt.contains("reason"), "{misspelt}");
        fs::remove_dir_all(&folder).expect("the folder is ours");
    }
}
