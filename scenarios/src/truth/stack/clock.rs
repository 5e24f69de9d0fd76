//! A process whose wall clock is wrong.

use super::super::process::Unavailable;
use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

/// Makes the library that makes it so, in this folder.
///
/// # Errors
/// There is no C compiler, or it refuses.
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

/// The command starts a process whose wall clock is wrong by so much.
pub(super) fn skew(command: &mut Command, library: &Path, offset_ms: i64) {
    command
        .env("LD_PRELOAD", library)
        .env("SQUALL_CLOCK_OFFSET_MS", offset_ms.to_string());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::truth::process::Folder;
    use std::io::Write;

    /// `date` asks for the time of day and for nothing else.
    #[test]
    fn a_process_believes_it() {
        let folder = Folder::new("clock").expect("made");
        let library = match compile(folder.path()) {
            Err(Unavailable::Missing(program)) => {
                let _ = writeln!(
                    io::stderr(),
                    "\n!! LEFT OUT: clocks that are wrong: there is no {program}\n"
                );
                return;
            }
            compiled => compiled.expect("it compiles"),
        };
        for offset_ms in [0, 45_000, -45_500] {
            let mut date = Command::new("date");
            date.arg("+%s%3N");
            skew(&mut date, &library, offset_ms);
            let before_ms = crate::real_clock::wall_ms();
            let said = date.output().expect("there is a date").stdout;
            let after_ms = crate::real_clock::wall_ms();
            let said: i64 = String::from_utf8_lossy(&said).trim().parse().expect("a number");
            assert!(
                (before_ms..=after_ms).contains(&(said - offset_ms)),
                "{offset_ms}: {said}"
            );
        }
    }
}
