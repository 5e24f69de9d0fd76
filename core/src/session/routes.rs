//! The account page and logging out.

use super::{COOKIE, Sessions, page};
use crate::http::{Caller, Rejected, read, respond};
use axum::{
    Router,
    extract::{Request, State},
    response::Response,
    routing::{get, post},
};
use std::sync::Arc;

/// The routes of this module.
pub fn routes(sessions: Arc<Sessions>) -> Router {
    Router::new()
        .route("/", get(account))
        .route("/logout", post(log_out))
        .with_state(sessions)
}

/// Never deletes the cookie: a session that is not found today may be one that a clock, a disk or a
/// restored backup hides (inventory 55).
async fn account(State(sessions): State<Arc<Sessions>>, caller: Caller) -> Result<Response, Rejected> {
    let signed_in = sessions.visit(&caller).await?;
    Ok(page::account(signed_in.as_ref(), sessions.service.now()))
}

async fn log_out(
    State(sessions): State<Arc<Sessions>>,
    caller: Caller,
    request: Request,
) -> Result<Response, Rejected> {
    let issuer = &sessions.service.config.issuer;
    read::own_form(issuer, request).await?;
    sessions.log_out(&caller).await?;
    let mut response = respond::see_other("/")?;
    COOKIE.delete(issuer, &mut response);
    Ok(response)
}
