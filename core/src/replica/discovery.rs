//! The metadata of the service, for clients.

use crate::{
    config::Config,
    http::{cors::preflight, respond},
    keys::Algorithm,
    redemption::{ACR, scope},
};
use axum::{Router, extract::State, response::Response, routing::get};
use serde_json::{Value, json};
use std::sync::Arc;

/// The route of the metadata.
pub(super) fn routes(config: &Config) -> Router {
    Router::new()
        .route("/.well-known/openid-configuration", get(discovery).options(preflight))
        .with_state(Arc::new(metadata(&config.issuer)))
}

async fn discovery(State(metadata): State<Arc<Value>>) -> Response {
    respond::document(&metadata)
}

/// OpenID Connect Discovery section 3.
fn metadata(issuer: &str) -> Value {
    let at = |path: &str| format!("{issuer}{path}");
    json!({
        "issuer": issuer,
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "userinfo_endpoint": at("/userinfo"),
        "end_session_endpoint": at("/end-session"),
        "jwks_uri": at("/jwks"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "code_challenge_methods_supported": ["S256"],
        "id_token_signing_alg_values_supported": Algorithm::ALL.map(Algorithm::name),
        "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
        "authorization_response_iss_parameter_supported": true,
        "subject_types_supported": ["public"],
        "scopes_supported": scope::SUPPORTED,
        "claims_supported": [
            "iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "email", "email_verified",
            "name", "preferred_username", "groups",
        ],
        "acr_values_supported": [ACR],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
    })
}

#[cfg(test)]
mod tests;
