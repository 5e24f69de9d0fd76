//! Asking for a code, and typing it.

use super::{MailedCode, pages};
use crate::{
    http::{Caller, Rejected, read, respond},
    limits, session,
};
use axum::{
    Router,
    extract::{Request, State},
    response::Response,
    routing::{get, post},
};
use http::request::Parts;
use std::sync::Arc;

type Shared = State<Arc<MailedCode>>;
type Answer = Result<Response, Rejected>;

/// The routes of this mailed_code.
pub fn routes(mailed_code: Arc<MailedCode>) -> Router {
    Router::new()
        .route("/login/send", post(send))
        .route("/login/code", get(code_page))
        .route("/login/verify", post(verify))
        .with_state(mailed_code)
}

async fn send(State(mailed_code): Shared, caller: Caller, request: Request) -> Answer {
    let form = read::own_form(&mailed_code.service.config.issuer, request).await?;
    let flow = form.get("flow").unwrap_or_default();
    let address = form.get("address").unwrap_or_default();
    mailed_code.send_code(&caller, flow, address).await?;
    Ok(respond::see_other(&format!("/login/code?flow={flow}"))?)
}

async fn code_page(State(mailed_code): Shared, caller: Caller, parts: Parts) -> Answer {
    let query = read::query(&parts);
    let id = query.get("flow").unwrap_or_default();
    let flow = mailed_code.authorization.open_flow(&caller, id).await?;
    if flow.record.address.is_none() {
        return Ok(respond::see_other(&format!("/login?flow={}", flow.id))?);
    }
    Ok(pages::code(&mailed_code.authorization.view(&flow), None))
}

async fn verify(State(mailed_code): Shared, caller: Caller, request: Request) -> Answer {
    let config = &mailed_code.service.config;
    let form = read::own_form(&config.issuer, request).await?;
    let flow = form.get("flow").unwrap_or_default();
    let code = form.get("code").unwrap_or_default();
    let logged_in = mailed_code.verify_code(&caller, flow, code).await?;
    let mut response = respond::see_other(&format!("/login/continue?flow={flow}"))?;
    session::COOKIE.set(&config.issuer, &mut response, &logged_in.session, config.ttl.session);
    limits::COOKIE.set(
        &config.issuer,
        &mut response,
        &logged_in.known,
        config.ttl.known_browser,
    );
    Ok(response)
}
