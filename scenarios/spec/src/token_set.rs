//! A token set, and what its ID token must say (OpenID Connect Core sections 2, 3.1.3.3 and 3.1.3.6; RFC 6749 section 5.1).

use crate::{
    exchange::{IdToken, Tokens},
    secret::Tag,
    times::Times,
    world::Person,
};
use serde_json::{Map, Value, json};

/// What a token set must be.
#[derive(Debug, Clone)]
pub(crate) struct TokenSet {
    /// The issuer.
    pub(crate) issuer: String,
    /// The client.
    pub(crate) client_id: String,
    /// Who logged in: one of these, if it cannot be known.
    pub(crate) people: Vec<Person>,
    /// The granted scope.
    pub(crate) scope: String,
    /// The nonce of the authorization request.
    pub(crate) nonce: Option<Tag>,
    /// When the person logged in, Unix milliseconds.
    pub(crate) authenticated: Times,
    /// When the token was issued, Unix milliseconds.
    pub(crate) issued: Times,
    /// Lifetime of the access token, milliseconds.
    pub(crate) access_ms: u64,
    /// Lifetime of the ID token, milliseconds.
    pub(crate) id_ms: u64,
    /// The algorithm that the client has registered.
    pub(crate) algorithm: String,
    /// The keys that were published, each one's name and algorithm; empty: nobody has looked yet.
    pub(crate) keys: Vec<(String, String)>,
}

impl TokenSet {
    /// Whether a token set is this one.
    ///
    /// # Errors
    /// What differs.
    pub(crate) fn check(&self, tokens: &Tokens) -> Result<(), String> {
        if !tokens.access.is_token() {
            return Err("the access token is not 256 bits in base64url".into());
        }
        let rest = Value::Object(tokens.rest.clone());
        let expected = json!({
            "token_type": "Bearer", "expires_in": self.access_ms / 1000, "scope": self.scope,
        });
        if rest != expected {
            return Err(format!("beside its tokens it says {rest} instead of {expected}"));
        }
        let token = tokens.id_token.as_ref().ok_or("the ID token is no JWT")?;
        self.check_header(&token.header)?;
        self.check_claims(token, &tokens.at_hash)
    }

    fn check_header(&self, header: &Map<String, Value>) -> Result<(), String> {
        let members: Vec<&str> = header.keys().map(String::as_str).collect();
        if members != ["alg", "kid", "typ"] {
            return Err(format!("the header of the ID token has {members:?}"));
        }
        if header["alg"] != *self.algorithm || header["typ"] != "JWT" {
            let (typ, alg) = (&header["typ"], &header["alg"]);
            return Err(format!("the ID token is {typ} {alg} instead of JWT {}", self.algorithm));
        }
        // "A key MUST only be used with one algorithm" (RFC 8725 section 3.1).
        let kid = header["kid"].as_str().unwrap_or_default();
        let is_this = |(name, algorithm): &(String, String)| name == kid && *algorithm == self.algorithm;
        match self.keys.is_empty() || self.keys.iter().any(is_this) {
            true => Ok(()),
            false => {
                let algorithm = &self.algorithm;
                Err(format!(
                    "the ID token is signed with {kid}, which is not published for {algorithm}"
                ))
            }
        }
    }

    fn check_claims(&self, token: &IdToken, at_hash: &str) -> Result<(), String> {
        let claims = &token.claims;
        if token.nonce.as_ref().map(|nonce| nonce.tag) != self.nonce {
            return Err("the nonce of the ID token is not that of the request".into());
        }
        let second = |name: &str| claims.get(name).and_then(Value::as_u64);
        let within = |name: &str, times: Times| match second(name) {
            Some(at) if (times.from_ms / 1000..=times.to_ms / 1000).contains(&at) => Ok(at),
            Some(at) => Err(format!("{name} is {at}, which is not when it happened")),
            None => Err(format!("the ID token has no {name}")),
        };
        within("auth_time", self.authenticated)?;
        let issued = within("iat", self.issued)?;
        if second("exp") != Some(issued + self.id_ms / 1000) {
            return Err(format!("exp is not {} s after iat", self.id_ms / 1000));
        }
        let mut plain = claims.clone();
        for name in ["auth_time", "iat", "exp"] {
            plain.remove(name);
        }
        let says = |person: &Person| {
            let mut expected = granted(person, &self.scope);
            expected.insert("iss".into(), self.issuer.clone().into());
            expected.insert("aud".into(), self.client_id.clone().into());
            expected.insert("at_hash".into(), at_hash.into());
            // A mailed code: RFC 8176 section 2, and no level of assurance (SP 800-63B-4 section 3.1.3.1).
            expected.insert("amr".into(), json!(["otp"]));
            expected.insert("acr".into(), "0".into());
            expected
        };
        match self.people.iter().any(|person| says(person) == plain) {
            true => Ok(()),
            false => {
                let expected = self.people.first().map(|person| Value::Object(says(person)));
                Err(format!(
                    "the ID token says {} instead of {}",
                    Value::Object(plain),
                    expected.unwrap_or_default()
                ))
            }
        }
    }
}

/// What a scope grants of a person (OpenID Connect Core section 5.4).
pub(crate) fn granted(person: &Person, scope: &str) -> Map<String, Value> {
    let has = |name: &str| scope.split(' ').any(|other| other == name);
    let mut claims = Map::new();
    claims.insert("sub".into(), person.id.clone().into());
    if has("email") {
        claims.insert("email".into(), person.address.clone().into());
        claims.insert("email_verified".into(), true.into());
    }
    if has("profile") {
        claims.insert("name".into(), person.name.clone().into());
        let username = person.username.clone().map(Value::from);
        claims.extend(username.map(|username| ("preferred_username".to_owned(), username)));
    }
    if has("groups") {
        claims.insert("groups".into(), person.groups.clone().into());
    }
    claims
}
