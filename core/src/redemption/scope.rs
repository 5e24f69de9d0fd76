//! Scopes and the claims they grant (OpenID Connect Core section 5.4).

use crate::users::User;
use serde_json::{Map, Value};

/// What can be asked for; anything else is ignored (OpenID Connect Core section 3.1.2.1).
pub const SUPPORTED: [&str; 4] = ["openid", "profile", "email", "groups"];

/// Whether a space-separated scope contains `name`.
pub fn contains(scope: &str, name: &str) -> bool {
    scope.split(' ').any(|s| s == name)
}

/// What of the requested scope is granted, in a fixed order.
pub fn granted(requested: &str) -> String {
    let granted: Vec<&str> = SUPPORTED.into_iter().filter(|name| contains(requested, name)).collect();
    granted.join(" ")
}

/// The claims about a person that a scope grants, `sub` included.
pub fn claims(user: &User, scope: &str) -> Map<String, Value> {
    let mut claims = Map::new();
    claims.insert("sub".into(), user.id.as_str().into());
    if contains(scope, "email") {
        claims.insert("email".into(), user.address.as_str().into());
        // Whoever logged in has read a mail sent there.
        claims.insert("email_verified".into(), true.into());
    }
    if contains(scope, "profile") {
        claims.insert("name".into(), user.name.as_str().into());
        if let Some(username) = &user.username {
            claims.insert("preferred_username".into(), username.as_str().into());
        }
    }
    // No standard has this scope and this claim; clients that know groups know them by these names.
    if contains(scope, "groups") {
        claims.insert("groups".into(), user.groups.clone().into());
    }
    claims
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_grants_its_claims_and_no_more() {
        let ann = User {
            id: "user-ann".into(),
            address: "ann@example.com".into(),
            name: "Ann".into(),
            username: Some("ann".into()),
            groups: vec!["staff".into(), "night shift".into()],
        };
        assert_eq!(granted("email offline_access openid"), "openid email");
        let names = |scope: &str| {
            claims(&ann, scope)
                .keys()
                .cloned()
                .collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(names("openid"), ["sub"].map(String::from).into());
        assert_eq!(
            names("openid email"),
            ["email", "email_verified", "sub"].map(String::from).into()
        );
        assert_eq!(claims(&ann, "openid profile")["name"], "Ann");
        assert_eq!(claims(&ann, "openid profile")["preferred_username"], "ann");
        assert_eq!(names("openid groups"), ["groups", "sub"].map(String::from).into());
        assert_eq!(
            claims(&ann, "groups")["groups"],
            serde_json::json!(["staff", "night shift"])
        );
        let nameless = User {
            username: None,
            ..ann.clone()
        };
        assert_eq!(claims(&nameless, "profile").get("preferred_username"), None);
        assert!(!contains("openidx", "openid"));
    }
}
