//! A page as a person's browser reads it: its forms, and the attributes that describe it.

use std::collections::BTreeMap;

/// A parsed page. The parser skips everything that it does not understand, as browsers do.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    /// The page's name: `login`, `code`, `account`, `error`.
    pub(crate) name: Option<String>,
    /// The machine-readable reason why something did not work.
    pub(crate) error: Option<String>,
    /// On the account page: whether somebody is signed in.
    pub(crate) signed_in: Option<bool>,
    /// Its forms, in order.
    pub(crate) forms: Vec<Form>,
    /// Its text on one line, without title, scripts and styles.
    pub(crate) text: String,
}

/// A form on a page.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Form {
    /// The URL that it is sent to, as written.
    pub(crate) action: String,
    /// Whether it is sent by POST.
    pub(crate) post: bool,
    /// Named fields with their initial values, in order.
    pub(crate) fields: Vec<(String, String)>,
}

impl Form {
    /// The initial value of a field.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

impl Page {
    /// Parses a page.
    pub(crate) fn parse(html: &str) -> Page {
        let mut page = Page::default();
        let mut open: Option<Form> = None;
        let mut tags = Tags {
            rest: html,
            text: String::new(),
        };
        for tag in tags.by_ref() {
            match (tag.closes, tag.name.as_str()) {
                (false, "main") => {
                    page.name = tag.attributes.get("data-page").cloned();
                    page.error = tag.attributes.get("data-error").filter(|e| !e.is_empty()).cloned();
                    page.signed_in = tag.attributes.get("data-signed-in").map(|v| v == "true");
                }
                (false, "form") => {
                    page.forms.extend(open.take()); // never closed: the next one closes it
                    open = Some(Form {
                        action: tag.attributes.get("action").cloned().unwrap_or_default(),
                        post: tag
                            .attributes
                            .get("method")
                            .is_some_and(|m| m.eq_ignore_ascii_case("post")),
                        fields: vec![],
                    });
                }
                (true, "form") => page.forms.extend(open.take()),
                (false, "input") => {
                    if let (Some(form), Some(name)) = (&mut open, tag.attributes.get("name"))
                        && !tag.attributes.contains_key("disabled")
                        && !matches!(
                            tag.attributes.get("type").map(String::as_str),
                            Some("submit" | "button" | "reset" | "image")
                        )
                    {
                        let value = tag.attributes.get("value").cloned().unwrap_or_default();
                        form.fields.push((name.clone(), value));
                    }
                }
                _ => {}
            }
        }
        page.forms.extend(open);
        page.text = decode(&tags.text).split_whitespace().collect::<Vec<_>>().join(" ");
        page
    }

    /// The first form that is sent to this path, on this or any host.
    pub(crate) fn form(&self, action: &str) -> Option<&Form> {
        self.forms.iter().find(|form| {
            let path = form.action.split(['?', '#']).next().unwrap_or_default();
            path == action || (path.contains("://") && path.ends_with(action))
        })
    }
}

struct Tag {
    name: String,
    closes: bool,
    attributes: BTreeMap<String, String>,
}

/// The tags of a page, in order. Comments, scripts and styles are skipped; text is kept.
struct Tags<'a> {
    rest: &'a str,
    text: String,
}

impl Iterator for Tags<'_> {
    type Item = Tag;

    fn next(&mut self) -> Option<Tag> {
        loop {
            let start = self.rest.find('<')?;
            self.text.push_str(&self.rest[..start]);
            self.text.push(' ');
            let after = &self.rest[start + 1..];
            if let Some(comment) = after.strip_prefix("!--") {
                self.rest = comment.find("-->").map_or("", |end| &comment[end + 3..]);
                continue;
            }
            if after.starts_with(['!', '?']) {
                self.rest = after.find('>').map_or("", |end| &after[end + 1..]);
                continue;
            }
            let (closes, after) = match after.strip_prefix('/') {
                Some(after) => (true, after),
                None => (false, after),
            };
            if !after.starts_with(|c: char| c.is_ascii_alphabetic()) {
                self.rest = after; // a lone '<' is text
                continue;
            }
            let (name, attributes, rest) = tag(after);
            self.rest = rest;
            if !closes && matches!(name.as_str(), "script" | "style" | "textarea" | "title") {
                self.rest = closing(self.rest, &name);
            }
            return Some(Tag {
                name,
                closes,
                attributes,
            });
        }
    }
}

/// The text from the end tag of an element on, whose name is in lower case.
fn closing<'a>(text: &'a str, name: &str) -> &'a str {
    let is_closing = |(at, _): &(usize, &str)| {
        let after = text.get(at + 2..at + 2 + name.len());
        after.is_some_and(|after| after.eq_ignore_ascii_case(name))
    };
    let found = text.match_indices("</").find(is_closing);
    found.map_or("", |(at, _)| &text[at..])
}

