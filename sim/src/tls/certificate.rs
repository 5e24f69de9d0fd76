//! Certificates, what can be wrong with them, and what a client says to that.

use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeSet,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The name that a certificate of another name is for.
const OTHER: &str = "another.example";

/// What is wrong with a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Defect {
    /// It is for another name.
    AnotherName,
    /// It has expired.
    Expired,
    /// It is signed by an authority that nobody trusts.
    Untrusted,
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Defect::AnotherName => "of another name",
            Defect::Expired => "that has expired",
            Defect::Untrusted => "of an authority that nobody trusts",
        })
    }
}

/// All defects.
pub(crate) const DEFECTS: [Defect; 3] = [Defect::AnotherName, Defect::Expired, Defect::Untrusted];

/// The certificate of a host. Clones are the same certificate.
#[derive(Debug, Clone, Default)]
pub struct Certificate(Arc<Mutex<Issued>>);

#[derive(Debug, Default)]
struct Issued {
    names: BTreeSet<String>,
    /// What is wrong with it, and until when, milliseconds.
    defect: Option<(Defect, u64)>,
}

impl Certificate {
    /// A sound certificate for a name.
    pub fn of(name: &str) -> Certificate {
        let certificate = Certificate::default();
        certificate.add_name(name);
        certificate
    }

    /// It is for this name as well: a host name or an IP address.
    pub fn add_name(&self, name: &str) {
        self.lock().names.insert(name.to_owned());
    }

    /// Breaks it for handshakes from now on, until a time in milliseconds at which somebody calls [`Certificate::mend`].
    pub fn break_until(&self, why: Defect, until_ms: u64) {
        let mut issued = self.lock();
        let until_ms = issued
            .defect
            .map_or(until_ms, |(_, earlier_ms)| until_ms.max(earlier_ms));
        issued.defect = Some((why, until_ms));
    }

    /// Mends it, unless it is to be bad until later than this.
    pub fn mend(&self, at_ms: u64) {
        let mut issued = self.lock();
        issued.defect = issued.defect.filter(|(_, until_ms)| *until_ms > at_ms);
    }

    /// What is wrong with it.
    pub fn defect(&self) -> Option<Defect> {
        self.lock().defect.map(|(why, _)| why)
    }

    /// What a server presents now.
    pub(super) fn presented(&self) -> Presented {
        let issued = self.lock();
        let defect = issued.defect.map(|(why, _)| why);
        Presented {
            names: match defect {
                Some(Defect::AnotherName) => vec![OTHER.to_owned()],
                _ => issued.names.iter().cloned().collect(),
            },
            is_trusted: defect != Some(Defect::Untrusted),
            is_valid: defect != Some(Defect::Expired),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Issued> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How much of a certificate a client checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// All of it: who signed it, whether it is valid, whose it is.
    Everything,
    /// Not whose it is, as Redis and Sentinel do among themselves (hiredis, `SSL_VERIFY_PEER` without a host name).
    NotTheName,
    /// Nothing: whoever answers is believed.
    Nothing,
}

/// A certificate as it is sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Presented {
    names: Vec<String>,
    is_trusted: bool,
    is_valid: bool,
}

/// Why a certificate is refused: the alert for the server, and the words of rustls.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) alert: u8,
    pub(super) why: String,
}

impl Presented {
    /// As the body of a record: `trusted valid redis-1 10.0.0.1`.
    pub(super) fn encode(&self) -> Vec<u8> {
        let issuer = if self.is_trusted { "trusted" } else { "unknown" };
        let valid = if self.is_valid { "valid" } else { "expired" };
        format!("{issuer} {valid} {}", self.names.join(" ")).into_bytes()
    }

    /// `None` if the bytes are no certificate.
    pub(super) fn decode(body: &[u8]) -> Option<Presented> {
        let mut words = std::str::from_utf8(body).ok()?.split(' ');
        let (issuer, valid) = (words.next()?, words.next()?);
        Some(Presented {
            names: words.map(str::to_owned).collect(),
            is_trusted: issuer == "trusted",
            is_valid: valid == "valid",
        })
    }

    /// Whether a client that wants `name` believes it. In the order of webpki: its validity, the chain, the name.
    pub(super) fn check(&self, name: &str, check: Check) -> Result<(), Refused> {
        const CERTIFICATE_EXPIRED: u8 = 45;
        const UNKNOWN_CA: u8 = 48;
        const BAD_CERTIFICATE: u8 = 42;
        let refused = |alert, why: String| {
            let why = format!("invalid peer certificate: {why}");
            Err(Refused { alert, why })
        };
        if check == Check::Nothing {
            return Ok(());
        }
        if !self.is_valid {
            return refused(CERTIFICATE_EXPIRED, "certificate expired".into());
        }
        if !self.is_trusted {
            return refused(UNKNOWN_CA, "UnknownIssuer".into());
        }
        if check == Check::Everything && !self.names.iter().any(|own| own.eq_ignore_ascii_case(name)) {
            let own = self.names.iter().map(|own| format!("DnsName({own:?})"));
            let own = own.collect::<Vec<_>>().join(" or ");
            let why = format!("certificate not valid for name {name:?}; certificate is only valid for {own}");
            return refused(BAD_CERTIFICATE, why);
        }
        Ok(())
    }
}
