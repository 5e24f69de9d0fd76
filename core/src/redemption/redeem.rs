//! A client redeems an authorization code (RFC 6749 section 4.1.3).

use super::{
    CODE, CodeRecord, CodeRedemption, GrantRefused, Presentation, Redeemed, Redemption, Statement, TokenError,
    TokenRecord, TokenRefused, claims, reuse::tell_revoked,
};
use crate::{
    clients::{Client, Credentials, Pkce, UnreadableCredentials},
    hash::sha256_hex,
    http::{Caller, Params},
    store::{Key, decode, encode},
    unavailable::During,
    users::User,
};
use seams::Failure;
use serde::Serialize;

/// A token set (OpenID Connect Core section 3.1.3.3).
#[derive(Clone, Serialize)]
pub struct TokenSet {
    /// Opaque access token.
    pub access_token: String,
    /// `Bearer`.
    pub token_type: &'static str,
    /// Lifetime of the access token, seconds.
    pub expires_in: u64,
    /// Granted scope.
    pub scope: String,
    /// ID token.
    pub id_token: String,
}

/// The parameters that mean something at the token endpoint; none of them may come twice (RFC 6749 section 3.2).
const PARAMETERS: [&str; 6] = [
    "grant_type",
    "code",
    "redirect_uri",
    "code_verifier",
    "client_id",
    "client_secret",
];

/// A code on its way to the ledger.
struct Consumed {
    code: CodeRecord,
    user: User,
    taken: Taken,
}

/// Whether the store has given a code up.
enum Taken {
    Yes,
    /// It is there still.
    No,
    Unknown,
}

