//! From where a request comes, for limits: the address of the client, as far as somebody says it who is trusted.
//!
//! A balancer hides its clients: to the service all of them have its address. It says theirs in a header, to which it appends
//! (nginx: `proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for`). Anybody can send such a header. So only what a
//! trusted proxy has added is believed: from the last entry on, as long as who has added it is trusted, the next one is; the
//! client is the first that is not (RFC 7239 section 8.1; RFC 9700 section 4.13: headers that come from outside are not to be
//! believed). Whatever stands before is the client's own invention.
//!
//! One header is read, and not the other as well: a proxy appends to the one that it is configured for and passes the other on
//! as the client has written it.

use http::HeaderMap;
use std::{
    fmt,
    net::{IpAddr, Ipv4Addr},
    str::FromStr,
};

/// How many bits of an IPv6 address are a subscriber's. Whoever has one address has all that begin with them
/// (RFC 6177: a site gets a /64 at least), and could take another one for each request.
const IPV6_BITS: u8 = 64;

/// A network, as operators write it: `10.0.0.0/8`, or an address alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// All addresses that begin with the same so many bits as this one.
    pub fn new(address: IpAddr, bits: u8) -> Option<Network> {
        (bits <= width(address)).then_some(Network { address, bits })
    }

    fn contains(&self, address: IpAddr) -> bool {
        width(self.address) == width(address) && prefix(self.address, self.bits) == prefix(address, self.bits)
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Network, String> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(a, b)| (a, Some(b)));
        let parsed = address.parse().ok().and_then(|address: IpAddr| {
            let bits = bits.map_or(Ok(width(address)), str::parse).ok()?;
            Network::new(address, bits)
        });
        parsed.ok_or_else(|| format!("{text} is neither an address nor a network such as 10.0.0.0/8"))
    }
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// The first bits of an address; the others are 0.
fn prefix(address: IpAddr, bits: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => IpAddr::V4((v4.to_bits() & u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0)).into()),
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0)).into()),
    }
}

/// The header in which trusted proxies say whom they speak for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ForwardedBy {
    /// `X-Forwarded-For`, which all proxies know.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// Whom to believe about the addresses of clients.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TrustedProxies {
    /// Where they are. None: each client is who connects.
    pub networks: Vec<Network>,
    /// Where they say it.
    pub header: ForwardedBy,
}

/// Where a client is: an IPv4 address, or the first 64 bits of an IPv6 address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(IpAddr);

/// Nobody's: of a request that came over no connection.
impl Default for ClientAddress {
    fn default() -> ClientAddress {
        ClientAddress(Ipv4Addr::UNSPECIFIED.into())
    }
}

impl ClientAddress {
    fn of(address: IpAddr) -> ClientAddress {
        let address = address.to_canonical(); // ::ffff:192.0.2.1 is 192.0.2.1
        match address {
            IpAddr::V4(_) => ClientAddress(address),
            IpAddr::V6(_) => ClientAddress(prefix(address, IPV6_BITS)),
        }
    }
}

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TrustedProxies {
    fn trust(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(address))
    }

    /// Where the client is of a request that came with these headers over a connection from `peer`.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> ClientAddress {
        let mut last = peer.to_canonical();
        if self.trust(last) {
            for hop in self.hops(headers).iter().rev() {
                // Who is trusted says it, but no address: then it is known no further.
                let Some(address) = hop.map(|address| address.to_canonical()) else {
                    break;
                };
                last = address;
                if !self.trust(last) {
                    break;
                }
            }
        }
        ClientAddress::of(last)
    }

    /// What the header says, the nearest last. `None`: no address.
    fn hops(&self, headers: &HeaderMap) -> Vec<Option<IpAddr>> {
        let (name, read): (_, fn(&str) -> Option<IpAddr>) = match self.header {
            ForwardedBy::XForwardedFor => ("x-forwarded-for", node),
            ForwardedBy::Forwarded => ("forwarded", element),
        };
        let lines = headers.get_all(name).into_iter();
        let texts = lines.map(|line| String::from_utf8_lossy(line.as_bytes()).into_owned());
        texts
            .flat_map(|text| text.split(',').map(|hop| read(hop.trim())).collect::<Vec<_>>())
            .collect()
    }
}

/// The address in one element of `Forwarded`: `for="[2001:db8::1]:4711";proto=https` (RFC 7239 section 4). A comma or a
/// semicolon within quotes makes the element one that says no address; trusted proxies write none.
fn element(text: &str) -> Option<IpAddr> {
    let mut pairs = text.split(';').filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(name, _)| name.eq_ignore_ascii_case("for"))?;
    node(value.trim_matches('"'))
}

