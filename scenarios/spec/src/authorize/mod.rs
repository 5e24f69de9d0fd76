//! `/authorize` (RFC 6749 section 4.1.1, OpenID Connect Core section 3.1.2), and the way back to the client.

mod by_post;
mod consent;
mod long;
mod request;

pub(crate) use consent::{expect_consent_page, expect_consented};
pub(crate) use request::{About, Issued, Prompt, Wanted, hint};

use crate::{
    allowed::{Allowed, Known, Widened},
    exchange::Word,
    expect::{Expected, Rule},
    form::malformed,
    index::Session,
    judge::{Judge, Needs, page_not_now},
    limits, messages,
    secret::Tag,
    seen::{Params, Seen},
    world::World,
};
use consent::consented;
use request::{Wrong, client, errors, fits};

/// What may be answered.
pub(crate) fn expect(judge: &Judge<'_>, seen: &Seen<'_>) -> Allowed {
    if seen.exchange.request.method == "POST" {
        return by_post::expect(judge, seen);
    }
    let mut allowed = Allowed::default();
    let (params, world) = (seen.params(), judge.index.world);
    refused_here(&mut allowed, world, &params);
    if allowed.is_closed() {
        judge.or_not_now(
            &mut allowed,
            seen,
            Needs {
                directory: true,
                ..Needs::default()
            },
            page_not_now,
        );
        return allowed;
    }
    let redirect_uri = params.text("redirect_uri").unwrap_or_default();
    let issued = &judge.index.id_tokens;
    let errors = client(world, &params).map_or(vec![], |client| errors(world, issued, client, &params));
    let to_client = |wrong| error_to_client(world, &params, redirect_uri, wrong);
    let store = match (errors.first(), Wanted::read(world, issued, &params)) {
        (Some(wrong), _) => {
            for another in &errors[1..] {
                allowed.or(Widened::SeveralErrors, to_client(*another));
            }
            allowed.otherwise(|| to_client(*wrong));
            false
        }
        (None, Some(wanted)) => {
            let (live, session) = judge.session(seen);
            let enough = live.and(session.map_or(Known::No, |session| satisfies(judge, seen, session, &wanted)));
            let begins = |allowed: &mut Allowed, asked: Known, page| {
                let long = long::is_long(judge, seen, &wanted);
                allowed.when(asked.and(long.negated()), || begins(judge, seen, page, false));
                allowed.when(asked.and(long).and(long::too_many(judge, seen)), || {
                    limits::from_here(judge)
                });
                allowed.when(asked, || begins(judge, seen, page, true));
            };
            match (wanted.needs_consent, wanted.prompt) {
                (false, _) => allowed.when(enough, || back(world, &wanted)),
                (true, Prompt::Never) => allowed.when(enough, || {
                    to_client(("consent_required", "always", "OpenID Connect Core section 3.1.2.6"))
                }),
                (true, _) => begins(&mut allowed, enough, "/login/consent"),
            }
            if wanted.prompt == Prompt::Never {
                allowed.otherwise(|| to_client(("login_required", "always", "OpenID Connect Core section 3.1.2.6")));
            } else {
                begins(&mut allowed, Known::Yes, "/login");
            }
            true
        }
        (None, None) => unreachable!("a request without errors can be read"),
    };
    judge.or_not_now(
        &mut allowed,
        seen,
        Needs {
            directory: true,
            store,
            ..Needs::default()
        },
        page_not_now,
    );
    allowed
}

/// Until client and redirect URI are known to belong together, nothing is sent anywhere (RFC 6749 section 4.1.2.1, RFC 9700
/// section 4.11).
fn refused_here(allowed: &mut Allowed, world: &World, params: &Params<'_>) {
    let twice = |name| Known::certain(params.count(name) > 1);
    if params.count("client_id") > 1 && params.count("redirect_uri") > 1 {
        // Which of the two is named is nobody's concern.
        allowed.or(
            Widened::SeveralErrors,
            malformed("redirect_uri was given more than once"),
        );
    }
    allowed.when(twice("client_id"), || malformed("client_id was given more than once"));
    allowed.when(twice("redirect_uri"), || {
        malformed("redirect_uri was given more than once")
    });
    let client = client(world, params);
    allowed.when(Known::certain(client.is_none()), || {
        Expected::error_page(
            "unknown-client",
            "RFC 6749 section 4.1.2.1: no redirect for an unknown client",
            400,
        )
    });
    let uri = params.text("redirect_uri");
    let registered = client.is_some_and(|client| uri.is_some_and(|uri| client.may_be_answered_at(uri)));
    allowed.when(Known::certain(!registered), || {
        Expected::error_page(
            "redirect-uri",
            "RFC 9700 section 2.1: redirect URIs are compared exactly",
            400,
        )
    });
}

/// Whether a live session answers the request.
fn satisfies(judge: &Judge<'_>, seen: &Seen<'_>, session: &Session, wanted: &Wanted) -> Known {
    if wanted.prompt == Prompt::Always {
        return Known::No;
    }
    let young = match wanted.max_age_s {
        None => Known::Yes,
        // Older than max_age, in milliseconds: at the very moment it is not.
        Some(s) => judge
            .expired(
                judge.authenticated(session),
                s.saturating_mul(1000).saturating_add(1),
                seen.times,
            )
            .negated(),
    };
    young.and(is_about(judge, session, wanted))
}

