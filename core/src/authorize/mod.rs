//! The authorization request, and the login in progress that it begins: until a way to log in has opened a session, and
//! the person goes back to the client with a code.

mod begin;
mod by_post;
pub(crate) mod carried;
mod consent;
mod error;
mod flow;
pub(crate) mod flow_cookie;
mod page;
mod record;
mod request;
mod resume;
mod routes;
mod way_back;

#[cfg(test)]
mod tests;

pub use begin::Authorized;
pub use error::{AuthorizeRefused, FlowRefused, ToClient};
pub use flow::{LoginView, OpenFlow};
pub use page::Way;
pub(crate) use page::login as login_page;
pub use record::FlowRecord;
pub use request::{AuthorizeError, AuthorizeRequest, Prompt};
pub use resume::Continued;
pub use routes::routes;

use crate::{clients::ClientRepository, keys::Keys, service::Service, session::Sessions, store::Namespace};
use std::sync::Arc;

/// A login in progress, bound to a browser, from when its cookie alone does not carry it any more.
pub const FLOW: Namespace = Namespace::new("auth:oidc:flow");

/// The use cases of authorization requests.
pub struct Authorization {
    service: Service,
    clients: Arc<dyn ClientRepository>,
    sessions: Arc<Sessions>,
    keys: Arc<Keys>,
    ways: &'static [Way],
}

impl Authorization {
    /// Authorization for these clients, whose ID tokens these keys have signed; the login page offers these ways to log in, in this order.
    pub fn new(
        service: Service,
        clients: Arc<dyn ClientRepository>,
        sessions: Arc<Sessions>,
        keys: Arc<Keys>,
        ways: &'static [Way],
    ) -> Authorization {
        Authorization {
            service,
            clients,
            sessions,
            keys,
            ways,
        }
    }
}
