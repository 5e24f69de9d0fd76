//! Results as they are kept: a line of JSON for each mutant that was judged, so that a measurement that was interrupted goes on.

use crate::{
    copy::Catalogue,
    judge::Judged,
    trouble::{About, Trouble},
};
use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
};

/// The file of results in a folder.
const RESULTS: &str = "results.jsonl";

/// Results in a folder.
pub struct Results {
    path: PathBuf,
    file: File,
    /// What was judged, by [`Judged::id`].
    pub judged: BTreeMap<String, Judged>,
}

impl Results {
    /// Those in `folder`, which is made if it is not there. The catalogue is kept beside them, for the report.
    ///
    /// # Errors
    /// It cannot be written, or holds results of other sources.
    pub fn open(folder: &Path, catalogue: &Catalogue) -> Result<Results, Trouble> {
        fs::create_dir_all(folder).about(folder)?;
        let path = folder.join(RESULTS);
        let judged = match path.is_file() {
            true => read(&[folder.to_owned()], catalogue)?,
            false => BTreeMap::new(),
        };
        if path.is_file() {
            without_torn_line(&path)?;
        }
        catalogue.write(folder)?;
        let file = OpenOptions::new().create(true).append(true).open(&path).about(&path)?;
        Ok(Results { path, file, judged })
    }

    /// Writes one down, in one piece: a process that is killed tears the last line at most.
    ///
    /// # Errors
    /// What the system says.
    pub fn add(&mut self, judged: Judged) -> Result<(), Trouble> {
        let mut text = serde_json::to_vec(&judged).expect("a result is plain data");
        text.push(b'\n');
        self.file.write_all(&text).about(&self.path)?;
        self.judged.insert(judged.id.clone(), judged);
        Ok(())
    }
}

/// What is written next must not be joined to what was not finished.
fn without_torn_line(path: &Path) -> Result<(), Trouble> {
    let text = fs::read_to_string(path).about(path)?;
    match text.rfind('\n').map_or(0, |at| at + 1) {
        whole if whole == text.len() => Ok(()),
        whole => fs::write(path, &text[..whole]).about(path),
    }
}

/// Reads the results of one measurement or of all its shards.
///
/// # Errors
/// A file cannot be read, or is of other sources. A torn last line is none: that mutant is judged again.
pub fn read(folders: &[PathBuf], catalogue: &Catalogue) -> Result<BTreeMap<String, Judged>, Trouble> {
    let mut all = BTreeMap::new();
    for folder in folders {
        let path = folder.join(RESULTS);
        let text = fs::read_to_string(&path).about(&path)?;
        for (at, line) in text.lines().enumerate() {
            let judged: Judged = match serde_json::from_str(line) {
                Ok(judged) => judged,
                Err(_) if at + 1 == text.lines().count() => continue,
                Err(error) => {
                    let what = format!("line {}: {error}", at + 1);
                    return Err(Trouble::Unreadable { path, what });
                }
            };
            if judged.catalogue != catalogue.key {
                let what = "these results are of other sources; use another folder (--out), or remove it".to_owned();
                return Err(Trouble::Unreadable { path, what });
            }
            all.insert(judged.id.clone(), judged);
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Missed, Verdict};

    fn judged(id: &str) -> Judged {
        Judged {
            id: id.into(),
            catalogue: "k".into(),
            verdict: Verdict::Missed { why: Missed::Differs },
            runs: 1,
            differing: 1,
            reaching: 1,
            cpu_s: 0.1,
            budget_s: 10.0,
        }
    }

    #[test]
    fn what_was_interrupted_goes_on_and_other_sources_are_refused() {
        let folder = std::env::temp_dir().join(format!("squall-mutants-{}-results", std::process::id()));
        let mut catalogue = Catalogue {
            key: "k".into(),
            mutants: vec![],
        };
        let mut results = Results::open(&folder, &catalogue).expect("the folder is ours");
        results.add(judged("a")).expect("the folder is ours");
        drop(results);
        let path = folder.join(RESULTS);
        let whole = fs::read_to_string(&path).expect("it was written");
        fs::write(&path, format!("{whole}{{\"id\":\"b\",")).expect("the folder is ours");
        let mut results = Results::open(&folder, &catalogue).expect("a torn line is none");
        assert_eq!(results.judged, BTreeMap::from([("a".into(), judged("a"))]));
        results.add(judged("b")).expect("the folder is ours");
        let again = Results::open(&folder, &catalogue).expect("it is whole again");
        assert_eq!(again.judged.len(), 2, "b was judged again");
        catalogue.key = "l".into();
        let refused = Results::open(&folder, &catalogue)
            .map(|_| ())
            .expect_err("other sources");
        assert!(refused.to_string().contains("of other sources"), "{refused}");
        fs::remove_dir_all(&folder).expect("the folder is ours");
    }
}
