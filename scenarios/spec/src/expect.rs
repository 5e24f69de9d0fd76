//! One allowed answer, and whether an answer is it: status, headers, cookies, and what is in it.

use crate::{
    exchange::{Answer, Body, Page, Word},
    frame, keys,
    messages::{self, Places},
    secret::Tag,
    token_set::TokenSet,
};
use serde_json::Value;
use std::collections::BTreeMap;

/// One allowed answer.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    /// What it is, for people.
    pub(crate) label: &'static str,
    /// The sentence that asks for it: a standard's section, an inventory row, or the page of the project.
    pub(crate) sentence: &'static str,
    /// Its status.
    pub(crate) status: u16,
    /// What is in it.
    pub(crate) content: Content,
    /// The cookies that it sets, and no others.
    pub(crate) cookies: Vec<CookieRule>,
    /// Headers beyond those of every answer, by lower-case name; `None`: any value.
    pub(crate) headers: BTreeMap<&'static str, Option<String>>,
}

/// What is in an answer.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// A page.
    Page(PageRule),
    /// A redirect.
    Redirect {
        /// Before the query.
        target: String,
        /// The parameters, and no others.
        params: Vec<(String, Rule)>,
    },
    /// JSON with this `error`, and this `error_description`.
    Error(&'static str, Option<&'static str>),
    /// Exactly this JSON.
    Json(Value),
    /// The public keys: the names and algorithms of those that were published first.
    Keys(Vec<(String, String)>),
    /// Nothing.
    Nothing,
    /// A token set.
    Tokens(Box<TokenSet>),
}

/// What a value must be.
#[derive(Debug, Clone)]
pub(crate) enum Rule {
    /// Exactly this.
    Is(Word),
    /// This secret.
    Tag(Tag),
    /// 256 bits that were never seen before: none of these.
    New,
    /// What a cookie carries, with 256 bits that prove that it is the service's own: no longer than so many bytes.
    Carried(usize),
    /// 256 bits, but not these.
    Other(Tag),
}

/// What is carried is more than its proof, bytes.
const CARRIED_MIN: usize = 100;

impl Rule {
    fn admits(&self, word: &Word) -> bool {
        match self {
            Rule::Is(text) => text == word,
            Rule::Tag(tag) => word.secret().tag == *tag,
            Rule::Carried(most) => {
                let bytes = word.secret().bytes;
                !word.secret().is_token() && (CARRIED_MIN..=*most).contains(&bytes)
            }
            Rule::New => word.secret().is_token(),
            Rule::Other(tag) => word.secret().is_token() && word.secret().tag != *tag,
        }
    }
}

/// A cookie.
#[derive(Debug, Clone)]
pub(crate) struct CookieRule {
    /// Its name.
    pub(crate) name: String,
    /// Its value; `None`: it is deleted.
    pub(crate) value: Option<Rule>,
    /// `Max-Age`, seconds.
    pub(crate) max_age_s: u64,
}

/// A page.
#[derive(Debug, Clone, Default)]
pub(crate) struct PageRule {
    /// Which.
    pub(crate) name: &'static str,
    /// What went wrong.
    pub(crate) error: Option<&'static str>,
    /// Whether somebody is signed in.
    pub(crate) signed_in: Option<bool>,
    /// What it may say in the places that core/MESSAGES.md leaves open.
    pub(crate) places: Places,
    /// Which of several notices of its error it has.
    pub(crate) notice: Option<&'static str>,
    /// Its forms: method and action, and the fields with their values.
    pub(crate) forms: Vec<FormRule>,
}

/// A form: its action, and its fields.
#[derive(Debug, Clone)]
pub(crate) struct FormRule {
    /// Where it goes, by POST.
    pub(crate) action: &'static str,
    /// Fields with what their values must be.
    pub(crate) fields: Vec<(&'static str, Vec<Word>)>,
}

impl Expected {
    /// A page of the service.
    pub(crate) fn page(label: &'static str, sentence: &'static str, status: u16, page: PageRule) -> Expected {
        Expected::of(label, sentence, status, Content::Page(page))
    }

    /// A page on which nothing but an error is to be read.
    pub(crate) fn error_page(name: &'static str, sentence: &'static str, status: u16) -> Expected {
        Expected::error_page_with(name, None, sentence, status)
    }

    /// The same of an error that has several notices.
    pub(crate) fn error_page_with(
        name: &'static str,
        notice: Option<&'static str>,
        sentence: &'static str,
        status: u16,
    ) -> Expected {
        let page = PageRule {
            name: "error",
            error: Some(name),
            notice,
            ..PageRule::default()
        };
        Expected::page(name, sentence, status, page)
    }

