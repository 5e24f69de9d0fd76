//! The authorization request (RFC 6749 section 4.1.1, OpenID Connect Core section 3.1.2.1).

use crate::{
    http::Params,
    redemption::{pkce, scope},
    session::Session,
};
use seams::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Longest `state` or `nonce` that is kept for a client, in bytes.
const OPAQUE_BYTES_MAX: usize = 2048;

/// A valid authorization request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizeRequest {
    /// Who asks.
    pub client_id: String,
    /// Where the answer goes: registered for that client.
    pub redirect_uri: String,
    /// Granted scope, space-separated.
    pub scope: String,
    /// Echoed to the client.
    pub state: Option<String>,
    /// Echoed in the ID token.
    pub nonce: Option<String>,
    /// S256 challenge (RFC 7636).
    pub challenge: String,
    /// How the person may be asked.
    pub prompt: Prompt,
    /// Longest time since the person authenticated, seconds.
    pub max_age_s: Option<u64>,
}

/// How the person may be asked to log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Prompt {
    /// If necessary.
    Auto,
    /// Not at all: `prompt=none`.
    None,
    /// In any case: `prompt=login`, and `select_account`, for which logging in is the only way here.
    Login,
}

/// Why an authorization request is refused, once it is known where the refusal may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthorizeError {
    /// A parameter came more than once.
    Repeated(String),
    /// `response_type` is missing.
    NoResponseType,
    /// `response_type` is not `code`.
    ResponseType,
    /// `response_mode` is not `query`.
    ResponseMode,
    /// `scope` lacks `openid`.
    Scope,
    /// No well-formed PKCE challenge.
    Challenge,
    /// `code_challenge_method` is not `S256`; without one it is `plain` (RFC 7636 section 4.3).
    ChallengeMethod,
    /// `prompt` is unknown, or `none` together with others.
    Prompt,
    /// `max_age` is not a number of seconds.
    MaxAge,
    /// `state` or `nonce` is too long: to be kept, or, as it is encoded, to go back with the person.
    TooLong,
    /// `request` is not supported (OpenID Connect Core section 6).
    RequestObject,
    /// `request_uri` is not supported.
    RequestUri,
    /// `prompt=none`, and nobody is logged in, or not recently enough.
    LoginRequired,
}

impl AuthorizeRequest {
    /// Checks all but the client and its redirect URI, which the caller has checked: before that, no
    /// answer may be sent anywhere (RFC 6749 section 4.1.2.1). `fits`: whether a way back with this `state` is short enough.
    ///
    /// # Errors
    /// [`AuthorizeError`], to be sent to the client.
    pub fn read(
        params: &Params,
        client_id: &str,
        redirect_uri: &str,
        fits: bool,
    ) -> Result<AuthorizeRequest, AuthorizeError> {
        if let Some(name) = params.repeated() {
            return Err(AuthorizeError::Repeated(name.to_owned()));
        }
        if params.get("request").is_some() {
            return Err(AuthorizeError::RequestObject);
        }
        if params.get("request_uri").is_some() {
            return Err(AuthorizeError::RequestUri);
        }
        match params.get("response_type") {
            None => return Err(AuthorizeError::NoResponseType),
            Some("code") => {}
            Some(_) => return Err(AuthorizeError::ResponseType),
        }
        if params.get("response_mode").is_some_and(|mode| mode != "query") {
            return Err(AuthorizeError::ResponseMode);
        }
        let scope = params.get("scope").unwrap_or_default();
        if !scope::contains(scope, "openid") {
            return Err(AuthorizeError::Scope);
        }
        let challenge = params.get("code_challenge").ok_or(AuthorizeError::Challenge)?;
        if params.get("code_challenge_method") != Some("S256") {
            return Err(AuthorizeError::ChallengeMethod);
        }
        if !pkce::is_challenge(challenge) {
            return Err(AuthorizeError::Challenge);
        }
        let opaque = |name: &str| match params.get(name) {
            Some(value) if value.len() > OPAQUE_BYTES_MAX => Err(AuthorizeError::TooLong),
            value => Ok(value.map(str::to_owned)),
        };
        if !fits {
            return Err(AuthorizeError::TooLong);
        }
        Ok(AuthorizeRequest {
            client_id: client_id.to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            scope: scope::granted(scope),
            state: opaque("state")?,
            nonce: opaque("nonce")?,
            challenge: challenge.to_owned(),
            prompt: Prompt::read(params.get("prompt").unwrap_or_default())?,
            max_age_s: params
                .get("max_age")
                .map(|text| text.parse().map_err(|_| AuthorizeError::MaxAge))
                .transpose()?,
        })
    }

