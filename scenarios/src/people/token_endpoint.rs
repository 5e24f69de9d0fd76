//! Requests to the token endpoint, by relying parties and by attackers who pretend to be one.

use crate::{
    exchange::{Asking, ask},
    oddities::learn_id_token,
    people::{
        answer,
        browser::{Door, PATIENCE_PER_REQUEST, authority, note_error},
    },
    redemption,
    vocabulary::{Op, Seen, Tag},
    world::{Scene, SeenCode},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{Method, Request, Response, header};
use idp::http::client::Client;
use seams::{Outcome, random_token};
use serde::{Deserialize, de::DeserializeOwned};
use url::Url;

/// A token set.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Tokens {
    pub(crate) access_token: String,
    pub(crate) id_token: String,
    token_type: String,
}

#[derive(Deserialize)]
struct ErrorBody {
    error: String,
    #[serde(default)]
    error_description: String,
}

impl ErrorBody {
    /// The error, and whether trying again is of no use: core/MESSAGES.md, "Errors for clients".
    fn told(&self) -> String {
        match self.error_description.contains("start again") {
            true => format!("{}: start again", self.error),
            false => self.error.clone(),
        }
    }
}

/// The way in which a code is presented.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Presentation {
    /// Whether a confidential client authenticates in the header rather than in the form.
    pub(crate) basic: bool,
    /// Whether the PKCE verifier is replaced by another.
    pub(crate) wrong_verifier: bool,
    /// Whether its person has signed out since it was issued, which ended it.
    pub(crate) signed_out: bool,
}

/// Presents a code to a host, with everything that binds it (RFC 6749 section 4.1.3).
///
/// # Errors
/// The outcome, if no token set came back.
pub(crate) async fn present(
    scene: &Scene,
    client: &Client,
    who: &str,
    seen_code: &SeenCode,
    door: &Door,
    presentation: Presentation,
) -> Result<Tokens, Seen> {
    let op = Op::Redemption(redemption::Op::Redeem {
        code: Tag::of(&seen_code.code),
        at: door.0.clone(),
        rightful: !presentation.wrong_verifier && !presentation.signed_out,
    });
    scene
        .recorder
        .observe(who, op, async {
            let (request, form) = token_request(scene, seen_code, presentation);
            let tokens: Tokens = read(call(scene, client, who, door, request, "/token", form).await)?;
            scene.recorder.secret("access token", &tokens.access_token);
            scene.recorder.secret("ID token", &tokens.id_token);
            learn_id_token(scene, who, &tokens.id_token);
            if tokens.token_type.eq_ignore_ascii_case("bearer") {
                Ok(tokens)
            } else {
                Err(Seen::Unknown(format!("a token of type {}", tokens.token_type)))
            }
        })
        .await
}

fn token_request(scene: &Scene, seen_code: &SeenCode, presentation: Presentation) -> (http::request::Builder, String) {
    let client = &seen_code.client;
    let verifier = match presentation.wrong_verifier {
        true => Some(random_token(&*scene.env.entropy)),
        false => seen_code.verifier.clone(),
    };
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", &seen_code.code),
        ("redirect_uri", &client.redirect_uri),
    ];
    form.extend(verifier.as_deref().map(|verifier| ("code_verifier", verifier)));
    let mut request = Request::builder()
        .method(Method::POST)
        .header(header::ACCEPT, "application/json")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    match &client.secret {
        Some(secret) if presentation.basic => {
            // RFC 6749 section 2.3.1: both halves are form-encoded first.
            let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            let pair = format!("{}:{}", encode(&client.client_id), encode(secret));
            request = request.header(header::AUTHORIZATION, format!("Basic {}", STANDARD.encode(pair)));
        }
        Some(secret) => form.extend([("client_id", client.client_id.as_str()), ("client_secret", secret)]),
        None => form.push(("client_id", &client.client_id)),
    }
    let form = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    (request, form)
}

/// Sends a request to a host on behalf of `who`, with the issuer's host name.
pub(crate) async fn call(
    scene: &Scene,
    client: &Client,
    who: &str,
    (host, port): &Door,
    request: http::request::Builder,
    path: &str,
    body: String,
) -> Outcome<Response<Bytes>> {
    let issuer = Url::parse(&scene.issuer).expect("the issuer is a URL");
    let request = request
        .uri(path)
        .header(header::HOST, authority(&issuer))
        .body(Bytes::from(body))
        .expect("made of valid parts");
    let asking = Asking::new(scene, who);
    let answer = ask(&asking, client, (host, *port), request, PATIENCE_PER_REQUEST).await?;
    let (head, body) = answer.into_parts();
    note_error(&scene.recorder, who, &head, &body);
    Ok(Response::from_parts(head, body))
}

/// Parses a JSON answer.
///
/// # Errors
/// The outcome, if the answer is not a success with this JSON.
pub(crate) fn read<T: DeserializeOwned>(answer: Outcome<Response<Bytes>>) -> Result<T, Seen> {
    let answer = answer.map_err(|failure| answer::unanswered(&failure))?;
    let status = answer.status().as_u16();
    let error: Option<ErrorBody> = serde_json::from_slice(answer.body()).ok();
    if let Some(seen) = answer::trouble(status, error.map(|error| error.told()).as_deref()) {
        return Err(seen);
    }
    serde_json::from_slice(answer.body()).map_err(|e| Seen::Unknown(format!("unexpected answer {status}: {e}")))
}
