//! STARTTLS, TLS and a login at a mail relay.

mod support;

use idp::{
    config::{Config, MailAccess, MailTls, Secret, StateConfig},
    mail::{Mail, Mailer, Outbox, Subject},
};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use seams::{Cause, Failure, Outcome};
use seams_os::{Connected, Trust};
use std::{net::Ipv4Addr, sync::Arc};
use support::{
    Folder,
    certificates::{are_installed, certify},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

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
            client: "Wiki".into(),
            service: "login.example".into(),
            minutes: 10,
        },
        is_decoy: false,
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
