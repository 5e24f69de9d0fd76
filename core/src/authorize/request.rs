//! The authorization request (RFC 6749 section 4.1.1, OpenID Connect Core section 3.1.2.1).

use crate::{
    clients::{Client, Pkce, may_be_impersonated},
    http::Params,
    redemption::{pkce, scope},
    session::Session,
};
use seams::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Longest `state` or `nonce` that is kept for a client, in bytes.
const OPAQUE_BYTES_MAX: usize = 2048;

/// The parameters that mean something here; none of them may come twice.
pub(super) const PARAMETERS: [&str; 14] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "max_age",
    "id_token_hint",
    "request",
    "request_uri",
];

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
    /// S256 challenge (RFC 7636); `None`: a client that may leave it out did so.
    pub challenge: Option<String>,
    /// How the person may be asked.
    pub prompt: Prompt,
    /// Longest time since the person authenticated, seconds.
    pub max_age_s: Option<u64>,
    /// Who is asked for: the subject of `id_token_hint`. Nobody else's login answers the request.
    #[serde(default)]
    pub subject: Option<String>,
    /// Whether a session from before answers it only once the person has said so.
    #[serde(default)]
    pub needs_consent: bool,
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
    /// A parameter that means something came more than once.
    Repeated(&'static str),
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
    /// `state` is too long: to be kept, or, as it is encoded, to go back with the person.
    StateTooLong,
    /// `nonce` is too long to be kept.
    NonceTooLong,
    /// `id_token_hint` is no ID token of this service.
    Hint,
    /// `request` is not supported (OpenID Connect Core section 6).
    RequestObject,
    /// `request_uri` is not supported.
    RequestUri,
    /// `prompt=none`, and nobody is logged in, or not recently enough.
    LoginRequired,
    /// `prompt=none`, and the person would have to say that they want to go on.
    ConsentRequired,
}

