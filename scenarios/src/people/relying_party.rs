//! A relying party: an OpenID Connect client that checks everything before it trusts it.

use crate::{
    people::{
        id_token::{self, Claims, Expected},
        token_endpoint::{Presentation, Tokens, call, present, read},
    },
    redemption,
    vocabulary::{Op, Seen, Tag},
    world::{RelyingPartyOptions, Scene, SeenCode},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{Method, Request, header};
use idp::http::client::Client;
use seams::random_token;
use serde::{Deserialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use url::Url;

/// A relying party that acts for one person.
pub(crate) struct RelyingParty {
    scene: Scene,
    client: Client,
    who: String,
    options: RelyingPartyOptions,
    basic: bool,
}

/// An authorization request in progress, and the values that its answer must match.
pub(crate) struct Begun {
    /// The URL to which the browser is sent.
    pub(crate) url: String,
    state: String,
    nonce: String,
    verifier: Option<String>,
}

#[derive(Deserialize)]
struct UserInfo {
    sub: String,
    email: Option<String>,
}

impl RelyingParty {
    /// A relying party that acts for `who`. If it has a secret, `basic` says how it authenticates: in the Authorization
    /// header if true, in the form otherwise.
    pub(crate) fn new(scene: &Scene, who: &str, options: RelyingPartyOptions, basic: bool) -> RelyingParty {
        if let Some(secret) = &options.secret {
            // A log is searched for words; the secret has characters that have to be encoded (RFC 6749 section 2.3.1).
            let word = secret.split('&').next().unwrap_or(secret);
            scene.recorder.secret("client secret", word);
        }
        RelyingParty {
            scene: scene.clone(),
            client: Client::new(&scene.env),
            who: who.to_owned(),
            options,
            basic,
        }
    }

    /// Whether it uses PKCE. Many confidential clients have it switched off as shipped: here those that authenticate in the
    /// header.
    fn uses_pkce(&self) -> bool {
        self.options.secret.is_none() || !self.basic
    }

    /// What it asks for. A confidential client wants to know what somebody may do there.
    fn scope(&self) -> &'static str {
        match self.options.secret {
            None => "openid profile email",
            Some(_) => "openid profile email groups",
        }
    }

    /// Begins an authorization request: code flow, state, nonce, and PKCE S256 (RFC 7636 section 4) if it uses that.
    pub(crate) fn begin(&self) -> Begun {
        let token = || random_token(&*self.scene.env.entropy);
        let (mut state, mut nonce, mut verifier) = (token(), token(), token());
        if let Some(odd) = &self.scene.odd {
            state.push_str(&odd.state_suffix);
            nonce.push_str(&odd.state_suffix);
            if let Some(odd) = &odd.verifier {
                verifier.clone_from(odd);
            }
        }
        self.scene.recorder.secret("PKCE verifier", &verifier);
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        let mut params: Vec<(String, String)> = [
            ("response_type", "code"),
            ("client_id", self.options.client_id.as_str()),
            ("redirect_uri", &self.options.redirect_uri),
            ("scope", self.scope()),
            ("state", &state),
            ("nonce", &nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        if !self.uses_pkce() {
            params.retain(|(name, _)| !name.starts_with("code_challenge"));
        }
        if let Some(odd) = &self.scene.odd {
            odd.ask(&mut params);
        }
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(params)
            .finish();
        Begun {
            url: format!("{}/authorize?{query}", self.scene.issuer),
            state,
            nonce,
            verifier: self.uses_pkce().then_some(verifier),
        }
    }

    /// Receives the answer that the browser brings to the redirect URI, and first checks the state, and the issuer
    /// exactly (RFC 9207 section 2.4).
    ///
    /// # Errors
    /// The check that failed, or the error that the service sent.
    pub(crate) fn callback(&self, begun: &Begun, url: &Url) -> Result<SeenCode, String> {
        let mut bare = url.clone();
        bare.set_query(None);
        let registered = &self.options.redirect_uri;
        if bare.as_str() != registered.split('?').next().unwrap_or(registered) {
            return Err(format!("sent to {bare}, which is not the redirect URI"));
        }
        let one = |name: &str| {
            let mut all = url
                .query_pairs()
                .filter(|(n, _)| n == name)
                .map(|(_, v)| v.into_owned());
            match (all.next(), all.next()) {
                (Some(value), None) => Ok(value),
                (None, _) => Err(format!("no {name} in the callback")),
                (Some(_), Some(_)) => Err(format!("{name} twice in the callback")),
            }
        };
        if one("state")? != begun.state {
            return Err("another state in the callback".into());
        }
        if one("iss")? != self.scene.issuer {
            return Err("another issuer in the callback".into());
        }
        if let Ok(error) = one("error") {
            return Err(error);
        }
        let code = one("code")?;
        self.scene.recorder.secret("authorization code", &code);
        Ok(SeenCode {
            code,
            verifier: begun.verifier.clone(),
            client: self.options.clone(),
            who: self.who.clone(),
            access_token: None,
        })
    }

    /// A code that was used leaks through logs and referers, and so may the token that was issued for it.
    pub(crate) fn publish(&self, seen_code: &SeenCode, tokens: Option<&Tokens>) {
        self.scene.codes.publish(SeenCode {
            access_token: tokens.map(|tokens| tokens.access_token.clone()),
            ..seen_code.clone()
        });
    }

    /// Presents a code through the balancer.
    ///
    /// # Errors
    /// The outcome of the exchange. After [`Seen::Unknown`] nothing may be assumed: the code may be spent.
    pub(crate) async fn exchange(&self, seen_code: &SeenCode) -> Result<Tokens, Seen> {
        self.exchange_as(seen_code, self.presentation()).await
    }

    /// The same for a code whose person has signed out since.
    ///
    /// # Errors
    /// As [`RelyingParty::exchange`].
    pub(crate) async fn exchange_too_late(&self, seen_code: &SeenCode) -> Result<Tokens, Seen> {
        let late = Presentation {
            signed_out: true,
            ..self.presentation()
        };
        self.exchange_as(seen_code, late).await
    }

    async fn exchange_as(&self, seen_code: &SeenCode, presentation: Presentation) -> Result<Tokens, Seen> {
        let (scene, client) = (&self.scene, &self.client);
        present(scene, client, &self.who, seen_code, &scene.balancer, presentation).await
    }

    /// How it presents a code of its own.
    pub(crate) fn presentation(&self) -> Presentation {
        Presentation {
            basic: self.basic,
            wrong_verifier: false,
            signed_out: false,
        }
    }

    /// Checks the ID token against the service's published keys.
    ///
    /// # Errors
    /// The check that failed, or the outcome of fetching the keys.
    pub(crate) async fn check_id_token(&self, begun: &Begun, tokens: &Tokens) -> Result<Claims, Seen> {
        self.scene
            .recorder
            .observe(&self.who, Op::Redemption(redemption::Op::CheckIdToken), async {
                let keys = self.get("/jwks", None).await?;
                let expected = Expected {
                    issuer: &self.scene.issuer,
                    client_id: &self.options.client_id,
                    algorithm: self.options.id_token_alg,
                    nonce: &begun.nonce,
                    now: self.scene.env.now(),
                };
                id_token::check(&tokens.id_token, &keys, &expected).map_err(Seen::Fail)
            })
            .await
    }

    /// Asks userinfo, with the access token, who logged in. The answer must be the ID token's subject (OpenID Connect
    /// Core section 5.3.2) and the person at `address`.
    ///
    /// # Errors
    /// The check that failed, or the outcome of the request.
    pub(crate) async fn userinfo(
        &self,
        code: &SeenCode,
        tokens: &Tokens,
        claims: &Claims,
        address: &str,
    ) -> Result<(), Seen> {
        let op = Op::Redemption(redemption::Op::UserInfo {
            code: Tag::of(&code.code),
        });
        self.scene
            .recorder
            .observe(&self.who, op, async {
                let info: UserInfo = self.ask_userinfo(&tokens.access_token).await?;
                if info.sub != claims.sub {
                    Err(Seen::Fail("userinfo is about another subject than the ID token".into()))
                } else if info.email.as_deref().is_some_and(|email| email != address) {
                    Err(Seen::Fail("logged in as somebody else".into()))
                } else {
                    Ok(())
                }
            })
            .await
    }

    /// With the token in the header, or, if it puts its own secret into forms, in the body (RFC 6750 sections 2.1 and 2.2).
    pub(crate) async fn ask_userinfo<T: DeserializeOwned>(&self, token: &str) -> Result<T, Seen> {
        if self.options.secret.is_none() || self.basic {
            return self.get("/userinfo", Some(token)).await;
        }
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("access_token", token)
            .finish();
        let request = Request::builder()
            .method(Method::POST)
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = call(
            &self.scene,
            &self.client,
            &self.who,
            &self.scene.balancer,
            request,
            "/userinfo",
            form,
        )
        .await;
        read(answer)
    }

    /// Asks for a document that anybody may read.
    ///
    /// # Errors
    /// The outcome, if it is no document.
    pub(crate) async fn ask_document(&self, path: &str) -> Result<serde_json::Value, Seen> {
        self.get(path, None).await
    }

    /// Asks what a script of the client may send, as the browser does before the script's own request (Fetch standard,
    /// "CORS-preflight request"). The answer is in the history.
    pub(crate) async fn ask_permission(&self, path: &str) {
        let request = Request::builder()
            .method(Method::OPTIONS)
            .header(header::ORIGIN, "https://app.example")
            .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST");
        let (scene, balancer) = (&self.scene, &self.scene.balancer);
        drop(call(scene, &self.client, &self.who, balancer, request, path, String::new()).await);
    }

    async fn get<T: DeserializeOwned>(&self, path: &str, bearer: Option<&str>) -> Result<T, Seen> {
        let mut request = Request::builder().header(header::ACCEPT, "application/json");
        if let Some(token) = bearer {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let answer = call(
            &self.scene,
            &self.client,
            &self.who,
            &self.scene.balancer,
            request,
            path,
            String::new(),
        )
        .await;
        read(answer)
    }
}

#[cfg(test)]
#[path = "relying_party_tests.rs"]
mod tests;