/// An address, perhaps with a port (RFC 7239 section 6).
fn node(text: &str) -> Option<IpAddr> {
    if let Some(rest) = text.strip_prefix('[') {
        return rest.split_once(']')?.0.parse().map(IpAddr::V6).ok();
    }
    let without_port = match text.split_once(':') {
        Some((address, port)) if !port.contains(':') => address,
        _ => text,
    };
    without_port.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(proxies: &TrustedProxies, peer: &str, headers: &[(&'static str, &'static str)]) -> String {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        proxies.client(peer.parse().unwrap(), &map).to_string()
    }

    fn trusting(networks: &[&str], header: ForwardedBy) -> TrustedProxies {
        TrustedProxies {
            networks: networks.iter().map(|network| network.parse().unwrap()).collect(),
            header,
        }
    }

    const NAME: &str = "x-forwarded-for";

    #[test]
    fn nobody_is_believed_who_is_not_trusted() {
        let nobody = TrustedProxies::default();
        assert_eq!(client(&nobody, "192.0.2.1", &[(NAME, "198.51.100.7")]), "192.0.2.1");
        let proxies = trusting(&["10.0.0.0/8"], ForwardedBy::XForwardedFor);
        assert_eq!(client(&proxies, "192.0.2.1", &[(NAME, "198.51.100.7")]), "192.0.2.1");
        assert_eq!(client(&proxies, "10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn what_the_client_has_written_is_not_believed() {
        let proxies = trusting(&["10.0.0.0/8", "2001:db8:1::1"], ForwardedBy::XForwardedFor);
        for header in [
            "198.51.100.7",
            "192.0.2.99, 198.51.100.7",
            "10.0.0.9,198.51.100.7",
            "192.0.2.99, 198.51.100.7, 10.0.0.2, 2001:db8:1::1",
            "garbage, 198.51.100.7:4711",
        ] {
            assert_eq!(
                client(&proxies, "10.0.0.1", &[(NAME, header)]),
                "198.51.100.7",
                "{header}"
            );
        }
        let twice = [(NAME, "192.0.2.99"), (NAME, "198.51.100.7")];
        assert_eq!(client(&proxies, "10.0.0.1", &twice), "198.51.100.7");
        let other = [("forwarded", "for=192.0.2.99"), (NAME, "198.51.100.7")];
        assert_eq!(client(&proxies, "10.0.0.1", &other), "198.51.100.7");
        // What a trusted proxy does not say cannot be known: it counts as that proxy's own.
        assert_eq!(
            client(&proxies, "10.0.0.1", &[(NAME, "192.0.2.1, unknown, 10.0.0.2")]),
            "10.0.0.2"
        );
    }

    #[test]
    fn forwarded_as_its_standard_writes_it() {
        let proxies = trusting(&["10.0.0.1/32"], ForwardedBy::Forwarded);
        for (header, expected) in [
            ("for=198.51.100.7", "198.51.100.7"),
            (
                "for=192.0.2.9, For=\"198.51.100.7:80\";proto=https;by=10.0.0.1",
                "198.51.100.7",
            ),
            ("proto=https; for=\"[2001:db8:7::9]:4711\"", "2001:db8:7::"),
            ("for=192.0.2.9, for=_hidden", "10.0.0.1"),
            ("for=192.0.2.9, proto=https", "10.0.0.1"),
        ] {
            let headers = [("forwarded", header), (NAME, "192.0.2.99")];
            assert_eq!(client(&proxies, "10.0.0.1", &headers), expected, "{header}");
        }
    }

    #[test]
    fn a_subscriber_of_ipv6_has_one_address() {
        let proxies = TrustedProxies::default();
        for peer in ["2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff"] {
            assert_eq!(client(&proxies, peer, &[]), "2001:db8:0:1::");
        }
        assert_eq!(client(&proxies, "2001:db8:0:2::1", &[]), "2001:db8:0:2::");
        assert_eq!(client(&proxies, "::ffff:192.0.2.1", &[]), "192.0.2.1");
    }

    #[test]
    fn networks_are_read_and_what_is_none_is_refused() {
        let contains =
            |network: &str, address: &str| network.parse::<Network>().unwrap().contains(address.parse().unwrap());
        assert!(contains("10.0.0.0/8", "10.255.0.1") && !contains("10.0.0.0/8", "11.0.0.1"));
        assert!(contains("0.0.0.0/0", "192.0.2.1") && !contains("0.0.0.0/0", "::1"));
        assert!(contains("192.0.2.1", "192.0.2.1") && !contains("192.0.2.1", "192.0.2.2"));
        assert!(contains("2001:db8::/32", "2001:db8:9::1") && !contains("2001:db8::/32", "2001:db9::1"));
        for wrong in [
            "",
            "10.0.0.0/33",
            "10.0.0/8",
            "::/129",
            "10.0.0.0/",
            "10.0.0.0/-1",
            "proxy.internal",
        ] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
    }
}
