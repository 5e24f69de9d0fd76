//! Logins that do not fit into their cookies (core/LIMITS.md, "bytes of a login's cookie", "long logins of a client"): they are
//! kept from the beginning on, and a client may begin so many of them.

use super::request::Wanted;
use crate::{
    allowed::{Known, Widened},
    counter::{Counted, Said},
    judge::Judge,
    limits::FROM_HERE,
    mailed_code::answered_with,
    secret::Tag,
    seen::{Done, Seen},
};

/// What stands in a cookie besides what the client has sent and its name: what separates them, numbers, and what is not there. At least
/// and at most, bytes before they are written in base64url.
const FRAME: (usize, usize) = (50, 100);
/// The proof, and the dot before it.
const PROOF: usize = 44;

/// Whether a login for this request does not fit into its cookie. How a character is written that has to be escaped is the
/// service's own affair.
pub(super) fn is_long(judge: &Judge<'_>, seen: &Seen<'_>, wanted: &Wanted) -> Known {
    let params = seen.params();
    let secrets = ["state", "nonce"].into_iter().filter_map(|name| params.secret(name));
    let (mut least, mut most) = FRAME;
    for secret in secrets {
        least += secret.bytes;
        // Each byte that a query escapes with two more takes five more in JSON at most.
        most += secret.bytes + (5 * (secret.encoded_bytes() - secret.bytes)).div_ceil(2);
    }
    let clients = judge.index.world.clients.iter();
    let name = clients
        .filter(|client| client.id == wanted.client_id)
        .map(|client| &client.name);
    let texts = name.chain([&wanted.client_id, &wanted.redirect_uri, &wanted.scope]);
    let texts = texts.chain(wanted.subject.as_ref()).map(String::len).sum::<usize>();
    let challenge = wanted.challenge.map_or(0, |_| 43);
    let written = |bytes: usize| ((bytes + texts + challenge) * 4).div_ceil(3) + PROOF;
    let fits = judge.setting("bytes of a login's cookie") as usize;
    Known::of(written(least) > fits, written(most) > fits, Widened::Edge)
}

/// Whether too many long logins have begun: in the session of whoever is signed in, else from the same place.
pub(super) fn too_many(judge: &Judge<'_>, seen: &Seen<'_>) -> Known {
    let (live, session) = judge.session(seen);
    let by_session = session.map_or(Known::No, |session| too_many_of(judge, seen, Some(session.cookie)));
    match live {
        Known::Yes => by_session,
        Known::No => too_many_of(judge, seen, None),
        Known::Maybe(why) => match (by_session, too_many_of(judge, seen, None)) {
            (Known::No, Known::No) => Known::No,
            (Known::Yes, Known::Yes) => Known::Yes,
            _ => Known::Maybe(why),
        },
    }
}

fn too_many_of(judge: &Judge<'_>, seen: &Seen<'_>, session: Option<Tag>) -> Known {
    let index = &judge.index;
    let window = judge.window("long logins of a client", seen.times);
    let is_long = |other: &&Seen<'_>| other.exchange.request.path == "/authorize" && other.record != seen.record;
    if (index.seen.iter().filter(is_long).count() as u64) < window.limit {
        return Known::No;
    }
    let counted = index.seen.iter().filter(is_long).filter_map(|other| {
        let (live, theirs) = judge.session(other);
        let theirs = theirs.map(|session| session.cookie);
        let (is_same, is_certain) = match session {
            Some(own) => (theirs == Some(own) && live != Known::No, live == Known::Yes),
            None => {
                let is_here = other.exchange.request.client == seen.exchange.request.client;
                (is_here && live != Known::Yes, live == Known::No)
            }
        };
        if !is_same {
            return None;
        }
        let begun = other.begun().and_then(|flow| index.flows.get(&flow));
        let is_kept = begun.is_some_and(|flow| flow.is_long);
        let said = match (is_kept, answered_with(other, FROM_HERE)) {
            (true, _) => Some(Said::Within),
            (_, true) => Some(Said::Over),
            _ => None,
        };
        if said.is_none() && other.done() != Done::Maybe {
            return None;
        }
        let mut one = Counted::new(other.effect(), said.is_some() && is_certain);
        one.said = said;
        Some(one)
    });
    let counted: Vec<Counted> = counted.collect();
    window.refuses(&counted, seen.times, |since, at| judge.store_forgot(since, at))
}