impl AuthorizeRequest {
    /// Checks all but the client and its redirect URI, which the caller has checked: before that, no
    /// answer may be sent anywhere (RFC 6749 section 4.1.2.1). Whom `id_token_hint` names the caller finds out, too.
    /// `fits`: whether a way back with this `state` is short enough.
    ///
    /// # Errors
    /// [`AuthorizeError`], to be sent to the client.
    pub fn read(
        params: &Params,
        client: &Client,
        redirect_uri: &str,
        fits: bool,
    ) -> Result<AuthorizeRequest, AuthorizeError> {
        if let Some(name) = params.repeated_of(&PARAMETERS) {
            return Err(AuthorizeError::Repeated(name));
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
        let opaque = |name: &str, too_long| match params.get(name) {
            Some(value) if value.len() > OPAQUE_BYTES_MAX => Err(too_long),
            value => Ok(value.map(str::to_owned)),
        };
        if !fits {
            return Err(AuthorizeError::StateTooLong);
        }
        let (prompt, asks_for_consent) = Prompt::read(params.get("prompt").unwrap_or_default())?;
        Ok(AuthorizeRequest {
            client_id: client.id.clone(),
            redirect_uri: redirect_uri.to_owned(),
            scope: scope::granted(scope),
            challenge: challenge(params, client.pkce)?,
            state: opaque("state", AuthorizeError::StateTooLong)?,
            nonce: opaque("nonce", AuthorizeError::NonceTooLong)?,
            prompt,
            max_age_s: params
                .get("max_age")
                .map(|text| text.parse().map_err(|_| AuthorizeError::MaxAge))
                .transpose()?,
            subject: None,
            needs_consent: asks_for_consent || may_be_impersonated(client, redirect_uri),
        })
    }

    /// Whether a live session answers the request without asking the person again.
    pub fn satisfied_by(&self, session: &Session, now: Timestamp) -> bool {
        let fresh = |max_s| now.since(session.authenticated_at) <= Duration::from_secs(max_s);
        self.prompt != Prompt::Login && self.max_age_s.is_none_or(fresh) && self.is_about(session)
    }

    /// Whether it asks for the person of this session, or for anybody (OpenID Connect Core section 3.1.2.1,
    /// `id_token_hint`).
    pub fn is_about(&self, session: &Session) -> bool {
        self.subject.as_ref().is_none_or(|subject| *subject == session.user_id)
    }
}

/// The S256 challenge. A client that may leave it out leaves all of it out: half a challenge is a mistake, and without a
/// method it would be `plain` (RFC 7636 section 4.3), which RFC 9700 section 2.1.1 advises against.
fn challenge(params: &Params, pkce: Pkce) -> Result<Option<String>, AuthorizeError> {
    let (challenge, method) = (params.get("code_challenge"), params.get("code_challenge_method"));
    match (challenge, method) {
        (None, None) if pkce == Pkce::Optional => Ok(None),
        (None, _) => Err(AuthorizeError::Challenge),
        (Some(_), method) if method != Some("S256") => Err(AuthorizeError::ChallengeMethod),
        (Some(challenge), _) if !pkce::is_challenge(challenge) => Err(AuthorizeError::Challenge),
        (Some(challenge), _) => Ok(Some(challenge.to_owned())),
    }
}

impl Prompt {
    /// How the person may be asked, and whether they are to be asked for consent.
    fn read(text: &str) -> Result<(Prompt, bool), AuthorizeError> {
        let mut prompt = Prompt::Auto;
        let values: Vec<&str> = text.split(' ').filter(|value| !value.is_empty()).collect();
        for value in &values {
            match *value {
                "none" if values.len() == 1 => prompt = Prompt::None,
                "login" | "select_account" => prompt = Prompt::Login,
                "consent" => {}
                _ => return Err(AuthorizeError::Prompt),
            }
        }
        Ok((prompt, values.contains(&"consent")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::ClientSecret;

    const GOOD: &str = "response_type=code&scope=openid+email&state=s&nonce=n&code_challenge_method=S256\
                        &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn read(query: &str) -> Result<AuthorizeRequest, AuthorizeError> {
        read_for(Pkce::Required, query)
    }

    fn client(pkce: Pkce) -> Client {
        Client {
            id: "c".into(),
            name: "C".into(),
            secret: ClientSecret::Sha256(String::new()),
            redirect_uris: vec![],
            pkce,
            post_logout_redirect_uris: vec![],
            id_token_alg: crate::keys::Algorithm::Es256,
        }
    }

    fn read_for(pkce: Pkce, query: &str) -> Result<AuthorizeRequest, AuthorizeError> {
        AuthorizeRequest::read(&Params::parse(query.as_bytes()), &client(pkce), "https://c/cb", true)
    }

    fn without(names: &[&str]) -> String {
        let kept: Vec<&str> = GOOD
            .split('&')
            .filter(|pair| !names.contains(&pair.split('=').next().unwrap()))
            .collect();
        kept.join("&")
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
        // RFC 8707 section 2.
        assert!(read(&format!("{GOOD}&resource=https://a.example&resource=https://b.example")).is_ok());
    }

    #[test]
    fn one_refusal_per_reason() {
        use AuthorizeError as E;
        let with = |pair: &str| format!("{GOOD}&{pair}");
        for (query, error) in [
            (with("state=t"), E::Repeated("state")),
            (without(&["response_type"]), E::NoResponseType),
            (GOOD.replace("=code&", "=token&"), E::ResponseType),
            (with("response_mode=fragment"), E::ResponseMode),
            (without(&["scope"]), E::Scope),
            (GOOD.replace("openid+", ""), E::Scope),
            (without(&["code_challenge"]), E::Challenge),
            (GOOD.replace("E9M", "E9"), E::Challenge),
            (without(&["code_challenge_method"]), E::ChallengeMethod),
            (GOOD.replace("S256", "plain"), E::ChallengeMethod),
            (with("prompt=none+login"), E::Prompt),
            (with("prompt=create"), E::Prompt),
            (with("max_age=-1"), E::MaxAge),
            (
                GOOD.replace("nonce=n", &format!("nonce={}", "n".repeat(3000))),
                E::NonceTooLong,
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
        let read = AuthorizeRequest::read(&params, &client(Pkce::Required), "https://c/cb", false);
        assert_eq!(read, Err(AuthorizeError::StateTooLong));
    }

    #[test]
    fn a_challenge_is_left_out_as_a_whole_and_only_where_it_may_be() {
        use AuthorizeError as E;
        let none = without(&["code_challenge", "code_challenge_method"]);
        assert_eq!(read_for(Pkce::Optional, &none).unwrap().challenge, None);
        assert_eq!(read_for(Pkce::Required, &none), Err(E::Challenge));
        for pkce in [Pkce::Optional, Pkce::Required] {
            assert!(read_for(pkce, GOOD).unwrap().challenge.is_some());
            assert_eq!(read_for(pkce, &without(&["code_challenge"])), Err(E::Challenge));
            assert_eq!(
                read_for(pkce, &without(&["code_challenge_method"])),
                Err(E::ChallengeMethod)
            );
            assert_eq!(read_for(pkce, &GOOD.replace("S256", "plain")), Err(E::ChallengeMethod));
            assert_eq!(read_for(pkce, &GOOD.replace("E9M", "E9")), Err(E::Challenge));
        }
    }

    #[test]
    fn when_a_session_is_enough() {
        let session = Session {
            id_hash: String::new(),
            user_id: "user-ann".into(),
            authenticated_at: Timestamp(10_000),
            expires_at: Timestamp(90_000),
            opened_by: String::new(),
            sid: String::new(),
            replaces: None,
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
        for (subject, is_enough) in [("user-ann", true), ("user-bob", false)] {
            let request = AuthorizeRequest {
                subject: Some(subject.into()),
                ..read(GOOD).unwrap()
            };
            assert_eq!(request.satisfied_by(&session, now), is_enough, "{subject}");
        }
    }
}
