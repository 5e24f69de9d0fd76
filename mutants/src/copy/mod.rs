//! The mutated copy of the workspace, under `target/mutants/`: every package as it is, `core/src` with switches, and in the
//! place of this package one that judges.

mod build;

pub use build::build;

use crate::{
    discover::discover,
    render::{Rendered, render},
    site::{Mutant, name},
    switch,
    trouble::{About, Trouble, write_if_new},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What is mutated.
const SUBJECT: &str = "core/src/";
/// Beginnings of the files that decide how runs come out.
const DECISIVE: &[&str] = &["core/", "sim/", "scenarios/", "server/", "Cargo.toml", "Cargo.lock"];
/// Where the switch is in the copy; `crate::mutant_switch` there.
const SWITCH: &str = "core/src/mutant_switch.rs";

/// All mutants, and what they were made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalogue {
    /// A hash over the sources and the rules: results of another one are of other mutants.
    pub key: String,
    /// Those that the compiler refused are among them, with the reason.
    pub mutants: Vec<Mutant>,
}

/// The file of a catalogue, beside the copy and beside results.
const CATALOGUE: &str = "catalogue.json";

impl Catalogue {
    /// The catalogue kept in a folder.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub fn read(folder: &Path) -> Result<Catalogue, Trouble> {
        let path = folder.join(CATALOGUE);
        let text = fs::read_to_string(&path).about(&path)?;
        serde_json::from_str(&text).map_err(|error| Trouble::Unreadable {
            path,
            what: error.to_string(),
        })
    }

    /// Keeps it in a folder.
    ///
    /// # Errors
    /// What the system says.
    pub fn write(&self, folder: &Path) -> Result<(), Trouble> {
        let text = serde_json::to_vec_pretty(self).expect("a catalogue is plain data");
        write_if_new(&folder.join(CATALOGUE), &text)
    }

    /// Those that are in the copy.
    pub fn built(&self) -> impl Iterator<Item = &Mutant> {
        self.mutants.iter().filter(|mutant| mutant.dropped.is_none())
    }

    /// The mutant of an identifier.
    ///
    /// # Errors
    /// There is none.
    pub fn find(&self, id: &str) -> Result<&Mutant, Trouble> {
        let found = self.mutants.iter().find(|mutant| mutant.id == id);
        found.ok_or_else(|| {
            Trouble::Said(format!(
                "there is no mutant {id}; `cargo mutate list` lists them (an edit of its own function gives it another name)"
            ))
        })
    }
}

/// The folders that the tool works in.
#[derive(Debug, Clone)]
pub struct Folders {
    /// The repository.
    pub root: PathBuf,
    /// `target/mutants`.
    pub work: PathBuf,
}

impl Folders {
    /// Those of the repository at `root`.
    pub fn of(root: PathBuf) -> Folders {
        let work = root.join("target/mutants");
        Folders { root, work }
    }

    /// The mutated workspace.
    pub fn copy(&self) -> PathBuf {
        self.work.join("workspace")
    }

    /// The program that judges.
    pub fn judge(&self) -> PathBuf {
        self.work.join("target/release/judge")
    }

    /// Where the catalogue is while the copy is being built.
    fn unfinished(&self) -> PathBuf {
        self.work.join("unfinished")
    }

    /// The catalogue of the copy that was built last.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub fn read_catalogue(&self) -> Result<Catalogue, Trouble> {
        Catalogue::read(&self.work)
    }
}

/// The sources: all files of the repository that are not ignored, and the mutants of those that are mutated.
pub struct Sources {
    files: BTreeMap<String, Vec<u8>>,
    /// Their mutants, before the compiler has seen them.
    pub catalogue: Catalogue,
}

