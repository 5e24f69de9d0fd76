//! Records (RFC 8446 section 5.1): their headers, and what is in them.

use bytes::{Buf, BufMut, BytesMut};

/// Bytes of a header: type, version, length.
pub(super) const HEADER: usize = 5;
/// Most bytes of application data in one record.
pub(super) const DATA_MAX: usize = 1 << 14;
/// Most bytes of a record (RFC 8446 section 5.2).
pub(super) const LENGTH_MAX: usize = DATA_MAX + 256;

pub(super) const ALERT: u8 = 21;
pub(super) const HANDSHAKE: u8 = 22;
pub(super) const DATA: u8 = 23;
/// The types that there are.
const TYPES: std::ops::RangeInclusive<u8> = 20..=23;

/// The first byte of a handshake message.
pub(super) const CLIENT_HELLO: u8 = 1;
pub(super) const SERVER_HELLO: u8 = 2;
pub(super) const FINISHED: u8 = 20;

/// The first byte of an alert.
const FATAL: u8 = 2;
/// The description of the alert with which a stream ends as it should.
pub(super) const CLOSE_NOTIFY: u8 = 0;
/// The description of the alert with which rustls answers what is no TLS.
pub(super) const DECODE_ERROR: u8 = 50;

/// Why bytes are no record, in rustls's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Corrupt {
    InvalidContentType,
    UnknownProtocolVersion,
    MessageTooLarge,
}

/// A record that has arrived.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) kind: u8,
    pub(super) body: BytesMut,
}

/// The type and the length of the record that begins here; `None`: more bytes are needed. Nobody waits for a whole header to
/// see that the first byte is none of TLS.
pub(super) fn head(bytes: &[u8]) -> Result<Option<(u8, usize)>, Corrupt> {
    if bytes.first().is_some_and(|kind| !TYPES.contains(kind)) {
        return Err(Corrupt::InvalidContentType);
    }
    if bytes.get(1).is_some_and(|major| *major != 3) {
        return Err(Corrupt::UnknownProtocolVersion);
    }
    let [kind, _, _, high, low, ..] = *bytes else {
        return Ok(None);
    };
    let length = usize::from(u16::from_be_bytes([high, low]));
    match length > LENGTH_MAX {
        true => Err(Corrupt::MessageTooLarge),
        false => Ok(Some((kind, length))),
    }
}

/// Takes the next record from what has arrived; `None`: it is not complete.
pub(super) fn take(incoming: &mut BytesMut) -> Result<Option<Record>, Corrupt> {
    let Some((kind, length)) = head(incoming)? else {
        return Ok(None);
    };
    if incoming.len() < HEADER + length {
        return Ok(None);
    }
    incoming.advance(HEADER);
    let mut body = incoming.split_to(length);
    if kind == DATA {
        seal(&mut body);
    }
    Ok(Some(Record { kind, body }))
}

/// Appends a record.
pub(super) fn put(out: &mut BytesMut, kind: u8, body: &[u8]) {
    out.put_slice(&[kind, 3, 3]);
    out.put_u16(body.len() as u16);
    let from = out.len();
    out.put_slice(body);
    if kind == DATA {
        seal(&mut out[from..]);
    }
}

/// Appends an alert. All but one are fatal.
pub(super) fn put_alert(out: &mut BytesMut, description: u8) {
    let level = if description == CLOSE_NOTIFY { 1 } else { FATAL };
    put(out, ALERT, &[level, description]);
}

/// Makes application data unreadable, and readable again: no letter or digit stays one.
fn seal(body: &mut [u8]) {
    body.iter_mut().for_each(|byte| *byte ^= 0x80);
}

/// The name of an alert, as rustls writes it.
pub(super) fn alert(description: u8) -> String {
    let name = match description {
        40 => "HandshakeFailure",
        42 => "BadCertificate",
        45 => "CertificateExpired",
        48 => "UnknownCA",
        DECODE_ERROR => "DecodeError",
        other => return format!("Unknown({other})"),
    };
    name.into()
}

/// What somebody on the path sees of a payload that begins with a whole record: its type. `None` if it does not.
pub fn label(payload: &[u8]) -> Option<&'static str> {
    let (kind, length) = head(payload).ok()??;
    (payload.len() >= HEADER + length).then_some(match kind {
        ALERT => "TLS alert",
        HANDSHAKE => "TLS handshake",
        _ => "TLS",
    })
}
