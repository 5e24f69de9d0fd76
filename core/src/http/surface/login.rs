//! The pages of a login in progress.

use super::{
    App,
    cookies::{self, Jar},
    pages, read, respond,
};
use crate::{
    flow::{
        Caller, Refusal,
        continue_login::{Continued, continue_login},
        open::{OpenFlow, open_flow},
        send_code::send_code,
        verify_code::verify_code,
    },
    http::error::Rejected,
};
use axum::{
    extract::{Request, State},
    response::Response,
};
use http::request::Parts;
use std::sync::Arc;

type Answer = Result<Response, Rejected>;

async fn opened(app: &App, caller: &Caller, parts: &Parts) -> Result<OpenFlow, Refusal> {
    let query = read::query(parts);
    open_flow(app, caller, query.get("flow").unwrap_or_default()).await
}

pub(super) async fn login_page(State(app): State<Arc<App>>, caller: Caller, parts: Parts) -> Answer {
    let flow = opened(&app, &caller, &parts).await?;
    Ok(pages::login(&flow.form(), None))
}

pub(super) async fn send(State(app): State<Arc<App>>, caller: Caller, request: Request) -> Answer {
    let form = read::own_form(&app, request).await?;
    let flow = form.get("flow").unwrap_or_default();
    send_code(&app, &caller, flow, form.get("address").unwrap_or_default()).await?;
    Ok(respond::see_other(&format!("/login/code?flow={flow}"))?)
}

pub(super) async fn code_page(State(app): State<Arc<App>>, caller: Caller, parts: Parts) -> Answer {
    let flow = opened(&app, &caller, &parts).await?;
    if flow.record.address.is_none() {
        return Ok(respond::see_other(&format!("/login?flow={}", flow.id))?);
    }
    Ok(pages::code(&flow.form(), None))
}

pub(super) async fn verify(State(app): State<Arc<App>>, caller: Caller, request: Request) -> Answer {
    let form = read::own_form(&app, request).await?;
    let flow = form.get("flow").unwrap_or_default();
    let session = verify_code(&app, &caller, flow, form.get("code").unwrap_or_default()).await?;
    let mut response = respond::see_other(&format!("/login/continue?flow={flow}"))?;
    cookies::set(&app, &mut response, Jar::Session, &session, app.config.ttl.session);
    Ok(response)
}

pub(super) async fn carry_on(State(app): State<Arc<App>>, caller: Caller, parts: Parts) -> Answer {
    let query = read::query(&parts);
    let flow = query.get("flow").unwrap_or_default();
    Ok(match continue_login(&app, &caller, flow).await? {
        Continued::Back { location } => respond::see_other(&location)?,
        Continued::LogIn => respond::see_other(&format!("/login?flow={flow}"))?,
    })
}
