//! The specification is tested by what it rejects: a history of a run that it accepts, in which one answer is changed, for
//! each sentence that it knows. Nothing here is a type of the service.

#![expect(
    clippy::unit_arg,
    reason = "a change says by `Some` that it fits, and has nothing else to say"
)]

use super::{Observation, facts, judge, refusals::refusals};
use crate::{
    catalogue,
    vocabulary::{Event, History, Observation as AnyObservation, Operators, Plan},
};
use sim::run::{Setup, perform};
use spec::{
    Spec, Troubles,
    exchange::{Answer, Answered, Body, Mail, Page, Tokens, Word},
};

/// A seed at which somebody sends a form larger than any may be.
const HUGE: u64 = 4;

/// A run of a story, which the specification accepts.
fn told(story: &str, seed: u64) -> (Plan, History, Operators) {
    let scenario = catalogue::all()
        .into_iter()
        .find(|scenario| scenario.name() == story)
        .unwrap();
    let plan = scenario.plan(seed);
    let run = perform(&plan, &Setup::default()).unwrap();
    assert_eq!(
        judge(&plan, &run.history, &run.operators).violations,
        vec![],
        "{story} is accepted as it is"
    );
    (plan, run.history, run.operators)
}

/// Changes the first answer to a request for `path` that has this status and that the change fits.
fn changed(history: &History, path: &str, status: u16, change: impl Fn(&mut Answer) -> Option<()>) -> History {
    let mut history = history.clone();
    let mut asked = std::collections::BTreeMap::new();
    for record in &mut history.records {
        let Event::Own(AnyObservation::Exchange(observation)) = &mut record.event else {
            continue;
        };
        match observation {
            Observation::Asked { number, request, .. } => drop(asked.insert(*number, request.path.clone())),
            Observation::Answered {
                number,
                answer: Answered::With(answer),
            } if asked[number] == path && answer.status == status => {
                let mut other = answer.clone();
                if change(&mut other).is_some() {
                    *answer = other;
                    return history;
                }
            }
            _ => {}
        }
    }
    panic!("no answer {status} of {path} can be changed so");
}

fn header(name: &'static str, value: Option<&'static str>) -> impl Fn(&mut Answer) -> Option<()> {
    move |answer| match value {
        Some(value) => Some(drop(answer.headers.insert(name.into(), value.into()))),
        None => answer.headers.remove(name).map(drop),
    }
}

fn attribute(name: &'static str, value: Option<&'static str>) -> impl Fn(&mut Answer) -> Option<()> {
    move |answer| {
        let attributes = &mut answer.cookies.first_mut()?.attributes;
        match value {
            Some(value) => Some(drop(attributes.insert(name.into(), value.into()))),
            None => attributes.remove(name).map(drop),
        }
    }
}

fn page(change: impl Fn(&mut Page)) -> impl Fn(&mut Answer) -> Option<()> {
    move |answer| match &mut answer.body {
        Body::Page(page) => Some(change(page)),
        _ => None,
    }
}

fn text(from: &'static str, to: &'static str) -> impl Fn(&mut Answer) -> Option<()> {
    move |answer| match &mut answer.body {
        Body::Page(page) if page.text.contains(from) => Some(page.text = page.text.replace(from, to)),
        _ => None,
    }
}

fn tokens(change: impl Fn(&mut Tokens)) -> impl Fn(&mut Answer) -> Option<()> {
    move |answer| match &mut answer.body {
        Body::Tokens(tokens) => Some(change(tokens)),
        _ => None,
    }
}

fn claim(name: &'static str, value: serde_json::Value) -> impl Fn(&mut Answer) -> Option<()> {
    tokens(move |tokens| {
        let claims = &mut tokens.id_token.as_mut().unwrap().claims;
        claims.insert(name.into(), value.clone());
    })
}

fn json(name: &'static str, value: serde_json::Value) -> impl Fn(&mut Answer) -> Option<()> {
    move |answer| match &mut answer.body {
        Body::Json(json) => Some(json[name] = value.clone()),
        _ => None,
    }
}

fn without_param(name: &'static str) -> impl Fn(&mut Answer) -> Option<()> {
    move |answer| {
        let params = &mut answer.location.as_mut()?.params;
        let before = params.len();
        params.retain(|(other, _)| other != name);
        (params.len() < before).then_some(())
    }
}

fn status(status: u16) -> impl Fn(&mut Answer) -> Option<()> {
    move |answer| Some(answer.status = status)
}

