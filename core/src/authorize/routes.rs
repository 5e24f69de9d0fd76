//! The authorization endpoint, the login page, and the way back to the client.

use super::{Authorization, Authorized, BROWSER, Continued, page};
use crate::http::{Caller, Params, Rejected, RequestError, read, respond};
use axum::{
    Router,
    extract::{Request, State},
    response::Response,
    routing::get,
};
use http::request::Parts;
use std::sync::Arc;

type Shared = State<Arc<Authorization>>;
type Answer = Result<Response, Rejected>;

/// The routes of this authorization.
pub fn routes(authorization: Arc<Authorization>) -> Router {
    Router::new()
        .route("/authorize", get(authorize_get).post(authorize_post))
        .route("/login", get(login_page))
        .route("/login/consent", get(consent_page).post(give_consent))
        .route("/login/continue", get(carry_on))
        .with_state(authorization)
}

async fn authorize_get(State(authorization): Shared, caller: Caller, parts: Parts) -> Answer {
    authorize(&authorization, &caller, &read::query(&parts)).await
}

/// OpenID Connect Core section 3.1.2.1 asks for POST as well.
async fn authorize_post(State(authorization): Shared, caller: Caller, request: Request) -> Answer {
    let form = read::form(request).await.map_err(RequestError::from)?;
    authorize(&authorization, &caller, &form).await
}

async fn authorize(authorization: &Authorization, caller: &Caller, params: &Params) -> Answer {
    match authorization.authorize(caller, params).await? {
        Authorized::Back { location } => Ok(respond::see_other(&location)?),
        Authorized::LogIn { flow, browser } => Ok(begun(authorization, &login(&flow), &browser)?),
        Authorized::Consent { flow, browser } => Ok(begun(authorization, &consent(&flow), &browser)?),
    }
}

fn login(flow: &str) -> String {
    format!("/login?flow={flow}")
}

fn consent(flow: &str) -> String {
    format!("/login/consent?flow={flow}")
}

/// To a page of a login in progress that has just begun.
fn begun(authorization: &Authorization, location: &str, browser: &str) -> Result<Response, RequestError> {
    let mut response = respond::see_other(location)?;
    let config = &authorization.service.config;
    BROWSER.set(&config.issuer, &mut response, browser, config.ttl.session);
    Ok(response)
}

async fn consent_page(State(authorization): Shared, caller: Caller, parts: Parts) -> Answer {
    let query = read::query(&parts);
    let flow = query.get("flow").unwrap_or_default();
    match authorization.consent(&caller, flow).await? {
        Some((view, signed_in)) => Ok(page::consent(&view, &signed_in)),
        None => Ok(respond::see_other(&login(flow))?),
    }
}

async fn give_consent(State(authorization): Shared, caller: Caller, request: Request) -> Answer {
    let form = read::own_form(&authorization.service.config.issuer, request).await?;
    let flow = form.get("flow").unwrap_or_default();
    Ok(match authorization.give_consent(&caller, flow).await? {
        true => respond::see_other(&format!("/login/continue?flow={flow}"))?,
        false => respond::see_other(&login(flow))?,
    })
}

async fn login_page(State(authorization): Shared, caller: Caller, parts: Parts) -> Answer {
    let query = read::query(&parts);
    let flow = authorization
        .open_flow(&caller, query.get("flow").unwrap_or_default())
        .await?;
    Ok(page::login(&authorization.view(&flow), None))
}

async fn carry_on(State(authorization): Shared, caller: Caller, parts: Parts) -> Answer {
    let query = read::query(&parts);
    let flow = query.get("flow").unwrap_or_default();
    Ok(match authorization.resume(&caller, flow).await? {
        Continued::Back { location } => respond::see_other(&location)?,
        Continued::LogIn => respond::see_other(&login(flow))?,
        Continued::Consent => respond::see_other(&consent(flow))?,
    })
}
