//! Who calls, and the cookies that say so.

use super::{ClientAddress, TrustedProxies};
use axum::{extract::FromRequestParts, response::Response};
use cookie::Cookie as Pair;
use http::{HeaderMap, HeaderValue, header, request::Parts};
use std::{
    borrow::Cow,
    convert::Infallible,
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

/// A cookie of this service. Modules define theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cookie(Cow<'static, str>);

impl Cookie {
    /// The cookie of this name.
    pub const fn new(name: &'static str) -> Cookie {
        Cookie(Cow::Borrowed(name))
    }

    /// The cookie of a name that is known only now.
    pub(crate) fn named(name: String) -> Cookie {
        Cookie(Cow::Owned(name))
    }

    /// With TLS, `__Host-` keeps a neighbouring subdomain from planting one (RFC 6265bis section
    /// 4.1.3.2). Without TLS, on a developer's machine, browsers would not accept it.
    fn name(&self, has_tls: bool) -> String {
        format!("{}{}", prefix(has_tls), self.0)
    }

    /// Sets it. `Lax`: it comes along when a client sends a person here, and not with a form that
    /// another site posts.
    pub(crate) fn set(&self, issuer: &str, response: &mut Response, value: &str, max_age: Duration) {
        let tail = if has_tls(issuer) { "; Secure" } else { "" };
        let cookie = format!(
            "{}={value}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{tail}",
            self.name(has_tls(issuer)),
            max_age.as_secs()
        );
        let cookie = HeaderValue::from_str(&cookie).expect("cookies are base64url");
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }

    /// Deletes it.
    pub(crate) fn delete(&self, issuer: &str, response: &mut Response) {
        self.set(issuer, response, "", Duration::ZERO);
    }
}

fn prefix(has_tls: bool) -> &'static str {
    if has_tls { "__Host-" } else { "" }
}

fn has_tls(issuer: &str) -> bool {
    issuer.starts_with("https://")
}

/// Who is at the other end of the connection that a request came over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// Who calls: what the browser's cookies say, and the name under which the log knows the request. Handlers extract it.
#[derive(Clone, Default)]
pub struct Caller {
    /// Correlation ID, as the person sees it.
    pub correlation: String,
    /// From where, for limits.
    pub client: ClientAddress,
    has_tls: bool,
    /// Name and value, as sent.
    cookies: Vec<(String, String)>,
}

impl Caller {
    /// Who sends these headers, to the service with this issuer.
    pub(crate) fn read(correlation: String, issuer: &str, headers: &HeaderMap) -> Caller {
        let texts = headers
            .get_all(header::COOKIE)
            .into_iter()
            // A neighbour's cookie may have any bytes; ours have ASCII alone (RFC 6265 section 4.1.1).
            .map(|header| String::from_utf8_lossy(header.as_bytes()).into_owned());
        let pairs = texts.flat_map(|text| Pair::split_parse(text).flatten());
        Caller {
            correlation,
            client: ClientAddress::default(),
            has_tls: has_tls(issuer),
            cookies: pairs
                .map(|pair| (pair.name().to_owned(), pair.value().to_owned()))
                .collect(),
        }
    }

    /// The same, of somebody who is at the other end of this connection, or speaks through a trusted proxy there.
    pub(crate) fn at(mut self, peer: Option<&Peer>, proxies: &TrustedProxies, headers: &HeaderMap) -> Caller {
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0);
        self.client = proxies.client(peer, headers);
        self
    }

    /// The value of a cookie; of the first, if there are several.
    pub fn cookie(&self, cookie: &Cookie) -> Option<&str> {
        let name = cookie.name(self.has_tls);
        let found = self.cookies.iter().find(|(other, _)| *other == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The names of all cookies that may be ours, in the order in which they were sent: browsers send the oldest first, as long
    /// as their paths are equally long (RFC 6265 section 5.4).
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let prefix = prefix(self.has_tls);
        self.cookies
            .iter()
            .filter_map(move |(name, _)| name.strip_prefix(prefix))
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Caller, Infallible> {
        Ok(parts.extensions.get().cloned().unwrap_or_default())
    }
}
