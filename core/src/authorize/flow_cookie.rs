//! The cookie that binds a login in progress to the browser that began it (inventory 9).
//!
//! Each login has a cookie of its own. If a browser had one for all of them, whatever begins a login could end another: two
//! tabs that are restored at once begin their logins without a cookie, and the answer that comes second would replace that of
//! the first. So a browser may have several, and too many of them would make its requests larger than a balancer lets through:
//! whoever begins one login too many loses the oldest. Browsers send the oldest first (RFC 6265 section 5.4).

use super::{FlowRecord, carried};
use crate::{
    hash::Pepper,
    http::{Caller, Cookie},
};

/// How the names begin. What follows is the beginning of the hash under which the login is kept: the name tells two logins
/// apart, and is of no use to anybody who reads it.
const PREFIX: &str = "flow-";
/// So many hexadecimal digits of it. In a browser with four logins, two have the same once in 700 million times.
const DIGITS: usize = 8;

/// How many cookies an answer deletes at most: more would make its head too large, and what is left is deleted by the next.
pub(crate) const DELETED_AT_ONCE_MAX: usize = 16;

/// What replicas of an earlier version set: one cookie for all logins of a browser. A login that has begun there goes on here, so
/// that replicas can be replaced one after the other. A login that has begun here goes on at no earlier version before an address has
/// been typed in it: until then it is in no store, and its person is told that it has expired.
const OF_ALL_FLOWS: Cookie = Cookie::new("browser");

/// The cookie of the login in progress with this hash.
pub(super) fn of(flow_hash: &str) -> Cookie {
    let digits = flow_hash.get(..DIGITS).unwrap_or(flow_hash);
    Cookie::named(format!("{PREFIX}{digits}"))
}

/// The value of the cookie that proves that this browser began the login. `None`: it did not.
pub(super) fn presented<'c>(caller: &'c Caller, flow_hash: &str, record: &FlowRecord) -> Option<&'c str> {
    let own = caller.cookie(&of(flow_hash));
    let earlier = caller.cookie(&OF_ALL_FLOWS);
    own.into_iter().chain(earlier).find(|cookie| record.began_in(cookie))
}

/// The login in progress that its cookie carries, and that cookie. `None`: this browser has none for it.
pub(super) fn carried(caller: &Caller, flow_hash: &str, pepper: &Pepper) -> Option<(FlowRecord, String)> {
    let cookie = caller.cookie(&of(flow_hash))?;
    let record = carried::read(pepper, flow_hash, cookie)?;
    Some((record, cookie.to_owned()))
}

/// The cookies to delete when one more login begins in a browser that may have so many: the oldest.
pub(super) fn surplus(caller: &Caller, in_a_browser: usize) -> Vec<Cookie> {
    let mut ours: Vec<&str> = vec![];
    for name in caller.names().filter(|name| is_ours(name)) {
        // There may be thousands, of somebody who has made them up.
        if ours.len() == in_a_browser + DELETED_AT_ONCE_MAX {
            break;
        }
        if !ours.contains(&name) {
            ours.push(name);
        }
    }
    let surplus = (ours.len() + 1).saturating_sub(in_a_browser).min(DELETED_AT_ONCE_MAX);
    let oldest = ours.into_iter().take(surplus);
    oldest.map(|name| Cookie::named(name.to_owned())).collect()
}

fn is_ours(name: &str) -> bool {
    let digits = name.strip_prefix(PREFIX);
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    digits.is_some_and(|digits| digits.len() == DIGITS && digits.bytes().all(is_digit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, HeaderValue};

    fn caller(cookies: &str) -> Caller {
        let mut headers = HeaderMap::new();
        headers.insert("cookie", HeaderValue::from_str(cookies).unwrap());
        Caller::read(String::new(), "https://login.example", &headers)
    }

    fn deleted(cookies: &str) -> Vec<Cookie> {
        surplus(&caller(cookies), 4)
    }

    fn many(count: usize) -> String {
        let pairs: Vec<String> = (0..count).map(|n| format!("__Host-flow-{n:08x}=v")).collect();
        pairs.join("; ")
    }

    fn first(count: usize) -> Vec<Cookie> {
        (0..count).map(|n| Cookie::named(format!("flow-{n:08x}"))).collect()
    }

    #[test]
    fn the_oldest_surplus_goes() {
        for (count, surplus) in [(0, 0), (3, 0), (4, 1), (5, 2), (19, 16), (20, 16), (5_000, 16)] {
            assert_eq!(deleted(&many(count)), first(surplus), "{count}");
        }
        assert_eq!(surplus(&caller(&many(2)), 1), first(2));
    }

    #[test]
    fn what_is_not_ours_or_comes_twice_is_not_counted() {
        let others = "__Host-session=s; __Host-browser=b; flow-00000009=x; __Host-flow-=x; __Host-flow-0000000=x; \
                      __Host-flow-000000000=x; __Host-flow-0000000G=x; __Host-flow-0000000A=x";
        let twice = format!("{}; {}", many(3), many(3));
        assert_eq!(deleted(&format!("{others}; {twice}")), []);
        assert_eq!(deleted(&format!("{others}; {}", many(4))), first(1));
    }

    #[test]
    fn a_name_is_the_beginning_of_a_hash() {
        let hash = crate::hash::sha256_hex("flow");
        assert_eq!(of(&hash), Cookie::named(format!("flow-{}", &hash[..8])));
        assert!(is_ours(&format!("flow-{}", &hash[..8])));
    }
}
