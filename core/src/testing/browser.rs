//! A browser.

use super::{AUTHORIZE, Seen, TestBed, form};
use crate::http::Peer;
use axum::body::Body;
use http::{Request, header};

/// A browser: cookies, and the replica that its requests go to.
#[derive(Clone, Default)]
pub(crate) struct Browser {
    /// Names and values, the oldest first.
    pub(crate) cookies: Vec<(String, String)>,
    pub(crate) replica: usize,
    /// From where its requests come: the last number of its address.
    pub(crate) client: u8,
}

impl Browser {
    async fn send(&mut self, bed: &TestBed, mut request: Request<Body>) -> Seen {
        let cookies: Vec<String> = self.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
        let headers = request.headers_mut();
        headers.insert(header::COOKIE, cookies.join("; ").parse().expect("cookies"));
        request.extensions_mut().insert(Peer([192, 0, 2, self.client].into()));
        let seen = bed.call(self.replica, request).await;
        for cookie in seen.headers.get_all(header::SET_COOKIE) {
            let text = cookie.to_str().expect("text");
            assert!(
                text.contains("; Path=/; ") && text.contains("; HttpOnly; SameSite=Lax; Secure"),
                "{text}"
            );
            let (name, value) = text
                .split(';')
                .next()
                .and_then(|pair| pair.split_once('='))
                .expect("a pair");
            match text.contains("Max-Age=0") {
                true => self.cookies.retain(|(other, _)| other != name),
                false => self.keep(name, value),
            }
        }
        seen
    }

    /// Keeps a cookie, in the place of one of the same name (RFC 6265 section 5.3).
    pub(crate) fn keep(&mut self, name: &str, value: &str) {
        match self.cookies.iter_mut().find(|(other, _)| other == name) {
            Some((_, known)) => value.clone_into(known),
            None => self.cookies.push((name.into(), value.into())),
        }
    }

    /// The value of a cookie.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        let found = self.cookies.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) async fn get(&mut self, bed: &TestBed, path: &str) -> Seen {
        let request = Request::get(path).body(Body::empty()).expect("a request");
        self.send(bed, request).await
    }

    pub(crate) async fn post(&mut self, bed: &TestBed, path: &str, fields: &[(&str, &str)]) -> Seen {
        self.send(bed, form(path, fields)).await
    }

    /// Opens the login page: the flow's identifier.
    pub(crate) async fn begin(&mut self, bed: &TestBed) -> String {
        self.get(bed, AUTHORIZE).await.param("flow")
    }

    /// Presses "Send login code".
    pub(crate) async fn ask(&mut self, bed: &TestBed, flow: &str) -> Seen {
        self.post(bed, "/login/send", &[("flow", flow), ("address", "ann@example.com")])
            .await
    }

    /// Types a code.
    pub(crate) async fn verify(&mut self, bed: &TestBed, flow: &str, code: &str) -> Seen {
        self.post(bed, "/login/verify", &[("flow", flow), ("code", code)]).await
    }

    /// A whole login: the authorization code.
    pub(crate) async fn log_in(&mut self, bed: &TestBed) -> String {
        self.log_in_as(bed, "ann@example.com").await
    }

    /// The same of somebody else.
    pub(crate) async fn log_in_as(&mut self, bed: &TestBed, address: &str) -> String {
        let flow = self.begin(bed).await;
        self.finish(bed, &flow, address).await.param("code")
    }

    /// A login that has begun, to its end: the answer that leads back to the client.
    pub(crate) async fn finish(&mut self, bed: &TestBed, flow: &str, address: &str) -> Seen {
        self.post(bed, "/login/send", &[("flow", flow), ("address", address)])
            .await;
        let code = bed.out.codes(address).pop().expect("a mail");
        let verified = self.verify(bed, flow, &code).await;
        self.get(bed, verified.location()).await
    }
}