/// Parses a tag from its name on; returns its name, its attributes and the text after it.
fn tag(text: &str) -> (String, BTreeMap<String, String>, &str) {
    let end = text
        .find(|c: char| c.is_ascii_whitespace() || c == '>' || c == '/')
        .unwrap_or(text.len());
    let name = text[..end].to_ascii_lowercase();
    let mut rest = &text[end..];
    let mut attributes = BTreeMap::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if let Some(after) = rest.strip_prefix('>') {
            return (name, attributes, after);
        }
        if rest.is_empty() {
            return (name, attributes, ""); // cut off in the middle
        }
        // The first character always belongs to the name, so that each round makes progress.
        let first = rest.chars().next().map_or(1, char::len_utf8);
        let end = rest[first..]
            .find(|c: char| c.is_ascii_whitespace() || matches!(c, '=' | '>' | '/'))
            .map_or(rest.len(), |end| end + first);
        let key = rest[..end].to_ascii_lowercase();
        rest = rest[end..].trim_start();
        let mut value = "";
        if let Some(after) = rest.strip_prefix('=') {
            let after = after.trim_start();
            (value, rest) = match after.chars().next() {
                Some(quote @ ('"' | '\'')) => {
                    let inside = &after[1..];
                    inside
                        .find(quote)
                        .map_or((inside, ""), |end| (&inside[..end], &inside[end + 1..]))
                }
                _ => {
                    let end = after
                        .find(|c: char| c.is_ascii_whitespace() || c == '>')
                        .unwrap_or(after.len());
                    (&after[..end], &after[end..])
                }
            };
        }
        attributes.entry(key).or_insert_with(|| decode(value)); // the first of several equal attributes counts
    }
}

/// Replaces character references: the named ones that escaping produces, and all numbers.
fn decode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = rest.find(';').filter(|end| *end <= 10);
        let character = end.and_then(|end| match &rest[1..end] {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            other => {
                let digits = other.strip_prefix('#')?;
                let number = match digits.strip_prefix(['x', 'X']) {
                    Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                    None => digits.parse().ok()?,
                };
                char::from_u32(number)
            }
        });
        match (character, end) {
            (Some(character), Some(end)) => {
                out.push(character);
                rest = &rest[end + 1..];
            }
            _ => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_code_page() {
        let page = Page::parse(
            r#"<!DOCTYPE html><html><head><title>Sign in <b></title>
            <script>if (a<b) document.write("<form action='/evil'>")</script></head>
            <body><!-- <form action="/commented"> --><main class="card" data-page="code" data-error="wrong-code">
            <form method="post" action="/login/verify"><input type="hidden" name="flow" value="a&amp;b&#x2F;&#99;">
            <input name=code inputmode=numeric autofocus required><button name="go" disabled>Verify</button></form>
            <form method=POST action='/login/send?x=1'><input type=hidden name=flow value='a"b'/>
            <input type="hidden" name="address" value="ann@example.com"><input type=submit name=s value=S></form>
            </main></body></html>"#,
        );
        assert_eq!(page.name.as_deref(), Some("code"));
        assert_eq!(page.error.as_deref(), Some("wrong-code"));
        assert_eq!(page.signed_in, None);
        assert_eq!(page.text, "Verify");
        assert_eq!(
            page.forms.len(),
            2,
            "neither the script's nor the comment's: {:?}",
            page.forms
        );
        let verify = page.form("/login/verify").unwrap();
        assert!(verify.post);
        assert_eq!(verify.value("flow"), Some("a&b/c"));
        assert_eq!(verify.value("code"), Some(""));
        assert_eq!(verify.value("go"), None);
        let send = page.form("/login/send").unwrap();
        assert_eq!(
            send.fields,
            vec![
                ("flow".into(), "a\"b".into()),
                ("address".into(), "ann@example.com".into())
            ]
        );
        assert_eq!(page.form("/logout"), None);
    }

    #[test]
    fn reads_the_account_page() {
        let signed_in = |attributes| Page::parse(&format!("<main {attributes}>")).signed_in;
        assert_eq!(signed_in(r#"data-page="account" data-signed-in="true""#), Some(true));
        assert_eq!(signed_in(r#"data-page="account" data-signed-in="false""#), Some(false));
        assert_eq!(signed_in(r#"data-page="account""#), None);
    }

    #[test]
    fn survives_torn_and_strange_pages() {
        let whole = r#"<main data-page="login"><form action=/login/send method=post><input name="flow" value="ü&#xFFFFFF;&bogus;&"></form>"#;
        for (end, _) in whole.char_indices() {
            Page::parse(&whole[..end]); // must return, and must not panic
        }
        let page = Page::parse(whole);
        assert_eq!(
            page.form("/login/send").unwrap().value("flow"),
            Some("ü&#xFFFFFF;&bogus;&")
        );
        for text in [
            "",
            "<",
            "a < b",
            "</",
            "<>",
            "< main>",
            "<main =x>",
            "<form><form>",
            "<main a=\"",
            "<script>",
            "<ü>",
        ] {
            Page::parse(text);
        }
        assert_eq!(Page::parse("<form><form action=/b><input name=n>").forms.len(), 2);
    }
}
