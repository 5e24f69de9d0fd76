//! A disk that hangs, under the real program: syncs take as long as a file says, by a library that is loaded before the system's.
#![cfg(target_os = "linux")]

#[expect(unreachable_pub, reason = "the file is part of a library")]
#[path = "../../sim/conformance/src/port.rs"]
mod port;
mod support;

use port::Port;
use std::{fs, process::Command, time::Duration};
use support::{Folder, Server, get, idp};

/// Waits before each sync for as many milliseconds as the file `SYNC_MS` says.
const SLOW_SYNCS: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void hang(void) {
    long ms = 0;
    const char *name = getenv("SYNC_MS");
    FILE *file = name ? fopen(name, "r") : NULL;
    if (file) {
        if (fscanf(file, "%ld", &ms) != 1) ms = 0;
        fclose(file);
    }
    struct timespec by = { ms / 1000, ms % 1000 * 1000000L };
    if (ms > 0) nanosleep(&by, NULL);
}

int fsync(int fd) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    hang();
    return real(fd);
}

int fdatasync(int fd) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    hang();
    return real(fd);
}
"#;

/// So long each sync takes.
const HANGS: Duration = Duration::from_secs(9);

/// A library of [`SLOW_SYNCS`].
fn slow_syncs(folder: &Folder) -> String {
    let (source, library) = (folder.file("slow_syncs.c"), folder.file("slow_syncs.so"));
    fs::write(&source, SLOW_SYNCS).expect("a file");
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-o", &library, &source, "-ldl"])
        .status();
    assert!(built.expect("SQLite needs a C compiler as well").success());
    library
}

/// How long something takes, and what it gives.
fn timed<T>(what: impl FnOnce() -> T) -> (T, Duration) {
    let began = seams_os::clock::Stopwatch::start();
    (what(), began.elapsed())
}

/// A server, the file that says how long its syncs take, and its ports: for people, for operators, and of the demo client.
fn served(folder: &Folder) -> (Server, String, [Port; 3]) {
    let reserved = [(); 3].map(|()| Port::reserve().expect("a free port"));
    let [port, ops_port, demo_port] = reserved.each_ref().map(Port::number);
    let mut command = idp(&["--dev", "--directory", &folder.file("directory.sqlite")]);
    for (option, port) in [("--port", port), ("--ops-port", ops_port), ("--demo-port", demo_port)] {
        command.args([option, &port.to_string()]);
    }
    let sync_ms = folder.file("sync_ms");
    command.env("LD_PRELOAD", slow_syncs(folder)).env("SYNC_MS", &sync_ms);
    let mut server = Server::start(command);
    server.wait_for_port(port);
    (server, sync_ms, reserved)
}

/// What health says of a disk that hangs.
const SAYS: &str = "directory: the directory's disk took longer than 2 s";

/// A commit that hangs is under way, and goes on for long after the process must have ended (core/LIMITS.md, "Stopping").
#[test]
fn a_process_that_is_asked_to_end_does_not_wait_for_a_disk_that_hangs() {
    let folder = Folder::new("stop-slow-disk");
    let (mut server, sync_ms, ports) = served(&folder);
    let ops_port = ports[1].number();
    fs::write(&sync_ms, "120000").expect("a file");
    server.wait_until("health to say so", |_| get(ops_port, "/health").1.contains(SAYS));
    let (code, took) = timed(|| {
        server.signal("TERM");
        server.exit_code()
    });
    assert_eq!(code, Some(0), "{}", server.logged());
    assert!(took < Duration::from_secs(17), "{took:?}");
}

#[test]
fn nobody_waits_for_a_disk_that_hangs_but_who_writes_and_health_says_so() {
    let folder = Folder::new("slow-disk");
    let (mut server, sync_ms, ports) = served(&folder);
    let [port, ops_port, _] = ports.each_ref().map(Port::number);
    assert!(!get(ops_port, "/health").1.contains("directory:"));

    fs::write(&sync_ms, HANGS.as_millis().to_string()).expect("a file");
    server.wait_until("health to say so", |_| get(ops_port, "/health").1.contains(SAYS));
    // The next commit begins by then, and hangs as well.
    for (at, path) in [(port, "/"), (port, "/jwks"), (ops_port, "/health"), (port, "/")] {
        let ((status, body), took) = timed(|| get(at, path));
        assert_eq!(status, 200, "{path}: {body}");
        assert!(took < HANGS / 2, "{path} took {took:?}");
    }
    fs::remove_file(&sync_ms).expect("it is there");
    server.wait_until("health to be well again", |_| {
        !get(ops_port, "/health").1.contains("directory:")
    });
}
