//! Where people are on the Internet. The network in front of everything tells it to whoever is connected to it, as a carrier's
//! proxy does: it appends the true address of the client to `X-Forwarded-For`, or to `Forwarded`, whatever the client has
//! written there. The simulated hosts are trusted proxies, and people are at addresses beyond them.

use crate::login::ClientsTold;
use sha2::{Digest, Sha256};
use sim::world::ForwardedFor;
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
    pub(crate) fn headers(self, request: u64, told: ClientsTold) -> Vec<(&'static str, String)> {
        let own = hop(self.address(request), request, told);
        let another = self.is_denied.then(|| {
            let another = Ipv4Addr::from_bits(0xc612_0000 + (request as u32 & 0xffff));
            (another.to_string(), format!("for={another}"))
        });
        match (told, another) {
            (ClientsTold::Forwarded, None) => vec![("forwarded", own)],
            (_, None) => vec![("x-forwarded-for", own)],
            // Nobody reads the other header, whatever it says.
            (ClientsTold::Forwarded, Some((plain, element))) => {
                vec![("x-forwarded-for", plain), ("forwarded", format!("{element}, {own}"))]
            }
            (_, Some((plain, element))) => vec![("forwarded", element), ("x-forwarded-for", format!("{plain}, {own}"))],
        }
    }
}

/// How a proxy writes an address. Some add the port, and those of the standard write more besides, in any order (RFC 7239
/// sections 4 and 6: names in any case, IPv6 in brackets, quoted).
fn hop(address: IpAddr, request: u64, told: ClientsTold) -> String {
    let port = 1024 + request % 60_000;
    let has_port = request.is_multiple_of(3);
    match told {
        ClientsTold::XForwardedFor => address.to_string(),
        ClientsTold::DualStack => match (address, has_port) {
            (IpAddr::V4(v4), true) => format!("[{}]:{port}", v4.to_ipv6_mapped()),
            (IpAddr::V4(v4), false) => v4.to_ipv6_mapped().to_string(),
            (IpAddr::V6(v6), true) => format!("[{v6}]:{port}"),
            (IpAddr::V6(v6), false) => v6.to_string(),
        },
        ClientsTold::Forwarded if has_port => match address {
            IpAddr::V4(v4) => format!("proto=https;For=\"{v4}:{port}\""),
            IpAddr::V6(v6) => format!("proto=https;For=\"[{v6}]:{port}\";by=_front"),
        },
        ClientsTold::Forwarded => ForwardedFor::element(address),
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
            for told in [
                ClientsTold::XForwardedFor,
                ClientsTold::DualStack,
                ClientsTold::Forwarded,
            ] {
                let [(name, header)] = &own.headers(5, told)[..] else {
                    panic!("one header")
                };
                let denied = denied.headers(5, told);
                assert!(denied[1].0 == *name && denied[1].1.ends_with(header), "{denied:?}");
            }
        }
        let clients = |who: &str| Place::of(who, Places::Own, 0).client();
        assert_ne!(clients("ann"), clients("bob"));
    }

    #[test]
    fn proxies_write_addresses_in_several_ways() {
        let [v4, v6]: [IpAddr; 2] = ["198.18.3.4", "2001:db8::7"].map(|text| text.parse().unwrap());
        let written = |told| [3, 4].map(|request| [v4, v6].map(|address| hop(address, request, told)));
        let [with_port, without] = written(ClientsTold::Forwarded);
        assert_eq!(with_port[0], "proto=https;For=\"198.18.3.4:1027\"");
        assert_eq!(with_port[1], "proto=https;For=\"[2001:db8::7]:1027\";by=_front");
        assert_eq!(without, ["for=198.18.3.4", "for=\"[2001:db8::7]\""]);
        let [with_port, without] = written(ClientsTold::DualStack);
        assert_eq!(with_port, ["[::ffff:198.18.3.4]:1027", "[2001:db8::7]:1027"]);
        assert_eq!(without, ["::ffff:198.18.3.4", "2001:db8::7"]);
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
