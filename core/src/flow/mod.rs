//! What the service does, one use case a file, against the seams.
//!
//! Pure decisions are in [`crate::model`]; what a refusal looks like is for [`crate::http::error`].

pub mod account;
mod app;
pub mod authorize;
pub mod continue_login;
mod error;
pub mod logout;
pub mod open;
pub mod redeem;
pub mod send_code;
pub mod userinfo;
pub mod verify_code;

pub use app::App;
pub use error::{During, Form, Refusal, Trouble};

/// Who calls: what the browser's cookies say, and the name under which the log knows the request.
#[derive(Clone, Default)]
pub struct Caller {
    /// Correlation ID, as the person sees it.
    pub correlation: String,
    /// The cookie that tells this browser from others.
    pub browser: Option<String>,
    /// The session cookie.
    pub session: Option<String>,
}
