//! Clients that connect and say nothing, more of them than the process has descriptors.

#![cfg(unix)]

#[expect(unreachable_pub, reason = "the file is part of a library")]
#[path = "../../sim/conformance/src/port.rs"]
mod port;
mod support;

use port::Port;
use std::{net::TcpStream, process::Command, time::Duration};
use support::{Folder, Server, get};

#[test]
fn operators_are_answered_and_people_again_when_the_silent_are_given_up() {
    let folder = Folder::new("silent");
    let reserved = [(); 2].map(|()| Port::reserve().expect("a free port"));
    let [port, ops_port] = reserved.each_ref().map(Port::number);
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 64 && exec \"$@\"", "sh", env!("CARGO_BIN_EXE_idp")]);
    command.args([
        "--dev",
        "--demo-port",
        "0",
        "--directory",
        &folder.file("directory.sqlite"),
    ]);
    command.args(["--port", &port.to_string(), "--ops-port", &ops_port.to_string()]);
    let mut server = Server::start(command);
    server.wait_for_port(port);

    let silent: Vec<TcpStream> = (0..100)
        .map(|_| TcpStream::connect(("127.0.0.1", port)).expect("the backlog takes it"))
        .collect();
    let began = seams_os::clock::Stopwatch::start();
    let (status, body) = get(ops_port, "/health");
    assert_eq!(status, 200, "{body}");
    assert!(began.elapsed() < Duration::from_secs(5), "at once");
    // Each of 32 places is free after 10 s, and the last of a hundred gets one after 30 s. Somebody who comes now is next.
    let (status, _) = get(port, "/jwks");
    assert_eq!(status, 200);
    assert!(began.elapsed() < Duration::from_secs(60));
    assert!(
        !server.logged().contains("no connection could be accepted"),
        "{}",
        server.logged()
    );
    drop(silent);
}
