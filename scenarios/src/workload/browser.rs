//! A browser: cookies, redirects and forms, as far as a login needs them.

use super::{
    answer,
    jar::{Jar, Stored},
    page::Page,
};
use bytes::Bytes;
use http::{Method, Request, header};
use idp::seams::{Cause, Env, Failure, Outcome};
use sim::{
    history::{Event, Recorder, Seen, Tag},
    world::Scene,
};
use std::{
    sync::{Mutex, MutexGuard},
    time::Duration,
};
use url::Url;

/// How long a person looks at a page that does not load.
pub(crate) const PATIENCE_PER_REQUEST: Duration = Duration::from_secs(10);
/// Redirects followed in a row; Fetch allows 20, a login needs 2.
const REDIRECTS_MAX: usize = 10;
/// Names of the session cookie: over https, and in development over http.
const SESSION_COOKIES: [&str; 2] = ["__Host-session", "session"];

/// A host and a port to talk to, by the host's name.
pub(crate) type Door = (String, u16);

/// One browser of one person (or of an attacker). The URLs it sees are the issuer's; the bytes go
/// to the door it is turned to.
pub(crate) struct Browser {
    env: Env,
    recorder: Recorder,
    who: String,
    origin: Url,
    state: Mutex<State>,
}

struct State {
    jar: Jar,
    door: Door,
    reported_lost: Option<String>,
}

/// An answer, read.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    /// What was asked for.
    pub(crate) url: Url,
    /// Its status.
    pub(crate) status: u16,
    /// Where it sends the browser, if it does.
    pub(crate) location: Option<Url>,
    /// What is on the page; empty if it is none.
    pub(crate) page: Page,
    /// The `Origin` that a form on this page is sent with.
    form_origin: String,
}

/// Where a chain of redirects ends.
#[derive(Debug)]
pub(crate) enum Landing {
    /// On a page of the service.
    Page(Reply),
    /// At somebody else's URL: a relying party's.
    Foreign(Url),
}

/// Where a navigation comes from: `Sec-Fetch-Site`.
#[derive(Clone, Copy)]
enum From {
    Elsewhere,
    ThisSite,
}

impl Browser {
    /// A fresh browser, turned to the balancer.
    pub(crate) fn new(scene: &Scene, who: &str) -> Browser {
        Browser {
            env: scene.env.clone(),
            recorder: scene.recorder.clone(),
            who: who.to_owned(),
            origin: Url::parse(&scene.issuer).expect("the issuer is a URL"),
            state: Mutex::new(State {
                jar: Jar::default(),
                door: scene.balancer.clone(),
                reported_lost: None,
            }),
        }
    }

    /// Talks to this door from now on.
    pub(crate) fn turn_to(&self, door: &Door) {
        self.state().door = door.clone();
    }

    /// The session cookie, if there is one.
    pub(crate) fn session(&self) -> Option<String> {
        let state = self.state();
        SESSION_COOKIES
            .iter()
            .find_map(|name| state.jar.get(name, self.env.now()))
            .map(str::to_owned)
    }

    /// Goes to a URL, as if a relying party had sent the browser there, and follows redirects.
    ///
    /// # Errors
    /// As [`idp::http::client::send`], from whichever request failed.
    pub(crate) async fn open(&self, url: &str) -> Outcome<Landing> {
        let url = Url::parse(url).map_err(|e| Failure::Fail(Cause::Protocol(format!("{url}: {e}"))))?;
        let reply = self.request(Method::GET, &url, None, From::Elsewhere).await?;
        self.follow(reply).await
    }

    /// Goes to a path of the service, as if typed.
    pub(crate) async fn visit(&self, path: &str) -> Outcome<Landing> {
        let url = self.resolve(&self.origin, path)?;
        let reply = self.request(Method::GET, &url, None, From::ThisSite).await?;
        self.follow(reply).await
    }

    /// Fills in the form that goes to `action` and sends it. Does not follow the answer.
    ///
    /// # Errors
    /// `Fail` also when the page has no such form.
    pub(crate) async fn submit(&self, on: &Reply, action: &str, filled: &[(&str, &str)]) -> Outcome<Reply> {
        let form = on.page.form(action).ok_or_else(|| {
            Failure::Fail(Cause::Protocol(format!(
                "the page {} has no form {action}",
                on.url.path()
            )))
        })?;
        let mut fields = form.fields.clone();
        for (name, value) in filled {
            match fields.iter_mut().find(|(n, _)| n == name) {
                Some(field) => field.1 = (*value).to_owned(),
                None => fields.push(((*name).to_owned(), (*value).to_owned())),
            }
        }
        let encoded = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let mut url = self.resolve(&on.url, &form.action)?;
        if form.post {
            let body = Some((encoded, on.form_origin.as_str()));
            self.request(Method::POST, &url, body, From::ThisSite).await
        } else {
            url.set_query(Some(&encoded));
            self.request(Method::GET, &url, None, From::ThisSite).await
        }
    }

    /// Follows an answer's redirects to where they end. Every redirect of the service is a 303, so
    /// all requests are GETs: doing this again is harmless.
    pub(crate) async fn follow(&self, mut reply: Reply) -> Outcome<Landing> {
        for _ in 0..REDIRECTS_MAX {
            let Some(next) = reply.location.take() else {
                return Ok(Landing::Page(reply));
            };
            if next.origin() != self.origin.origin() {
                return Ok(Landing::Foreign(next));
            }
            reply = self.request(Method::GET, &next, None, From::ThisSite).await?;
        }
        Err(Failure::Unknown(Cause::Protocol(format!(
            "more than {REDIRECTS_MAX} redirects"
        ))))
    }

