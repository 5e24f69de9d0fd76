//! A request, taken apart so that any part can be changed.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Uri, header, request::Parts};
use url::form_urlencoded;

/// A request, taken apart.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) form: Option<Vec<(String, String)>>,
    pub(crate) cookies: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
}

fn pairs(encoded: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(encoded).into_owned().collect()
}

impl Draft {
    /// Takes a request apart.
    pub(crate) fn of(head: &Parts, body: &Bytes) -> Draft {
        let mut headers = head.headers.clone();
        let cookies = headers.remove(header::COOKIE);
        let cookies = cookies
            .as_ref()
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        Draft {
            method: head.method.clone(),
            path: head.uri.path().to_owned(),
            query: pairs(head.uri.query().unwrap_or_default().as_bytes()),
            form: (!body.is_empty()).then(|| pairs(body)),
            cookies: (cookies.split("; ").filter_map(|pair| pair.split_once('=')))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            headers,
        }
    }

    /// Puts it together. `None`: it cannot be sent.
    pub(crate) fn request(self) -> Option<Request<Bytes>> {
        let encode = |pairs: &[(String, String)]| {
            form_urlencoded::Serializer::new(String::new())
                .extend_pairs(pairs)
                .finish()
        };
        let uri = match self.query.is_empty() {
            true => self.path,
            false => format!("{}?{}", self.path, encode(&self.query)),
        };
        let mut request = Request::new(Bytes::from(self.form.as_deref().map(encode).unwrap_or_default()));
        *request.method_mut() = self.method;
        *request.uri_mut() = uri.parse::<Uri>().ok()?;
        *request.headers_mut() = self.headers;
        if !self.cookies.is_empty() {
            let pairs: Vec<String> = self
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            let value = HeaderValue::from_str(&pairs.join("; ")).ok()?;
            request.headers_mut().insert(header::COOKIE, value);
        }
        Some(request)
    }
}
