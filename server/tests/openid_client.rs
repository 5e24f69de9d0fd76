//! Somebody else's OpenID Connect client against the real binary, over real loopback TCP.

#[path = "../../scenarios/tests/openid_client/client.rs"]
mod client;
// The file, not the package: the server does not depend on the simulation, not even for its tests.
#[expect(unreachable_pub, reason = "the file is part of a library")]
#[path = "../../sim/conformance/src/port.rs"]
mod port;

use bytes::Bytes;
use client::{LoggedIn, Registration, log_in_twice};
use http_body_util::Full;
use port::Port;
use seams::{BoxFuture, Env, random_token};
use std::{
    io::{self, BufRead, BufReader},
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

/// The running binary: killed when the test ends, however it ends.
struct Server {
    child: Child,
    folder: PathBuf,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A folder of this test's own.
fn folder(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("idp-{name}-{}", std::process::id()))
}

/// The binary, for development, on these ports: for people, for operators.
fn dev(ports: [u16; 2], folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_idp"));
    let [port, ops_port] = ports.map(|port| port.to_string());
    command.args([
        "--dev",
        "--demo-port",
        "0",
        "--port",
        &port,
        "--ops-port",
        &ops_port,
        "--directory",
    ]);
    command.arg(folder.join("directory.sqlite"));
    command
}

/// Starts the binary; what it prints is collected, line by line.
fn start(ports: [u16; 2]) -> (Server, Arc<Mutex<Vec<String>>>) {
    let folder = folder("openid-client");
    let mut child = dev(ports, &folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    let printed = Arc::new(Mutex::new(vec![]));
    let (out, lines) = (child.stdout.take().expect("a pipe"), printed.clone());
    std::thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            lines.lock().expect("no panic").push(line);
        }
    });
    (Server { child, folder }, printed)
}

async fn wait_until_up(env: &Env, port: u16) {
    for _ in 0..200 {
        if env.network.connect("127.0.0.1", port).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the server did not open port {port} within 10 s");
}

fn over_tcp(env: Env, port: u16) -> client::Send {
    client::Send(Box::new(move |request| {
        let env = env.clone();
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let mut request = http::Request::from_parts(head, Full::new(Bytes::from(body)));
            let path = request.uri().path_and_query().expect("a path").as_str().to_owned();
            *request.uri_mut() = path.parse().expect("a path");
            let reply = idp::http::client::send(&env, ("127.0.0.1", port), request, Duration::from_secs(5)).await;
            reply
                .map(|reply| reply.map(|body| body.to_vec()))
                .map_err(io::Error::other)
        })
    }))
}

fn code_in(line: &str) -> Option<String> {
    let code: String = line
        .split("login code is ")
        .nth(1)?
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    (code.len() == 8).then_some(code)
}

#[tokio::test]
async fn a_real_client_logs_in_twice() {
    let ports = [(); 2].map(|()| Port::reserve().expect("a free port"));
    let [port, ops_port] = ports.each_ref().map(Port::number);
    let (_server, printed) = start([port, ops_port]);
    let env = seams_os::env("test", Ipv4Addr::LOCALHOST.into());
    wait_until_up(&env, port).await;

    let registration = Registration {
        issuer: format!("http://127.0.0.1:{port}").leak(),
        client_id: "demo",
        secret: None,
        redirect: "http://127.0.0.1:8000/callback",
        address: "ann@example.com",
    };
    let mailed = move || -> BoxFuture<'static, String> {
        let printed = printed.clone();
        Box::pin(async move {
            loop {
                if let Some(code) = printed.lock().expect("no panic").iter().find_map(|line| code_in(line)) {
                    return code;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
    };
    let (secrets, clock) = (env.clone(), env.clone());
    let logged_in = log_in_twice(
        &registration,
        over_tcp(env, port),
        Arc::new(mailed),
        Arc::new(move || random_token(&*secrets.entropy)),
        Arc::new(move || clock.now().secs() as i64),
    );
    let logged_in = tokio::time::timeout(Duration::from_secs(60), logged_in)
        .await
        .expect("within a minute");
    let ann = || LoggedIn {
        subject: "user-ann".into(),
        email: Some("ann@example.com".into()),
    };
    assert_eq!(logged_in, [ann(), ann()]);
}

#[test]
fn a_port_in_use_is_a_clear_error() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let port = taken.local_addr().expect("an address").port();
    let folder = folder("port-in-use");
    let ops_port = Port::reserve().expect("a free port");
    let refused = dev([port, ops_port.number()], &folder)
        .output()
        .expect("the binary starts");
    let _ = std::fs::remove_dir_all(&folder);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success());
    assert!(said.contains(&port.to_string()) && said.contains("in use"), "{said}");
}
