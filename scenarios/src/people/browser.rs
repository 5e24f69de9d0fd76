//! A browser: the cookies, redirects and forms that a login needs.

use crate::{
    exchange::{Asking, ask},
    people::{
        jar::{Jar, SentFrom, Stored},
        place::{Place, Places},
        reply::{Landing, Navigation, Reply, resolve},
    },
    session,
    vocabulary::{Event, Observation, Recorder, Tag},
    world::Scene,
};
use bytes::Bytes;
use http::{Method, Request, header};
use idp::http::client::Client;
use seams::{Cause, Env, Failure, Outcome};
use std::{
    sync::{Mutex, MutexGuard},
    time::Duration,
};
use url::Url;

/// How long a person waits for a page to load.
pub(crate) const PATIENCE_PER_REQUEST: Duration = Duration::from_secs(10);
/// Redirects followed in a row at most: Fetch allows 20, a login needs 2.
const REDIRECTS_MAX: usize = 10;
/// Names of the session cookie: the first over https, the second over http, which is for development.
const SESSION_COOKIES: [&str; 2] = ["__Host-session", "session"];

/// The origin of a site that has nothing to do with anybody here.
const ANOTHER_SITE: &str = "https://elsewhere.example";

/// The name of a host and a port, to which a client connects.
pub(crate) type Door = (String, u16);

