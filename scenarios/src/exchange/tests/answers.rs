//! Answers to people and clients.

#![expect(
    clippy::unit_arg,
    reason = "a change says by `Some` that it fits, and has nothing else to say"
)]

use super::{changed, changed_if_there, changes::*, judge, told};
use spec::{
    Secret,
    exchange::{Answer, Body, Word},
};
use std::cell::LazyCell;

/// Path, status and change, for each sentence.
fn rejected() -> Vec<(&'static str, u16, &'static str, Change)> {
    let none = serde_json::Value::Null;
    let mut rows: Vec<(&'static str, u16, &'static str, Change)> = vec![];
    let mut row = |path, status, what, change: Change| rows.push((path, status, what, change));
    row("/authorize", 303, "302 may repeat a POST", Box::new(status(302)));
    row(
        "/authorize",
        303,
        "may be cached",
        Box::new(header("cache-control", Some("public"))),
    );
    row(
        "/authorize",
        303,
        "no nosniff",
        Box::new(header("x-content-type-options", None)),
    );
    row(
        "/authorize",
        303,
        "referrers",
        Box::new(header("referrer-policy", Some("origin"))),
    );
    row(
        "/authorize",
        303,
        "no correlation",
        Box::new(header("x-correlation-id", None)),
    );
    row(
        "/authorize",
        303,
        "a stranger",
        Box::new(header("x-powered-by", Some("idp"))),
    );
    row(
        "/authorize",
        303,
        "closes the connection",
        Box::new(|answer: &mut Answer| Some(answer.closes = true)),
    );
    row(
        "/authorize",
        303,
        "no policy",
        Box::new(header("content-security-policy", None)),
    );
    row(
        "/authorize",
        303,
        "readable by scripts",
        Box::new(attribute("httponly", None)),
    );
    row("/authorize", 303, "over http", Box::new(attribute("secure", None)));
    row(
        "/authorize",
        303,
        "with others' forms",
        Box::new(attribute("samesite", Some("None"))),
    );
    row(
        "/authorize",
        303,
        "on some paths",
        Box::new(attribute("path", Some("/login"))),
    );
    row(
        "/authorize",
        303,
        "for subdomains",
        Box::new(attribute("domain", Some("example"))),
    );
    row(
        "/authorize",
        303,
        "lives otherwise",
        Box::new(attribute("max-age", Some("60"))),
    );
    row(
        "/authorize",
        303,
        "one cookie for all logins",
        Box::new(|answer: &mut Answer| Some(answer.cookies.last_mut()?.name = "__Host-browser".into())),
    );
    row(
        "/authorize",
        303,
        "ends another login",
        Box::new(|answer: &mut Answer| {
            let mut other = answer.cookies.first()?.clone();
            other.name = "__Host-flow-00000000".into();
            other.value = Secret::of("");
            other.attributes.insert("max-age".into(), "0".into());
            Some(answer.cookies.insert(0, other))
        }),
    );
    row(
        "/authorize",
        303,
        "its cookie is its identifier",
        Box::new(|answer: &mut Answer| {
            let params = &answer.location.as_ref()?.params;
            let (_, flow) = params.iter().find(|(name, _)| name == "flow")?;
            Some(answer.cookies.last_mut()?.value = flow.secret())
        }),
    );
    for (what, value) in [
        ("kept although it fits into its cookie", "k".repeat(43)),
        ("carries too much", "c".repeat(769)),
        ("carries nothing but a proof", "p".repeat(44)),
    ] {
        let change = move |answer: &mut Answer| Some(answer.cookies.last_mut()?.value = Secret::of(&value));
        row("/authorize", 303, what, Box::new(change));
    }
    row("/authorize", 303, "no login", Box::new(without_param("flow")));
    row("/login", 200, "any script runs", {
        let policy = "default-src 'none'; style-src 'sha256-x'; script-src 'unsafe-inline'";
        Box::new(header("content-security-policy", Some(policy)))
    });
    row(
        "/login",
        200,
        "as text",
        Box::new(header("content-type", Some("text/plain"))),
    );
    row(
        "/login",
        200,
        "another form",
        Box::new(page(|page| page.forms[0].action = "/elsewhere".into())),
    );
    row(
        "/login",
        200,
        "by GET",
        Box::new(page(|page| page.forms[0].method = "get".into())),
    );
    row(
        "/login",
        200,
        "no client named",
        Box::new(page(|page| page.text.clear())),
    );
    row(
        "/login",
        200,
        "an error",
        Box::new(page(|page| page.error = Some("expired".into()))),
    );
    row(
        "/login/send",
        303,
        "to another page",
        Box::new(|answer: &mut Answer| Some(answer.location.as_mut()?.target = "/login".into())),
    );
    row(
        "/login/code",
        200,
        "somebody else's address",
        Box::new(page(|page| page.text += " ann@example.com ben@example.com")),
    );
    row(
        "/login/verify",
        303,
        "no session",
        Box::new(|answer: &mut Answer| answer.cookies.pop().map(drop)),
    );
    row(
        "/login/verify",
        303,
        "twice",
        Box::new(|answer: &mut Answer| Some(answer.cookies.push(answer.cookies.first()?.clone()))),
    );
    row("/login/continue", 303, "no iss", Box::new(without_param("iss")));
    row("/login/continue", 303, "no state", Box::new(without_param("state")));
    row(
        "/login/continue",
        303,
        "elsewhere",
        Box::new(|answer: &mut Answer| Some(answer.location.as_mut()?.target = "https://evil.example/callback".into())),
    );
    row("/token", 200, "no pragma", Box::new(header("pragma", None)));
    row(
        "/token",
        200,
        "another type",
        Box::new(tokens(|t| drop(t.rest.insert("token_type".into(), "mac".into())))),
    );
    row(
        "/token",
        200,
        "lives otherwise",
        Box::new(tokens(|t| drop(t.rest.insert("expires_in".into(), 60.into())))),
    );
    row(
        "/token",
        200,
        "another scope",
        Box::new(tokens(|t| drop(t.rest.insert("scope".into(), "openid".into())))),
    );
    row("/token", 200, "no ID token", Box::new(tokens(|t| t.id_token = None)));
    row(
        "/token",
        200,
        "unsigned",
        Box::new(tokens(|t| {
            drop(t.id_token.as_mut().unwrap().header.insert("alg".into(), "none".into()));
        })),
    );
    row(
        "/token",
        200,
        "no nonce",
        Box::new(tokens(|t| t.id_token.as_mut().unwrap().nonce = None)),
    );
    for (name, value) in [
        ("iss", "https://login.example/".into()),
        ("sub", "user-nobody".into()),
        ("aud", "another".into()),
        ("exp", 1_790_000_000.into()),
        ("iat", 1.into()),
        ("auth_time", 1.into()),
        ("at_hash", "x".into()),
        ("email", "nobody@example.com".into()),
        ("email_verified", false.into()),
        ("acr", "1".into()),
        ("amr", serde_json::json!(["pwd"])),
        ("preferred_username", "nobody".into()),
        ("groups", none),
    ] {
        row("/token", 200, name, Box::new(claim(name, value)));
    }
    row(
        "/token",
        400,
        "another code",
        Box::new(json("error", "unauthorized_client".into())),
    );
    row("/token", 400, "as 401", Box::new(status(401)));
    row("/token", 400, "says too much", Box::new(json("code", "x".into())));
    row(
        "/userinfo",
        200,
        "another person",
        Box::new(json("sub", "user-nobody".into())),
    );
    row(
        "/userinfo",
        200,
        "more than granted",
        Box::new(json("phone_number", "1".into())),
    );
    row(
        "/userinfo",
        401,
        "no challenge",
        Box::new(header("www-authenticate", None)),
    );
    row(
        "/jwks",
        200,
        "for ever",
        Box::new(header("cache-control", Some("public, max-age=31536000"))),
    );
    row(
        "/jwks",
        200,
        "the private key",
        Box::new(|answer: &mut Answer| match &mut answer.body {
            Body::Json(json) => Some(json["keys"][0]["d"] = "x".into()),
            _ => None,
        }),
    );
    row(
        "/",
        200,
        "nobody",
        Box::new(page(|page| page.signed_in = Some(page.signed_in == Some(false)))),
    );
    row(
        "/nowhere",
        404,
        "another title",
        Box::new(text("No such page", "xyzzy")),
    );
    row(
        "/login/verify",
        400,
        "another notice",
        Box::new(text("eight digits. Code", "xyzzy. Code")),
    );
    row(
        "/",
        200,
        "more than there is to say",
        Box::new(page(|page| page.text.push_str(" xyzzy"))),
    );
    row(
        "/token",
        400,
        "another description",
        Box::new(json("error_description", "xyzzy".into())),
    );
    row(
        "/authorize",
        303,
        "another description",
        Box::new(|answer: &mut Answer| {
            let params = &mut answer.location.as_mut()?.params;
            let text = params.iter_mut().find(|(name, _)| name == "error_description")?;
            Some(text.1 = Word::Clear("xyzzy".into()))
        }),
    );
    row("/nowhere", 404, "something", Box::new(status(200)));
    for (path, status) in [("/jwks", 200), ("/token", 400), ("/userinfo", 401)] {
        let origin = "access-control-allow-origin";
        row(path, status, "scripts cannot read it", Box::new(header(origin, None)));
        row(
            path,
            status,
            "for one site",
            Box::new(header(origin, Some("https://app.example"))),
        );
        let credentials = header("access-control-allow-credentials", Some("true"));
        row(path, status, "with cookies", Box::new(credentials));
    }
    let for_all = || Box::new(header("access-control-allow-origin", Some("*")));
    row("/", 200, "scripts read who is signed in", for_all());
    row("/authorize", 303, "scripts get codes", for_all());
    let any = header("access-control-allow-headers", Some("*"));
    row("/token", 204, "any header", Box::new(any));
    row(
        "/end-session",
        303,
        "the cookie stays",
        Box::new(|answer: &mut Answer| answer.cookies.pop().map(drop)),
    );
    row(
        "/end-session",
        303,
        "elsewhere",
        Box::new(|answer: &mut Answer| Some(answer.location.as_mut()?.target = "https://evil.example/bye".into())),
    );
    row("/end-session", 303, "no state", Box::new(without_param("state")));
    row(
        "/end-session",
        200,
        "another application",
        Box::new(text("web wants", "grafana wants")),
    );
    row(
        "/end-session",
        200,
        "signs out at once",
        Box::new(page(|page| page.forms.clear())),
    );
    row(
        "/login/consent",
        200,
        "somebody else",
        Box::new(text("signed in as going", "signed in as ann")),
    );
    row(
        "/login/consent",
        200,
        "no question",
        Box::new(page(|page| page.forms[0].action = "/login/continue".into())),
    );
    row("/token", 405, "no Allow", Box::new(header("allow", None)));
    rows
}

