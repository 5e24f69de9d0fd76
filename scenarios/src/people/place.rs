//! Where people are on the Internet. The network in front of everything tells it to whoever is connected to it, as a carrier's
//! proxy does: it appends the true address of the client to `X-Forwarded-For`, whatever the client has written there. The
//! simulated hosts are trusted proxies, and people are at addresses beyond them.

use sha2::{Digest, Sha256};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// From how many places somebody comes, and whether they say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Places {
    /// From one.
    Own,
    /// From one, and each request names others.
    Denied,
    /// From another one at each turn, as somebody does who has the computers of others.
    Many,
}

impl Places {
    /// Those of an attacker.
    pub(crate) fn of(in_one_place: bool) -> Places {
        if in_one_place { Places::Denied } else { Places::Many }
    }
}

/// Where somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    hash: u64,
    is_denied: bool,
}

impl Place {
    /// The place of somebody of this name, at a turn.
    pub(crate) fn of(who: &str, places: Places, turn: u32) -> Place {
        let turn = if places == Places::Many { turn } else { 0 };
        let digest = Sha256::digest(format!("{who} {turn}"));
        let (first, _) = digest.split_first_chunk().expect("32 bytes");
        Place {
            hash: u64::from_be_bytes(*first),
            is_denied: places == Places::Denied,
        }
    }

    /// What limits are to take for the client: everybody who has one address of a /64 has all of them.
    pub(crate) fn client(self) -> String {
        match self.address(0) {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).to_string(),
        }
    }

    /// The address from which a request comes. Every third place has IPv6, and takes another address for each request, as
    /// privacy extensions do now and then (RFC 8981). Of the others some are in networks of which nobody is part (RFC 2544, RFC
    /// 3849), and some just beside those that are trusted, which are 10.0.0.0/8 and 192.168.0.0/16.
    fn address(self, request: u64) -> IpAddr {
        let [_, _, _, a, b, c, d, e] = self.hash.to_be_bytes();
        if self.hash.is_multiple_of(3) {
            let [low, high] = [u16::from_be_bytes([b, c]), u16::from_be_bytes([d, e])];
            return Ipv6Addr::new(0x2001, 0xdb8, low, high, 0, 0, (request >> 16) as u16, request as u16).into();
        }
        match a % 4 {
            0 => Ipv4Addr::new(11, b, c, d),
            1 => Ipv4Addr::new(192, 169, b, c),
            _ => Ipv4Addr::new(198, 18 + (a & 1), b, c),
        }
        .into()
    }

    /// The header lines with which a request arrives at the first simulated host.
    pub(crate) fn headers(self, request: u64) -> Vec<(&'static str, String)> {
        let own = self.address(request);
        if !self.is_denied {
            return vec![("x-forwarded-for", own.to_string())];
        }
        let another = Ipv4Addr::from_bits(0xc612_0000 + (request as u32 & 0xffff));
        vec![
            ("forwarded", format!("for={another}")),
            ("x-forwarded-for", format!("{another}, {own}")),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_one_client_and_a_denied_one_is_the_same() {
        for who in ["ann", "bob", "carl", "dora", "emil", "flora"] {
            let own = Place::of(who, Places::Own, 3);
            let denied = Place::of(who, Places::Denied, 7);
            assert_eq!(own.client(), denied.client());
            assert_ne!(own.client(), Place::of(who, Places::Many, 7).client());
            let [(_, header)] = &own.headers(5)[..] else {
                panic!("one header")
            };
            assert!(denied.headers(5)[1].1.ends_with(header));
        }
        let clients = |who: &str| Place::of(who, Places::Own, 0).client();
        assert_ne!(clients("ann"), clients("bob"));
    }

    #[test]
    fn some_have_ipv6() {
        let names = (0..30).map(|n| format!("person-{n}"));
        let v6 = names
            .filter(|name| Place::of(name, Places::Own, 0).client().contains(':'))
            .count();
        assert!((3..20).contains(&v6), "{v6}");
    }
}
