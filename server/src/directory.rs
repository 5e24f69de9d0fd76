//! The directory's file: making it, and opening it.

use crate::start::StartFailure;
use idp::store::SqliteDirectory;
use seams::Env;
use std::{
    fs::{self, OpenOptions},
    io::{self, ErrorKind},
    path::Path,
    time::Duration,
};

/// How long an operation waits for the directory's lock, which is held for microseconds.
const WAIT: Duration = Duration::from_secs(1);
/// How long opening waits for it: others may open the directory at the same time, or recover it after a power loss.
const OPENING_WAIT: Duration = Duration::from_secs(15);

/// What to do if there is no directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IfMissing {
    /// Make one.
    Create,
    /// Say so: its name may be mistyped.
    Refuse,
}

/// Opens the directory in a file.
///
/// # Errors
/// There is none, others than its owner can read it, or it is no directory of this service.
pub(crate) async fn open(env: &Env, file: &Path, if_missing: IfMissing) -> Result<SqliteDirectory, StartFailure> {
    let name = file.display().to_string();
    let failed = |why: String| StartFailure::Directory {
        file: name.clone(),
        why,
    };
    if if_missing == IfMissing::Create {
        create(file).map_err(|error| failed(error.to_string()))?;
    }
    is_private(file).map_err(failed)?;
    let opened = match if_missing {
        IfMissing::Create => SqliteDirectory::open(env.clone(), &name, OPENING_WAIT).await,
        IfMissing::Refuse => SqliteDirectory::open_existing(env.clone(), &name, OPENING_WAIT).await,
    };
    let opened = opened.map_err(|error| failed(error.to_string()))?;
    Ok(opened.waiting(WAIT))
}

/// Makes a new directory.
///
/// # Errors
/// The file is there, or cannot be made.
pub(crate) async fn init(env: &Env, file: &Path) -> Result<(), StartFailure> {
    // An empty one is what an interrupted `init` leaves.
    if fs::metadata(file).is_ok_and(|about| !about.is_file() || about.len() > 0) {
        let file = file.display();
        return Err(StartFailure::Refused(format!(
            "{file} is there already: nothing was changed"
        )));
    }
    open(env, file, IfMissing::Create).await.map(|_| ())
}

/// An empty file that only its owner can read, unless it is there. SQLite gives its log the same mode.
fn create(file: &Path) -> io::Result<()> {
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(file) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Whether only its owner can read it: it contains the private key that signs tokens, and the pepper.
fn is_private(file: &Path) -> Result<(), String> {
    let about = fs::metadata(file).map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            "there is no such file; check --directory, or make a new directory with `idp init`".into()
        }
        _ => error.to_string(),
    })?;
    if !about.is_file() {
        return Err("is not a file".into());
    }
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&about.permissions()) & 0o777;
        if mode & 0o077 != 0 {
            return Err(format!(
                "has mode {mode:04o}, so that others can get at the private key and the pepper in it: chmod 600 {}",
                file.display()
            ));
        }
    }
    Ok(())
}
