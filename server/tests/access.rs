//! Passwords and TLS at the real Redis and Sentinel, and what is refused of them on the command line.

#[expect(unreachable_pub, reason = "the file is part of a library")]
#[path = "../../sim/conformance/src/port.rs"]
mod port;
mod support;

use port::Port;
use std::{
    fs,
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
};
use support::{
    Folder, Server,
    certificates::{are_installed, certify},
    done, get, idp, refused,
};

/// A process that is killed at the end.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// One Redis and one Sentinel that ask for passwords, and for TLS if so wanted.
struct Stack {
    redis: u16,
    sentinel: u16,
    _running: [Running; 2],
    _reserved: [Port; 2],
}

impl Stack {
    fn start(folder: &Path, tls: bool) -> Stack {
        let reserved = [(); 2].map(|()| Port::reserve().expect("a free port"));
        let [redis, sentinel] = reserved.each_ref().map(Port::number);
        let at = folder.display();
        let listen = |port: u16| match tls {
            false => format!("port {port}\n"),
            true => format!(
                "port 0\ntls-port {port}\ntls-cert-file {at}/cert.pem\ntls-key-file {at}/key.pem\n\
                 tls-ca-cert-file {at}/ca.pem\ntls-auth-clients no\ntls-replication yes\n"
            ),
        };
        let common = format!("bind 127.0.0.1\ndir {at}\n");
        let of_redis = format!(
            "{common}{}save \"\"\nrequirepass admin-pw\n{}",
            listen(redis),
            include_str!("../../core/redis.acl").replace("PASSWORD", "redis-pw"),
        );
        let of_sentinel = format!(
            "{common}{}requirepass sentinel-pw\nsentinel monitor auth 127.0.0.1 {redis} 1\n\
             sentinel auth-pass auth admin-pw\nsentinel down-after-milliseconds auth 60000\n",
            listen(sentinel)
        );
        let running = [("redis", of_redis), ("sentinel", of_sentinel)].map(|(name, config)| {
            let file = folder.join(format!("{name}.conf"));
            fs::write(&file, config).expect("a file");
            let mut command = Command::new("redis-server");
            command.arg(&file).stdout(Stdio::null());
            if name == "sentinel" {
                command.arg("--sentinel");
            }
            Running(command.spawn().expect("redis-server starts"))
        });
        for port in [redis, sentinel] {
            for _ in 0..200 {
                if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                    break;
                }
                seams_os::clock::sleep_ms(50);
            }
        }
        Stack {
            redis,
            sentinel,
            _running: running,
            _reserved: reserved,
        }
    }

    /// A replica that uses it, with these options and variables, and its ports.
    fn replica(&self, folder: &Path, options: &[&str], variables: &[(&str, &str)]) -> (Server, [u16; 2], [Port; 2]) {
        let reserved = [(); 2].map(|()| Port::reserve().expect("a free port"));
        let ports = reserved.each_ref().map(Port::number);
        let file = folder.join("directory.sqlite").display().to_string();
        if !Path::new(&file).exists() {
            done(&["init", "--directory", &file]);
        }
        let mut command = idp(&[
            "--issuer",
            "https://login.example",
            "--mail-relay",
            "127.0.0.1:1",
            "--bind",
            "127.0.0.1",
        ]);
        command.args([
            "--directory",
            &file,
            "--redis-sentinel",
            &format!("127.0.0.1:{}", self.sentinel),
        ]);
        command.args(["--port", &ports[0].to_string(), "--ops-port", &ports[1].to_string()]);
        command.args(options).envs(variables.iter().copied());
        let mut server = Server::start(command);
        server.wait_for_port(ports[1]);
        (server, ports, reserved)
    }

    /// What such a replica says is wrong.
    fn refusal(&self, folder: &Path, options: &[&str], variables: &[(&str, &str)], says: &str) {
        let (mut server, [_, ops_port], _reserved) = self.replica(folder, options, variables);
        server.wait_until(says, |_| get(ops_port, "/health").1.contains(says));
        server.wait_until(says, |server| server.logged().contains(says));
        for secret in ["redis-pw", "sentinel-pw", "wrong-pw"] {
            assert!(!server.logged().contains(secret), "{}", server.logged());
        }
    }
}

const BOTH: [(&str, &str); 2] = [
    ("IDP_REDIS_PASSWORD", "redis-pw"),
    ("IDP_SENTINEL_PASSWORD", "sentinel-pw"),
];
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
        stack.refusal(folder.path(), options, variables, says);
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
    stack.refusal(folder.path(), &[&all[..], &[&others]].concat(), &BOTH, &untrusted);
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
