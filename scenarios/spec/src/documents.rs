//! Public documents: the metadata and the keys.

use crate::{
    allowed::Allowed,
    expect::{Content, Expected},
    judge::Judge,
};
use serde_json::json;

/// `GET /jwks` (RFC 7517 section 5).
pub(crate) fn expect_keys(judge: &Judge<'_>) -> Allowed {
    let mut allowed = Allowed::default();
    allowed.otherwise(|| document(judge, "the keys", "RFC 7517 section 5", Content::Keys));
    allowed
}

/// `GET /.well-known/openid-configuration` (OpenID Connect Discovery section 3).
pub(crate) fn expect_metadata(judge: &Judge<'_>) -> Allowed {
    let issuer = &judge.index.world.issuer;
    let at = |path: &str| format!("{issuer}{path}");
    let metadata = json!({
        "issuer": issuer,
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "userinfo_endpoint": at("/userinfo"),
        "jwks_uri": at("/jwks"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "code_challenge_methods_supported": ["S256"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
        "authorization_response_iss_parameter_supported": true,
        "subject_types_supported": ["public"],
        "scopes_supported": ["openid", "profile", "email"],
        "claims_supported": [
            "iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "email", "email_verified", "name",
        ],
        "prompt_values_supported": ["none", "login", "select_account"],
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
    });
    let mut allowed = Allowed::default();
    allowed.otherwise(|| {
        document(
            judge,
            "the metadata",
            "OpenID Connect Discovery section 3, RFC 9207 section 3",
            Content::Json(metadata),
        )
    });
    allowed
}

fn document(judge: &Judge<'_>, label: &'static str, sentence: &'static str, content: Content) -> Expected {
    let max_age_s = judge.setting("public documents") / 1000;
    Expected::of(label, sentence, 200, content).header("cache-control", format!("public, max-age={max_age_s}"))
}
