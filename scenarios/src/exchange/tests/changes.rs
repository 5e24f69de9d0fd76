//! What is changed in one answer. A change says by `Some` that it fits, and has nothing else to say.

#![expect(
    clippy::unit_arg,
    reason = "a change says by `Some` that it fits, and has nothing else to say"
)]

use spec::exchange::{Answer, Body, Page, Tokens};

pub(super) fn header(name: &'static str, value: Option<&'static str>) -> impl Fn(&mut Answer) -> Option<()> {
    move |answer| match value {
        Some(value) => Some(drop(answer.headers.insert(name.into(), value.into()))),
        None => answer.headers.remove(name).map(drop),
    }
}

pub(super) fn attribute(name: &'static str, value: Option<&'static str>) -> impl Fn(&mut Answer) -> Option<()> {
    move |answer| {
        let attributes = &mut answer.cookies.first_mut()?.attributes;
        match value {
            Some(value) => Some(drop(attributes.insert(name.into(), value.into()))),
            None => attributes.remove(name).map(drop),
        }
    }
}

pub(super) fn page(change: impl Fn(&mut Page)) -> impl Fn(&mut Answer) -> Option<()> {
    move |answer| match &mut answer.body {
        Body::Page(page) => Some(change(page)),
        _ => None,
    }
}

pub(super) fn text(from: &'static str, to: &'static str) -> impl Fn(&mut Answer) -> Option<()> {
    move |answer| match &mut answer.body {
        Body::Page(page) if page.text.contains(from) => Some(page.text = page.text.replace(from, to)),
        _ => None,
    }
}

pub(super) fn tokens(change: impl Fn(&mut Tokens)) -> impl Fn(&mut Answer) -> Option<()> {
    move |answer| match &mut answer.body {
        Body::Tokens(tokens) => Some(change(tokens)),
        _ => None,
    }
}

pub(super) fn claim(name: &'static str, value: serde_json::Value) -> impl Fn(&mut Answer) -> Option<()> {
    tokens(move |tokens| {
        let claims = &mut tokens.id_token.as_mut().unwrap().claims;
        claims.insert(name.into(), value.clone());
    })
}

pub(super) fn json(name: &'static str, value: serde_json::Value) -> impl Fn(&mut Answer) -> Option<()> {
    move |answer| match &mut answer.body {
        Body::Json(json) => Some(json[name] = value.clone()),
        _ => None,
    }
}

pub(super) fn without_param(name: &'static str) -> impl Fn(&mut Answer) -> Option<()> {
    move |answer| {
        let params = &mut answer.location.as_mut()?.params;
        let before = params.len();
        params.retain(|(other, _)| other != name);
        (params.len() < before).then_some(())
    }
}

pub(super) fn status(status: u16) -> impl Fn(&mut Answer) -> Option<()> {
    move |answer| Some(answer.status = status)
}

pub(super) type Change = Box<dyn Fn(&mut Answer) -> Option<()>>;