    /// Whether a live session answers the request without asking the person again.
    pub fn satisfied_by(&self, session: &Session, now: Timestamp) -> bool {
        let fresh = |max_s| now.since(session.authenticated_at) <= Duration::from_secs(max_s);
        self.prompt != Prompt::Login && self.max_age_s.is_none_or(fresh)
    }

    /// Whether the person has to log in within this very flow, whatever session there is.
    pub fn wants_fresh_login(&self) -> bool {
        self.prompt == Prompt::Login || self.max_age_s.is_some()
    }
}

impl Prompt {
    fn read(text: &str) -> Result<Prompt, AuthorizeError> {
        let mut prompt = Prompt::Auto;
        let values: Vec<&str> = text.split(' ').filter(|value| !value.is_empty()).collect();
        for value in &values {
            match *value {
                "none" if values.len() == 1 => prompt = Prompt::None,
                "login" | "select_account" => prompt = Prompt::Login,
                "consent" => {} // nothing to consent to: clients are registered by the operator
                _ => return Err(AuthorizeError::Prompt),
            }
        }
        Ok(prompt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "response_type=code&scope=openid+email&state=s&nonce=n&code_challenge_method=S256\
                        &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn read(query: &str) -> Result<AuthorizeRequest, AuthorizeError> {
        AuthorizeRequest::read(&Params::parse(query.as_bytes()), "c", "https://c/cb", true)
    }

    #[test]
    fn a_good_request() {
        let request = read(GOOD).unwrap();
        assert_eq!(request.scope, "openid email");
        assert_eq!(
            (request.state.as_deref(), request.nonce.as_deref()),
            (Some("s"), Some("n"))
        );
        assert_eq!(request.prompt, Prompt::Auto);
        assert_eq!(
            read(&format!("{GOOD}&prompt=login+consent")).unwrap().prompt,
            Prompt::Login
        );
        assert!(read(&format!("{GOOD}&prompt=none&display=popup&unknown=1")).is_ok());
    }

    #[test]
    fn one_refusal_per_reason() {
        use AuthorizeError as E;
        let without = |name: &str| {
            let kept: Vec<&str> = GOOD
                .split('&')
                .filter(|pair| !pair.starts_with(&format!("{name}=")))
                .collect();
            kept.join("&")
        };
        let with = |pair: &str| format!("{GOOD}&{pair}");
        for (query, error) in [
            (with("state=t"), E::Repeated("state".into())),
            (without("response_type"), E::NoResponseType),
            (GOOD.replace("=code&", "=token&"), E::ResponseType),
            (with("response_mode=fragment"), E::ResponseMode),
            (without("scope"), E::Scope),
            (GOOD.replace("openid+", ""), E::Scope),
            (without("code_challenge"), E::Challenge),
            (GOOD.replace("E9M", "E9"), E::Challenge),
            (without("code_challenge_method"), E::ChallengeMethod),
            (GOOD.replace("S256", "plain"), E::ChallengeMethod),
            (with("prompt=none+login"), E::Prompt),
            (with("prompt=create"), E::Prompt),
            (with("max_age=-1"), E::MaxAge),
            (
                GOOD.replace("nonce=n", &format!("nonce={}", "n".repeat(3000))),
                E::TooLong,
            ),
            (with("request=x"), E::RequestObject),
            (with("request_uri=x"), E::RequestUri),
        ] {
            assert_eq!(read(&query), Err(error), "{query}");
        }
    }

    #[test]
    fn what_does_not_fit_into_the_way_back_is_too_long() {
        let params = Params::parse(GOOD.as_bytes());
        let read = AuthorizeRequest::read(&params, "c", "https://c/cb", false);
        assert_eq!(read, Err(AuthorizeError::TooLong));
    }

    #[test]
    fn when_a_session_is_enough() {
        let session = Session {
            id_hash: String::new(),
            user_id: String::new(),
            authenticated_at: Timestamp(10_000),
            expires_at: Timestamp(90_000),
            opened_by: String::new(),
        };
        let now = Timestamp(20_000);
        assert!(read(GOOD).unwrap().satisfied_by(&session, now));
        assert!(read(&format!("{GOOD}&max_age=10")).unwrap().satisfied_by(&session, now));
        assert!(!read(&format!("{GOOD}&max_age=9")).unwrap().satisfied_by(&session, now));
        assert!(
            !read(&format!("{GOOD}&prompt=login"))
                .unwrap()
                .satisfied_by(&session, now)
        );
    }
}
