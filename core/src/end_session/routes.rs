//! The end-session endpoint.

use super::{EndSession, Ended, page};
use crate::{
    http::{Caller, Rejected, RequestError, read, respond},
    session,
};
use axum::{
    Router,
    extract::{Request, State},
    response::Response,
    routing::{get, post},
};
use http::request::Parts;
use std::sync::Arc;

type Shared = State<Arc<EndSession>>;
type Answer = Result<Response, Rejected>;

/// The routes of this module.
pub fn routes(end_session: Arc<EndSession>) -> Router {
    Router::new()
        .route("/end-session", get(end).post(end_by_form))
        .route("/end-session/confirm", post(confirm))
        .with_state(end_session)
}

async fn end(State(end_session): Shared, caller: Caller, parts: Parts) -> Answer {
    match end_session.end(&caller, &read::query(&parts)).await? {
        Ended::Gone { location } => Ok(gone(&end_session, &location)?),
        Ended::Nobody { location } => Ok(respond::see_other(&location)?),
        Ended::Ask(leaving) => Ok(page::ask(&leaving)),
    }
}

/// RP-Initiated Logout section 2 asks for POST as well.
async fn end_by_form(State(end_session): Shared, request: Request) -> Answer {
    let form = read::form(request).await.map_err(RequestError::from)?;
    Ok(page::ask(&end_session.ask(&form).await?))
}

async fn confirm(State(end_session): Shared, caller: Caller, request: Request) -> Answer {
    let form = read::own_form(&end_session.service.config.issuer, request).await?;
    let location = end_session.confirm(&caller, &form).await?;
    Ok(gone(&end_session, &location)?)
}

/// The session has ended; the cookie may go.
fn gone(end_session: &EndSession, location: &str) -> Result<Response, RequestError> {
    let mut response = respond::see_other(location)?;
    session::COOKIE.delete(&end_session.service.config.issuer, &mut response);
    Ok(response)
}
