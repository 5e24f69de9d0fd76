//! Authorization requests by POST.
//!
//! OpenID Connect Core section 3.1.2.1 asks for them. A form that another site posts comes without `SameSite=Lax` cookies (RFC
//! 6265bis section 4.1.2.7), so an answer to it could not know that somebody is logged in, nor which logins are in progress in
//! this browser. So it is answered with a redirect to the same request by GET, which browsers send with these cookies: it is a
//! top-level navigation, and 303 makes it safe (RFC 9110 section 15.4.4). The parameters are in `Location` then, which has to
//! fit into the head of an answer; what does not fit is refused. Whoever posts in order to keep parameters out of URLs does not
//! get that here.

use super::request::PARAMETERS;
use url::form_urlencoded::{self, Serializer};

/// The same request by GET, with the parameters that mean something here, as often as they were given. `None`: it would be
/// longer than so many bytes.
pub(super) fn as_get(form: &[u8], bytes_max: usize) -> Option<String> {
    let known = form_urlencoded::parse(form).filter(|(name, _)| PARAMETERS.contains(&&**name));
    let query = Serializer::new(String::new()).extend_pairs(known).finish();
    let location = match query.is_empty() {
        true => "/authorize".to_owned(),
        false => format!("/authorize?{query}"),
    };
    (location.len() <= bytes_max).then_some(location)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_goes_on_as_it_came() {
        let as_get = |form: &str| as_get(form.as_bytes(), 100);
        for (form, expected) in [
            (
                "scope=openid+email&state=%7B%20&x=1&prompt=",
                "/authorize?scope=openid+email&state=%7B+&prompt=",
            ),
            ("state=1&nonce=2&state=3", "/authorize?state=1&nonce=2&state=3"),
            ("state=%ff", "/authorize?state=%EF%BF%BD"),
            (
                "redirect_uri=https://c/?a=b%26c",
                "/authorize?redirect_uri=https%3A%2F%2Fc%2F%3Fa%3Db%26c",
            ),
            ("x=1", "/authorize"),
            ("", "/authorize"),
        ] {
            assert_eq!(as_get(form).as_deref(), Some(expected), "{form}");
        }
    }

    #[test]
    fn what_is_too_long_does_not() {
        let around = "/authorize?state=".len();
        let with = |byte: &str, count| as_get(format!("state={}", byte.repeat(count)).as_bytes(), around + 30);
        assert!(with("a", 30).is_some() && with("a", 31).is_none());
        assert!(with("{", 10).is_some() && with("{", 11).is_none());
        let meaningless = format!("state=1&x={}", "a".repeat(1000));
        assert!(as_get(meaningless.as_bytes(), around + 30).is_some());
    }
}
