//! Sends a request and notes what was sent and what came back.

use super::Observation;
use crate::{
    login::ClientsTold,
    oddities::{Draft, Odd, Pool},
    people::{
        page::Page,
        place::{Place, Places},
    },
    vocabulary::{Event, Observation as AnyObservation, Recorder},
    world::{InboxMail, Scene, hosts},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use bytes::Bytes;
use http::{HeaderMap, Request, Response, header, request};
use idp::http::client::Client;
use seams::{Cause, Env, Failure, Outcome};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use spec::{
    Secret,
    exchange::{Answer, Answered, Authorization, Body, Form, IdToken, Location, Mail, SetCookie, Tokens, Word},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::sleep;
use url::form_urlencoded;

/// Headers that belong to the connection or to whoever passes an answer on, and say nothing of the service.
const OF_THE_CONNECTION: [&str; 7] = [
    "connection",
    "content-length",
    "date",
    "keep-alive",
    "server",
    "transfer-encoding",
    "vary",
];

/// Who asks.
#[derive(Clone)]
pub(crate) struct Asking {
    env: Env,
    recorder: Recorder,
    who: String,
    odd: Option<Arc<Odd>>,
    pool: Pool,
    pause: Duration,
    place: Arc<Mutex<Place>>,
    told: ClientsTold,
}

impl Asking {
    /// Somebody of this name.
    pub(crate) fn new(scene: &Scene, who: &str) -> Asking {
        Asking {
            env: scene.env.clone(),
            recorder: scene.recorder.clone(),
            who: who.to_owned(),
            odd: scene.odd.clone(),
            pool: scene.pool.clone(),
            pause: scene.pause,
            place: Arc::new(Mutex::new(Place::of(who, Places::Own, 0))),
            told: scene.told,
        }
    }

    /// Is at another place from now on.
    pub(crate) fn come_from(&self, place: Place) {
        *self.place.lock().expect("nobody panics while holding a place") = place;
    }

    fn place(&self) -> Place {
        *self.place.lock().expect("nobody panics while holding a place")
    }

    fn note(&self, observation: Observation) {
        self.recorder
            .note(&self.who, Event::Own(AnyObservation::Exchange(observation)));
    }
}

/// Sends a request to a host and waits for the answer. Somebody odd sends others before, waits, or sends it again later.
///
/// # Errors
/// As [`Client::send`].
pub(crate) async fn ask(
    asking: &Asking,
    client: &Client,
    to: (&str, u16),
    request: Request<Bytes>,
    limit: Duration,
) -> Outcome<Response<Bytes>> {
    let waits = Patience::Until(limit);
    let Some(odd) = &asking.odd else {
        return send(asking, client, to, request, waits).await;
    };
    if let Some(haste) = &odd.haste
        && let Some(patience) = haste.of(request.uri().path())
    {
        return send(asking, client, to, request, Patience::ThenLeaves(patience)).await;
    }
    let (head, body) = request.into_parts();
    let draft = Draft::of(&head, &body);
    if let Some(wait) = odd.wait_before(&draft.path) {
        sleep(wait).await;
    }
    for changed in odd.changed(&draft, &asking.pool) {
        if let Some(changed) = changed.request() {
            drop(send(asking, &Client::new(&asking.env), to, changed, waits).await); // it is in the history
        }
    }
    asking.pool.learn(&draft);
    for after in odd.again_after(&draft.path) {
        let Some(again) = draft.clone().request() else { continue };
        let (asking, host, port) = (asking.clone(), to.0.to_owned(), to.1);
        let env = asking.env.clone();
        env.spawn(async move {
            sleep(after).await;
            drop(send(&asking, &Client::new(&asking.env), (&host, port), again, waits).await);
        });
    }
    send(asking, client, to, Request::from_parts(head, body), waits).await
}

/// How long somebody waits for an answer.
#[derive(Clone, Copy)]
enum Patience {
    /// So long; no answer by then is a failure.
    Until(Duration),
    /// So long; then the connection is closed, as by a browser whose user presses the button again.
    ThenLeaves(Duration),
}

/// Sends a request, and notes it and what comes back.
async fn send(
    asking: &Asking,
    client: &Client,
    (host, port): (&str, u16),
    request: Request<Bytes>,
    patience: Patience,
) -> Outcome<Response<Bytes>> {
    let (limit, leaves) = match patience {
        Patience::Until(limit) => (limit, false),
        Patience::ThenLeaves(limit) => (limit, true),
    };
    if !asking.pause.is_zero() {
        sleep(asking.pause).await;
    }
    let number = asking.recorder.number();
    let (mut head, body) = request.into_parts();
    let place = asking.place();
    asking.note(Observation::Asked {
        number,
        door: match port {
            hosts::OPS_PORT => format!("{host}:{port}"),
            _ => host.to_owned(),
        },
        request: Box::new(spec::exchange::Request {
            client: place.client(),
            ..read_request(&head, &body)
        }),
    });
    for (name, value) in place.headers(number, asking.told) {
        let value = value.parse().expect("addresses are text");
        head.headers.insert(name, value);
    }
    let mut result = client
        .send((host, port), Request::from_parts(head, body.into()), limit)
        .await;
    let answer = match &mut result {
        Ok(response) => {
            keep_page(response);
            let closes = host != hosts::BALANCER && closes(response.headers());
            Answered::With(Box::new(Answer {
                closes,
                ..read_answer(response)
            }))
        }
        // Perhaps before there was a connection.
        Err(failure) if leaves && matches!(failure.cause(), Cause::Deadline { .. }) => {
            Answered::GivenUp(failure.cause().to_string())
        }
        Err(Failure::Fail(cause)) => Answered::NotSent(cause.to_string()),
        Err(Failure::Unknown(cause)) => Answered::Unknown(cause.to_string()),
    };
    asking.note(Observation::Answered { number, answer });
    result
}

fn words(encoded: &[u8]) -> Vec<(String, Word)> {
    let pairs = form_urlencoded::parse(encoded);
    pairs
        .map(|(name, value)| (name.to_string(), Word::of(&name, &value)))
        .collect()
}

fn text(headers: &HeaderMap, name: impl header::AsHeaderName) -> Option<String> {
    let value = headers.get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

fn read_request(head: &request::Parts, body: &Bytes) -> spec::exchange::Request {
    let headers = &head.headers;
    let cookies = headers
        .get_all(header::COOKIE)
        .into_iter()
        .filter_map(|value| value.to_str().ok());
    let pairs = cookies.flat_map(|value| cookie::Cookie::split_parse(value).flatten());
    spec::exchange::Request {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: words(head.uri.query().unwrap_or_default().as_bytes()),
        form: (!body.is_empty()).then(|| words(body)),
        content_type: text(headers, header::CONTENT_TYPE),
        cookies: pairs
            .map(|pair| (pair.name().to_owned(), Secret::of(pair.value())))
            .collect(),
        authorization: headers
            .get_all(header::AUTHORIZATION)
            .iter()
            .map(authorization)
            .collect(),
        origin: text(headers, header::ORIGIN),
        fetch_site: text(headers, "sec-fetch-site"),
        body_bytes: body.len(),
        longest_line: Some(longest_line(head)).filter(|bytes| *bytes > 4_096).unwrap_or(0),
        header_lines: Some(headers.len()).filter(|lines| *lines > 64).unwrap_or(0),
        client: String::new(),
    }
}

/// Bytes of the longest line of a request's head, with its end.
fn longest_line(head: &request::Parts) -> usize {
    let target = head.uri.path_and_query().map_or(0, |target| target.as_str().len());
    let first = head.method.as_str().len() + target + "  HTTP/1.1\r\n".len();
    let headers = head.headers.iter();
    let lines = headers.map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len());
    lines.max().unwrap_or(0).max(first)
}

fn authorization(value: &header::HeaderValue) -> Authorization {
    let read = || -> Option<Authorization> {
        let (scheme, rest) = value.to_str().ok()?.split_once(' ')?;
        if scheme.eq_ignore_ascii_case("bearer") {
            return Some(Authorization::Bearer(Secret::of(rest.trim())));
        }
        let bytes = STANDARD
            .decode(rest.trim())
            .ok()
            .filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
        let text = String::from_utf8(bytes).ok()?;
        let (user, password) = text.split_once(':')?;
        let decode = |text: &str| {
            let pair = format!("x={}", text.replace('&', "%26").replace('=', "%3D"));
            let decoded = form_urlencoded::parse(pair.as_bytes()).next();
            decoded.map_or(String::new(), |(_, value)| value.into_owned())
        };
        let password = decode(password);
        Some(Authorization::Basic {
            user: decode(user),
            password: (!password.is_empty()).then(|| Secret::of(&password)),
        })
    };
    read().unwrap_or(Authorization::Malformed)
}

fn read_answer(response: &Response<Bytes>) -> Answer {
    let headers = response.headers();
    let mut kept: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in headers {
        let is_elsewhere = *name == header::SET_COOKIE || *name == header::LOCATION;
        if is_elsewhere || OF_THE_CONNECTION.contains(&name.as_str()) {
            continue;
        }
        let value = String::from_utf8_lossy(value.as_bytes());
        (kept.entry(name.to_string()))
            .and_modify(|all| *all = format!("{all}, {value}"))
            .or_insert_with(|| value.into_owned());
    }
    Answer {
        status: response.status().as_u16(),
        headers: kept,
        location: text(headers, header::LOCATION).map(|location| {
            let (target, query) = location.split_once('?').unwrap_or((&location, ""));
            Location {
                target: target.to_owned(),
                params: words(query.as_bytes()),
            }
        }),
        cookies: headers.get_all(header::SET_COOKIE).iter().map(set_cookie).collect(),
        body: read_body(headers, response.extensions().get(), response.body()),
        closes: false,
    }
}

/// Whether the connection is closed after this message (RFC 9110 section 7.6.1).
fn closes(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(header::CONNECTION).iter();
    values.any(|value| value.as_bytes().eq_ignore_ascii_case(b"close"))
}

fn set_cookie(value: &header::HeaderValue) -> SetCookie {
    let text = String::from_utf8_lossy(value.as_bytes());
    let mut parts = text
        .split(';')
        .map(|part| part.trim().split_once('=').unwrap_or((part.trim(), "")));
    let (name, value) = parts.next().unwrap_or_default();
    SetCookie {
        name: name.to_owned(),
        value: Secret::of(value),
        attributes: parts
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect(),
    }
}

fn is_html(headers: &HeaderMap) -> bool {
    text(headers, header::CONTENT_TYPE).is_some_and(|kind| kind.starts_with("text/html"))
}

/// Parses a page once, for the history and for the person who reads it.
fn keep_page(response: &mut Response<Bytes>) {
    if is_html(response.headers()) {
        let page = Page::parse(&String::from_utf8_lossy(response.body()));
        response.extensions_mut().insert(Arc::new(page));
    }
}

fn read_body(headers: &HeaderMap, read: Option<&Arc<Page>>, body: &Bytes) -> Body {
    if body.is_empty() {
        return Body::Empty;
    }
    if let Some(read) = read {
        return page(read, body.len());
    }
    if is_html(headers) {
        return page(&Page::parse(&String::from_utf8_lossy(body)), body.len());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => tokens(&object).unwrap_or(Body::Json(Value::Object(object))),
        Ok(other) => Body::Json(other),
        Err(_) => Body::Other(body.len()),
    }
}

/// The balancer's own pages have no name.
fn page(page: &Page, bytes: usize) -> Body {
    let Some(name) = &page.name else {
        return Body::Other(bytes);
    };
    Body::Page(spec::exchange::Page {
        name: name.clone(),
        error: page.error.clone(),
        signed_in: page.signed_in,
        text: page.text.clone(),
        forms: page
            .forms
            .iter()
            .map(|form| Form {
                method: if form.post { "post" } else { "get" }.to_owned(),
                action: form.action.clone(),
                fields: (form.fields.iter())
                    .map(|(name, value)| (name.clone(), Word::of(name, value)))
                    .collect(),
            })
            .collect(),
    })
}

fn tokens(object: &Map<String, Value>) -> Option<Body> {
    let mut rest = object.clone();
    let access = rest.remove("access_token")?;
    let access = access.as_str()?;
    let id_token = rest.remove("id_token");
    Some(Body::Tokens(Box::new(Tokens {
        access: Secret::of(access),
        at_hash: URL_SAFE_NO_PAD.encode(&Sha256::digest(access.as_bytes())[..16]),
        id_token: id_token.as_ref().and_then(Value::as_str).and_then(id_token_of),
        rest,
    })))
}

fn id_token_of(token: &str) -> Option<IdToken> {
    let mut parts = token
        .split('.')
        .map(|part| -> Option<Map<String, Value>> { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok() });
    let (header, mut claims) = (parts.next()??, parts.next()??);
    let nonce = claims.remove("nonce");
    Some(IdToken {
        whole: Secret::of(token),
        header,
        claims,
        nonce: nonce.as_ref().and_then(Value::as_str).map(Secret::of),
    })
}

/// A mail, with a tag instead of its code.
pub(crate) fn read_mail(mail: &InboxMail) -> Mail {
    let code = mail.code();
    Mail {
        headers: (mail.headers.iter())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
            .collect(),
        text: code.map_or_else(|| mail.body.clone(), |code| mail.body.replace(code, "CODE")),
        code: code.map(Secret::of),
    }
}
