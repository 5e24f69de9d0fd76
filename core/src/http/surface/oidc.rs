//! What relying parties call.

use super::{
    App,
    cookies::{self, Jar},
    read::{self, Unread},
    respond,
};
use crate::{
    flow::{
        Caller, Refusal,
        authorize::{AuthorizeRefused, Authorized, authorize},
        redeem::{TokenError, redeem},
        userinfo::{self, BearerError},
    },
    http::error::Rejected,
    model::{params::Params, scope},
};
use axum::{
    extract::{Request, State},
    response::Response,
};
use http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts};
use serde_json::json;
use std::sync::Arc;

type Answer = Result<Response, Rejected>;

/// For how long clients may keep the documents below, seconds.
const DOCUMENT_MAX_AGE: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// OpenID Connect Discovery section 3.
pub(super) async fn discovery(State(app): State<Arc<App>>) -> Response {
    let issuer = &app.config.issuer;
    let at = |path: &str| format!("{issuer}{path}");
    document(&json!({
        "issuer": issuer,
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "userinfo_endpoint": at("/userinfo"),
        "jwks_uri": at("/jwks"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "code_challenge_methods_supported": ["S256"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
        "authorization_response_iss_parameter_supported": true,
        "subject_types_supported": ["public"],
        "scopes_supported": scope::SUPPORTED,
        "claims_supported": [
            "iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "email", "email_verified", "name",
        ],
        "prompt_values_supported": ["none", "login", "select_account"],
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
    }))
}

/// RFC 7517 section 5.
pub(super) async fn jwks(State(app): State<Arc<App>>) -> Response {
    let keys: Vec<_> = app.keys().iter().map(|key| key.jwk()).collect();
    document(&json!({ "keys": keys }))
}

fn document(body: &serde_json::Value) -> Response {
    let mut response = respond::json(StatusCode::OK, body);
    response.headers_mut().insert(header::CACHE_CONTROL, DOCUMENT_MAX_AGE);
    response
}

pub(super) async fn authorize_get(State(app): State<Arc<App>>, caller: Caller, parts: Parts) -> Answer {
    answer_authorize(&app, &caller, &read::query(&parts)).await
}

/// OpenID Connect Core section 3.1.2.1 asks for POST as well.
pub(super) async fn authorize_post(State(app): State<Arc<App>>, caller: Caller, request: Request) -> Answer {
    let form = read::form(request).await.map_err(Refusal::from)?;
    answer_authorize(&app, &caller, &form).await
}

async fn answer_authorize(app: &App, caller: &Caller, params: &Params) -> Answer {
    match authorize(app, caller, params).await.map_err(|refused| match refused {
        AuthorizeRefused::ToPerson(refusal) => Rejected::Page(refusal),
        to_client => Rejected::Authorize(to_client),
    })? {
        Authorized::Back { location } => Ok(respond::see_other(&location)?),
        Authorized::LogIn { flow, browser } => {
            let mut response = respond::see_other(&format!("/login?flow={flow}"))?;
            cookies::set(app, &mut response, Jar::Browser, &browser, app.config.ttl.session);
            Ok(response)
        }
    }
}

pub(super) async fn token(State(app): State<Arc<App>>, caller: Caller, request: Request) -> Answer {
    let authorization = read::authorization(request.headers()).map(|header| header.map(str::to_owned));
    let authorization = authorization.map_err(|()| TokenError::Client { basic: true })?;
    let form = read::form(request).await.map_err(|unread| match unread {
        Unread::TooLarge => TokenError::TooLarge,
        Unread::Malformed(what) => TokenError::Malformed(what),
    })?;
    let tokens = redeem(&app, &caller, authorization.as_deref(), &form).await?;
    let mut response = respond::json(StatusCode::OK, &tokens);
    // RFC 6749 section 5.1; `Cache-Control: no-store` is on every answer.
    response
        .headers_mut()
        .insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    Ok(response)
}

pub(super) async fn userinfo(State(app): State<Arc<App>>, headers: HeaderMap) -> Answer {
    let authorization = read::authorization(&headers).map_err(|()| BearerError::Invalid)?;
    let claims = userinfo::userinfo(&app, authorization).await?;
    Ok(respond::json(StatusCode::OK, &claims))
}
