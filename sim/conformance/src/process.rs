//! The real programs as processes that end together with the thread that started them, and so do their folders.

use seams_os::clock::{Stopwatch, sleep_ms};
use sim::testbed::signal;
use std::{
    ffi::OsStr,
    fmt::Display,
    fs, io,
    net::{Ipv4Addr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

/// Why a real program cannot be compared with.
#[derive(Debug, thiserror::Error)]
pub enum Unavailable {
    /// The program is not installed.
    #[error("{0} is not installed (Debian: apt-get install redis-server redis-sentinel nginx gcc)")]
    Missing(&'static str),
    /// It is installed and does not work.
    #[error("{program} does not start: {why}")]
    Broken {
        /// Its name.
        program: &'static str,
        /// Its output, or what happened.
        why: String,
    },
}

impl Unavailable {
    /// A program that is installed and does not work.
    pub fn broken(program: &'static str, why: impl Display) -> Unavailable {
        Unavailable::Broken {
            program,
            why: why.to_string(),
        }
    }
}

/// How long a program may take until it listens, milliseconds.
const START_MS_MAX: u64 = 10_000;

/// The name and version that a program prints: `Redis server v=7.0.15`, `nginx version: nginx/1.22.1`.
///
/// # Errors
/// It is not installed.
pub fn version(program: &'static str) -> Result<String, Unavailable> {
    let output = Command::new(program)
        .arg("-v")
        .output()
        .map_err(|_| Unavailable::Missing(program))?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).trim().to_owned();
    Ok(text.split(" sha=").next().unwrap_or_default().to_owned())
}

/// A new, empty folder in the machine's temporary folder, removed when this is dropped. It remains if our process is
/// killed (SIGKILL).
pub struct Folder(PathBuf);

impl Folder {
    /// Creates one; the name is for people who find it.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn new(name: &str) -> io::Result<Folder> {
        static CREATED: AtomicU32 = AtomicU32::new(0);
        loop {
            let number = CREATED.fetch_add(1, Ordering::Relaxed);
            let path = std::env::temp_dir().join(format!("squall-{name}-{}-{number}", std::process::id()));
            match fs::create_dir(&path) {
                // left by an earlier process with the same number
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                created => return created.map(|()| Folder(path)),
            }
        }
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // If it cannot be removed, it is still in the machine's temporary folder.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// setpriv, which has the kernel kill a program when the thread that started it ends, however it ends (prctl(2),
/// PR_SET_PDEATHSIG). So a [`Process`] must stay in the thread that started it.
fn setpriv() -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]);
    command
}

/// Whether setpriv works: it is part of util-linux, and BusyBox's has no such option. Without it, the programs outlive us
/// if we are killed (SIGKILL).
fn has_setpriv() -> bool {
    static WORKS: OnceLock<bool> = OnceLock::new();
    *WORKS.get_or_init(|| {
        let mut trial = setpriv();
        trial.arg("true").stdout(Stdio::null()).stderr(Stdio::null());
        trial.status().is_ok_and(|status| status.success())
    })
}

/// The beginning of a program's command line.
fn command(program: &Path) -> Command {
    if !has_setpriv() {
        return Command::new(program);
    }
    let mut command = setpriv();
    command.arg(program);
    command
}

/// The path of a program, found as a shell would. Without this, setpriv would start and only report a failure.
fn find(program: &str, path: &OsStr) -> Option<PathBuf> {
    let places = std::env::split_paths(path).map(|folder| folder.join(program));
    places.into_iter().find(|file| file.is_file())
}

/// A process with a working folder of its own, killed when this is dropped or when the thread that started it ends.
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
        let file = find(program, &std::env::var_os("PATH").unwrap_or_default()).ok_or(Unavailable::Missing(program))?;
        Process::start_file(program, &file, prepare)
    }

    /// The same with a program that lies there; the name is for people.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start_file(
        program: &'static str,
        file: &Path,
        prepare: impl FnOnce(&mut Command, &Path),
    ) -> Result<Process, Unavailable> {
        let broken = |error: io::Error| Unavailable::broken(program, error);
        let folder = Folder::new(program).map_err(broken)?;
        let mut command = command(file);
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

    /// Waits until something listens on this port of the loopback.
    ///
    /// # Errors
    /// Nothing does within 10 s.
    pub fn wait_until_listening(&self, port: u16) -> Result<(), Unavailable> {
        let watch = Stopwatch::start();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if watch.elapsed_ms() > START_MS_MAX {
                return Err(Unavailable::broken(
                    self.program,
                    format!("nothing listens on port {port}"),
                ));
            }
            sleep_ms(5);
        }
        Ok(())
    }

    /// Its process ID.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it has ended, if it has.
    ///
    /// # Errors
    /// The operating system does not say.
    pub fn status(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// SIGTERM, and the status with which it ends; `None` if a signal ends it, or if it does not end within 10 s.
    pub fn terminate(&mut self) -> Option<i32> {
        signal(self.id(), "TERM").ok()?;
        let watch = Stopwatch::start();
        while watch.elapsed_ms() < START_MS_MAX {
            match self.child.try_wait() {
                Ok(Some(status)) => return status.code(),
                Ok(None) => sleep_ms(5),
                Err(_) => return None,
            }
        }
        None
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        // It may have ended by itself.
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
    fn a_program_that_is_not_installed_is_missing() {
        let started = Process::start("squall-has-no-such-program", |_, _| {});
        assert!(matches!(started, Err(Unavailable::Missing(_))));
    }

    #[test]
    fn a_folder_is_empty_and_is_removed_on_drop() {
        let (one, other) = (Folder::new("test").expect("made"), Folder::new("test").expect("made"));
        let path = one.path().to_owned();
        assert!(path.is_dir() && path != other.path());
        fs::write(path.join("file"), "x").expect("written");
        drop(one);
        assert!(!path.exists());
    }

    /// The thread ends without dropping the process, as happens when our own process is killed.
    #[test]
    fn a_process_ends_with_the_thread_that_started_it() {
        if !has_setpriv() {
            let why = "there is no setpriv (util-linux)";
            let _ = writeln!(
                io::stderr(),
                "\n!! LEFT OUT: whether a program ends with its thread: {why}\n"
            );
            return;
        }
        let started = std::thread::scope(|scope| {
            let thread = scope.spawn(|| {
                let started = Process::start("sleep", |command, _| {
                    command.arg("20");
                });
                // Before the program has replaced setpriv, it is not yet tied to this thread.
                let name = format!("/proc/{}/comm", started.as_ref().expect("it starts").id());
                while fs::read_to_string(&name).is_ok_and(|name| name != "sleep\n") {
                    sleep_ms(1);
                }
                started
            });
            thread.join().expect("no panic")
        });
        let ended = started.expect("it started").child.wait().expect("it is our child");
        assert!(!ended.success(), "it was killed before its sleep ended");
    }
}
