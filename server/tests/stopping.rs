//! A replica that is asked to stop answers what has begun, sends its mails, and ends.

#[expect(unreachable_pub, reason = "the file is part of a library")]
#[path = "../../sim/conformance/src/port.rs"]
mod port;
mod support;

use idp::{
    config::{Config, StateConfig},
    mail::{Mail, Subject},
    replica::{self, Wiring},
    store::SqliteDirectory,
};
use port::Port;
use std::{
    io::{Read, Write},
    net::{Ipv4Addr, TcpStream},
    sync::Arc,
    time::Duration,
};
use support::{Folder, Server, get, idp};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
    sync::oneshot,
};

/// A server for development, with its ports for people and for operators.
fn dev(folder: &Folder) -> (Server, [u16; 2], [Port; 2]) {
    let reserved = [(); 2].map(|()| Port::reserve().expect("a free port"));
    let ports = reserved.each_ref().map(Port::number);
    let [port, ops_port] = ports.map(|port| port.to_string());
    let mut command = idp(&["--dev", "--demo-port", "0", "--port", &port, "--ops-port", &ops_port]);
    command.args(["--directory", &folder.file("directory.sqlite")]);
    let mut server = Server::start(command);
    server.wait_for_port(ports[0]);
    (server, ports, reserved)
}

const BODY: &str = "grant_type=authorization_code";

/// A request whose body has not been sent yet.
fn half_a_request(port: u16) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the port is open");
    let head = format!(
        "POST /token HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
        BODY.len()
    );
    stream.write_all(head.as_bytes()).expect("half a request");
    stream
}

fn is_stopping(server: &Server) -> bool {
    server.logged().lines().any(|line| line.ends_with(" stopping"))
}