/// A browser of one person or attacker. The URLs that it sees are the issuer's; it connects to the host that
/// `turn_to` set.
pub(crate) struct Browser {
    env: Env,
    client: Client,
    asking: Asking,
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

impl Browser {
    /// A browser without cookies that connects to the balancer.
    pub(crate) fn new(scene: &Scene, who: &str) -> Browser {
        Browser {
            env: scene.env.clone(),
            client: Client::new(&scene.env),
            asking: Asking::new(scene, who),
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

    /// Connects to this host and port from now on.
    pub(crate) fn turn_to(&self, door: &Door) {
        self.state().door = door.clone();
    }

    /// Is at another place from now on.
    pub(crate) fn come_from(&self, places: Places, turn: u32) {
        self.asking.come_from(Place::of(&self.who, places, turn));
    }

    /// The session cookie, if there is one.
    pub(crate) fn session(&self) -> Option<String> {
        let state = self.state();
        SESSION_COOKIES
            .iter()
            .find_map(|name| state.jar.get(name, self.env.now()))
            .map(str::to_owned)
    }

    /// Has this session cookie from now on, copied from another browser.
    pub(crate) fn copy_session(&self, value: &str) {
        let [guarded, plain] = SESSION_COOKIES;
        let cookie = match self.origin.scheme() {
            "https" => format!("{guarded}={value}; Path=/; Secure"),
            _ => format!("{plain}={value}; Path=/"),
        };
        self.keep(&cookie);
    }

    /// Has a cookie from now on that the service has not set, written as a `Set-Cookie` header.
    pub(crate) fn keep(&self, cookie: &str) {
        let stored = self.state().jar.store(cookie, &self.origin, self.env.now());
        debug_assert_eq!(stored, Stored::Kept);
    }

    /// Must be called before "Sign out" is pressed: the session's absence from then on is not recorded as a loss.
    pub(crate) fn expect_to_be_logged_out(&self) {
        let session = self.session();
        self.state().reported_lost = session;
    }

    /// Goes to a URL as if a relying party had sent the browser there, and follows redirects.
    ///
    /// # Errors
    /// Those of [`Client::send`], from any of the requests.
    pub(crate) async fn open(&self, url: &str) -> Outcome<Landing> {
        let reply = self.look_at(url).await?;
        self.follow(reply).await
    }

    /// The same, without following a redirect.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub(crate) async fn look_at(&self, url: &str) -> Outcome<Reply> {
        let url = Url::parse(url).map_err(|e| Failure::Fail(Cause::Protocol(format!("{url}: {e}"))))?;
        let begins = self.begins(SentFrom::Elsewhere);
        self.request(Method::GET, &url, None, begins).await
    }

    /// Goes to a URL as if another site had posted a form there whose fields are those of its query, and follows redirects.
    ///
    /// # Errors
    /// Those of [`Client::send`], from any of the requests.
    pub(crate) async fn open_by_form(&self, url: &str) -> Outcome<Landing> {
        let mut url = Url::parse(url).map_err(|e| Failure::Fail(Cause::Protocol(format!("{url}: {e}"))))?;
        let fields = url.query().unwrap_or_default().to_owned();
        url.set_query(None);
        let (form, begins) = (Some((fields, ANOTHER_SITE)), self.begins(SentFrom::Elsewhere));
        let reply = self.request(Method::POST, &url, form, begins).await?;
        self.follow(reply).await
    }

    /// Goes to a path of the service as if the person had typed it.
    pub(crate) async fn visit(&self, path: &str) -> Outcome<Landing> {
        let url = resolve(&self.origin, path)?;
        let begins = self.begins(SentFrom::ThisSite);
        let reply = self.request(Method::GET, &url, None, begins).await?;
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
        let mut url = resolve(&on.url, &form.action)?;
        // The page was made for whom it was shown to: what another tab has got since is not lost by its form.
        let begins = Navigation {
            from: SentFrom::ThisSite,
            session: on.navigation.session.clone(),
        };
        let mut reply = if form.post {
            let body = Some((encoded, on.form_origin.as_str()));
            self.request(Method::POST, &url, body, begins).await?
        } else {
            url.set_query(Some(&encoded));
            self.request(Method::GET, &url, None, begins).await?
        };
        reply.bound_by = on.form_action.clone();
        Ok(reply)
    }

    /// Follows an answer's redirects to their end. Every redirect of the service is a 303, so all requests are GETs and
    /// may be repeated without harm.
    ///
    /// # Errors
    /// `Fail` also when the policy of the page whose form began the chain forbids its destination, as Chromium enforces
    /// it (CSP level 3 section 6.4.1).
    pub(crate) async fn follow(&self, mut reply: Reply) -> Outcome<Landing> {
        let bound_by = reply.bound_by.take();
        for _ in 0..REDIRECTS_MAX {
            let Some(next) = reply.location.take() else {
                return Ok(Landing::Page(Box::new(reply)));
            };
            if next.origin() != self.origin.origin() {
                let origin = next.origin().ascii_serialization();
                let forbidden = bound_by.as_ref().and_then(|allowed| {
                    let is_forbidden = |source: &&str| !allowed.split(' ').any(|other| other == *source);
                    [origin.as_str()]
                        .into_iter()
                        .chain(goes_on_to(&next))
                        .find(is_forbidden)
                });
                if let Some(source) = forbidden {
                    let blocked = format!("form-action forbids to go on to {source}");
                    return Err(Failure::Fail(Cause::Protocol(blocked)));
                }
                return Ok(Landing::Foreign(next));
            }
            // What another site began is its navigation to the end (Fetch Metadata section 2.3).
            reply = self.request(Method::GET, &next, None, reply.navigation).await?;
        }
        Err(Failure::Unknown(Cause::Protocol(format!(
            "more than {REDIRECTS_MAX} redirects"
        ))))
    }

    fn begins(&self, from: SentFrom) -> Navigation {
        let session = self.session();
        Navigation { from, session }
    }

    async fn request(
        &self,
        method: Method,
        url: &Url,
        form: Option<(String, &str)>,
        mut navigation: Navigation,
    ) -> Outcome<Reply> {
        let protocol = |e: &dyn std::fmt::Display| Failure::Fail(Cause::Protocol(e.to_string()));
        let path = url[url::Position::BeforePath..url::Position::AfterQuery].to_owned();
        let from = navigation.from;
        let held = self.session().filter(|held| navigation.session.as_ref() == Some(held));
        let (cookies, (host, port)) = {
            let state = self.state();
            let cookies = state.jar.header(url, &method, from, self.env.now());
            (cookies, state.door.clone())
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
                    SentFrom::Elsewhere => "cross-site",
                    SentFrom::ThisSite => "same-origin",
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
        let request = request.body(body).map_err(|e| protocol(&e))?;
        let to = (host.as_str(), port);
        let answer = ask(&self.asking, &self.client, to, request, PATIENCE_PER_REQUEST).await?;
        let (head, body) = answer.into_parts();

        note_error(&self.recorder, &self.who, &head, &body);
        let mut reply = Reply::read(url, &head, &body)?;
        let before = self.session();
        self.keep_cookies(&head.headers, url);
        let got = self.session().filter(|got| before.as_ref() != Some(got));
        navigation.session = got.or(navigation.session);
        reply.navigation = navigation;
        if let Some(held) = held
            && (reply.is("login") || reply.page.signed_in == Some(false))
        {
            self.lost_session(&held);
        }
        Ok(reply)
    }

    fn keep_cookies(&self, headers: &header::HeaderMap, url: &Url) {
        let now = self.env.now();
        for set in headers.get_all(header::SET_COOKIE) {
            if let Some((_, value)) = set.to_str().ok().and_then(|set| set.split(';').next()?.split_once('=')) {
                self.recorder.secret("cookie", value);
            }
            let stored = self
                .state()
                .jar
                .store(&String::from_utf8_lossy(set.as_bytes()), url, now);
            match stored {
                // Unless somebody has pressed "Sign out" (`expect_to_be_logged_out`), the service deleted the cookie by
                // itself.
                Stored::Deleted { name, value } if SESSION_COOKIES.contains(&name.as_str()) => {
                    self.lost_session(&value);
                }
                Stored::Ignored(why) => tracing::debug!(who = self.who, why, "a cookie was ignored"),
                Stored::Kept | Stored::Deleted { .. } => {}
            }
        }
    }

    /// Records, once for each session, that it was lost.
    fn lost_session(&self, cookie: &str) {
        let known = self.state().reported_lost.replace(cookie.to_owned());
        if known.as_deref() != Some(cookie) {
            let session = Tag::of(cookie);
            self.recorder.note(
                &self.who,
                Event::Own(Observation::Session(session::Observation::LoggedOut { session })),
            );
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding a browser")
    }
}

/// Records an error that the service itself made; other errors have no reference.
pub(crate) fn note_error(recorder: &Recorder, who: &str, head: &http::response::Parts, body: &[u8]) {
    let reference = head.headers.get("x-correlation-id").and_then(|id| id.to_str().ok());
    if let (400.., Some(reference)) = (head.status.as_u16(), reference) {
        let shown = String::from_utf8_lossy(body).contains(reference);
        recorder.report_error(who, head.status.as_u16(), reference, shown);
    }
}

/// The `Host` header for a URL: with the port unless it is the default port of the scheme.
pub(crate) fn authority(url: &Url) -> String {
    url[url::Position::BeforeHost..url::Position::AfterPort].to_owned()
}

/// Where a client's callback goes on to, on another origin than its own.
fn goes_on_to(callback: &Url) -> Option<&'static str> {
    (callback.host_str() == Some("grafana.example")).then_some("https://dashboards.example")
}

#[cfg(test)]
#[path = "browser_tests.rs"]
mod tests;
