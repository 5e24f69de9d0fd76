//! What the port for accounts says of logins: that they are not possible now.
//!
//! A balancer asks there when no replica has answered at its port for logins (nginx: `error_page 502 504`). One may have taken the
//! request all the same, done it, and died before its answer; so nothing is said of whether it was done, and nothing is done here.

use super::Health;
use crate::{
    http::{ErrorCode, JsonError, Kind, PageError, Rejected, cors::preflight},
    registry,
    unavailable::Unavailable,
};
use axum::{Router, extract::State, routing::any};
use seams::{Cause, Failure};
use tokio::sync::watch;

type Watched = State<watch::Receiver<Health>>;

/// The routes of everything that needs the store, whatever the method.
pub(super) fn routes(health: watch::Receiver<Health>) -> Router {
    let logins = registry::LOGINS.iter();
    let routes = logins.fold(Router::new(), |routes, path| routes.route(path, any(to_people)));
    routes
        .route("/token", any(to_clients).options(preflight))
        .with_state(health)
}

async fn to_people(State(health): Watched) -> Rejected {
    let page = PageError::new(
        Kind::Unavailable,
        "no-logins",
        "Nobody can sign in just now",
        "Something that signing in depends on does not work. If you are signed in, you stay signed in. Wait a moment, go back to \
         the application and start again.",
    );
    Rejected::Page(page.for_want_of(why(&health)))
}

async fn to_clients(State(health): Watched) -> Rejected {
    Rejected::Json(JsonError {
        description: Some("no codes can be redeemed now, and this one may be spent or not; start again with a new one"),
        unavailable: Some(why(&health)),
        ..JsonError::new(ErrorCode::TemporarilyUnavailable)
    })
}

/// Why nobody answered at a port for logins, as far as this replica knows.
fn why(health: &watch::Receiver<Health>) -> Unavailable {
    match &health.borrow().store {
        Some(cause) => Unavailable {
            doing: "looking at the store",
            failure: Failure::Fail(cause.clone()),
        },
        None => Unavailable {
            doing: "passing a login on",
            failure: Failure::Fail(Cause::Unreachable("every port for logins".into())),
        },
    }
}
