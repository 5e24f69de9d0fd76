//! The surface for people and relying parties: routes, and the layer around them all.

mod account;
mod cookies;
mod login;
mod oidc;
pub(super) mod pages;
mod read;
mod style;

#[cfg(test)]
mod tests;

pub use crate::flow::App;

use super::{
    error::{self, Logged, Rejected},
    respond,
};
use crate::{flow::Refusal, model::hash::hex};
use axum::{
    Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::Response,
    routing::{get, post},
};
use http::{HeaderValue, header};
use std::sync::Arc;

/// What the log and the person call a request.
#[derive(Clone)]
struct Correlation(String);

/// All routes of the service.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/.well-known/openid-configuration", get(oidc::discovery))
        .route("/jwks", get(oidc::jwks))
        .route("/authorize", get(oidc::authorize_get).post(oidc::authorize_post))
        .route("/token", post(oidc::token))
        .route("/userinfo", get(oidc::userinfo).post(oidc::userinfo))
        .route("/login", get(login::login_page))
        .route("/login/send", post(login::send))
        .route("/login/code", get(login::code_page))
        .route("/login/verify", post(login::verify))
        .route("/login/continue", get(login::carry_on))
        .route("/", get(account::page))
        .route("/logout", post(account::logout))
        .fallback(|| async { Rejected::from(Refusal::NotFound) })
        .method_not_allowed_fallback(|| async { Rejected::from(Refusal::MethodNotAllowed) })
        .layer(middleware::from_fn_with_state(app.clone(), around))
        .with_state(app)
}

/// Around every request: its correlation ID, the rendering of refusals, and the headers that every
/// answer has.
async fn around(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let mut id = [0; 8];
    app.env.entropy.fill(&mut id);
    let correlation = hex(&id);
    request.extensions_mut().insert(Correlation(correlation.clone()));
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());

    let mut response = next.run(request).await;
    if let Some(rejected) = response.extensions_mut().remove::<Rejected>() {
        let logged = Logged {
            correlation: &correlation,
            method: &method,
            path: &path,
        };
        let allow = response.headers_mut().remove(header::ALLOW);
        response = error::answer(&app, rejected, &logged);
        if let Some(allow) = allow {
            response.headers_mut().insert(header::ALLOW, allow);
        }
    }
    let headers = response.headers_mut();
    headers.insert(
        "x-correlation-id",
        HeaderValue::from_str(&correlation).expect("hexadecimal"),
    );
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    response
}
