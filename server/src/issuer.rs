//! The issuer, which clients compare character by character.

use url::Url;

/// Checks an issuer: a URL without query and fragment (OpenID Connect Discovery 1.0 section 3), with https unless it is for
/// development, and without a path, because the service answers at the root of its host.
///
/// # Errors
/// What is wrong with it, and what to write instead.
pub(crate) fn check(issuer: &str, is_dev: bool) -> Result<(), String> {
    let refused = |why: &str| Err(format!("--issuer {issuer}: {why}"));
    let Ok(url) = Url::parse(issuer) else {
        return refused("is not a URL: write it as https://login.example");
    };
    match url.scheme() {
        "https" => {}
        "http" if is_dev => {}
        _ => return refused("must be https (OpenID Connect Discovery 1.0 section 3)"),
    }
    if issuer.contains(['?', '#']) {
        return refused(
            "has a query or a fragment, which an issuer must not have (OpenID Connect Discovery 1.0 section 3)",
        );
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refused("has a user name or a password: leave it out");
    }
    if url.path() != "/" {
        return refused(
            "has a path, and this service answers at the root of its host only: give it a host name of its own",
        );
    }
    if issuer.ends_with('/') {
        return refused("leave the trailing slash out, clients compare it exactly");
    }
    let usual = url.as_str().trim_end_matches('/');
    if usual != issuer {
        return refused(&format!("clients compare it exactly: write it as {usual}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn an_issuer_is_a_host_with_https() {
        for good in ["https://login.example", "https://login.example:8443", "https://[::1]:1"] {
            assert_eq!(check(good, false), Ok(()), "{good}");
        }
        assert_eq!(check("http://127.0.0.1:8080", true), Ok(()));
        for (bad, says) in [
            ("login.example", "not a URL"),
            ("http://login.example", "must be https"),
            ("ftp://login.example", "must be https"),
            ("https://login.example/", "trailing slash"),
            ("https://login.example/tenant", "has a path"),
            ("https://login.example/tenant/", "has a path"),
            ("https://x?y=1#z", "a query or a fragment"),
            ("https://x?", "a query or a fragment"),
            ("https://x#", "a query or a fragment"),
            ("https://ann@login.example", "a user name"),
            ("https://Login.Example", "write it as https://login.example"),
            ("https://login.example:443", "write it as https://login.example"),
        ] {
            let why = check(bad, false).unwrap_err();
            assert!(why.contains(says) && why.contains(bad), "{bad}: {why}");
        }
        assert!(check("http://127.0.0.1:8080/", true).is_err());
    }
}
