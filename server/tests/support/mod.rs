//! The program, as a test starts it.

#![expect(dead_code, reason = "each test is a program of its own, and uses a part of this")]

pub(crate) mod certificates;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{Arc, Mutex},
};

/// A folder that is removed at the end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(test: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("idp-{test}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a folder");
        Folder(path)
    }

    pub(crate) fn file(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The program with no variable of its own in its environment.
pub(crate) fn idp(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_idp"));
    command.args(args).env_remove("RUST_LOG");
    for variable in ["IDP_REDIS_PASSWORD", "IDP_SENTINEL_PASSWORD", "IDP_MAIL_PASSWORD"] {
        command.env_remove(variable);
    }
    command
}

/// What a command that ends by itself said.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Said {
        Said {
            code: output.status.code().expect("it ended by itself"),
            out: String::from_utf8(output.stdout).expect("UTF-8"),
            err: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }
}

/// Runs a command to its end.
pub(crate) fn run(args: &[&str]) -> Said {
    idp(args).output().expect("the program starts").into()
}

/// What it prints if it succeeds.
pub(crate) fn done(args: &[&str]) -> String {
    let said = run(args);
    assert_eq!(said.code, 0, "{args:?}: {}", said.err);
    said.out
}

/// Why it is refused, with this exit code.
pub(crate) fn refused(code: i32, args: &[&str]) -> String {
    let said = run(args);
    assert_eq!((said.code, said.out.as_str()), (code, ""), "{args:?}: {}", said.err);
    said.err
}

/// A server: killed when the test ends, however it ends.
pub(crate) struct Server {
    child: Child,
    printed: Arc<Mutex<Vec<String>>>,
    logged: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) fn start(mut command: Command) -> Server {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let printed = collect(child.stdout.take().expect("a pipe"));
        let logged = collect(child.stderr.take().expect("a pipe"));
        Server { child, printed, logged }
    }

    /// What it has printed so far, line by line.
    pub(crate) fn printed(&self) -> Vec<String> {
        self.printed.lock().expect("no panic").clone()
    }

    /// What it has logged so far.
    pub(crate) fn logged(&self) -> String {
        self.logged.lock().expect("no panic").join("\n")
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("a status").is_some()
    }

    /// Sends it a signal: `TERM`, `INT`.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args(["-s", name, &self.child.id().to_string()])
            .status();
        assert!(sent.expect("there is kill").success());
    }

    /// Waits until it has ended; its exit code, or `None` if a signal has ended it. Panics if it does not end within 20 s.
    pub(crate) fn exit_code(&mut self) -> Option<i32> {
        for _ in 0..400 {
            if let Some(status) = self.child.try_wait().expect("a status") {
                seams_os::clock::sleep_ms(50); // for its last lines
                return status.code();
            }
            seams_os::clock::sleep_ms(50);
        }
        panic!("waited 20 s for its end: {}", self.logged());
    }

    /// Waits until a port of this machine accepts connections; panics if it does not within 20 s, or the program ends.
    pub(crate) fn wait_for_port(&mut self, port: u16) {
        let is_open = |_: &Server| TcpStream::connect(("127.0.0.1", port)).is_ok();
        self.wait_until(&format!("port {port} to open"), is_open);
    }

    /// Waits until something is so; panics if it is not within 20 s, or the program ends.
    pub(crate) fn wait_until(&mut self, what: &str, is_so: impl Fn(&Server) -> bool) {
        for _ in 0..400 {
            if is_so(self) {
                return;
            }
            assert!(!self.has_ended(), "waiting for {what}: {}", self.logged());
            seams_os::clock::sleep_ms(50);
        }
        panic!("waited 20 s for {what}: {}", self.logged());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn collect(pipe: impl Read + Send + 'static) -> Arc<Mutex<Vec<String>>> {
    let lines = Arc::new(Mutex::new(vec![]));
    let kept = lines.clone();
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            kept.lock().expect("no panic").push(line);
        }
    });
    lines
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// The first header of this name, in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut pairs = self.head.lines().filter_map(|line| line.split_once(": "));
        pairs.find_map(|(known, value)| known.eq_ignore_ascii_case(name).then_some(value))
    }
}

/// Sends a request over a connection of its own.
pub(crate) fn send(method: &str, port: u16, path: &str, headers: &str, body: &str) -> Answer {
    send_to(("127.0.0.1", port), method, path, headers, body)
}

/// The same to this machine by another of its names.
pub(crate) fn send_to((host, port): (&str, u16), method: &str, path: &str, headers: &str, body: &str) -> Answer {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the port is open");
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    Answer {
        status: head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .expect("a status"),
        head: head.to_owned(),
        body: body.to_owned(),
    }
}

/// The status and the body of a GET.
pub(crate) fn get(port: u16, path: &str) -> (u16, String) {
    let answer = send("GET", port, path, "", "");
    (answer.status, answer.body)
}
