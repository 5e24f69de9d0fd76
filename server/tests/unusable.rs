//! Reachable is not usable: what a replica depends on is there, answers, and does not do its work. `/health` says so, with the
//! part and the cause, and nobody loses anything.

#[path = "support/browser.rs"]
mod browser;
#[expect(unreachable_pub, reason = "the file is part of a library")]
#[path = "../../sim/conformance/src/port.rs"]
mod port;
#[path = "support/stack.rs"]
mod stack;
mod support;

use browser::Browser;
use port::Port;
use stack::{BOTH, Stack};
use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
};
use support::{Folder, Server, certificates::are_installed, done, get};

/// A relay that keeps the mails that it takes; or one that accepts connections, and says nothing.
struct Relay {
    address: String,
    mails: Arc<Mutex<Vec<String>>>,
}

impl Relay {
    fn start(hangs: bool) -> Relay {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let relay = Relay {
            address: listener.local_addr().expect("an address").to_string(),
            mails: Arc::default(),
        };
        let mails = relay.mails.clone();
        std::thread::spawn(move || {
            let mut silent = vec![];
            for stream in listener.incoming().map_while(Result::ok) {
                let mails = mails.clone();
                match hangs {
                    true => silent.push(stream),
                    false => drop(std::thread::spawn(move || take(stream, &mails))),
                }
            }
        });
        relay
    }

    /// The code in the last mail.
    fn code(&self) -> Option<String> {
        let mails = self.mails.lock().expect("no panic");
        let (_, rest) = mails.last()?.split_once("login code is ")?;
        Some(rest.chars().take_while(char::is_ascii_digit).collect())
    }
}

/// One conversation with a relay.
fn take(mut stream: TcpStream, mails: &Mutex<Vec<String>>) {
    let mut lines = BufReader::new(stream.try_clone().expect("a stream"))
        .lines()
        .map_while(Result::ok);
    let mut answer = "220 relay ESMTP\r\n";
    loop {
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
        let Some(line) = lines.next() else { return };
        answer = match line.as_str() {
            "DATA" => {
                let _ = stream.write_all(b"354 go on\r\n");
                let mail: Vec<String> = lines.by_ref().take_while(|line| line != ".").collect();
                mails.lock().expect("no panic").push(mail.join("\n"));
                "250 taken\r\n"
            }
            "QUIT" => "221 bye\r\n",
            _ => "250 ok\r\n",
        };
    }
}

/// A login of this client, as its link begins it; `state` as long as that.
fn authorize(port: u16, state_bytes: usize) -> String {
    format!(
        "http://127.0.0.1:{port}/authorize?response_type=code&client_id=web&redirect_uri=https%3A%2F%2Fapp.example%2Fcallback\
         &scope=openid&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256&state={}",
        "s".repeat(state_bytes)
    )
}

/// A client and a person.
fn fill(file: &str) {
    let client = [
        "--id",
        "web",
        "--name",
        "App",
        "--redirect-uri",
        "https://app.example/callback",
    ];
    done(&[&["add-client", "--directory", file][..], &client].concat());
    let person = ["--address", "ann@example.com", "--name", "Ann"];
    done(&[&["add-user", "--directory", file][..], &person].concat());
}

/// Ann at the page for her code: her login.
fn ask_for_a_code(browser: &mut Browser, port: u16) -> String {
    let (url, page) = browser.open(&authorize(port, 40));
    assert_eq!(page.status, 200, "{}", page.body);
    let flow = url.split_once("flow=").expect("the login page").1.to_owned();
    let form = format!("flow={flow}&address=ann@example.com");
    let sent = browser.request("POST", &format!("http://127.0.0.1:{port}/login/send"), &form);
    assert_eq!(sent.status, 303, "{}", sent.body);
    flow
}

/// Redis, a relay, and a replica that uses them, with a client and a person in its directory.
struct Served {
    stack: Stack,
    relay: Relay,
    server: Server,
    file: String,
    port: u16,
    ops_port: u16,
    _reserved: [Port; 2],
}

impl Served {
    /// `None`: there is no Redis here. The directory is at `disk`.
    fn start(folder: &Folder, disk: &Path, relay: Relay) -> Option<Served> {
        if !are_installed(&["redis-server"]) {
            return None;
        }
        let stack = Stack::start(folder.path(), false);
        let file = disk.join("directory.sqlite").display().to_string();
        done(&["init", "--directory", &file]);
        fill(&file);
        let options = ["--redis-user", "idp", "--mail-relay", &relay.address];
        let (mut server, [port, ops_port], _reserved) = stack.replica(disk, &options, &BOTH);
        server.wait_for_port(port);
        let mut served = Served {
            stack,
            relay,
            server,
            file,
            port,
            ops_port,
            _reserved,
        };
        served.gets_well();
        Some(served)
    }

    /// Waits until health says this.
    fn says(&mut self, what: &str) {
        let ops_port = self.ops_port;
        self.server
            .wait_until("health to say so", |_| get(ops_port, "/health").1.contains(what));
    }

    /// Waits until nothing is wrong.
    fn gets_well(&mut self) {
        let ops_port = self.ops_port;
        self.server.wait_until("health to be well", |_| is_well(ops_port));
    }

