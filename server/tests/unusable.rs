//! Reachable is not usable: what a replica depends on is there, answers, and does not do its work. `/health` says so, with the
//! part and the cause, and nobody loses anything.

#[path = "support/browser.rs"]
mod browser;
#[expect(unreachable_pub, reason = "the file is part of a library")]
#[path = "../../sim/conformance/src/port.rs"]
mod port;
#[path = "support/relay.rs"]
mod relay;
#[path = "support/served.rs"]
mod served;
#[path = "support/stack.rs"]
mod stack;
mod support;

use browser::Browser;
use relay::{Does, Relay};
use served::{Served, ask_for_a_code, authorize, is_well};
use stack::Stack;
use std::{fs, io::Write, path::Path, process::Command};
use support::{Folder, certificates::are_installed, get};

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
    let Some(mut served) = Served::start(&folder, folder.path(), Relay::start(Does::Takes)) else {
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
    let Some(mut served) = Served::start(&folder, disk.path(), Relay::start(Does::Takes)) else {
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
    let Some(mut served) = Served::start(&folder, folder.path(), Relay::start(Does::Hangs)) else {
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
    let Some(mut served) = Served::start(&folder, folder.path(), Relay::start(Does::Takes)) else {
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

/// A Sentinel that has not heard of a failover is asked first. It is outvoted, at the start and for good; before, whoever asked it
/// was refused every write, for as long as it answered.
#[test]
fn a_stale_sentinel_leads_nobody_to_a_node_that_refuses_writes() {
    if !are_installed(&["redis-server"]) {
        return;
    }
    let folder = Folder::new("stale-sentinel");
    let mut stack = Stack::start(folder.path(), false);
    let stale = stack.with_stale_sentinel(folder.path());
    let served = Served::with(stack, folder.path(), Relay::start(Does::Takes));
    for _ in 0..10 {
        // What does not fit into a cookie has to be kept.
        let (_, page) = Browser::default().open(&authorize(served.port, 1_500));
        assert_eq!(page.status, 200, "{}", page.body);
        assert!(is_well(served.ops_port), "{}", served.server.logged());
    }
    assert!(stale.named().contains(&stale.redis.to_string()), "it is stale still");
    let clients = stale.asks("CLIENT LIST");
    assert!(!clients.contains("user=idp"), "nobody uses it: {clients}");
    assert!(served.stack.asks("CLIENT LIST").contains("user=idp"));
}
