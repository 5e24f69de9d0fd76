//! The token endpoint and userinfo.

use super::{BearerError, Redemption, TokenError};
use crate::http::{Caller, Rejected, read, respond};
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

/// The routes of this redemption.
pub fn routes(redemption: Arc<Redemption>) -> Router {
    Router::new()
        .route("/token", post(token))
        .route("/userinfo", get(userinfo).post(userinfo))
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

async fn userinfo(State(redemption): Shared, headers: HeaderMap) -> Answer {
    let authorization = read::authorization(&headers).map_err(|()| BearerError::Invalid)?;
    let claims = redemption.userinfo(authorization).await?;
    Ok(respond::json(StatusCode::OK, &claims))
}