type Change = Box<dyn Fn(&mut Answer) -> Option<()>>;

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
    row("/authorize", 303, "no login", Box::new(without_param("flow")));
    row("/login", 200, "forms lead anywhere", {
        let policy = "default-src 'none'; style-src 'sha256-x'; script-src 'unsafe-inline'; form-action *";
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
        ("groups", none),
    ] {
        row("/token", 200, name, Box::new(claim(name, value)));
    }
    row(
        "/token",
        400,
        "another code",
        Box::new(json("error", "invalid_request".into())),
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
        Box::new(text("six digits. Code", "xyzzy. Code")),
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
    row("/token", 405, "no Allow", Box::new(header("allow", None)));
    rows
}

#[test]
fn every_sentence_rejects_an_answer_that_breaks_it() {
    let (plan, history, operators) = told("rule_breakers", 3);
    let rows = rejected();
    assert!(rows.len() >= 50);
    for (path, status, what, change) in rows {
        let violations = judge(&plan, &changed(&history, path, status, change), &operators).violations;
        assert!(!violations.is_empty(), "{path} {status}: {what} is accepted");
    }
}

/// The log tells of each refusal what it must: the same history with another line in the log is rejected, for each reason.
#[test]
fn every_sentence_rejects_a_log_that_breaks_it() {
    let (plan, history, operators) = told("rule_breakers", 3);
    let of = |what: &str| {
        let found = operators
            .log
            .iter()
            .position(|written| written.line.text.contains(what));
        found.unwrap_or_else(|| panic!("no line of the log has {what:?}"))
    };
    let place = of("refused correlation=");
    let replace = |log: &mut Operators, place: usize, from: &str, to: &str| {
        let text = &mut log.log[place].line.text;
        let changed = text.replace(from, to);
        assert_ne!(*text, changed, "{from:?} is in it");
        *text = changed;
    };
    type Row<'a> = (&'static str, &'a dyn Fn(&mut Operators));
    let rows: [Row<'_>; 6] = [
        ("refusal-not-logged", &|log| drop(log.log.remove(place))),
        ("refusal-logged-twice", &|log| {
            log.log.insert(place, log.log[place].clone())
        }),
        ("another-request-in-the-log", &|log| {
            replace(log, place, "status=", "status=1")
        }),
        ("another-request-in-the-log", &|log| {
            replace(log, place, "path=/", "path=/x/")
        }),
        ("another-reason-in-the-log", &|log| {
            replace(log, of("error=other-browser"), "other-browser", "locked")
        }),
        ("another-reason-in-the-log", &|log| {
            replace(log, of("invalid_grant: no such code"), "no such code", "wrong verifier");
        }),
    ];
    for (reason, change) in rows {
        let mut changed = operators.clone();
        change(&mut changed);
        let found = judge(&plan, &history, &changed).violations;
        assert!(found.iter().any(|other| other.reason == reason), "{reason}: {found:?}");
    }
}

/// Of the first mail with a code: what may be done to it, and the reason that it is rejected for.
#[test]
fn every_sentence_rejects_a_mail_that_breaks_it() {
    let (plan, history, operators) = told("rule_breakers", 3);
    let place = history
        .records
        .iter()
        .position(|record| mailed(&record.event).is_some())
        .unwrap();
    let reasons = |change: &dyn Fn(&mut History)| {
        let mut history = history.clone();
        change(&mut history);
        let violations = judge(&plan, &history, &operators).violations;
        violations
            .into_iter()
            .map(|violation| violation.reason)
            .collect::<Vec<_>>()
    };
    let with = |history: &mut History, change: &dyn Fn(&mut String, &mut Mail)| {
        let Event::Own(AnyObservation::Exchange(Observation::Mailed { address, mail })) =
            &mut history.records[place].event
        else {
            unreachable!("it was found above")
        };
        change(address, mail);
    };
    type Row<'a> = (&'static str, &'a dyn Fn(&mut History));
    let rows: [Row<'_>; 5] = [
        ("mail-missing", &|history| drop(history.records.remove(place))),
        ("mail-sent-twice", &|history| {
            history.records.insert(place, history.records[place].clone())
        }),
        ("mail-to-a-stranger", &|history| {
            with(history, &|address, _| *address = "nobody@example.com".into())
        }),
        ("mail-differs", &|history| {
            with(history, &|_, mail| {
                mail.text = mail.text.replace("10 minutes", "60 minutes")
            })
        }),
        ("mail-not-asked-for", &|history| {
            history.records.insert(place, history.records[place].clone());
            with(history, &|_, mail| {
                let name = mail.headers.iter_mut().find(|(name, _)| name == "message-id").unwrap();
                name.1 = name.1.replace('<', "<another");
            });
        }),
    ];
    for (reason, change) in rows {
        let found = reasons(change);
        assert!(found.iter().any(|other| other == reason), "{reason}: {found:?}");
    }
}

fn mailed(event: &Event) -> Option<&Mail> {
    match event {
        Event::Own(AnyObservation::Exchange(Observation::Mailed { mail, .. })) => mail.code.as_ref().map(|_| &**mail),
        _ => None,
    }
}

/// What operators are told, and reminders: the reason that each change is rejected for.
#[test]
fn every_sentence_rejects_what_operators_or_the_reminded_may_not_be_told() {
    let (plan, history, operators) = told("calm_day", 1);
    let reasons = |history: &History| {
        let violations = judge(&plan, history, &operators).violations;
        violations
            .into_iter()
            .map(|violation| violation.reason)
            .collect::<Vec<_>>()
    };
    let health: Vec<(&str, Change)> = vec![
        ("health-differs", Box::new(json("status", "fine".into()))),
        ("health-differs", Box::new(json("replica", "idp-c".into()))),
        ("health-differs", Box::new(json("leader", serde_json::Value::Null))),
        ("health-differs", Box::new(json("more", 1.into()))),
        ("health-differs", Box::new(header("content-type", Some("text/plain")))),
        ("health-differs", Box::new(status(503))),
    ];
    for (reason, change) in health {
        let found = reasons(&changed(&history, "/health", 200, change));
        assert!(found.iter().any(|other| other == reason), "{reason}: {found:?}");
    }
    let everywhere = |change: &dyn Fn(&mut Answer)| {
        let mut history = history.clone();
        for record in &mut history.records {
            if let Event::Own(AnyObservation::Exchange(Observation::Answered {
                answer: Answered::With(answer),
                ..
            })) = &mut record.event
                && matches!(&answer.body, Body::Json(json) if json.get("replica").is_some())
            {
                change(answer);
            }
        }
        history
    };
    let says = |name: &'static str, value: serde_json::Value| {
        everywhere(&move |answer| json(name, value.clone())(answer).unwrap())
    };
    let degraded = |why: &'static str| {
        everywhere(&move |answer| {
            answer.status = 503;
            json("status", "degraded".into())(answer).unwrap();
            json(
                "reasons",
                serde_json::json!(if why.is_empty() { vec![] } else { vec![why] }),
            )(answer)
            .unwrap();
        })
    };
    for (reason, history) in [
        ("two-leaders", says("leader", true.into())),
        ("no-leader", says("leader", false.into())),
        ("blames-what-works", says("reasons", serde_json::json!(["store: gone"]))),
        ("health-differs", says("reasons", serde_json::json!(["xyzzy"]))),
        ("degraded-without-a-reason", degraded("")),
        ("blames-what-works", degraded("directory: the disk is full")),
    ] {
        let found = reasons(&history);
        assert!(found.iter().any(|other| other == reason), "{reason}: {found:?}");
    }
    let place = history.records.iter().position(|record| {
        let mail = match &record.event {
            Event::Own(AnyObservation::Exchange(Observation::Mailed { mail, .. })) => mail,
            _ => return false,
        };
        mail.code.is_none()
    });
    let reminder = |change: &dyn Fn(&mut String, &mut Mail, &mut u64)| {
        let mut history = history.clone();
        let record = &mut history.records[place.expect("somebody is reminded")];
        let Event::Own(AnyObservation::Exchange(Observation::Mailed { address, mail })) = &mut record.event else {
            unreachable!("it was found above")
        };
        change(address, mail, &mut record.at_ms);
        history
    };
    let field = |mail: &mut Mail, name: &str, value: &str| {
        let found = mail.headers.iter_mut().find(|(other, _)| other == name);
        found.expect("a reminder has it").1 = value.to_owned();
    };
    for (reason, history) in [
        (
            "reminder-not-asked-for",
            reminder(&|_, mail, _| field(mail, "message-id", "<x@login.example>")),
        ),
        (
            "reminder-differs",
            reminder(&|_, mail, _| field(mail, "subject", "xyzzy")),
        ),
        (
            "reminder-differs",
            reminder(&|_, mail, _| field(mail, "x-reminder-due", "1")),
        ),
        (
            "reminder-differs",
            reminder(&|_, mail, _| field(mail, "date", "Mon, 21 Sep 2020 14:13:45 +0000")),
        ),
        ("reminder-differs", reminder(&|_, mail, _| mail.text.push('!'))),
        (
            "reminder-differs",
            reminder(&|address, _, _| *address = "eve@example.com".into()),
        ),
        ("reminder-too-early", reminder(&|_, _, at_ms| *at_ms -= 5000)),
    ] {
        let found = reasons(&history);
        assert!(found.iter().any(|other| other == reason), "{reason}: {found:?}");
    }
}

