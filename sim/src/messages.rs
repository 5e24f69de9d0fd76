//! The messages on the wire, described without secrets: the sender, the receiver and the kind of each message.
//!
//! Recorded only on request; the run and its fingerprint do not change. Of an HTTP request the method and the path are
//! kept, of an answer its status, of a Redis command its name and the namespace of its key: never a query, a body, a
//! cookie, an identifier or a value.

use crate::{
    engine::{Carried, CarriedKind, HostId},
    tls,
    world::{HostKind, REDIS_PORT, SENTINEL_PORT, SMTP_PORT},
};
use serde::Serialize;

/// One message between two hosts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// When it was first sent, simulated milliseconds.
    pub sent_ms: u64,
    /// When it arrived, simulated milliseconds; `None` if it had not arrived by the end of the run.
    pub arrived_ms: Option<u64>,
    /// The sending host.
    pub from: String,
    /// The receiving host.
    pub to: String,
    /// Its kind, in a few words: `POST /token`, `GETDEL shop:cart:item`, `302`.
    pub label: String,
    /// Its size, bytes.
    pub bytes: usize,
    /// Whether hosts send such messages all the time: pings, hellos, lists.
    pub routine: bool,
}

/// Converts segments to messages; `host` returns the name and the kind of a host. The first segment of a write and
/// those that follow it are one message.
pub fn of_wire<'a>(carried: &[Carried], host: impl Fn(HostId) -> (&'a str, HostKind)) -> Vec<Message> {
    let mut messages: Vec<Message> = vec![];
    let mut last: Option<(&Carried, usize)> = None;
    for segment in carried {
        if let Some((first, index)) = last
            && continues(first, segment)
        {
            messages[index].bytes += segment.payload.len();
            messages[index].arrived_ms = messages[index].arrived_ms.and(segment.arrived_ms);
            continue;
        }
        let ((from, from_kind), (to, to_kind)) = (host(segment.from), host(segment.to));
        let label = label(segment);
        last = Some((segment, messages.len()));
        messages.push(Message {
            sent_ms: segment.sent_ms,
            arrived_ms: segment.arrived_ms,
            from: from.to_owned(),
            to: to.to_owned(),
            routine: is_routine(from_kind, to_kind, &label),
            label,
            bytes: segment.payload.len(),
        });
    }
    messages
}

fn continues(first: &Carried, next: &Carried) -> bool {
    let ends = |carried: &Carried| {
        (
            carried.from,
            carried.from_port,
            carried.to,
            carried.to_port,
            carried.sent_ms,
        )
    };
    first.kind == CarriedKind::Data && next.kind == CarriedKind::Data && ends(first) == ends(next)
}

fn is_routine(from: HostKind, to: HostKind, label: &str) -> bool {
    let command = label.split(' ').next().unwrap_or(label);
    from == HostKind::Sentinel && !label.starts_with("SLAVEOF")
        || to == HostKind::Sentinel
        || matches!(command, "PING" | "PONG" | "INFO" | "REPLCONF" | "PUBLISH" | "CLIENT")
}

fn label(segment: &Carried) -> String {
    match segment.kind {
        CarriedKind::Connect => "connect".into(),
        CarriedKind::Reset => "reset".into(),
        CarriedKind::Data => of_bytes(segment.from_port, segment.to_port, &segment.payload),
    }
}

fn of_bytes(from_port: u16, to_port: u16, payload: &[u8]) -> String {
    const REDIS: [u16; 2] = [REDIS_PORT, SENTINEL_PORT];
    if let Some(label) = tls::label(payload) {
        return label.into();
    }
    let label = if REDIS.contains(&to_port) || REDIS.contains(&from_port) {
        redis(payload)
    } else if [from_port, to_port].contains(&SMTP_PORT) {
        smtp(payload)
    } else {
        http(payload)
    };
    label.unwrap_or_else(|| "bytes".into())
}

/// The words of the first line of a payload.
fn words(payload: &[u8]) -> impl Iterator<Item = &str> {
    let line = payload.split(|byte| *byte == b'\r' || *byte == b'\n').next();
    let line = line.and_then(|line| std::str::from_utf8(line).ok()).unwrap_or("");
    line.split(' ')
}

/// The label of an HTTP message: `POST /seats`, or the status of an answer.
fn http(payload: &[u8]) -> Option<String> {
    let mut words = words(payload);
    let first = words.next()?;
    if first.starts_with("HTTP/1.") {
        return words.next().filter(|status| is_number(status, 3)).map(str::to_owned);
    }
    let method = ["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS"];
    let method = method.into_iter().find(|known| *known == first)?;
    let target = words.next()?;
    let path = target.split(['?', '#']).next().unwrap_or(target);
    Some(format!("{method} {}", public_path(path)))
}