impl Redemption {
    /// Answers `POST /token`.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub async fn redeem(
        &self,
        caller: &Caller,
        authorization: Option<&str>,
        form: &Params,
    ) -> Result<TokenSet, TokenRefused> {
        if let Some(name) = form.repeated_of(&PARAMETERS) {
            return Err(TokenError::Parameter(name, "a parameter was given more than once").into());
        }
        let grant_type = form.get("grant_type");
        let missing = TokenError::Parameter("grant_type", "grant_type is missing");
        if grant_type.ok_or(missing)? != "authorization_code" {
            return Err(TokenError::GrantType.into());
        }
        let credentials = Credentials::read(authorization, form).map_err(|unreadable| match unreadable {
            UnreadableCredentials::Missing => TokenError::Client { basic: false },
            UnreadableCredentials::Malformed => TokenError::Client { basic: true },
            UnreadableCredentials::TwoMethods => TokenError::Malformed("more than one way of client authentication"),
        })?;
        let client = self.clients.client(&credentials.client_id).await;
        let client = client.during("looking up the client")?;
        let refused = TokenError::Client {
            basic: credentials.basic,
        };
        let Some(client) = client else {
            return Err(refused.into());
        };
        let tokens = match credentials.prove(&client) {
            true => self.redeem_for(&client, caller, form).await,
            false => Err(refused),
        };
        tokens.map_err(|error| TokenRefused {
            error,
            client: Some(client.id),
        })
    }

    /// The same for a client that has proved who it is.
    async fn redeem_for(&self, client: &Client, caller: &Caller, form: &Params) -> Result<TokenSet, TokenError> {
        let code = form
            .get("code")
            .ok_or(TokenError::Parameter("code", "code is missing"))?;
        let redirect_uri = form.get("redirect_uri");
        let redirect_uri = redirect_uri.ok_or(TokenError::Parameter("redirect_uri", "redirect_uri is missing"))?;
        let verifier = form.get("code_verifier");
        if verifier.is_none() && client.pkce == Pkce::Required {
            return Err(TokenError::Parameter("code_verifier", "code_verifier is missing"));
        }
        let presented = Presentation {
            client_id: &client.id,
            redirect_uri,
            verifier,
        };

        let code_hash = sha256_hex(code);
        let key = Key::new(CODE, code_hash.clone());
        let consumed = self.consume(caller, &key, presented).await?;
        match self.issue(caller, client, code_hash, &consumed).await {
            Ok(issued) => {
                let (client, subject) = (&client.id, &consumed.user.id);
                tracing::info!(correlation = caller.correlation, client, subject, "code redeemed");
                Ok(issued)
            }
            Err(TokenError::Unavailable(unavailable)) => {
                let is_there = match consumed.taken {
                    Taken::Yes => self.put_back(caller, &key, &consumed.code, &unavailable.failure).await,
                    Taken::No => consumed.code.remaining(self.service.now()).is_some(),
                    Taken::Unknown => false,
                };
                // "Try again" is said only to whom it can help.
                Err(match is_there && !unavailable.failure.is_unknown() {
                    true => TokenError::Unavailable(unavailable),
                    false => TokenError::InDoubt(unavailable),
                })
            }
            Err(refused) => Err(refused),
        }
    }

    /// Validates, then takes:
    /// 1. read the code: absent means never issued, expired or spent, which is asked of the ledger;
    /// 2. check all that binds it, and who it stands for, while it is still there: a thief without the verifier must not be
    ///    able to burn it (inventory 7);
    /// 3. take it: of two that race, on whichever replica, one gets it and the other `invalid_grant`;
    /// 4. if the taking failed, or its outcome is unknown, go on. It is not repeated, for that might take it from
    ///    somebody else (inventory 23), and not given up either, for it existed in step 1, and the
    ///    ledger, asked next, decides in any case: after a failover that forgot the taking it is all
    ///    that prevents a code from being redeemed twice (measured on Redis 7.0.15).
    async fn consume(&self, caller: &Caller, key: &Key, presented: Presentation<'_>) -> Result<Consumed, TokenError> {
        let found = self
            .service
            .store
            .get(key)
            .await
            .during("reading an authorization code")?;
        let Some(bytes) = found else {
            return Err(self.gone(caller, key, presented, GrantRefused::Unknown).await);
        };
        let code: CodeRecord = decode(&bytes).during("reading an authorization code")?;
        match code.check(presented, self.service.now()) {
            Ok(()) => {}
            Err(GrantRefused::Expired) => return Err(self.gone(caller, key, presented, GrantRefused::Expired).await),
            Err(refused) => return Err(refused.into()),
        }
        let user = self.users.user(&code.user_id).await;
        let user = user.during("looking up the person")?.ok_or(GrantRefused::Unknown)?;
        let taken = match self.service.store.take(key).await {
            Ok(Some(_)) => Taken::Yes,
            Ok(None) => {
                self.service.env.mark("a race for a code was lost");
                return Err(self.gone(caller, key, presented, GrantRefused::Taken).await);
            }
            Err(failure) => {
                self.service.env.mark("an authorization code may be in the store still");
                tracing::warn!(correlation = caller.correlation, %failure, "taking a code; the ledger decides");
                match failure.is_unknown() {
                    true => Taken::Unknown,
                    false => Taken::No,
                }
            }
        };
        Ok(Consumed { code, user, taken })
    }

    /// Enters the redemption into the ledger, together with the access token, and signs.
    /// After that, nothing can fail any more.
    async fn issue(
        &self,
        caller: &Caller,
        client: &Client,
        code_hash: String,
        consumed: &Consumed,
    ) -> Result<TokenSet, TokenError> {
        let Consumed { code, user, .. } = consumed;
        // The client compares the ID token with a clock of its own, and refuses one from the future. Of the two clocks that are
        // known here the later one may be wrong.
        let now = self.service.now();
        let issued = now.min(self.service.env.now());
        let ttl = &self.service.config.ttl;
        let access_token = self.service.random_token();
        let redemption = CodeRedemption {
            code_hash,
            remember_until: code.expires_at + ttl.clock_slack,
            binding: code.binding.clone(),
            token: TokenRecord {
                token_hash: sha256_hex(&access_token),
                user_id: code.user_id.clone(),
                client_id: code.binding.client_id.clone(),
                sid: code.sid.clone(),
                scope: code.scope.clone(),
                expires_at: now + ttl.access_token,
            },
        };
        match self.tokens.redeem(redemption).await.during("recording a redemption")? {
            Redeemed::Now => self.service.env.mark("a code was redeemed"),
            Redeemed::AlreadySpent { revoked_of } => {
                if let Some(subject) = revoked_of {
                    tell_revoked(caller, &client.id, &subject);
                }
                return Err(GrantRefused::Spent.into());
            }
            Redeemed::SignedOut => return Err(GrantRefused::SignedOut.into()),
        }
        let statement = Statement {
            issuer: &self.service.config.issuer,
            client_id: &code.binding.client_id,
            scope: &code.scope,
            nonce: code.nonce.as_deref(),
            auth_time: code.auth_time,
            now: issued,
            expires_at: issued + ttl.id_token,
            access_token: &access_token,
        };
        Ok(TokenSet {
            id_token: self.keys.newest(client.id_token_alg).sign(&claims(user, statement)),
            access_token,
            token_type: "Bearer",
            expires_in: ttl.access_token.as_secs(),
            scope: code.scope.clone(),
        })
    }

    /// Gives a code back that was taken and could not be redeemed: the client may try again. Safe even if
    /// the redemption was recorded after all, for the ledger then refuses the code. Returns whether it is there again.
    async fn put_back(&self, caller: &Caller, key: &Key, code: &CodeRecord, why: &Failure) -> bool {
        let Some(left) = code.remaining(self.service.now()) else {
            return false;
        };
        let left = left.min(self.service.config.ttl.code); // of another clock
        self.service.env.mark("an authorization code was put back");
        let put = self.service.store.put(key, &encode(code), left).await;
        if let Err(failure) = &put {
            tracing::warn!(correlation = caller.correlation, %why, %failure, "a code could not be put back");
        }
        put.is_ok()
    }
}
