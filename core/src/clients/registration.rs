//! What may be registered of a client.

use std::fmt;
use thiserror::Error;
use url::{Host, Url};

/// Longest redirect URI, in bytes: it is a part of the `Location` header of each answer.
pub const REDIRECT_URI_BYTES_MAX: usize = 512;
/// Longest `client_id`, in bytes: it is a part of every request.
pub const CLIENT_ID_BYTES_MAX: usize = 128;
/// Longest name of a client or of a person, in characters.
pub const NAME_CHARS_MAX: usize = 100;

/// Why a redirect URI cannot be registered.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum UnusableRedirectUri {
    /// RFC 6749 section 3.1.2: it is absolute.
    #[error("it is not an absolute URI: write it with its scheme, as in https://app.example/callback")]
    NotAbsolute,
    /// A character that RFC 3986 section 2 does not allow; parsers would each read it in another way.
    #[error("it has {0:?}, which no URI has: percent-encode it (RFC 3986 section 2.1)")]
    Character(char),
    /// RFC 6749 section 3.1.2: it has no fragment.
    #[error("it has a fragment (#), which a redirect URI must not have (RFC 6749 section 3.1.2)")]
    Fragment,
    /// A name or a password before the host.
    #[error("it has a user name or a password before the host: leave it out")]
    UserInfo,
    /// A path that parsers shorten, and that clients then send in another form.
    #[error("its path has `.` or `..`: write the path that is meant")]
    DotSegments,
    /// A host is missing.
    #[error("it has no host")]
    NoHost,
    /// A code would cross the network in clear.
    #[error("http is for loopback addresses only (RFC 8252 section 7.3): use https")]
    Http,
    /// Neither https, nor http on loopback, nor a scheme of an app's own.
    #[error(
        "the scheme `{0}` cannot be used: use https, http on a loopback address, or a private-use scheme, which has a \
         period, as in com.example.app:/callback (RFC 8252 section 7.1)"
    )]
    Scheme(String),
    /// Longer than [`REDIRECT_URI_BYTES_MAX`].
    #[error("it has {0} bytes, and {REDIRECT_URI_BYTES_MAX} are the most: keep such data at the client, under `state`")]
    TooLong(usize),
}

/// Checks a redirect URI: absolute and without a fragment (RFC 6749 section 3.1.2), with https, with http on a loopback
/// address, or with a private-use scheme (RFC 8252 section 7).
///
/// # Errors
/// The first reason why it cannot be registered.
pub fn redirect_uri(text: &str) -> Result<(), UnusableRedirectUri> {
    use UnusableRedirectUri as Unusable;
    if text.len() > REDIRECT_URI_BYTES_MAX {
        return Err(Unusable::TooLong(text.len()));
    }
    if let Some(strange) = text.chars().find(|c| !is_of_uris(*c)) {
        return Err(Unusable::Character(strange));
    }
    let uri = Url::parse(text).map_err(|error| match error {
        url::ParseError::EmptyHost => Unusable::NoHost,
        _ => Unusable::NotAbsolute,
    })?;
    if text.contains('#') {
        return Err(Unusable::Fragment);
    }
    match uri.scheme() {
        "https" => {}
        "http" if is_loopback(&uri) => {}
        "http" => return Err(Unusable::Http),
        // A period makes it the reverse of a domain name that the app's author owns: nobody else has it, and no browser
        // gives it a meaning, as with `javascript:`.
        scheme if scheme.contains('.') => {}
        scheme => return Err(Unusable::Scheme(scheme.to_owned())),
    }
    if !uri.username().is_empty() || uri.password().is_some() {
        return Err(Unusable::UserInfo);
    }
    // Browsers read `https:x` and `https:///x` as `https://x`; other parsers do not.
    let after = &text[uri.scheme().len()..];
    let has_host = after.strip_prefix("://").is_some_and(|rest| !rest.starts_with('/'));
    if matches!(uri.scheme(), "http" | "https") && !has_host {
        return Err(Unusable::NoHost);
    }
    let path = text.split('?').next().unwrap_or_default();
    let is_dots = |segment: &str| matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..");
    if path.split('/').any(is_dots) {
        return Err(Unusable::DotSegments);
    }
    Ok(())
}

/// The characters of RFC 3986 section 2.
fn is_of_uris(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(c)
}

fn is_loopback(uri: &Url) -> bool {
    match uri.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// Why a `client_id` or a name cannot be registered.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum UnusableName {
    /// There is nothing in it.
    #[error("it is empty")]
    Empty,
    /// It is longer than the number says.
    #[error("it is too long: {0} are the most")]
    TooLong(Length),
    /// A character that it must not have.
    #[error("it has {0:?}: use {1}")]
    Character(char, &'static str),
}

/// The greatest length, with its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// So many bytes.
    Bytes(usize),
    /// So many characters.
    Characters(usize),
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Length::Bytes(n) => write!(f, "{n} bytes"),
            Length::Characters(n) => write!(f, "{n} characters"),
        }
    }
}

