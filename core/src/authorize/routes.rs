//! The authorization endpoint, the login page, and the way back to the client.

use super::{Authorization, Authorized, Continued, by_post, flow_cookie, page};
use crate::{
    hash::sha256_hex,
    http::{Caller, Rejected, RequestError, read, respond},
};
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
    match authorization.authorize(&caller, &read::query(&parts)).await? {
        Authorized::Back { location } => Ok(respond::see_other(&location)?),
        Authorized::LogIn { flow, cookie } => Ok(begun(&authorization, &caller, &login(&flow), (&flow, &cookie))?),
        Authorized::Consent { flow, cookie } => Ok(begun(&authorization, &caller, &consent(&flow), (&flow, &cookie))?),
    }
}

/// OpenID Connect Core section 3.1.2.1 asks for POST as well: see [`by_post`].
async fn authorize_post(State(authorization): Shared, request: Request) -> Answer {
    let form = read::form_bytes(request).await.map_err(RequestError::from)?;
    let location = by_post::as_get(&form, authorization.service.config.limits.way_back());
    Ok(respond::see_other(&location.ok_or(RequestError::TooLarge)?)?)
}

fn login(flow: &str) -> String {
    format!("/login?flow={flow}")
}

fn consent(flow: &str) -> String {
    format!("/login/consent?flow={flow}")
}

/// To a page of a login in progress that has just begun. Its cookie lives as long as the login.
fn begun(
    authorization: &Authorization,
    caller: &Caller,
    location: &str,
    (flow, cookie): (&str, &str),
) -> Result<Response, RequestError> {
    let mut response = respond::see_other(location)?;
    let config = &authorization.service.config;
    for surplus in flow_cookie::surplus(caller, config.limits.flows_in_browser) {
        surplus.delete(&config.issuer, &mut response);
    }
    let name = flow_cookie::of(&sha256_hex(flow));
    name.set(&config.issuer, &mut response, cookie, config.ttl.flow);
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
