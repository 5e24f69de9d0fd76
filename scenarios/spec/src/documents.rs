//! Public documents, the metadata and the keys; and what scripts of other sites may read.

use crate::{
    allowed::Allowed,
    expect::{Content, Expected},
    judge::Judge,
    keys,
};
use serde_json::json;

/// `GET /jwks` (RFC 7517 section 5).
pub(crate) fn expect_keys(judge: &Judge<'_>) -> Allowed {
    let mut allowed = Allowed::default();
    let first = judge.index.keys.clone();
    allowed.otherwise(|| document(judge, "the keys", "RFC 7517 section 5", Content::Keys(first)));
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
        "end_session_endpoint": at("/end-session"),
        "jwks_uri": at("/jwks"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "code_challenge_methods_supported": ["S256"],
        "id_token_signing_alg_values_supported": keys::algorithms(),
        "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
        "authorization_response_iss_parameter_supported": true,
        "subject_types_supported": ["public"],
        "scopes_supported": ["openid", "profile", "email", "groups"],
        "claims_supported": [
            "iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "email", "email_verified",
            "name", "preferred_username", "groups",
        ],
        "acr_values_supported": ["0"],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
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

/// What clients that run in a browser need, and so scripts of any site may read. None of it depends on a cookie.
const FOR_SCRIPTS: [&str; 4] = ["/.well-known/openid-configuration", "/jwks", "/token", "/userinfo"];

/// Whether scripts of other sites may read the answers to requests for a path.
pub(crate) fn is_for_scripts(path: &str) -> bool {
    FOR_SCRIPTS.contains(&path)
}

/// Scripts of any site may read these answers. No answer allows credentials: that header is none that is expected anywhere
/// (Fetch standard, "CORS protocol and credentials").
pub(crate) fn expose(allowed: &mut Allowed) {
    allowed.with_header("access-control-allow-origin", "*");
    let exposed = "retry-after, www-authenticate, x-correlation-id";
    allowed.with_header("access-control-expose-headers", exposed);
}

/// The answer to a browser that asks what a script may send (Fetch standard, "CORS-preflight request").
pub(crate) fn expect_preflight(judge: &Judge<'_>) -> Allowed {
    let remembered_s = judge.setting("permissions of scripts") / 1000;
    let mut allowed = Allowed::default();
    allowed.otherwise(|| {
        Expected::of(
            "what scripts may send",
            "Fetch standard, CORS-preflight request",
            204,
            Content::Nothing,
        )
        .header("access-control-allow-methods", "GET, POST")
        .header("access-control-allow-headers", "authorization, content-type")
        .header("access-control-max-age", remembered_s.to_string())
    });
    allowed
}

fn document(judge: &Judge<'_>, label: &'static str, sentence: &'static str, content: Content) -> Expected {
    let max_age_s = judge.setting("public documents") / 1000;
    Expected::of(label, sentence, 200, content).header("cache-control", format!("public, max-age={max_age_s}"))
}
