//! What cannot be done, and what to do about it.

use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why a command did not do what was asked.
#[derive(Debug, Error)]
pub enum Trouble {
    /// A file or a folder.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// A file that is not what it should be.
    #[error("{}: {what}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// Anything else, said in full.
    #[error("{0}")]
    Said(String),
}

/// Adds to an error of the system which file it is about.
pub trait About<T> {
    /// # Errors
    /// As before, with the file's name.
    fn about(self, path: &Path) -> Result<T, Trouble>;
}

impl<T> About<T> for std::io::Result<T> {
    fn about(self, path: &Path) -> Result<T, Trouble> {
        self.map_err(|error| Trouble::File {
            path: path.to_owned(),
            error,
        })
    }
}

/// Writes a file, and the folders above it; leaves one alone that has these bytes, so that nothing is built again for it.
///
/// # Errors
/// What the system says.
pub fn write_if_new(path: &Path, bytes: &[u8]) -> Result<(), Trouble> {
    if std::fs::read(path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).about(folder)?;
    }
    std::fs::write(path, bytes).about(path)
}
