//! Authorization requests by POST (OpenID Connect Core section 3.1.2.1). A form that another site posts comes without cookies
//! (`SameSite=Lax`, RFC 6265bis section 4.1.2.7): the browser is sent on to the same request by GET, with which they come.

use super::request::PARAMETERS;
use crate::{
    allowed::{Allowed, Known},
    exchange::Word,
    expect::{Expected, Rule},
    judge::Judge,
    secret::encoded_bytes,
    seen::Seen,
};

/// What may be answered. Nothing is looked up for it.
pub(super) fn expect(judge: &Judge<'_>, seen: &Seen<'_>) -> Allowed {
    let mut allowed = Allowed::default();
    judge.form(&mut allowed, seen);
    let form = seen.exchange.request.form.iter().flatten();
    // Those that mean something, each as often as it came: whether that is too often is for the answer to the GET to say.
    let known: Vec<(&'static str, &Word)> = form
        .filter_map(|(name, value)| {
            let name = PARAMETERS.into_iter().find(|known| known == name)?;
            Some((name, value))
        })
        .collect();
    let written = |(name, value): &(&str, &Word)| {
        let value = match value {
            Word::Clear(text) => encoded_bytes(text),
            Word::Secret(secret) => secret.encoded_bytes(),
        };
        name.len() + "=&".len() + value
    };
    // Of two parameters one `&` less, and a `?`.
    let location = "/authorize".len() + known.iter().map(written).sum::<usize>();
    let is_too_long = location as u64 > judge.setting("bytes of an authorization request by POST");
    allowed.when(Known::certain(is_too_long), || {
        Expected::error_page(
            "too-large",
            "core/LIMITS.md: bytes of an authorization request by POST",
            413,
        )
    });
    allowed.otherwise(|| {
        let params = known.into_iter().map(|(name, value)| (name, Rule::Is(value.clone())));
        Expected::redirect(
            "the same by GET",
            "OpenID Connect Core section 3.1.2.1; RFC 6265bis section 4.1.2.7: a form of another site has no cookies",
            "/authorize",
            params.collect(),
        )
    });
    allowed
}
