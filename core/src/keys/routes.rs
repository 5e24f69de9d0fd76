//! The public keys, for clients.

use super::Keys;
use crate::http::{cors::preflight, respond};
use axum::{Router, extract::State, response::Response, routing::get};
use serde_json::json;
use std::sync::Arc;

/// The routes of this module.
pub fn routes(keys: Arc<Keys>) -> Router {
    Router::new()
        .route("/jwks", get(jwks).options(preflight))
        .with_state(keys)
}

/// RFC 7517 section 5.
async fn jwks(State(keys): State<Arc<Keys>>) -> Response {
    let keys: Vec<_> = keys.all().iter().map(|key| key.jwk()).collect();
    respond::document(&json!({ "keys": keys }))
}
