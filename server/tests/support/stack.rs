//! The real Redis and Sentinel, and a replica that uses them.

#![allow(dead_code, reason = "each test is a program of its own, and may use a part of this")]

use super::{
    port::Port,
    support::{Server, done, idp},
};
use std::{
    fs,
    io::{Read, Write},
    net::{Shutdown, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
};

/// The passwords that a replica needs.
pub(crate) const BOTH: [(&str, &str); 2] = [
    ("IDP_REDIS_PASSWORD", "redis-pw"),
    ("IDP_SENTINEL_PASSWORD", "sentinel-pw"),
];

/// A process that is killed at the end.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a Redis, or a Sentinel if it is called so, with this configuration.
fn start(folder: &Path) -> impl Fn((&str, String)) -> Running {
    move |(name, config)| {
        let file = folder.join(format!("{name}.conf"));
        fs::write(&file, config).expect("a file");
        let mut command = Command::new("redis-server");
        command.arg(&file).stdout(Stdio::null());
        if name.ends_with("sentinel") {
            command.arg("--sentinel");
        }
        Running(command.spawn().expect("redis-server starts"))
    }
}

/// Waits until a port is open, for some seconds.
fn wait_for(port: u16) {
    for _ in 0..200 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            break;
        }
        seams_os::clock::sleep_ms(50);
    }
}

/// A Redis node that was the master once, and replicates the first one now; a Sentinel that has not heard of it, because it has the
/// wrong password for that node; and another one that has.
pub(crate) struct Stale {
    pub(crate) redis: u16,
    sentinel: u16,
    _running: [Running; 3],
    _reserved: [Port; 3],
}

/// One Redis and one Sentinel that ask for passwords, and for TLS if so wanted.
pub(crate) struct Stack {
    pub(crate) redis: u16,
    pub(crate) sentinel: u16,
    /// As replicas are told where they are.
    sentinels: String,
    _running: [Running; 2],
    _reserved: [Port; 2],
}

impl Stack {
    pub(crate) fn start(folder: &Path, tls: bool) -> Stack {
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
            include_str!("../../../core/redis.acl").replace("PASSWORD", "redis-pw"),
        );
        let of_sentinel = format!(
            "{common}{}requirepass sentinel-pw\nsentinel monitor auth 127.0.0.1 {redis} 1\n\
             sentinel auth-pass auth admin-pw\nsentinel down-after-milliseconds auth 60000\n",
            listen(sentinel)
        );
        let running = [("redis", of_redis), ("sentinel", of_sentinel)].map(start(folder));
        wait_for(redis);
        wait_for(sentinel);
        Stack {
            redis,
            sentinel,
            sentinels: format!("127.0.0.1:{sentinel}"),
            _running: running,
            _reserved: reserved,
        }
    }

    /// Adds a stale Sentinel, which replicas have in front of those that know better.
    pub(crate) fn with_stale_sentinel(&mut self, folder: &Path) -> Stale {
        let reserved = [(); 3].map(|()| Port::reserve().expect("a free port"));
        let [redis, stale, sound] = reserved.each_ref().map(Port::number);
        let common = format!("bind 127.0.0.1\ndir {}\n", folder.display());
        let of_redis = format!(
            "{common}port {redis}\nsave \"\"\ndbfilename second.rdb\nrequirepass admin-pw\nmasterauth admin-pw\n\
             replicaof 127.0.0.1 {}\n{}",
            self.redis,
            include_str!("../../../core/redis.acl").replace("PASSWORD", "redis-pw"),
        );
        let of_sentinel = |port: u16, master: u16, password: &str| {
            format!(
                "{common}port {port}\nrequirepass sentinel-pw\nsentinel monitor auth 127.0.0.1 {master} 1\n\
                 sentinel auth-pass auth {password}\nsentinel down-after-milliseconds auth 600000\n"
            )
        };
        let running = [
            ("second-redis", of_redis),
            ("stale-sentinel", of_sentinel(stale, redis, "wrong-pw")),
            ("sound-sentinel", of_sentinel(sound, self.redis, "admin-pw")),
        ]
        .map(start(folder));
        reserved.iter().map(Port::number).for_each(wait_for);
        self.sentinels = [stale, self.sentinel, sound]
            .map(|port| format!("127.0.0.1:{port}"))
            .join(",");
        Stale {
            redis,
            sentinel: stale,
            _running: running,
            _reserved: reserved,
        }
    }

    /// A replica that uses it, with these options and variables, and its ports.
    pub(crate) fn replica(
        &self,
        folder: &Path,
        options: &[&str],
        variables: &[(&str, &str)],
    ) -> (Server, [u16; 2], [Port; 2]) {
        let reserved = [(); 2].map(|()| Port::reserve().expect("a free port"));
        let ports = reserved.each_ref().map(Port::number);
        let file = folder.join("directory.sqlite").display().to_string();
        if !Path::new(&file).exists() {
            done(&["init", "--directory", &file]);
        }
        let mut command = idp(&["--issuer", "https://login.example", "--bind", "127.0.0.1"]);
        command.args(["--directory", &file, "--redis-sentinel", &self.sentinels]);
        command.args(["--port", &ports[0].to_string(), "--ops-port", &ports[1].to_string()]);
        if !options.contains(&"--mail-relay") {
            command.args(["--mail-relay", "127.0.0.1:1"]);
        }
        command.args(options).envs(variables.iter().copied());
        let mut server = Server::start(command);
        server.wait_for_port(ports[1]);
        (server, ports, reserved)
    }

    /// What Redis answers to a command of its administrator, in clear.
    pub(crate) fn asks(&self, command: &str) -> String {
        asks(self.redis, "admin-pw", command)
    }
}

impl Stale {
    /// What the node answers that was the master once.
    pub(crate) fn asks(&self, command: &str) -> String {
        asks(self.redis, "admin-pw", command)
    }

    /// Whom the stale Sentinel takes for the master.
    pub(crate) fn named(&self) -> String {
        asks(self.sentinel, "sentinel-pw", "SENTINEL get-master-addr-by-name auth")
    }
}

/// What a Redis or a Sentinel answers to a command, in clear.
fn asks(port: u16, password: &str, command: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it is there");
    let all = format!("AUTH {password}\r\n{command}\r\n");
    stream.write_all(all.as_bytes()).expect("a command");
    // Both answer what they have been asked, and close: a Sentinel knows no QUIT.
    stream.shutdown(Shutdown::Write).expect("a stream");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}
