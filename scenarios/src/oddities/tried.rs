//! Each change of each request once, whoever makes it: so that a sweep can say that it was whole.

use super::{
    change::{Change, changes},
    draft::Draft,
    pool::{Pool, kind_of},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
};

/// How many changes of one request are tried before it. Of an attempt with a code fewer than a login admits.
const AT_ONCE: usize = 8;
const ATTEMPTS_AT_ONCE: usize = 3;

/// Which changes have been tried. Clones share it, each for a client of its own.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tried {
    client: String,
    /// Whether requests are only looked at, and count among those of which all must be tried.
    looks: bool,
    shared: Arc<Mutex<BTreeMap<Of, List>>>,
}

/// A request of a client: its method, its path, and the names of its parameters and cookies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Of {
    client: String,
    request: String,
}

/// The list of a request's changes, as far as they have been tried.
#[derive(Debug, Default)]
struct List {
    many: usize,
    next: usize,
    sent: usize,
    is_needed: bool,
}

/// What has been tried.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tries {
    /// Requests that differ in their client, method, path, parameters or cookies.
    pub requests: usize,
    /// Changed requests that were sent, each another one.
    pub sent: usize,
    /// Changes that a request does not have: it has no such header, or there is no other value.
    pub without_effect: usize,
    /// Requests that everybody sends and of which some changes were not tried.
    pub unfinished: Vec<String>,
}

impl Tried {
    /// The same for a client.
    pub(crate) fn by(&self, client: &str) -> Tried {
        Tried {
            client: client.to_owned(),
            ..self.clone()
        }
    }

    /// The same for somebody who changes nothing, and sends what everybody sends.
    pub(crate) fn looking(&self) -> Tried {
        Tried {
            looks: true,
            ..self.clone()
        }
    }

    fn lists(&self) -> MutexGuard<'_, BTreeMap<Of, List>> {
        self.shared.lock().expect("nobody panics while holding the lists")
    }

    /// The next changed requests to try before this one.
    pub(super) fn next(&self, draft: &Draft, pool: &Pool) -> Vec<Draft> {
        let all: Vec<Change> = changes(draft);
        let mut lists = self.lists();
        let list = lists.entry(self.of(draft)).or_default();
        list.many = all.len();
        list.is_needed |= self.looks;
        let at_once = match draft.path.as_str() {
            _ if self.looks => 0,
            "/login/verify" => ATTEMPTS_AT_ONCE,
            _ => AT_ONCE,
        };
        let mut changed = vec![];
        while changed.len() < at_once && list.next < all.len() {
            let draft = all[list.next].apply(draft, pool);
            changed.extend(draft.filter(|draft| draft.clone().request().is_some()));
            list.next += 1;
        }
        list.sent += changed.len();
        changed
    }

    fn of(&self, draft: &Draft) -> Of {
        let names = |pairs: &[(String, String)]| {
            let names: BTreeSet<&str> = pairs.iter().map(|(name, _)| name.as_str()).collect();
            names.into_iter().collect::<Vec<_>>().join(" ")
        };
        let form = draft.form.as_deref().unwrap_or_default();
        // Each login in progress has a cookie of its own, and how many there are decides how many changes there are.
        let mut cookies: Vec<&str> = draft.cookies.iter().map(|(name, _)| kind_of(name)).collect();
        cookies.sort_unstable();
        Of {
            client: self.client.clone(),
            request: format!(
                "{} {} with the parameters {:?}, the fields {:?} and the cookies {:?}",
                draft.method,
                draft.path,
                names(&draft.query),
                names(form),
                cookies.join(" ")
            ),
        }
    }

    /// Whether all changes of what everybody sends have been tried by this client.
    pub(crate) fn is_finished(&self) -> bool {
        let lists = self.lists();
        let mut needed = lists
            .iter()
            .filter(|(of, list)| of.client == self.client && list.is_needed);
        needed.all(|(_, list)| list.next == list.many)
    }

    /// What has been tried by all clients.
    pub(crate) fn so_far(&self) -> Tries {
        let lists = self.lists();
        let unfinished = lists.iter().filter(|(_, list)| list.is_needed && list.next < list.many);
        Tries {
            requests: lists.values().filter(|list| list.sent > 0).count(),
            sent: lists.values().map(|list| list.sent).sum(),
            without_effect: lists.values().map(|list| list.next - list.sent).sum(),
            unfinished: unfinished
                .map(|(of, list)| format!("{} of {} of {}: {}", list.next, list.many, of.client, of.request))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http::Request;

    fn draft(path: &str) -> Draft {
        let request = Request::builder().method("POST").uri(path).header("cookie", "a=1");
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let (head, body) = request.body(Bytes::from("code=123456")).unwrap().into_parts();
        Draft::of(&head, &body)
    }

    #[test]
    fn every_change_is_tried_once_by_each_client() {
        let (tried, pool) = (Tried::default(), Pool::default());
        let (web, cli) = (tried.by("web"), tried.by("cli"));
        let all = changes(&draft("/token")).len();
        assert!(web.looking().next(&draft("/token"), &pool).is_empty());
        assert_eq!(tried.so_far().unfinished.len(), 1);
        let mut sent = 0;
        while !web.is_finished() {
            let next = web.next(&draft("/token"), &pool).len();
            assert!((0..=AT_ONCE).contains(&next));
            sent += next;
        }
        let tries = tried.so_far();
        assert_eq!(
            (tries.requests, tries.sent, tries.without_effect),
            (1, sent, all - sent)
        );
        assert_eq!(tries.unfinished, [""; 0]);
        assert!(web.next(&draft("/token"), &pool).is_empty(), "none comes again");
        assert!(
            !cli.next(&draft("/token"), &pool).is_empty(),
            "another client has all to do"
        );
        assert!(web.next(&draft("/login/verify"), &pool).len() <= ATTEMPTS_AT_ONCE);
    }
}
