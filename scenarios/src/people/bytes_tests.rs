//! A browser meets arbitrary bytes: answers that are not pages, cookies that no server should set. It neither panics
//! nor keeps a cookie that it must reject.

use crate::people::{
    jar::{Jar, SentFrom, Stored},
    page::Page,
};
use http::Method;
use proptest::{collection::vec, prelude::*, sample::select, test_runner::FileFailurePersistence};
use seams::Timestamp;
use url::Url;

fn config() -> ProptestConfig {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/regressions/proptest.txt");
    ProptestConfig {
        cases: 500,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(file))),
        ..ProptestConfig::default()
    }
}

fn text(pieces: Vec<&'static str>) -> impl Strategy<Value = String> {
    prop_oneof![
        3 => vec(select(pieces), 0..12).prop_map(|pieces| pieces.concat()),
        1 => "[^\r\n]{0,80}",
    ]
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_page_may_be_anything(html in text(vec![
        "<form action=\"/login/send\" method=\"post\">", "<form", "</form>", "<input name=\"flow\" value=\"", "\">", "&amp;", "&#x",
        "data-page=\"login\"", "data-error=\"", "<body ", "<", ">", "\"", "é", "data-signed-in=\"yes\"",
    ])) {
        let page = Page::parse(&html);
        prop_assert!(page.forms.len() <= html.matches("<form").count(), "{:?}", html);
    }

    #[test]
    fn a_cookie_may_be_anything(set in text(vec![
        "__Host-session", "__Secure-x", "=", "abc", "; ", "Path=/", "Path=", "Secure", "HttpOnly", "Max-Age=0", "Max-Age=-9",
        "Max-Age=99999999999999999999", "Expires=Thu, 01 Jan 1970 00:00:00 GMT", "Domain=evil.example", "Domain=", "SameSite=None", "SameSite=", ";", ",", "é",
    ])) {
        let (mut jar, now) = (Jar::default(), Timestamp(1_790_000_000_000));
        let url = Url::parse("https://login.example/login").expect("a URL");
        let stored = jar.store(&set, &url, now);
        let lower = set.to_ascii_lowercase();
        if stored == Stored::Kept && lower.starts_with("__host-") {
            prop_assert!(lower.contains("secure") && lower.contains("path=/"), "{:?}", set);
        }
        if let Some(header) = jar.header(&url, &Method::GET, SentFrom::ThisSite, now) {
            prop_assert!(!header.contains([';', '\r', '\n']), "one cookie is sent as one: {:?}", header);
        }
    }
}