#[test]
fn what_has_begun_is_answered_and_nobody_else_is_let_in() {
    for signal in ["TERM", "INT"] {
        let folder = Folder::new(&format!("stop-{signal}"));
        let (mut server, [port, ops_port], _reserved) = dev(&folder);
        let mut under_way = half_a_request(port);
        // It must have been accepted, and read.
        assert_eq!(get(port, "/jwks").0, 200);
        server.signal(signal);
        server.wait_until("it to stop", is_stopping);
        server.wait_until("its port to close", |_| {
            TcpStream::connect(("127.0.0.1", port)).is_err()
        });
        let (status, health) = get(ops_port, "/health");
        assert!(
            status == 503 && health.contains(r#""status":"stopping""#),
            "{status} {health}"
        );

        under_way.write_all(BODY.as_bytes()).expect("the other half");
        let mut answer = String::new();
        under_way.read_to_string(&mut answer).expect("an answer, then the end");
        assert!(
            answer.starts_with("HTTP/1.1 401 ") && answer.contains("client authentication failed"),
            "{answer}"
        );
        assert_eq!(server.exit_code(), Some(0), "{}", server.logged());
        let logged = server.logged();
        assert!(
            logged.lines().last().is_some_and(|line| line.ends_with(" stopped")),
            "{logged}"
        );
        assert!(!logged.contains("ERROR"), "{logged}");
    }
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let folder = Folder::new("stop-twice");
    let (mut server, [port, _], _reserved) = dev(&folder);
    let _never_complete = half_a_request(port);
    assert_eq!(get(port, "/jwks").0, 200);
    server.signal("TERM");
    server.wait_until("it to stop", is_stopping);
    server.signal("INT");
    assert_eq!(server.exit_code(), Some(130));
    let logged = server.logged();
    assert!(
        logged.contains("idp: interrupted while it was stopping") && !logged.contains(" stopped"),
        "{logged}"
    );
}

#[test]
fn a_replica_that_is_not_ready_has_nothing_to_finish() {
    let folder = Folder::new("stop-unready");
    let reserved = [(); 3].map(|()| Port::reserve().expect("a free port"));
    let [port, ops_port, nobody] = reserved.each_ref().map(|port| port.number().to_string());
    let (sentinel, relay) = (format!("127.0.0.1:{nobody}"), format!("127.0.0.1:{nobody}"));
    let mut command = idp(&["--issuer", "https://login.example", "--create-directory"]);
    command.args(["--port", &port, "--ops-port", &ops_port, "--bind", "127.0.0.1"]);
    command.args(["--redis-sentinel", &sentinel, "--mail-relay", &relay]);
    command.args(["--directory", &folder.file("directory.sqlite")]);
    let mut server = Server::start(command);
    server.wait_for_port(reserved[1].number());
    server.signal("TERM");
    assert_eq!(server.exit_code(), Some(0), "{}", server.logged());
}

/// Takes one mail, which it does not greet before it is told to; returns its lines.
async fn relay(listener: TcpListener, greets: oneshot::Receiver<()>) -> Vec<String> {
    let (stream, _) = listener.accept().await.expect("a client");
    greets.await.expect("it is told to");
    let mut lines = BufReader::new(stream).lines();
    let (mut said, mut in_data) = (vec![], false);
    let mut answer = "220 relay ESMTP\r\n";
    loop {
        let _ = lines.get_mut().write_all(answer.as_bytes()).await;
        let Ok(Some(line)) = lines.next_line().await else {
            return said;
        };
        answer = match line.as_str() {
            "." => {
                in_data = false;
                "250 taken\r\n"
            }
            _ if in_data => "",
            "DATA" => {
                in_data = true;
                "354 go on\r\n"
            }
            "QUIT" => "221 bye\r\n",
            _ => "250 ok\r\n",
        };
        said.push(line);
    }
}

/// "Makes" a key that protects nothing.
struct KeyOfTests;

#[async_trait::async_trait]
impl idp::keys::RsaKeyMaker for KeyOfTests {
    async fn make(&self) -> seams::Outcome<Vec<u8>> {
        Ok(include_bytes!("../../core/src/testing/rsa/1.der").to_vec())
    }
}

/// The whole replica, over real sockets.
#[tokio::test]
async fn a_mail_in_the_outbox_is_sent_before_it_ends() {
    let reserved = [(); 2].map(|()| Port::reserve().expect("a free port"));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let relay_port = listener.local_addr().expect("an address").port();
    let env = seams_os::env("idp-a", Ipv4Addr::LOCALHOST.into());
    let mut config = Config::new("idp-a", "https://login.example", StateConfig::Memory);
    [config.port, config.ops_port] = reserved.each_ref().map(Port::number);
    config.mail_relay = Some(("127.0.0.1".into(), relay_port));
    let directory = SqliteDirectory::open(env.clone(), "file:/stopping?vfs=memdb", Duration::from_secs(1)).await;
    let wiring = Wiring::standard(
        &env,
        &config,
        Arc::new(directory.expect("it opens")),
        Arc::new(KeyOfTests),
    );
    let mailer = wiring.mailer.clone();
    let (stop, asked) = oneshot::channel::<()>();
    let (greet, greets) = oneshot::channel();
    let serving = replica::serve(env, config, wiring, async { asked.await.expect("it is asked") });
    let operator = async {
        let mail = Mail {
            to: "ann@example.com".into(),
            subject: Subject::Code {
                code: "123456".into(),
                client: "Wiki".into(),
                service: "login.example".into(),
                minutes: 10,
            },
            is_decoy: false,
        };
        mailer.enqueue(mail).await.expect("there is room");
        stop.send(()).expect("it serves");
        tokio::time::sleep(Duration::from_millis(300)).await;
        greet.send(()).expect("the relay is connected");
    };
    let (served, said, ()) = tokio::join!(serving, relay(listener, greets), operator);
    assert!(served.is_ok(), "{served:?}");
    assert!(said.iter().any(|line| line.contains("123456")), "{said:?}");
}