impl Sources {
    /// Reads the repository.
    ///
    /// # Errors
    /// It is none, a file cannot be read, or is no Rust.
    pub fn read(root: &Path) -> Result<Sources, Trouble> {
        let listed = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(root)
            .output();
        let listed = listed.about(Path::new("git"))?;
        if !listed.status.success() {
            let said = String::from_utf8_lossy(&listed.stderr).into_owned();
            return Err(Trouble::Said(format!("git does not list the repository: {said}")));
        }
        let mut files = BTreeMap::new();
        for file in String::from_utf8_lossy(&listed.stdout).split_terminator('\0') {
            let path = root.join(file);
            // What git knows may have been deleted; this package has no place in the copy.
            if path.is_file() && !file.starts_with("mutants/") {
                files.insert(file.to_owned(), fs::read(&path).about(&path)?);
            }
        }
        let mut mutants = vec![];
        let mut hash = xxhash_rust::xxh3::Xxh3::new();
        for (file, bytes) in &files {
            if DECISIVE.iter().any(|beginning| file.starts_with(beginning)) && !file.ends_with(".md") {
                hash.update(file.as_bytes());
                hash.update(bytes);
            }
            if is_mutated(file) {
                let text = utf8(root, file, bytes)?;
                let found = discover(text).map_err(|error| Trouble::Unreadable {
                    path: root.join(file),
                    what: error.to_string(),
                })?;
                mutants.extend(name(file, text, found, mutants.len() as u32));
            }
        }
        for mutant in &mutants {
            hash.update(mutant.id.as_bytes());
        }
        hash.update(include_bytes!("judge.rs"));
        if mutants.len() as u32 >= switch::NUMBERS {
            let most = switch::NUMBERS;
            return Err(Trouble::Said(format!(
                "there are {} mutants, and the switch tells {most} apart: raise WORDS in mutants/src/switch.rs",
                mutants.len()
            )));
        }
        let key = format!("{:016x}", hash.digest());
        Ok(Sources {
            files,
            catalogue: Catalogue { key, mutants },
        })
    }

    /// Writes the copy. Returns the mutated files.
    ///
    /// # Errors
    /// What the system says.
    pub fn write(&self, copy: &Path) -> Result<BTreeMap<String, Rendered>, Trouble> {
        let mut of_file = BTreeMap::<&str, Vec<Mutant>>::new();
        for mutant in &self.catalogue.mutants {
            of_file.entry(&mutant.file).or_default().push(mutant.clone());
        }
        let mut mutated = BTreeMap::new();
        for (file, bytes) in &self.files {
            let path = copy.join(file);
            if let Some(mutants) = of_file.get(file.as_str()) {
                let rendered = render(utf8(copy, file, bytes)?, mutants);
                let mut text = rendered.text.clone();
                if file == "core/src/lib.rs" {
                    text.push_str(OWN);
                }
                write_if_new(&path, text.as_bytes())?;
                mutated.insert(file.clone(), rendered);
            } else if file == "core/src/lib.rs" {
                write_if_new(&path, &[bytes, OWN.as_bytes()].concat())?;
            } else if file == "Cargo.toml" {
                let text = utf8(copy, file, bytes)?.replace("\"mutants\", ", "\"judge\", ");
                write_if_new(&path, text.as_bytes())?;
            } else {
                write_if_new(&path, bytes)?;
            }
        }
        write_if_new(&copy.join(SWITCH), include_bytes!("../switch.rs"))?;
        write_if_new(&copy.join("judge/Cargo.toml"), include_bytes!("judge.toml"))?;
        write_if_new(&copy.join("judge/src/main.rs"), include_bytes!("judge.rs"))?;
        Ok(mutated)
    }
}

/// What the crate has in the copy, at its end so that no line of it moves.
const OWN: &str = "\n#[doc(hidden)] pub mod mutant_switch;\n";

/// Whether it is code of the service, and no test.
fn is_mutated(file: &str) -> bool {
    let Some(below) = file.strip_prefix(SUBJECT) else {
        return false;
    };
    let is_test = |part: &str| matches!(part, "tests" | "testing" | "tests.rs" | "testing.rs");
    below.ends_with(".rs") && !below.ends_with("_tests.rs") && !below.split('/').any(is_test)
}

fn utf8<'a>(root: &Path, file: &str, bytes: &'a [u8]) -> Result<&'a str, Trouble> {
    std::str::from_utf8(bytes).map_err(|_| Trouble::Unreadable {
        path: root.join(file),
        what: "it is no UTF-8".into(),
    })
}
