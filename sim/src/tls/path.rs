//! What somebody on the path can read of the bytes that one end of a connection sends.

use super::{
    certificate::{Check, Presented},
    record,
};
use bytes::BytesMut;

/// Separates what can be read from records. Bytes come in the pieces in which they are sent.
///
/// A stream is in clear until a handshake record begins where a piece does. From then on it consists of records; should
/// something else follow one, that is in clear again.
#[derive(Debug, Default)]
pub struct Readable {
    /// Whether a handshake has begun.
    is_encrypted: bool,
    /// Bytes that the current record still has.
    left: usize,
    /// The beginning of a header.
    head: Vec<u8>,
    /// Whether there was a record of application data.
    has_data: bool,
}

impl Readable {
    /// Whether a handshake has begun.
    pub fn is_encrypted(&self) -> bool {
        self.is_encrypted
    }

    /// Whether application data was sent in records.
    pub fn has_data(&self) -> bool {
        self.has_data
    }

    /// The readable part of the next piece.
    pub fn of(&mut self, piece: &[u8]) -> Vec<u8> {
        if !self.is_encrypted {
            let begins = matches!(record::head(piece), Ok(Some((record::HANDSHAKE, _))));
            if !begins {
                return piece.to_vec();
            }
            self.is_encrypted = true;
        }
        let mut clear = vec![];
        let mut rest = piece;
        while !rest.is_empty() {
            let skipped = self.left.min(rest.len());
            (self.left, rest) = (self.left - skipped, &rest[skipped..]);
            let Some((first, more)) = rest.split_first() else { break };
            self.head.push(*first);
            rest = more;
            match record::head(&self.head) {
                Ok(None) => {}
                Ok(Some((kind, length))) => {
                    self.left = length;
                    self.has_data |= kind == record::DATA;
                    self.head.clear();
                }
                Err(_) => clear.append(&mut self.head),
            }
        }
        clear
    }
}

/// The certificate that a server presents, as somebody on the path sees it. Bytes come in the pieces in which they arrive, from
/// the first one after the client's hello on.
#[derive(Debug, Default)]
pub struct Shown {
    incoming: BytesMut,
    is_known: bool,
    wrong: Option<String>,
}

impl Shown {
    /// Takes the next piece of what the server of this name sends.
    pub fn take(&mut self, piece: &[u8], name: &str) {
        if self.is_known {
            return;
        }
        self.incoming.extend_from_slice(piece);
        let taken = record::take(&mut self.incoming);
        let Ok(Some(record)) = taken else {
            self.is_known = taken.is_err(); // it is no TLS, and never will be
            return;
        };
        self.is_known = true;
        if let (record::HANDSHAKE, Some((&record::SERVER_HELLO, body))) = (record.kind, record.body.split_first()) {
            let presented = Presented::decode(body);
            let checked = presented.map(|presented| presented.check(name, Check::Everything));
            self.wrong = checked.and_then(Result::err).map(|refused| refused.why);
        }
    }

    /// Why nobody should believe it.
    pub fn wrong(&self) -> Option<&str> {
        self.wrong.as_deref()
    }
}
