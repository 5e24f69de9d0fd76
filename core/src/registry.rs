//! The lists that a new module adds a line to.

use crate::{
    authorize::{self, Way},
    clients, keys, leader, ledger, limits, mailed_code, redemption, session,
    store::{self, Namespace, sqlite::Schema},
    users,
};

/// The ways to log in, in the order in which the login page offers them.
pub const WAYS: &[Way] = &[mailed_code::WAY];

/// The tables of all modules. The order matters within one version of the directory only.
pub const SCHEMAS: &[Schema] = &[
    users::SCHEMA,
    clients::SCHEMA,
    keys::SCHEMA,
    session::SCHEMA,
    ledger::SCHEMA,
    redemption::SCHEMA,
    limits::SCHEMA,
    leader::SCHEMA,
    store::PROBE_SCHEMA,
];

/// The namespaces of all modules' keys in the store.
pub const NAMESPACES: &[Namespace] = &[
    authorize::FLOW,
    redemption::CODE,
    mailed_code::EMAIL_CODE,
    limits::SENDS,
    mailed_code::SEND_ONCE,
    limits::LOGIN_ATTEMPTS,
    limits::VERIFY_ATTEMPTS,
    limits::CLIENT_ATTEMPTS,
    limits::CLIENT_SENDS,
    limits::LONG_LOGINS,
    leader::LEASE,
    store::HEALTH,
];

/// The paths whose answers scripts of other sites may read. Nothing that depends on a cookie is among them.
pub const FOR_SCRIPTS: &[&str] = &["/.well-known/openid-configuration", "/jwks", "/token", "/userinfo"];

/// The paths on which people log in, all of which need the store. The port for accounts answers there that nobody can log in now.
pub const LOGINS: &[&str] = &[
    "/authorize",
    "/login",
    "/login/code",
    "/login/consent",
    "/login/continue",
    "/login/send",
    "/login/verify",
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_key_is_in_two_namespaces() {
        for (n, one) in NAMESPACES.iter().enumerate() {
            for other in &NAMESPACES[n + 1..] {
                let [one, other] = [one, other].map(|namespace| format!("{}:", namespace.prefix()));
                assert!(!one.starts_with(&other) && !other.starts_with(&one), "{one} {other}");
            }
        }
    }

    #[test]
    fn versions_of_the_directory_ascend_without_gaps() {
        let mut versions = BTreeSet::new();
        for schema in SCHEMAS {
            let own = schema.statements.iter().map(|(version, _)| *version);
            assert!(own.clone().is_sorted(), "{}", schema.matter);
            versions.extend(own);
        }
        assert!(versions.iter().copied().eq(1..=versions.len() as u32), "{versions:?}");
    }

    #[test]
    fn every_matter_has_a_name_of_its_own() {
        let names: BTreeSet<_> = SCHEMAS.iter().map(|schema| schema.matter).collect();
        assert_eq!(names.len(), SCHEMAS.len());
    }
}