    /// Ann asks for a code, and gets it: her login and the code, as a form.
    fn code(&mut self, browser: &mut Browser) -> String {
        let flow = ask_for_a_code(browser, self.port);
        let relay = &self.relay;
        self.server.wait_until("a mail", |_| relay.code().is_some());
        format!("flow={flow}&code={}", self.relay.code().expect("it has come"))
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

fn is_well(ops_port: u16) -> bool {
    let says = get(ops_port, "/health").1;
    says.contains("\"status\":\"ok\"") && says.contains("\"reasons\":[]")
}

/// How many connections Redis has accepted so far.
fn connections(stack: &Stack) -> u64 {
    let info = stack.asks("INFO stats");
    let line = info
        .lines()
        .find_map(|line| line.strip_prefix("total_connections_received:"));
    line.and_then(|count| count.trim().parse().ok()).expect("a count")
}

#[test]
fn a_redis_that_refuses_every_write_is_told_and_costs_no_connections() {
    let folder = Folder::new("redis-refuses");
    let Some(mut served) = Served::start(&folder, folder.path(), Relay::start(false)) else {
        return;
    };
    let port = served.port;
    assert!(served.stack.asks("CONFIG SET maxmemory 1").contains("+OK"));
    let before = connections(&served.stack);
    for _ in 0..20 {
        // What does not fit into a cookie has to be kept.
        let answer = Browser::default().request("GET", &authorize(port, 1_500), "");
        assert_eq!(answer.status, 503, "{}", answer.body);
    }
    served.says("store: refused: redis: OOM");
    // The question itself is one more.
    let more = connections(&served.stack) - before - 1;
    assert!(more <= 2, "twenty refused commands cost {more} connections");
    // Every other replica would be refused as well: whoever comes gets a page.
    let page = Browser::default().request("GET", &authorize(port, 1_500), "");
    assert!(page.body.contains("temporarily-unavailable"), "{}", page.body);

    assert!(served.stack.asks("CONFIG SET maxmemory 0").contains("+OK"));
    served.gets_well();
    assert_eq!(Browser::default().open(&authorize(port, 1_500)).1.status, 200);
}

/// A file system in memory, of two megabytes; unmounted at the end.
struct SmallDisk(Folder);

impl SmallDisk {
    /// `None`: it cannot be mounted here, which takes root.
    fn mount(name: &str) -> Option<SmallDisk> {
        let folder = Folder::new(name);
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"]).arg(folder.path());
        let is_mounted = mount.output().is_ok_and(|output| output.status.success());
        is_mounted.then_some(SmallDisk(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0.path()).status();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_without_room_is_told_and_a_code_stays_good() {
    let folder = Folder::new("full-redis");
    let Some(disk) = SmallDisk::mount("full-disk") else {
        eprintln!("left out: a file system of its own needs root");
        return;
    };
    let Some(mut served) = Served::start(&folder, disk.path(), Relay::start(false)) else {
        return;
    };
    let mut browser = Browser::default();
    let form = served.code(&mut browser);

    let filler = disk.path().join("filler");
    let mut into = fs::File::create(&filler).expect("a file");
    while into.write_all(&[1; 4096]).is_ok() {}
    served.says("directory: the directory's disk is full");
    let refused = browser.request("POST", &served.url("/login/verify"), &form);
    assert_eq!(refused.status, 503, "{}", refused.body);

    drop(into);
    fs::remove_file(&filler).expect("it is there");
    served.gets_well();
    let accepted = browser.request("POST", &served.url("/login/verify"), &form);
    assert_eq!(accepted.status, 303, "the same code is good still: {}", accepted.body);
    let account = browser.request("GET", &served.url("/"), "");
    assert!(account.body.contains("You are signed in"), "{}", account.body);
}

#[test]
fn a_relay_that_says_nothing_is_told() {
    let folder = Folder::new("relay-hangs");
    let Some(mut served) = Served::start(&folder, folder.path(), Relay::start(true)) else {
        return;
    };
    ask_for_a_code(&mut Browser::default(), served.port);
    served.says("mail: the mail relay took longer than 10 s");
    let status = get(served.ops_port, "/health").0;
    assert_eq!(status, 200, "people who are logged in need no mail");
}

/// SP 800-63B-4 section 3.2.2 counts wrong codes. No code was wrong: whoever presses again while the directory is locked must
/// not run out of attempts.
#[test]
fn the_right_code_pressed_again_and_again_at_a_locked_directory_stays_right() {
    let folder = Folder::new("locked");
    let Some(mut served) = Served::start(&folder, folder.path(), Relay::start(false)) else {
        return;
    };
    let mut browser = Browser::default();
    let form = served.code(&mut browser);
    let verify = served.url("/login/verify");

    let other = rusqlite::Connection::open(&served.file).expect("the directory");
    // More often than a login has attempts; each time for less time than closes the port (core/LIMITS.md).
    for _ in 0..2 {
        other.execute_batch("BEGIN IMMEDIATE").expect("nobody writes for long");
        for _ in 0..3 {
            let refused = browser.request("POST", &verify, &form);
            assert_eq!(refused.status, 503, "{}", refused.body);
        }
        other.execute_batch("ROLLBACK").expect("it was begun");
        served.gets_well();
    }
    let accepted = browser.request("POST", &verify, &form);
    assert_eq!(accepted.status, 303, "{}", accepted.body);
}
