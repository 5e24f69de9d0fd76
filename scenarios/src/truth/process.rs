//! The real programs as processes: they end with whoever started them, and so do their folders.

use crate::real_clock::{Stopwatch, sleep_ms};
use std::{
    ffi::OsStr,
    fmt::Display,
    fs, io,
    net::{Ipv4Addr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

/// Why there is nothing real to compare with.
#[derive(Debug, thiserror::Error)]
pub enum Unavailable {
    /// The program is not there.
    #[error("{0} is not installed (Debian: apt-get install redis-server redis-sentinel nginx gcc)")]
    Missing(&'static str),
    /// It is there and does not answer.
    #[error("{program} does not start: {why}")]
    Broken {
        /// Its name.
        program: &'static str,
        /// What it said, or what happened.
        why: String,
    },
}

impl Unavailable {
    /// A program that is there and does not answer.
    pub(super) fn broken(program: &'static str, why: impl Display) -> Unavailable {
        Unavailable::Broken {
            program,
            why: why.to_string(),
        }
    }
}

/// How long a program may take to answer for the first time, milliseconds.
const START_MS_MAX: u64 = 10_000;

/// What a program calls itself: `Redis server v=7.0.15`, `nginx version: nginx/1.22.1`.
///
/// # Errors
/// It is not installed.
pub fn version(program: &'static str) -> Result<String, Unavailable> {
    let said = Command::new(program)
        .arg("-v")
        .output()
        .map_err(|_| Unavailable::Missing(program))?;
    let text = [said.stdout, said.stderr].concat();
    let text = String::from_utf8_lossy(&text).trim().to_owned();
    Ok(text.split(" sha=").next().unwrap_or_default().to_owned())
}

/// A folder of our own in the machine's temporary one, empty at first; it goes with its holder. What a process
/// leaves that is killed (SIGKILL) stays there: nobody is left to remove it.
pub struct Folder(PathBuf);

impl Folder {
    /// Makes one; the name is for people who find it.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn new(name: &str) -> io::Result<Folder> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        loop {
            let number = MADE.fetch_add(1, Ordering::Relaxed);
            let path = std::env::temp_dir().join(format!("squall-{name}-{}-{number}", std::process::id()));
            match fs::create_dir(&path) {
                // Left by somebody who had our process number before us.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => return made.map(|()| Folder(path)),
            }
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is in the temporary folder of the machine.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What has a program killed when the thread that started it ends, however it ends (prctl(2), PR_SET_PDEATHSIG).
/// Whoever holds a [`Process`] holds it in the thread that started it.
fn setpriv() -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]);
    command
}

/// Whether it is there: it belongs to util-linux, and BusyBox's has no such option. Without it, programs outlive a
/// starter that is killed (SIGKILL).
fn ends_with_us() -> bool {
    static WORKS: OnceLock<bool> = OnceLock::new();
    *WORKS.get_or_init(|| {
        let mut trial = setpriv();
        trial.arg("true").stdout(Stdio::null()).stderr(Stdio::null());
        trial.status().is_ok_and(|status| status.success())
    })
}

/// What begins a program's command line.
fn command(program: &Path) -> Command {
    if !ends_with_us() {
        return Command::new(program);
    }
    let mut command = setpriv();
    command.arg(program);
    command
}

/// Where a program is, as a shell would find it: a wrapper would only tell us that something went wrong.
fn find(program: &str, path: &OsStr) -> Option<PathBuf> {
    let places = std::env::split_paths(path).map(|folder| folder.join(program));
    places.into_iter().find(|file| file.is_file())
}

/// A process that ends with its holder, or with the thread that started it, and the folder it works in.
pub struct Process {
    program: &'static str,
    child: Child,
    _folder: Folder,
}

impl Process {
    /// Starts a program in an empty folder of its own.
    ///
    /// # Errors
    /// It is not installed, or cannot be started.
    pub fn start(program: &'static str, prepare: impl FnOnce(&mut Command, &Path)) -> Result<Process, Unavailable> {
        let broken = |error: io::Error| Unavailable::broken(program, error);
        let file = find(program, &std::env::var_os("PATH").unwrap_or_default()).ok_or(Unavailable::Missing(program))?;
        let folder = Folder::new(program).map_err(broken)?;
        let mut command = command(&file);
        command
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        prepare(&mut command, folder.path());
        Ok(Process {
            program,
            child: command.spawn().map_err(broken)?,
            _folder: folder,
        })
    }

    /// Waits until somebody listens on this port of the loopback.
    ///
    /// # Errors
    /// Nobody does within 10 s.
    pub fn until_it_listens(&self, port: u16) -> Result<(), Unavailable> {
        let watch = Stopwatch::start();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if watch.elapsed_ms() > START_MS_MAX {
                return Err(Unavailable::broken(self.program, format!("port {port} is silent")));
            }
            sleep_ms(5);
        }
        Ok(())
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        // It may have ended by itself, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_program_that_is_not_there_is_missing() {
        let started = Process::start("squall-has-no-such-program", |_, _| {});
        assert!(matches!(started, Err(Unavailable::Missing(_))));
    }

    #[test]
    fn a_folder_is_empty_and_goes_with_its_holder() {
        let (one, other) = (Folder::new("test").expect("made"), Folder::new("test").expect("made"));
        let path = one.path().to_owned();
        assert!(path.is_dir() && path != other.path());
        fs::write(path.join("file"), "x").expect("written");
        drop(one);
        assert!(!path.exists());
    }

    /// A thread that ends without ever having dropped it stands for a process that is killed.
    #[test]
    fn a_process_ends_with_the_thread_that_started_it() {
        if !ends_with_us() {
            let why = "there is no setpriv (util-linux)";
            let _ = writeln!(io::stderr(), "\n!! LEFT OUT: who ends with whom: {why}\n");
            return;
        }
        let started = std::thread::scope(|scope| {
            let thread = scope.spawn(|| {
                let started = Process::start("sleep", |command, _| {
                    command.arg("20");
                });
                // Until then it is not yet tied to this thread.
                let name = format!("/proc/{}/comm", started.as_ref().expect("it starts").id());
                while fs::read_to_string(&name).is_ok_and(|name| name != "sleep\n") {
                    sleep_ms(1);
                }
                started
            });
            thread.join().expect("no panic")
        });
        let ended = started.expect("it started").child.wait().expect("it is ours");
        assert!(!ended.success(), "killed, not slept out");
    }
}