#[test]
fn every_sentence_rejects_an_answer_that_breaks_it() {
    // Which answers there are depends on the seed.
    let runs = [10, 1, 6].map(|seed| LazyCell::new(move || told("rule_breakers", seed)));
    let rows = rejected();
    assert!(rows.len() >= 50);
    for (path, status, what, change) in rows {
        let mut changed = runs.iter().filter_map(|run| {
            let (plan, history, operators) = &**run;
            Some((plan, changed_if_there(history, path, status, &change)?, operators))
        });
        let (plan, history, operators) = changed
            .next()
            .unwrap_or_else(|| panic!("no {status} of {path}: {what}"));
        let violations = judge(plan, &history, operators).violations;
        assert!(!violations.is_empty(), "{path} {status}: {what} is accepted");
    }
}

/// OpenID Connect Core section 3.1.2.1, and what a form of another site may do.
#[test]
fn a_request_by_post_goes_on_by_get_as_it_came() {
    let (plan, history, operators) = told("several_logins", 1);
    let by_get = |answer: &Answer| answer.location.as_ref().is_some_and(|to| to.target == "/authorize");
    let rows: Vec<(&str, Change)> = vec![
        ("a parameter is lost", Box::new(without_param("scope"))),
        (
            "a parameter is another",
            Box::new(|answer: &mut Answer| {
                let params = &mut answer.location.as_mut()?.params;
                let (_, scope) = params.iter_mut().find(|(name, _)| name == "scope")?;
                Some(*scope = Word::Clear("openid".into()))
            }),
        ),
        (
            "a parameter comes twice",
            Box::new(|answer: &mut Answer| {
                let params = &mut answer.location.as_mut()?.params;
                Some(params.push(params.first()?.clone()))
            }),
        ),
        (
            "what means nothing goes on",
            Box::new(|answer: &mut Answer| {
                let params = &mut answer.location.as_mut()?.params;
                Some(params.push(("x".into(), Word::Clear("1".into()))))
            }),
        ),
        (
            "it goes elsewhere",
            Box::new(|answer: &mut Answer| Some(answer.location.as_mut()?.target = "/login".into())),
        ),
        ("it is posted again", Box::new(status(307))),
    ];
    for (what, change) in rows {
        let of_a_post = |answer: &mut Answer| match by_get(answer) {
            true => change(answer),
            false => None,
        };
        let history = changed(&history, "/authorize", 303, of_a_post);
        let violations = judge(&plan, &history, &operators).violations;
        assert!(!violations.is_empty(), "{what}, and it is accepted");
    }
}

#[test]
fn what_clients_are_told_wrongly_is_a_violation_of_the_claim() {
    let (plan, history, operators) = told("edges", 1);
    let history = changed(&history, "/userinfo", 401, status(200));
    let run = judge(&plan, &history, &operators);
    assert_eq!(run.violations.len(), 1);
    assert!(
        run.violations[0].what.contains("RFC 6750"),
        "{}",
        run.violations[0].what
    );
}

#[test]
fn before_anything_breaks_one_answer_is_allowed() {
    let (plan, history, operators) = told("rule_breakers", 10);
    let report = judge(&plan, &history, &operators);
    assert!(report.calm.judged > 500, "{:?}", report.calm);
    assert!(report.calm.exact * 100 >= report.calm.judged * 99, "{:?}", report.calm);
}