    async fn request(&self, method: Method, url: &Url, form: Option<(String, &str)>, from: From) -> Outcome<Reply> {
        let protocol = |e: &dyn std::fmt::Display| Failure::Fail(Cause::Protocol(e.to_string()));
        let path = url[url::Position::BeforePath..url::Position::AfterQuery].to_owned();
        let held = self.session();
        let (cookies, (host, port)) = {
            let state = self.state();
            (state.jar.header(url, self.env.now()), state.door.clone())
        };
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, authority(url))
            .header(header::ACCEPT, "text/html,application/xhtml+xml")
            .header("sec-fetch-mode", "navigate")
            .header("sec-fetch-dest", "document")
            .header(
                "sec-fetch-site",
                match from {
                    From::Elsewhere => "cross-site",
                    From::ThisSite => "same-origin",
                },
            );
        if let Some(cookies) = cookies {
            request = request.header(header::COOKIE, cookies);
        }
        let mut body = Bytes::new();
        if let Some((encoded, origin)) = form {
            request = request
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .header(header::ORIGIN, origin);
            body = encoded.into();
        }
        let request = request.body(body.into()).map_err(|e| protocol(&e))?;
        let answer = idp::http::client::send(&self.env, (&host, port), request, PATIENCE_PER_REQUEST).await?;
        let (head, body) = answer.into_parts();

        let text = |name: header::HeaderName| head.headers.get(name).and_then(|v| v.to_str().ok());
        let html = text(header::CONTENT_TYPE).is_some_and(|t| t.starts_with("text/html"));
        let page = if html {
            Page::parse(&String::from_utf8_lossy(&body))
        } else {
            Page::default()
        };
        let location = match text(header::LOCATION) {
            Some(to) if head.status.is_redirection() => {
                let to = self.resolve(url, to);
                Some(to.map_err(|e| Failure::Unknown(e.cause().clone()))?)
            }
            _ => None,
        };
        // Fetch, "append a request Origin header": a page that forbids referrers posts its forms
        // with `Origin: null`, even to itself.
        let form_origin = match text(header::REFERRER_POLICY) {
            Some("no-referrer") => "null".to_owned(),
            _ => url.origin().ascii_serialization(),
        };
        self.keep_cookies(&head.headers, url);
        if let Some(held) = held
            && (page.name.as_deref() == Some("login") || page.signed_in == Some(false))
        {
            self.lost_session(&held);
        }
        Ok(Reply {
            url: url.clone(),
            status: head.status.as_u16(),
            location,
            page,
            form_origin,
        })
    }

    fn keep_cookies(&self, headers: &header::HeaderMap, url: &Url) {
        let now = self.env.now();
        for set in headers.get_all(header::SET_COOKIE) {
            let stored = self
                .state()
                .jar
                .store(&String::from_utf8_lossy(set.as_bytes()), url, now);
            match stored {
                // Nobody here ever presses "Log out", so any deletion is the service's own doing.
                Stored::Deleted { name, value } if SESSION_COOKIES.contains(&name.as_str()) => {
                    self.lost_session(&value);
                }
                Stored::Ignored(why) => tracing::debug!(who = self.who, why, "a cookie was ignored"),
                Stored::Kept | Stored::Deleted { .. } => {}
            }
        }
    }

    /// Notes, once for each session, that it was lost.
    fn lost_session(&self, cookie: &str) {
        let known = self.state().reported_lost.replace(cookie.to_owned());
        if known.as_deref() != Some(cookie) {
            let session = Tag::of(cookie);
            self.recorder.note(&self.who, Event::LoggedOut { session });
        }
    }

    fn resolve(&self, base: &Url, reference: &str) -> Outcome<Url> {
        base.join(reference)
            .map_err(|e| Failure::Fail(Cause::Protocol(format!("{reference}: {e}"))))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding a browser")
    }
}

impl Reply {
    /// What was wrong with it, unless it is a success or a redirect.
    pub(crate) fn trouble(&self) -> Option<Seen> {
        answer::trouble(self.status, self.page.error.as_deref())
    }

    /// Whether it sends the browser to this path.
    pub(crate) fn leads_to(&self, path: &str) -> bool {
        self.location.as_ref().is_some_and(|to| to.path() == path)
    }

    /// Whether it is the page of this name.
    pub(crate) fn is(&self, page: &str) -> bool {
        self.page.name.as_deref() == Some(page)
    }

    /// For a success that is not the one expected.
    pub(crate) fn unexpected(&self) -> Seen {
        let what = match (&self.location, &self.page.name) {
            (Some(to), _) => format!("a redirect to {}", to.path()),
            (None, Some(page)) => format!("the page {page}"),
            (None, None) => "something else".into(),
        };
        Seen::Unknown(format!(
            "unexpected answer {} at {}: {what}",
            self.status,
            self.url.path()
        ))
    }
}

/// The `Host` of a URL: with the port unless it is the scheme's own.
pub(crate) fn authority(url: &Url) -> String {
    url[url::Position::BeforeHost..url::Position::AfterPort].to_owned()
}

#[cfg(test)]
#[path = "browser_tests.rs"]
mod tests;
