//! Starts a process with a wrong wall clock.

use crate::process::Unavailable;
use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

/// Compiles the library that changes the clock, in this folder.
///
/// # Errors
/// There is no C compiler, or it fails.
pub(super) fn compile(folder: &Path) -> Result<PathBuf, Unavailable> {
    let broken = |why: io::Error| Unavailable::broken("cc", why);
    let (source, library) = (folder.join("clock.c"), folder.join("clock.so"));
    fs::write(&source, include_str!("clock.c")).map_err(broken)?;
    let mut compiler = Command::new("cc");
    compiler
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .arg(&library)
        .arg(&source);
    let compiled = compiler.output().map_err(|_| Unavailable::Missing("cc"))?;
    if !compiled.status.success() {
        return Err(Unavailable::broken("cc", String::from_utf8_lossy(&compiled.stderr)));
    }
    Ok(library)
}

/// Makes the command start a process whose wall clock is wrong by so much.
pub(super) fn skew(command: &mut Command, library: &Path, offset_ms: i64) {
    command
        .env("LD_PRELOAD", library)
        .env("SQUALL_CLOCK_OFFSET_MS", offset_ms.to_string());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Folder;
    use std::io::Write;

    /// `date` prints the time of day.
    #[test]
    fn a_process_reads_the_wrong_time() {
        let folder = Folder::new("clock").expect("made");
        let library = match compile(folder.path()) {
            Err(Unavailable::Missing(program)) => {
                let _ = writeln!(
                    io::stderr(),
                    "\n!! LEFT OUT: wrong clocks: {program} is not installed\n"
                );
                return;
            }
            compiled => compiled.expect("it compiles"),
        };
        for offset_ms in [0, 45_000, -45_500] {
            let mut date = Command::new("date");
            date.arg("+%s%3N");
            skew(&mut date, &library, offset_ms);
            let before_ms = seams_os::clock::wall_ms();
            let output = date.output().expect("date is installed").stdout;
            let after_ms = seams_os::clock::wall_ms();
            let printed: i64 = String::from_utf8_lossy(&output).trim().parse().expect("a number");
            assert!(
                (before_ms..=after_ms).contains(&(printed - offset_ms)),
                "{offset_ms}: {printed}"
            );
        }
    }
}
