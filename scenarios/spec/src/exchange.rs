//! One HTTP exchange, as its client saw it: all that the specification judges by. Secrets are there as tags.

use crate::secret::Secret;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A request, and what became of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exchange<'a> {
    /// When it was sent, milliseconds from the start of the run.
    pub sent_ms: u64,
    /// Which host was asked.
    pub door: &'a str,
    /// What was asked.
    pub request: &'a Request,
    /// What came back.
    pub answer: &'a Answered,
    /// The refusals that the log tells of under its reference.
    pub logged: &'a [Refused],
    /// What else it tells of there: the audit log.
    pub audited: &'a [Audited],
}

/// What somebody did, as the log tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audited {
    /// `signed in`.
    pub what: String,
    /// At which client.
    pub client: Option<String>,
    /// Who.
    pub subject: String,
}

impl Audited {
    /// What the log tells of.
    pub const WHATS: [&'static str; 5] = [
        "signed in",
        "signed out",
        "code issued",
        "code redeemed",
        "tokens revoked",
    ];
}

/// A refusal, as the log tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// `POST`.
    pub method: String,
    /// The path of the request.
    pub path: String,
    /// The status of the answer.
    pub status: u16,
    /// The name of the error, or the reason that only the log tells.
    pub error: String,
    /// What failed, and whether it may have been done nevertheless.
    pub cause: Option<String>,
    /// The client that is named.
    pub client: Option<String>,
    /// The parameter that is named.
    pub parameter: Option<String>,
    /// Whether another line of this request says that a code was taken, or may have been, and is not back.
    pub is_code_away: bool,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answered {
    /// An answer.
    With(Box<Answer>),
    /// Nothing, and the request certainly reached nobody.
    NotSent(String),
    /// Nothing, and the request may have done its work, or may do it yet.
    Unknown(String),
    /// The client did not wait for the answer, and the request may have done its work, or may do it yet.
    GivenUp(String),
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Request {
    /// `GET`.
    pub method: String,
    /// Without the query.
    pub path: String,
    /// The parameters of the query, as sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<(String, Word)>,
    /// The fields of the body; `None`: there was no body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<Vec<(String, Word)>>,
    /// `Content-Type`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// Cookies, in the order sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cookies: Vec<(String, Secret)>,
    /// `Authorization`, once for each time that it was sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorization: Vec<Authorization>,
    /// `Origin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// `Sec-Fetch-Site`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fetch_site: Option<String>,
    /// Bytes of the body.
    #[serde(default)]
    pub body_bytes: usize,
    /// Bytes of its longest line, the request line or a header line, with its end; 0: not more than 4,096.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub longest_line: usize,
    /// Header lines; 0: not more than 64.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub header_lines: usize,
    /// From where it came: an IPv4 address, or the first 64 bits of an IPv6 address.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub client: String,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// An `Authorization` header, read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Authorization {
    /// RFC 7617, with both halves form-decoded (RFC 6749 section 2.3.1).
    Basic {
        /// The client.
        user: String,
        /// Its secret; `None`: empty.
        password: Option<Secret>,
    },
    /// RFC 6750.
    Bearer(Secret),
    /// Anything else.
    Malformed,
}

/// The value of a parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Word {
    /// As it is: no secret.
    Clear(String),
    /// Its tag.
    Secret(Secret),
}

/// Parameters whose values are no secrets. All others are recorded as tags.
pub const PUBLIC: [&str; 16] = [
    "acr_values",
    "address",
    "client_id",
    "code_challenge_method",
    "error",
    "error_description",
    "grant_type",
    "iss",
    "max_age",
    "post_logout_redirect_uri",
    "prompt",
    "redirect_uri",
    "response_mode",
    "response_type",
    "scope",
    "x",
];

impl Word {
    /// The value of a parameter of this name.
    pub fn of(name: &str, value: &str) -> Word {
        match PUBLIC.contains(&name) {
            true => Word::Clear(value.to_owned()),
            false => Word::Secret(Secret::of(value)),
        }
    }

    /// The value, if it is no secret.
    pub fn clear(&self) -> Option<&str> {
        match self {
            Word::Clear(text) => Some(text),
            Word::Secret(_) => None,
        }
    }

    /// The tag, whatever it is.
    pub fn secret(&self) -> Secret {
        match self {
            Word::Clear(text) => Secret::of(text),
            Word::Secret(secret) => secret.clone(),
        }
    }

    /// Whether there is anything.
    pub fn is_empty(&self) -> bool {
        match self {
            Word::Clear(text) => text.is_empty(),
            Word::Secret(secret) => secret.bytes == 0,
        }
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Answer {
    /// 200.
    pub status: u16,
    /// By lower-case name, the values of a repeated one joined with `, `; without `Set-Cookie`, `Location` and what the
    /// connection needs.
    pub headers: BTreeMap<String, String>,
    /// Where it sends the browser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// Cookies that it sets, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cookies: Vec<SetCookie>,
    /// What is in it.
    pub body: Body,
    /// Whether the replica that sent it closes the connection after it, unasked. Behind a balancer that cannot be seen.
    #[serde(default, skip_serializing_if = "is_false")]
    pub closes: bool,
}

fn is_false(value: &bool) -> bool {
    !*value
}

/// `Location`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// Before the query, as written.
    pub target: String,
    /// The query.
    pub params: Vec<(String, Word)>,
}

/// `Set-Cookie`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetCookie {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Secret,
    /// Its attributes, by lower-case name: `("max-age", "60")`, `("secure", "")`.
    pub attributes: BTreeMap<String, String>,
}

/// What is in an answer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Body {
    /// Nothing.
    #[default]
    Empty,
    /// A page.
    Page(Page),
    /// JSON, but for tokens.
    Json(serde_json::Value),
    /// A token set.
    Tokens(Box<Tokens>),
    /// Something else, of so many bytes.
    Other(usize),
}

/// A page.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Page {
    /// Which: `login`.
    pub name: String,
    /// What went wrong: `wrong-code`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Whether somebody is signed in, on the page that says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_in: Option<bool>,
    /// What it says to a person.
    pub text: String,
    /// Its forms.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forms: Vec<Form>,
}

/// A form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    /// `post`.
    pub method: String,
    /// Where it goes.
    pub action: String,
    /// Its fields, with their values.
    pub fields: Vec<(String, Word)>,
}

/// A token set (OpenID Connect Core section 3.1.3.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// `access_token`.
    pub access: Secret,
    /// What `at_hash` must be for it (OpenID Connect Core section 3.1.3.6).
    pub at_hash: String,
    /// The header and the claims of the ID token; `None`: it is no JWT.
    pub id_token: Option<IdToken>,
    /// Everything else in the answer.
    pub rest: serde_json::Map<String, serde_json::Value>,
}

/// An ID token, without its signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdToken {
    /// The whole of it, by which it is known again when a client gives it back as a hint.
    pub whole: Secret,
    /// Its header.
    pub header: serde_json::Map<String, serde_json::Value>,
    /// Its claims, but for the nonce.
    pub claims: serde_json::Map<String, serde_json::Value>,
    /// The nonce.
    pub nonce: Option<Secret>,
}

/// A mail, as it arrived.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Mail {
    /// Its header fields, in order, by lower-case name.
    pub headers: Vec<(String, String)>,
    /// What it says; a code in it is replaced by `CODE`.
    pub text: String,
    /// The code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Secret>,
}