/// Whether a session is of the person whom the client asks for (OpenID Connect Core section 3.1.2.1, `id_token_hint`).
fn is_about(judge: &Judge<'_>, session: &Session, wanted: &Wanted) -> Known {
    let Some(subject) = &wanted.subject else {
        return Known::Yes;
    };
    let people = judge.people_of(session);
    let theirs = people.iter().filter(|person| person.id == *subject).count();
    Known::of(theirs > 0 && theirs == people.len(), theirs > 0, Widened::WhoseMail)
}

fn error_to_client(world: &World, params: &Params<'_>, redirect_uri: &str, wrong: Wrong) -> Expected {
    let state = params.secret("state");
    let state = state.filter(|_| params.count("state") == 1 && fits(world, params));
    refusal(world, redirect_uri, state.map(|state| state.tag), wrong)
}

fn refusal(world: &World, redirect_uri: &str, state: Option<Tag>, (code, when, sentence): Wrong) -> Expected {
    let text = messages::description(code, when);
    let mut answer = vec![
        ("error", Rule::Is(Word::Clear(code.to_owned()))),
        ("error_description", Rule::Is(Word::Clear(text.to_owned()))),
        ("iss", Rule::Is(Word::Clear(world.issuer.clone()))), // RFC 9207 section 2
    ];
    answer.extend(state.map(|state| ("state", Rule::Tag(state))));
    Expected::redirect(code, sentence, redirect_uri, answer)
}

/// Back to the client, with a code.
pub(crate) fn back(world: &World, wanted: &Wanted) -> Expected {
    let mut answer = vec![
        ("code", Rule::New),
        ("iss", Rule::Is(Word::Clear(world.issuer.clone()))),
    ];
    answer.extend(wanted.state.map(|state| ("state", Rule::Tag(state))));
    Expected::redirect(
        "back to the client with a code",
        "RFC 6749 section 4.1.2, RFC 9207 section 2",
        &wanted.redirect_uri,
        answer,
    )
}

/// To the login page. Each login has a cookie of its own, so that those of several tabs do not disturb each other; it lives as
/// long as the login, and carries it if it is not too long for that.
fn begins(judge: &Judge<'_>, seen: &Seen<'_>, page: &'static str, is_long: bool) -> Expected {
    let value = match is_long {
        true => Rule::New,
        false => Rule::Carried(judge.setting("bytes of a login's cookie") as usize),
    };
    let begins = Expected::redirect(
        "a login begins",
        "OpenID Connect Core section 3.1.2.3, RFC 8252 section 8.6; inventory 9: it is bound to the browser",
        page,
        vec![("flow", Rule::New)],
    );
    let surplus = judge.index.surplus_cookies(seen).into_iter();
    let begins = surplus.fold(begins, |begins, name| begins.cookie(name, None, 0));
    // It is named after the login, of which nothing is known but this answer.
    match seen.redirected(page, "flow") {
        Some(flow) => {
            let name = judge.index.flow_cookie(flow);
            begins.cookie(name, Some(value), judge.setting("login in progress"))
        }
        None => begins,
    }
}

/// `/login/continue`: the login is over, or the person has yet to log in.
pub(crate) fn expect_continue(judge: &Judge<'_>, seen: &Seen<'_>) -> Allowed {
    let mut allowed = Allowed::default();
    if let Some(flow) = judge.flow(&mut allowed, seen) {
        let (live, session) = judge.session(seen);
        let id = seen.flow;
        let here = session.is_some_and(|session| Some(session.flow) == id);
        let about = session.map_or(Known::No, |session| is_about(judge, session, &flow.wanted));
        // OpenID Connect Core section 3.1.2.1: a session from before is enough if it is young enough and nobody asked for a new
        // one, and whoever logged in is the one whom the client asked for.
        let suffices = match here {
            true => about,
            false => session.map_or(Known::No, |session| satisfies(judge, seen, session, &flow.wanted)),
        };
        let enough = live.and(suffices);
        let said = match flow.wanted.needs_consent && !here {
            true => consented(judge, seen, flow),
            false => Known::Yes,
        };
        allowed.when(enough.and(said), || back(judge.index.world, &flow.wanted));
        allowed.when(enough.and(said.negated()), || to_page(id, "/login/consent"));
        let another = live.and(about.negated()).and(Known::certain(here));
        allowed.when(another, || {
            let code = "login_required";
            let sentence = "OpenID Connect Core section 3.1.2.1: another person than id_token_hint names has logged in";
            refusal(
                judge.index.world,
                &flow.wanted.redirect_uri,
                flow.wanted.state,
                (code, "always", sentence),
            )
        });
        allowed.otherwise(|| to_page(id, "/login"));
    }
    let needs = Needs {
        store: true,
        directory: true,
        ..Needs::default()
    };
    judge.or_not_now(&mut allowed, seen, needs, page_not_now);
    allowed
}

fn to_page(flow: Option<Tag>, page: &'static str) -> Expected {
    let flow = flow.map(|id| ("flow", Rule::Tag(id)));
    let (label, sentence) = match page {
        "/login" => (
            "to the login page",
            "OpenID Connect Core section 3.1.2.3: nobody is logged in, or not in this login",
        ),
        "/login/consent" => (
            "to the page that asks",
            "RFC 8252 section 8.6, OpenID Connect Core section 3.1.2.1: the person has not said it yet",
        ),
        _ => ("on the way back", "RFC 8252 section 8.6: the person has said it"),
    };
    Expected::redirect(label, sentence, page, flow.into_iter().collect())
}