/// A path, without parts that may be identifiers.
fn public_path(path: &str) -> String {
    let plain = |part: &&str| {
        part.len() <= 24 && (part.chars()).all(|c| c.is_ascii_lowercase() || matches!(c, '-' | '_' | '.'))
    };
    let parts = path.split('/').map(|part| if plain(&part) { part } else { "…" });
    parts.collect::<Vec<_>>().join("/")
}

/// The label of a Redis message: `GETDEL shop:cart:item`, or the kind of an answer.
fn redis(payload: &[u8]) -> Option<String> {
    let mut lines = payload
        .split(|byte| *byte == b'\n')
        .map(|line| std::str::from_utf8(line).unwrap_or("").trim_end());
    let first = lines.next()?;
    let (kind, rest) = first.split_at_checked(1)?;
    Some(match kind {
        "+" if is_shouted(rest) => rest.to_owned(),
        "+" => "ok".into(),
        "-" => rest
            .split(' ')
            .next()
            .filter(|word| is_shouted(word))
            .unwrap_or("error")
            .to_owned(),
        ":" => "number".into(),
        "$" if rest == "-1" => "nil".into(),
        "$" => "value".into(),
        "*" if rest == "-1" => "nil".into(),
        "*" => {
            let command = lines.nth(1).filter(|word| is_shouted(word));
            match command.map(str::to_ascii_uppercase) {
                Some(name) => match lines.nth(1).and_then(namespace) {
                    Some(namespace) => format!("{name} {namespace}"),
                    None => name,
                },
                None => "list".into(),
            }
        }
        _ => return None,
    })
}

/// The part of a key before its last colon, if it consists of plain words: `shop:cart:item` of `shop:cart:item:2f77…`.
fn namespace(key: &str) -> Option<&str> {
    let (namespace, _) = key.rsplit_once(':')?;
    let plain = |c: char| c.is_ascii_lowercase() || matches!(c, ':' | '-' | '_');
    (namespace.len() <= 32 && namespace.chars().all(plain)).then_some(namespace)
}

fn smtp(payload: &[u8]) -> Option<String> {
    const VERBS: [&str; 7] = ["EHLO", "HELO", "MAIL", "RCPT", "DATA", "QUIT", "RSET"];
    let first = words(payload).next()?;
    let code: String = first.chars().take(3).collect();
    if is_number(&code, 3) {
        return Some(code);
    }
    let verb = VERBS.into_iter().find(|verb| *verb == first);
    Some(verb.unwrap_or("text of a mail").to_owned())
}

fn is_number(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_shouted(text: &str) -> bool {
    (2..=16).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_say_what_and_give_nothing_away() {
        #[rustfmt::skip]
        let rows: &[((u16, u16), &str, &str)] = &[
            ((50_000, 80), "GET /authorize?state=s3cret&code_challenge=abc HTTP/1.1\r\n", "GET /authorize"),
            ((50_000, 80), "POST /token HTTP/1.1\r\ncontent-type: …\r\n\r\ncode=s3cret", "POST /token"),
            ((50_000, 80), "GET /u/Zk2s3cret HTTP/1.1\r\n", "GET /u/…"),
            ((80, 50_000), "HTTP/1.1 302 Found\r\nset-cookie: s3cret\r\n", "302"),
            ((50_000, 6379), "*2\r\n$6\r\nGETDEL\r\n$20\r\nshop:cart:item:s3cret\r\n", "GETDEL shop:cart:item"),
            ((50_000, 6379), "*3\r\n$3\r\nset\r\n$6\r\ns3cret\r\n$2\r\nno\r\n", "SET"),
            ((50_000, 6379), "*1\r\n$4\r\nPING\r\n", "PING"),
            ((6379, 50_000), "$6\r\ns3cret\r\n", "value"),
            ((6379, 50_000), "$-1\r\n", "nil"),
            ((6379, 50_000), "-READONLY You can't write against a read only replica.\r\n", "READONLY"),
            ((6379, 50_000), "*2\r\n$6\r\ns3cret\r\n$2\r\nno\r\n", "list"),
            ((50_000, 25), "RCPT TO:<s3cret@example.com>\r\n", "RCPT"),
            ((50_000, 25), "Your code is s3cret\r\n", "text of a mail"),
            ((25, 50_000), "250-relay s3cret\r\n", "250"),
            ((50_000, 8080), "s3cret", "bytes"),
            ((50_000, 6379), "\x17\x03\x03\x00\x06s3cret", "TLS"),
            ((50_000, 25), "\x16\x03\x01\x00\x06s3cret", "TLS handshake"),
            ((50_000, 25), "\x16\x03\x01 s3cret", "text of a mail"),
        ];
        for ((from, to), payload, expected) in rows {
            assert_eq!(of_bytes(*from, *to, payload.as_bytes()), *expected, "{payload}");
        }
    }
}
