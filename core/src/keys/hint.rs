//! ID tokens that clients give back, to say whom they mean.

use super::Keys;
use serde_json::Value;

/// What an ID token says that a client gives back as a hint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// Who it is about.
    pub subject: String,
    /// The client that it was issued to.
    pub client_id: String,
}

/// Reads an `id_token_hint`: an ID token of this service, for whichever client, which may have expired (OpenID Connect Core
/// section 3.1.2.1; RP-Initiated Logout section 2). `None`: it is none.
pub fn read_hint(keys: &Keys, issuer: &str, token: &str) -> Option<Hint> {
    let claims = keys.verify(token)?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    (text("iss")? == issuer).then_some(())?;
    Some(Hint {
        subject: text("sub")?.to_owned(),
        client_id: text("aud")?.to_owned(),
    })
}
