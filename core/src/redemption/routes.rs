//! The token endpoint and userinfo.

use super::{BearerError, Redemption, TokenError};
use crate::http::{Caller, Params, Rejected, cors::preflight, read, read::Unread, respond};
use axum::{
    Router,
    extract::{Request, State},
    response::Response,
    routing::{get, post},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use std::sync::Arc;

type Shared = State<Arc<Redemption>>;
type Answer = Result<Response, Rejected>;

/// The token endpoint, which needs the store.
pub fn token_routes(redemption: Arc<Redemption>) -> Router {
    Router::new()
        .route("/token", post(token).options(preflight))
        .with_state(redemption)
}

/// Userinfo, which does not.
pub fn userinfo_routes(redemption: Arc<Redemption>) -> Router {
    Router::new()
        .route("/userinfo", get(userinfo_get).post(userinfo_post).options(preflight))
        .with_state(redemption)
}

async fn token(State(redemption): Shared, caller: Caller, request: Request) -> Answer {
    let authorization = read::authorization(request.headers()).map(|header| header.map(str::to_owned));
    let authorization = authorization.map_err(|()| TokenError::Client { basic: true })?;
    let form = read::form(request).await.map_err(TokenError::from)?;
    let tokens = redemption.redeem(&caller, authorization.as_deref(), &form).await?;
    let mut response = respond::json(StatusCode::OK, &tokens);
    // RFC 6749 section 5.1; `Cache-Control: no-store` is on every answer.
    response
        .headers_mut()
        .insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    Ok(response)
}

async fn userinfo_get(State(redemption): Shared, headers: HeaderMap) -> Answer {
    userinfo(&redemption, &headers, None).await
}

/// The access token may be in the body, if that is a form; any other body says nothing (RFC 6750 section 2.2).
async fn userinfo_post(State(redemption): Shared, headers: HeaderMap, request: Request) -> Answer {
    let form = match read::is_form(&headers) {
        false => None,
        true => Some(read::form(request).await.map_err(|unread| match unread {
            Unread::TooLarge => BearerError::TooLarge,
            Unread::Malformed(_) => BearerError::Missing, // it ended early, or took too long
        })?),
    };
    userinfo(&redemption, &headers, form.as_ref()).await
}

async fn userinfo(redemption: &Redemption, headers: &HeaderMap, form: Option<&Params>) -> Answer {
    let authorization = read::authorization(headers).map_err(|()| BearerError::Invalid)?;
    let claims = redemption.userinfo(authorization, form).await?;
    Ok(respond::json(StatusCode::OK, &claims))
}
