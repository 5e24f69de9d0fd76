//! Passwords and TLS: at real Redis and Sentinel, and at a mail relay.

#[expect(unreachable_pub, reason = "the file is part of a library")]
#[path = "../../sim/conformance/src/port.rs"]
mod port;
mod support;

use idp::{
    config::{Config, MailAccess, MailTls, Secret, StateConfig},
    mail::{Mail, Mailer, Outbox, Subject},
};
use port::Port;
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use seams::{Cause, Failure, Outcome};
use seams_os::{Connected, Trust};
use std::{
    fs,
    net::{Ipv4Addr, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
};
use support::{Folder, Server, done, get, idp, refused};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

/// Whether the programs are installed. In CI they must be.
fn are_installed(programs: &[&str]) -> bool {
    let missing = programs.iter().find(|program| {
        let started = Command::new(program)
            .arg("--help")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        started.is_err()
    });
    if let Some(missing) = missing {
        assert!(std::env::var_os("CI").is_none(), "{missing} is not installed");
        eprintln!("left out: {missing} is not installed");
    }
    missing.is_none()
}

/// A process that is killed at the end.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn openssl(folder: &Path, args: &str) {
    let output = Command::new("openssl")
        .current_dir(folder)
        .args(args.split(' '))
        .output();
    let output = output.expect("openssl starts");
    assert!(
        output.status.success(),
        "{args}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// An authority (`ca.pem`) and a certificate of it for this machine (`cert.pem`, `key.pem`).
fn certify(folder: &Path) {
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(
        folder,
        &format!("req -x509 {key} -keyout ca.key -out ca.pem -subj /CN=authority -days 2"),
    );
    openssl(
        folder,
        &format!("req {key} -keyout key.pem -out leaf.csr -subj /CN=server"),
    );
    fs::write(
        folder.join("ext"),
        "subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n",
    )
    .expect("a file");
    openssl(
        folder,
        "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out cert.pem",
    );
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
            "{common}{}save \"\"\nrequirepass admin-pw\nuser idp on >redis-pw ~auth:* &* +@all\n",
            listen(redis)
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

/// What a relay does in clear before anything else.
#[derive(Clone, Copy, PartialEq)]
enum Relay {
    /// It offers STARTTLS.
    StartTls,
    /// It offers STARTTLS, and somebody on the way sends a reply of theirs behind its answer.
    Injected,
    /// It does not offer STARTTLS.
    Plain,
    /// It speaks TLS from the beginning.
    Implicit,
}

/// Serves one client; returns what the client said in clear, and what it said over TLS.
async fn relay(listener: TcpListener, does: Relay, acceptor: TlsAcceptor) -> [Vec<String>; 2] {
    let (mut stream, _) = listener.accept().await.expect("a client");
    let mut in_clear = vec![];
    if does != Relay::Implicit {
        stream.write_all(b"220 relay ESMTP\r\n").await.expect("written");
        let mut lines = BufReader::new(&mut stream).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let stream = lines.get_mut();
            in_clear.push(line.clone());
            match (line.as_str(), does) {
                ("STARTTLS", Relay::Injected) => {
                    let _ = stream.write_all(b"220 go on\r\n250 injected\r\n").await;
                    break;
                }
                ("STARTTLS", _) => {
                    stream.write_all(b"220 go on\r\n").await.expect("written");
                    break;
                }
                (hello, Relay::Plain) if hello.starts_with("EHLO") => {
                    stream
                        .write_all(b"250-relay\r\n250 AUTH PLAIN\r\n")
                        .await
                        .expect("written");
                }
                (hello, _) if hello.starts_with("EHLO") => {
                    stream
                        .write_all(b"250-relay\r\n250 STARTTLS\r\n")
                        .await
                        .expect("written");
                }
                _ => break,
            }
        }
    }
    let Ok(mut encrypted) = acceptor.accept(stream).await else {
        return [in_clear, vec![]];
    };
    if does == Relay::Implicit {
        encrypted.write_all(b"220 relay ESMTP\r\n").await.expect("written");
    }
    [in_clear, mail(encrypted).await]
}

/// The conversation in which a mail is taken.
async fn mail(stream: impl AsyncRead + AsyncWrite + Unpin) -> Vec<String> {
    let mut lines = BufReader::new(stream).lines();
    let (mut said, mut in_data) = (vec![], false);
    while let Ok(Some(line)) = lines.next_line().await {
        let answer = match line.split(' ').next().unwrap_or_default() {
            "." => {
                in_data = false;
                "250 taken\r\n"
            }
            _ if in_data => "",
            "EHLO" => "250-relay\r\n250 AUTH PLAIN LOGIN\r\n",
            "AUTH" if line == "AUTH PLAIN AGlkcABtYWlsLXB3" => "235 welcome\r\n",
            "AUTH" => "535 5.7.8 bad credentials\r\n",
            "DATA" => {
                in_data = true;
                "354 go on\r\n"
            }
            "QUIT" => "221 bye\r\n",
            _ => "250 ok\r\n",
        };
        said.push(line);
        let _ = lines.get_mut().write_all(answer.as_bytes()).await;
    }
    said
}

async fn deliver(does: Relay, tls: MailTls, password: &str) -> (Outcome<()>, [Vec<String>; 2]) {
    let folder = Folder::new(&format!("relay-{}-{password}", does as u8));
    certify(folder.path());
    let read = CertificateDer::pem_file_iter(folder.path().join("cert.pem")).expect("certificates");
    let certificates = read.collect::<Result<Vec<_>, _>>().expect("certificates");
    let key = PrivateKeyDer::from_pem_file(folder.path().join("key.pem")).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("TLS")
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .expect("a certificate and its key");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();

    let connected = Connected {
        bind: Ipv4Addr::LOCALHOST.into(),
        ports: vec![],
        trust: Some(Trust::of_file(&folder.path().join("ca.pem")).expect("an authority")),
    };
    let env = seams_os::env_connected("idp-a", connected);
    let mut config_of_idp = Config::new("idp-a", "https://login.example", StateConfig::Memory);
    config_of_idp.mail_access = MailAccess {
        tls,
        login: Some(("idp".into(), Secret::new(password))),
    };
    let outbox = Outbox::new(env, &config_of_idp, ("127.0.0.1".into(), port));
    let mail = Mail {
        to: "ann@example.com".into(),
        subject: Subject::Code {
            code: "123456".into(),
            minutes: 10,
        },
    };
    tokio::join!(
        outbox.deliver(mail),
        relay(listener, does, TlsAcceptor::from(Arc::new(config)))
    )
}

fn refusal(outcome: &Outcome<()>) -> &str {
    match outcome {
        Err(Failure::Fail(Cause::Refused(why))) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn mail_goes_over_tls_and_with_a_login() {
    if !are_installed(&["openssl"]) {
        return;
    }
    for (does, tls) in [
        (Relay::StartTls, MailTls::StartTls),
        (Relay::Implicit, MailTls::Implicit),
    ] {
        let (outcome, [in_clear, said]) = deliver(does, tls, "mail-pw").await;
        assert_eq!(outcome, Ok(()), "{said:?}");
        assert!(
            in_clear
                .iter()
                .all(|line| line == "STARTTLS" || line.starts_with("EHLO")),
            "{in_clear:?}"
        );
        assert!(said.iter().any(|line| line == "RCPT TO:<ann@example.com>"), "{said:?}");
        assert!(said.iter().any(|line| line.contains("123456")), "{said:?}");
    }
    let (outcome, [_, said]) = deliver(Relay::StartTls, MailTls::StartTls, "other").await;
    assert!(refusal(&outcome).contains("bad credentials"), "{outcome:?}");
    assert!(!said.iter().any(|line| line.starts_with("MAIL")), "{said:?}");
}

#[tokio::test]
async fn nothing_is_said_in_clear_that_belongs_under_tls() {
    if !are_installed(&["openssl"]) {
        return;
    }
    let (outcome, [in_clear, said]) = deliver(Relay::Plain, MailTls::StartTls, "plain").await;
    assert_eq!(refusal(&outcome), "it does not offer STARTTLS");
    assert_eq!((in_clear.len(), said.len()), (1, 0), "EHLO and no more: {in_clear:?}");
    let (outcome, [_, said]) = deliver(Relay::Injected, MailTls::StartTls, "injected").await;
    assert!(refusal(&outcome).starts_with("TLS: "), "{outcome:?}");
    assert_eq!(said, [""; 0]);
}
