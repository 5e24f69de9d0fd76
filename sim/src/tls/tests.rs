//! Two ends that agree, and two that do not.

use super::*;
use proptest::{collection::vec, prelude::*};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

/// A connection within this process.
fn pair() -> (Stream, Stream) {
    let (a, b) = duplex(64);
    let at = |port| ([127, 0, 0, 1], port).into();
    (Stream::new(a, at(1)), Stream::new(b, at(2)))
}

/// What a client gets that connects to a server with this certificate.
async fn greeted(certificate: &Certificate, check: Check) -> io::Result<String> {
    let (client, server) = pair();
    let mut server = accept(server, certificate);
    let serving = async {
        let _ = server.write_all(b"220 welcome").await;
        let _ = server.shutdown().await;
    };
    let asking = async {
        let mut stream = connect(client, "mail", check).await?;
        let mut text = String::new();
        stream.read_to_string(&mut text).await?;
        Ok(text)
    };
    tokio::join!(serving, asking).1
}

#[tokio::test]
async fn a_server_proves_who_it_is() {
    let certificate = Certificate::of("mail");
    assert_eq!(greeted(&certificate, Check::Everything).await.unwrap(), "220 welcome");
    let rows = [
        (
            Defect::AnotherName,
            "certificate not valid for name \"mail\"; certificate is only valid for DnsName(\"another.example\")",
        ),
        (Defect::Expired, "certificate expired"),
        (Defect::Untrusted, "UnknownIssuer"),
    ];
    for (defect, why) in rows {
        certificate.break_until(defect, 1);
        let error = greeted(&certificate, Check::Everything).await.unwrap_err();
        assert_eq!(error.to_string(), format!("invalid peer certificate: {why}"));
        let is_refused = greeted(&certificate, Check::NotTheName).await.is_err();
        assert_eq!(is_refused, defect != Defect::AnotherName, "{defect}");
        assert!(greeted(&certificate, Check::Nothing).await.is_ok(), "{defect}");
    }
    certificate.mend(1);
    assert!(greeted(&certificate, Check::Everything).await.is_ok());
}

#[tokio::test]
async fn whoever_is_refused_is_told_why() {
    let (client, server) = pair();
    let mut server = accept(server, &Certificate::of("another"));
    let (refused, heard) = tokio::join!(connect(client, "mail", Check::Everything), server.read_u8());
    assert!(refused.is_err());
    assert_eq!(heard.unwrap_err().to_string(), "received fatal alert: BadCertificate");
}

#[tokio::test]
async fn plain_text_at_a_port_for_tls_is_not_answered() {
    let (mut client, server) = pair();
    let mut server = accept(server, &Certificate::of("redis-1"));
    let asking = async {
        client.write_all(b"*1\r\n$4\r\nPING\r\n").await.unwrap();
        let mut reply = vec![];
        client.read_to_end(&mut reply).await.unwrap();
        reply
    };
    let serving = async {
        let error = server.read_u8().await.unwrap_err();
        drop(server);
        error.to_string()
    };
    let (reply, error) = tokio::join!(asking, serving);
    assert!(
        reply.is_empty(),
        "OpenSSL has no alert for what is no TLS at all: {reply:?}"
    );
    assert_eq!(error, "received corrupt message of type InvalidContentType");
}

#[test]
fn a_certificate_is_mended_when_the_last_reason_ends() {
    let certificate = Certificate::of("redis-1");
    certificate.break_until(Defect::Expired, 5_000);
    certificate.break_until(Defect::Untrusted, 7_000);
    certificate.break_until(Defect::AnotherName, 6_000);
    certificate.mend(5_000);
    certificate.mend(6_000);
    assert_eq!(certificate.defect(), Some(Defect::AnotherName));
    certificate.mend(7_000);
    assert_eq!(certificate.defect(), None);
}

/// A server of plain text, a port at which nobody answers a handshake, and CVE-2011-0411: the reply to STARTTLS has been read,
/// and somebody has put another in clear behind it.
#[tokio::test]
async fn what_is_no_record_breaks_the_handshake() {
    for (says, why) in [
        ("220 relay.example ESMTP\r\n", "InvalidContentType"),
        ("-ERR unknown command", "InvalidContentType"),
        ("\x16\x02\x01\x00\x05", "UnknownProtocolVersion"),
        ("\x16\x03\x03\x7f\x7f", "MessageTooLarge"),
    ] {
        let (client, mut server) = pair();
        server.write_all(says.as_bytes()).await.unwrap();
        let error = connect(client, "mail", Check::Everything).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("received corrupt message of type {why}"),
            "{says:?}"
        );
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
    let (client, server) = pair();
    drop(server);
    let error = connect(client, "mail", Check::Everything).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    let (client, mut server) = pair();
    server.shutdown().await.unwrap();
    let error = connect(client, "mail", Check::Everything).await.unwrap_err();
    assert_eq!(error.to_string(), "tls handshake eof");
}