/// Each excuse is needed, and no more: the same history is refused when nobody says what was broken, or that the store
/// forgot.
#[test]
fn without_what_was_broken_the_same_answers_are_refused() {
    let refused = |story: &str, seed: u64, forget: &dyn Fn(&mut Troubles)| {
        let (plan, history, operators) = told(story, seed);
        let mut troubles = facts::troubles(&plan, &history);
        forget(&mut troubles);
        !Spec::new(&facts::world(&plan), &troubles)
            .judge(&facts::facts(&history, &refusals(&operators)))
            .violations
            .is_empty()
    };
    assert!(
        refused("redis_unreachable", 1, &|troubles| troubles.spans.clear()),
        "a failing store"
    );
    assert!(
        refused("session_survives", 1, &|troubles| troubles.spans.clear()),
        "a failing directory"
    );
    assert!(
        refused("guesser_across_failover", 1, &|troubles| troubles.forgettings.clear()),
        "a store that forgot"
    );
    assert!(
        refused("memory_store", 1, &|troubles| troubles.forgettings.clear()),
        "a store in memory whose process restarted"
    );
    assert!(
        !refused("rule_breakers", 1, &|troubles| troubles.spans.clear()),
        "nothing was broken"
    );
}

#[test]
fn identifiers_come_once_and_silence_needs_a_reason() {
    let (plan, history, operators) = told("rule_breakers", 3);
    let mut first = None;
    for record in &history.records {
        if let Event::Own(AnyObservation::Exchange(Observation::Answered {
            answer: Answered::With(answer),
            ..
        })) = &record.event
            && let Body::Tokens(tokens) = &answer.body
        {
            first = first.or(Some(tokens.access.clone()));
        }
    }
    let first = first.expect("somebody got tokens");
    let again = changed(&history, "/token", 200, |answer| match &mut answer.body {
        Body::Tokens(tokens) if tokens.access != first => Some(tokens.access = first.clone()),
        _ => None,
    });
    let reasons: Vec<String> = judge(&plan, &again, &operators)
        .violations
        .into_iter()
        .map(|v| v.reason)
        .collect();
    assert!(
        reasons.iter().any(|reason| reason == "access-token-twice"),
        "{reasons:?}"
    );

    let mut silent = history.clone();
    let answers = silent
        .records
        .iter_mut()
        .rev()
        .find_map(|record| match &mut record.event {
            Event::Own(AnyObservation::Exchange(Observation::Answered { answer, .. })) => Some(answer),
            _ => None,
        });
    *answers.unwrap() = Answered::Unknown("nothing".into());
    let reasons: Vec<String> = judge(&plan, &silent, &operators)
        .violations
        .into_iter()
        .map(|v| v.reason)
        .collect();
    assert!(
        reasons.iter().any(|reason| reason.starts_with("no-answer-")),
        "{reasons:?}"
    );
}

/// A form that is larger than any may be is refused by the service and not by the balancer, for whom a replica that breaks
/// off is a broken one.
#[test]
fn a_huge_form_harms_nobody() {
    let (_, history, _) = told("rule_breakers", HUGE);
    let huge = history.records.iter().any(|record| match &record.event {
        Event::Own(AnyObservation::Exchange(Observation::Answered {
            answer: Answered::With(answer),
            ..
        })) => answer.status == 413,
        _ => false,
    });
    assert!(huge, "this seed has none: choose another one");
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
    let (plan, history, operators) = told("rule_breakers", 5);
    let report = judge(&plan, &history, &operators);
    assert!(report.calm.judged > 500, "{:?}", report.calm);
    assert!(report.calm.exact * 100 >= report.calm.judged * 99, "{:?}", report.calm);
}
