//! Passwords and TLS at the real Redis and Sentinel, and what is refused of them on the command line.

#[expect(unreachable_pub, reason = "the file is part of a library")]
#[path = "../../sim/conformance/src/port.rs"]
mod port;
#[path = "support/stack.rs"]
mod stack;
mod support;

use stack::{BOTH, Stack};
use std::{fs, net::TcpStream, path::Path};
use support::{
    Folder,
    certificates::{are_installed, certify},
    get, refused,
};

/// What a replica says is wrong.
fn refusal(stack: &Stack, folder: &Path, options: &[&str], variables: &[(&str, &str)], says: &str) {
    let (mut server, [_, ops_port], _reserved) = stack.replica(folder, options, variables);
    server.wait_until(says, |_| get(ops_port, "/health").1.contains(says));
    server.wait_until(says, |server| server.logged().contains(says));
    for secret in ["redis-pw", "sentinel-pw", "wrong-pw"] {
        assert!(!server.logged().contains(secret), "{}", server.logged());
    }
}

const WRONG: [(&str, &str); 2] = [
    ("IDP_REDIS_PASSWORD", "wrong-pw"),
    ("IDP_SENTINEL_PASSWORD", "sentinel-pw"),
];

#[test]
fn redis_and_sentinel_with_passwords() {
    if !are_installed(&["redis-server"]) {
        return;
    }
    let folder = Folder::new("passwords");
    let stack = Stack::start(folder.path(), false);
    let (redis, sentinel) = (stack.redis, stack.sentinel);
    let refusal = |options: &[&str], variables: &[(&str, &str)], says: &str| {
        refusal(&stack, folder.path(), options, variables, says);
    };
    let asks = format!("store: sentinel 127.0.0.1:{sentinel} refuses: NOAUTH Authentication required.");
    refusal(&[], &BOTH[..1], &asks);
    let wrong = format!("store: sentinel 127.0.0.1:{sentinel} refuses: WRONGPASS");
    refusal(&[], &[("IDP_SENTINEL_PASSWORD", "wrong-pw")], &wrong);
    refusal(
        &[],
        &BOTH[1..],
        "store: refused: redis: NOAUTH Authentication required.",
    );
    refusal(&["--redis-user", "idp"], &WRONG, "store: refused: redis: WRONGPASS");

    // From the environment, and from files.
    let (mut server, [port, ops_port], _reserved) = stack.replica(folder.path(), &["--redis-user", "idp"], &BOTH);
    server.wait_for_port(port);
    assert!(get(ops_port, "/health").1.contains("\"status\":\"ok\""));
    let [of_redis, of_sentinel] = [("redis", "redis-pw\n"), ("sentinel", "sentinel-pw\n")].map(|(name, password)| {
        let file = folder.file(&format!("{name}.password"));
        fs::write(&file, password).expect("a file");
        file
    });
    let files = [
        "--redis-user",
        "idp",
        "--redis-password-file",
        &of_redis,
        "--sentinel-password-file",
        &of_sentinel,
    ];
    let (mut server, [port, _], _reserved) = stack.replica(folder.path(), &files, &[]);
    server.wait_for_port(port);
    drop(server);
    assert!(TcpStream::connect(("127.0.0.1", redis)).is_ok());
}

#[test]
fn redis_and_sentinel_with_tls() {
    if !are_installed(&["redis-server", "openssl"]) {
        return;
    }
    let folder = Folder::new("tls");
    certify(folder.path());
    let other = Folder::new("tls-other");
    certify(other.path());
    let stack = Stack::start(folder.path(), true);
    let (ca, others) = (folder.file("ca.pem"), other.file("ca.pem"));
    let all = ["--redis-user", "idp", "--redis-tls", "--sentinel-tls", "--ca-file"];
    let (mut server, [port, _], _reserved) = stack.replica(folder.path(), &[&all[..], &[&ca]].concat(), &BOTH);
    server.wait_for_port(port);
    drop(server);
    let untrusted = format!(
        "store: sentinel 127.0.0.1:{} refuses: TLS: invalid peer certificate",
        stack.sentinel
    );
    refusal(
        &stack,
        folder.path(),
        &[&all[..], &[&others]].concat(),
        &BOTH,
        &untrusted,
    );
}

#[test]
fn access_that_cannot_work_is_refused() {
    let folder = Folder::new("access");
    let rest = [
        "--issuer",
        "https://login.example",
        "--redis-sentinel",
        "127.0.0.1:1",
        "--mail-relay",
        "127.0.0.1:1",
        "--directory",
        "nowhere.sqlite",
    ];
    let file = folder.file("pw");
    fs::write(&file, "pw\n").expect("a file");
    for (options, says) in [
        (
            &["--redis-user", "idp"][..],
            "--redis-user idp needs a password: --redis-password-file or IDP_REDIS_PASSWORD",
        ),
        (&["--sentinel-user", "idp"], "--sentinel-user idp needs a password"),
        (
            &["--mail-user", "idp", "--mail-tls", "starttls"],
            "--mail-user idp needs a password",
        ),
        (
            &["--mail-user", "idp", "--mail-password-file", &file],
            "would be sent in clear; add --mail-tls",
        ),
        (
            &["--mail-password-file", &file, "--mail-tls", "starttls"],
            "needs --mail-user",
        ),
        (
            &["--redis-password-file", "/nowhere"],
            "--redis-password-file /nowhere: ",
        ),
        (&["--ca-file", &file], "nothing speaks TLS"),
        (&["--ca-file", &file, "--redis-tls"], "no certificate of an authority"),
        (&["--redis-password", "pw"], "unexpected argument"),
    ] {
        let err = refused(2, &[&rest[..], options].concat());
        assert!(err.contains(says), "{options:?}: {err}");
    }
}