    /// A redirect, always 303 (RFC 9700 section 4.12).
    pub(crate) fn redirect(
        label: &'static str,
        sentence: &'static str,
        target: impl Into<String>,
        params: Vec<(&'static str, Rule)>,
    ) -> Expected {
        let (target, own) = with_query(target.into());
        let params = params.into_iter().map(|(name, rule)| (name.to_owned(), rule));
        let params = own.into_iter().chain(params).collect();
        Expected::of(label, sentence, 303, Content::Redirect { target, params })
    }

    /// An error for a client, as JSON, with the text that core/MESSAGES.md has for it.
    pub(crate) fn error(code: &'static str, when: &'static str, sentence: &'static str, status: u16) -> Expected {
        let text = messages::description(code, when);
        Expected::of(code, sentence, status, Content::Error(code, Some(text)))
    }

    /// An error for a client of which nothing but the code is said.
    pub(crate) fn bare_error(code: &'static str, sentence: &'static str, status: u16) -> Expected {
        Expected::of(code, sentence, status, Content::Error(code, None))
    }

    /// Any.
    pub(crate) fn of(label: &'static str, sentence: &'static str, status: u16, content: Content) -> Expected {
        Expected {
            label,
            sentence,
            status,
            content,
            cookies: vec![],
            headers: BTreeMap::new(),
        }
    }

    /// With a header.
    #[must_use]
    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Expected {
        self.headers.insert(name, Some(value.into()));
        self
    }

    /// With a cookie.
    #[must_use]
    pub(crate) fn cookie(mut self, name: String, value: Option<Rule>, max_age_ms: u64) -> Expected {
        self.cookies.push(CookieRule {
            name,
            value,
            max_age_s: max_age_ms / 1000,
        });
        self
    }

    /// Whether an answer is of the same kind, so that what differs is worth saying.
    pub(crate) fn is_kind_of(&self, answer: &Answer) -> bool {
        self.status == answer.status
            && match (&self.content, &answer.body) {
                (Content::Page(rule), Body::Page(page)) => {
                    rule.name == page.name && rule.error == page.error.as_deref() && rule.signed_in == page.signed_in
                }
                (Content::Redirect { target, params }, _) => answer.location.as_ref().is_some_and(|location| {
                    let has = |name: &str| location.params.iter().any(|(other, _)| other == name);
                    location.target == *target && params.iter().all(|(name, _)| name == "state" || has(name))
                }),
                (Content::Error(code, _), Body::Json(json)) => json["error"] == *code,
                (Content::Json(_), Body::Json(json)) => json.get("error").is_none(),
                (Content::Keys(_), Body::Json(json)) => json.get("keys").is_some(),
                (Content::Tokens(_), Body::Tokens(_)) => true,
                (Content::Nothing, Body::Empty) => answer.location.is_none(),
                _ => false,
            }
    }

    /// Whether an answer is this one, in every detail.
    ///
    /// # Errors
    /// What differs, as a clause.
    pub(crate) fn check(&self, answer: &Answer) -> Result<(), String> {
        frame::check_headers(self, answer)?;
        self.check_cookies(answer)?;
        match (&self.content, &answer.body) {
            (Content::Page(rule), Body::Page(page)) => check_page(rule, page, answer),
            (Content::Redirect { params, .. }, Body::Empty) => {
                let location = answer.location.as_ref().ok_or("there is no Location")?;
                check_params(params, &location.params)
            }
            (Content::Redirect { .. }, _) => Err("there is a body".into()),
            (Content::Error(code, text), Body::Json(json)) => check_error(code, *text, json, answer),
            (Content::Json(expected), Body::Json(json)) => match expected == json {
                true => Ok(()),
                false => Err(format!("it says {json} instead of {expected}")),
            },
            (Content::Keys(first), Body::Json(json)) => keys::check(json, first),
            (Content::Tokens(rule), Body::Tokens(tokens)) => rule.check(tokens),
            (Content::Nothing, Body::Empty) => Ok(()),
            _ => Err(format!("it is {}", answer.describe())),
        }
    }

    fn check_cookies(&self, answer: &Answer) -> Result<(), String> {
        let names: Vec<&str> = answer.cookies.iter().map(|cookie| cookie.name.as_str()).collect();
        let expected: Vec<&str> = self.cookies.iter().map(|rule| rule.name.as_str()).collect();
        if names != expected {
            return Err(format!("it sets the cookies {names:?} instead of {expected:?}"));
        }
        for (rule, cookie) in self.cookies.iter().zip(&answer.cookies) {
            frame::check_cookie(rule, cookie)?;
            let fits = match &rule.value {
                None => cookie.value.bytes == 0,
                Some(value) => value.admits(&Word::Secret(cookie.value.clone())),
            };
            if !fits {
                return Err(format!("the cookie {} has a value that it must not have", rule.name));
            }
        }
        Ok(())
    }
}

/// A redirect URI without its query, and the query: it must be retained (RFC 6749 section 3.1.2).
fn with_query(uri: String) -> (String, Vec<(String, Rule)>) {
    let Some((target, query)) = uri.split_once('?') else {
        return (uri, vec![]);
    };
    let own = url::form_urlencoded::parse(query.as_bytes());
    let own = own.map(|(name, value)| (name.to_string(), Rule::Is(Word::of(&name, &value))));
    (target.to_owned(), own.collect())
}

fn check_params(rules: &[(String, Rule)], found: &[(String, Word)]) -> Result<(), String> {
    for (name, _) in rules {
        let values: Vec<&Word> = found
            .iter()
            .filter(|(other, _)| other == name)
            .map(|(_, v)| v)
            .collect();
        // What came twice by POST comes twice by GET.
        let rules = rules.iter().filter(|(other, _)| other == name).map(|(_, rule)| rule);
        let rules: Vec<&Rule> = rules.collect();
        match (values.len(), rules.len()) {
            (0, _) => return Err(format!("{name} is missing")),
            (many, expected) if many != expected => return Err(format!("{name} is there {many} times")),
            _ => {}
        }
        if !rules.iter().zip(&values).all(|(rule, value)| rule.admits(value)) {
            return Err(format!("{name} is not what it must be"));
        }
    }
    match found
        .iter()
        .find(|(name, _)| rules.iter().all(|(rule, _)| rule != name))
    {
        Some((name, _)) => Err(format!("there is a parameter {name}")),
        None => Ok(()),
    }
}

fn check_page(rule: &PageRule, page: &Page, answer: &Answer) -> Result<(), String> {
    let mut places = rule.places.clone();
    let reference = answer.headers.get("x-correlation-id").cloned().unwrap_or_default();
    places.insert("correlation", vec![reference]);
    let title = match rule.signed_in {
        Some(false) => "account of nobody",
        _ => rule.name,
    };
    messages::check(title, rule.error, rule.notice, &places, &page.text)?;
    let actions: Vec<&str> = page.forms.iter().map(|form| form.action.as_str()).collect();
    let expected: Vec<&str> = rule.forms.iter().map(|form| form.action).collect();
    if actions != expected {
        return Err(format!("its forms go to {actions:?} instead of {expected:?}"));
    }
    for (rule, form) in rule.forms.iter().zip(&page.forms) {
        if form.method != "post" {
            return Err(format!("the form {} is sent by {}", form.action, form.method));
        }
        for (name, values) in &rule.fields {
            let found = form.fields.iter().find(|(field, _)| field == name);
            match found {
                None => return Err(format!("the form {} has no field {name}", form.action)),
                Some((_, value)) if values.contains(value) => {}
                Some(_) => {
                    return Err(format!(
                        "the field {name} of the form {} has a wrong value",
                        form.action
                    ));
                }
            }
        }
        if form.fields.len() > rule.fields.len() {
            return Err(format!("the form {} has fields that nobody asked for", form.action));
        }
    }
    Ok(())
}

fn check_error(code: &str, text: Option<&str>, json: &Value, answer: &Answer) -> Result<(), String> {
    let known = ["error", "error_description", "error_uri", "correlation_id"];
    let object = json.as_object().ok_or("it is no JSON object")?;
    if let Some((name, _)) = object.iter().find(|(name, _)| !known.contains(&name.as_str())) {
        return Err(format!("the error {code} has a member {name}"));
    }
    if json["error_description"].as_str() != text {
        let said = &json["error_description"];
        return Err(format!("its error_description is {said} instead of {text:?}"));
    }
    let reference = answer.headers.get("x-correlation-id").map_or("", String::as_str);
    if json["correlation_id"] != reference {
        return Err("it does not say under which reference to ask for help".into());
    }
    Ok(())
}

impl Answer {
    /// What it is, for people.
    pub fn describe(&self) -> String {
        let status = self.status;
        match (&self.body, &self.location) {
            (_, Some(location)) => {
                let names: Vec<&str> = location.params.iter().map(|(name, _)| name.as_str()).collect();
                let error = location.params.iter().find(|(name, _)| name == "error");
                match error.and_then(|(_, word)| word.clear()) {
                    Some(error) => format!("{status}, a redirect to {} with the error {error}", location.target),
                    None => format!("{status}, a redirect to {} with {}", location.target, names.join(", ")),
                }
            }
            (Body::Page(page), _) => match (&page.error, page.signed_in) {
                (Some(error), _) => format!("{status}, the page {} that says {error}", page.name),
                (None, Some(true)) => format!("{status}, the page {} of somebody who is signed in", page.name),
                (None, Some(false)) => format!("{status}, the page {} of somebody who is not signed in", page.name),
                (None, None) => format!("{status}, the page {}", page.name),
            },
            (Body::Json(json), _) => match json["error"].as_str() {
                Some(error) => format!("{status}, the error {error}"),
                None => format!("{status}, JSON"),
            },
            (Body::Tokens(_), _) => format!("{status}, a token set"),
            (Body::Empty, _) => format!("{status}, nothing"),
            (Body::Other(bytes), _) => format!("{status}, {bytes} bytes"),
        }
    }
}
