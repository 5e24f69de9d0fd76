//! The account page.

use super::{
    App,
    cookies::{self, Jar},
    pages, read, respond,
};
use crate::{
    flow::{Caller, account, logout as end},
    http::error::Rejected,
};
use axum::{
    extract::{Request, State},
    response::Response,
};
use std::sync::Arc;

/// Never deletes the cookie: a session that is not found today may be one that a clock, a disk or a
/// restored backup hides (inventory 55).
pub(super) async fn page(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Rejected> {
    Ok(pages::account(
        account::visit(&app, &caller).await?.as_ref(),
        app.env.now(),
    ))
}

pub(super) async fn logout(
    State(app): State<Arc<App>>,
    caller: Caller,
    request: Request,
) -> Result<Response, Rejected> {
    read::own_form(&app, request).await?;
    end::logout(&app, &caller).await?;
    let mut response = respond::see_other("/")?;
    cookies::delete(&app, &mut response, Jar::Session);
    Ok(response)
}