/// Checks a `client_id`: visible ASCII characters (RFC 6749 appendix A.1, without the space).
///
/// # Errors
/// Why it cannot be registered.
pub fn client_id(text: &str) -> Result<(), UnusableName> {
    if text.is_empty() {
        return Err(UnusableName::Empty);
    }
    if let Some(strange) = text.chars().find(|c| !c.is_ascii_graphic()) {
        return Err(UnusableName::Character(strange, "visible ASCII characters"));
    }
    if text.len() > CLIENT_ID_BYTES_MAX {
        return Err(UnusableName::TooLong(Length::Bytes(CLIENT_ID_BYTES_MAX)));
    }
    Ok(())
}

/// Checks a name that people read, of a client or of a person.
///
/// # Errors
/// Why it cannot be registered.
pub fn display_name(text: &str) -> Result<(), UnusableName> {
    if text.trim().is_empty() {
        return Err(UnusableName::Empty);
    }
    if let Some(strange) = text.chars().find(|c| c.is_control()) {
        return Err(UnusableName::Character(strange, "characters that can be seen"));
    }
    if text.chars().count() > NAME_CHARS_MAX {
        return Err(UnusableName::TooLong(Length::Characters(NAME_CHARS_MAX)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{UnusableRedirectUri::*, *};

    #[test]
    fn redirect_uris_that_can_be_used() {
        for good in [
            "https://app.example",
            "https://app.example/callback",
            "https://app.example:8443/callback?tenant=a%20b",
            "http://127.0.0.1/cb",
            "http://127.0.0.1:8000/callback",
            "http://[::1]:7/cb",
            "http://localhost:3000/cb",
            "com.example.app:/oauth2redirect",
            "com.example.app://callback",
            "https://app.example/a..b/.well-known/cb",
        ] {
            assert_eq!(redirect_uri(good), Ok(()), "{good}");
        }
        let longest = format!("https://a.example/{}", "x".repeat(REDIRECT_URI_BYTES_MAX - 18));
        assert_eq!(redirect_uri(&longest), Ok(()));
        assert_eq!(
            redirect_uri(&format!("{longest}x")),
            Err(TooLong(REDIRECT_URI_BYTES_MAX + 1))
        );
    }

    #[test]
    fn redirect_uris_that_cannot() {
        let scheme = |name: &str| Scheme(name.to_owned());
        for (bad, why) in [
            ("", NotAbsolute),
            ("/callback", NotAbsolute),
            ("app.example/callback", NotAbsolute),
            ("not a url", Character(' ')),
            ("https://app.example/cb\n", Character('\n')),
            ("https:\\\\app.example", Character('\\')),
            ("https://bücher.example/cb", Character('ü')),
            ("https://app.example/cb#", Fragment),
            ("https://app.example/cb#x", Fragment),
            ("com.example.app:/cb#x", Fragment),
            ("https://", NoHost),
            ("https:app.example", NoHost),
            ("https:///cb", NoHost),
            ("https:/app.example", NoHost),
            ("https://ann@app.example/cb", UserInfo),
            ("https://ann:pw@app.example/cb", UserInfo),
            ("https://app.example/a/../cb", DotSegments),
            ("https://app.example/%2e%2E/cb", DotSegments),
            ("http://app.example/cb", Http),
            ("http://10.0.0.1/cb", Http),
            ("http://localhost.evil.example/cb", Http),
            ("javascript:alert(1)", scheme("javascript")),
            ("JavaScript:alert(1)", scheme("javascript")),
            ("data:text/html,x", scheme("data")),
            ("file:///etc/passwd", scheme("file")),
            ("myapp:/cb", scheme("myapp")),
            ("localhost:3000/cb", scheme("localhost")),
        ] {
            assert_eq!(redirect_uri(bad), Err(why), "{bad:?}");
        }
    }

    #[test]
    fn ids_and_names() {
        for good in ["web", "https://app.example", "a-b_c.d~e:f"] {
            assert_eq!(client_id(good), Ok(()), "{good}");
        }
        assert_eq!(client_id(""), Err(UnusableName::Empty));
        assert!(matches!(client_id("a b"), Err(UnusableName::Character(' ', _))));
        assert!(matches!(client_id("é"), Err(UnusableName::Character('é', _))));
        assert!(client_id(&"x".repeat(CLIENT_ID_BYTES_MAX)).is_ok());
        let too_long = client_id(&"x".repeat(CLIENT_ID_BYTES_MAX + 1)).unwrap_err();
        assert_eq!(too_long.to_string(), "it is too long: 128 bytes are the most");
        assert_eq!(display_name("Zoë's Café"), Ok(()));
        assert_eq!(display_name("  "), Err(UnusableName::Empty));
        assert!(matches!(
            display_name("a\u{7}"),
            Err(UnusableName::Character('\u{7}', _))
        ));
        assert!(display_name(&"é".repeat(NAME_CHARS_MAX + 1)).is_err());
    }
}