/// Whoever cuts a connection must not be able to make half an answer look whole (RFC 8446 section 6.1).
#[tokio::test]
async fn a_stream_that_is_cut_off_does_not_end_well() {
    let (client, server) = pair();
    let mut server = accept(server, &Certificate::of("mail"));
    let serving = async {
        server.write_all(b"half").await.unwrap();
        drop(server);
    };
    let asking = async {
        let mut stream = connect(client, "mail", Check::Everything).await.unwrap();
        let mut text = vec![];
        let error = stream.read_to_end(&mut text).await.unwrap_err();
        (text, error.kind())
    };
    let (_, (text, kind)) = tokio::join!(serving, asking);
    assert_eq!((&text[..], kind), (&b"half"[..], io::ErrorKind::UnexpectedEof));
}

#[tokio::test]
async fn somebody_who_says_nothing_is_waited_for() {
    let (client, _server) = pair();
    let asked = connect(client, "mail", Check::Everything);
    assert!(tokio::time::timeout(Duration::from_millis(20), asked).await.is_err());
}

/// Sends these pieces through a connection, and returns what arrives, and what can be read on the path.
fn carried(before: &[u8], pieces: &[Vec<u8>]) -> (Vec<u8>, Vec<u8>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let (near, mut path) = pair();
        let (mut onward, far) = pair();
        let sending = async {
            let mut near = near;
            near.write_all(before).await.unwrap();
            let mut near = connect(near, "mail", Check::Everything).await.unwrap();
            for piece in pieces {
                near.write_all(piece).await.unwrap();
            }
            near.shutdown().await.unwrap();
        };
        let listening = async {
            let (mut readable, mut read) = (Readable::default(), vec![]);
            let (mut from, mut back) = ([0; 4096], [0; 4096]);
            // In clear: a piece of its own, as a client that says STARTTLS sends it.
            let mut clear = vec![0; before.len()];
            path.read_exact(&mut clear).await.unwrap();
            onward.write_all(&clear).await.unwrap();
            if !clear.is_empty() {
                read.extend(readable.of(&clear));
            }
            loop {
                seams::select! {
                    there = path.read(&mut from) => match there.unwrap() {
                        0 => break,
                        n => {
                            read.extend(readable.of(&from[..n]));
                            onward.write_all(&from[..n]).await.unwrap();
                        }
                    },
                    back_again = onward.read(&mut back) => {
                        let n = back_again.unwrap();
                        path.write_all(&back[..n]).await.unwrap();
                    }
                }
            }
            drop(path);
            read
        };
        let serving = async {
            let mut far = far;
            let mut clear = vec![0; before.len()];
            far.read_exact(&mut clear).await.unwrap();
            let mut far = accept(far, &Certificate::of("mail"));
            let mut arrived = vec![];
            far.read_to_end(&mut arrived).await.unwrap();
            arrived
        };
        let ((), read, arrived) = tokio::join!(sending, listening, serving);
        (arrived, read)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 60, ..ProptestConfig::default() })]

    /// Whatever is sent arrives; on the path only that can be read which was sent before.
    #[test]
    fn what_is_sent_arrives_and_is_not_readable(
        before in "(EHLO web\r\nSTARTTLS\r\n)?",
        pieces in vec(vec(any::<u8>(), 1..400), 0..6),
    ) {
        let (arrived, read) = carried(before.as_bytes(), &pieces);
        prop_assert_eq!(arrived, pieces.concat());
        prop_assert_eq!(String::from_utf8_lossy(&read), before);
    }
}

#[test]
fn no_word_is_readable_inside_of_a_record() {
    let mut out = bytes::BytesMut::new();
    record::put(&mut out, record::DATA, b"AUTH web hunter2");
    assert!(out[record::HEADER..].iter().all(|byte| !byte.is_ascii()));
    assert_eq!(label(&out), Some("TLS"));
    assert_eq!(label(&out[..9]), None, "not whole");
    assert_eq!(label(b"250 Ok"), None);
}

/// Records may be cut anywhere on their way, and what is no record is readable again.
#[test]
fn clear_text_after_records_is_readable() {
    let mut sent = bytes::BytesMut::new();
    record::put(&mut sent, record::HANDSHAKE, &[record::CLIENT_HELLO]);
    record::put(&mut sent, record::DATA, b"secret");
    sent.extend_from_slice(b"password");
    let (first, rest) = sent.split_at(6);
    let mut readable = Readable::default();
    let mut read = readable.of(first);
    for byte in rest {
        read.extend(readable.of(&[*byte]));
    }
    assert_eq!(read, b"password");
}
