//! `/end-session`: a client signs a person out (OpenID Connect RP-Initiated Logout).

use crate::{
    allowed::{Allowed, Known, Widened},
    authorize::{About, hint},
    exchange::Word,
    expect::{Expected, FormRule, PageRule, Rule},
    form::malformed,
    judge::{Judge, Needs, page_not_now},
    messages::Places,
    seen::{Params, Seen},
    world::Client,
};

/// What RP-Initiated Logout section 2 names as parameters, as far as they mean something here.
const PARAMETERS: [&str; 4] = ["id_token_hint", "client_id", "post_logout_redirect_uri", "state"];

/// What may be answered.
pub(crate) fn expect(judge: &Judge<'_>, seen: &Seen<'_>) -> Allowed {
    let mut allowed = Allowed::default();
    let params = seen.params();
    let by_form = seen.exchange.request.method == "POST";
    if by_form {
        judge.form(&mut allowed, seen);
    }
    allowed.when(Known::certain(params.has_repeated_of(&PARAMETERS)), || {
        malformed("a parameter was given more than once")
    });
    let about = hint(&judge.index.id_tokens, &params);
    allowed.when(Known::certain(about.is_none()), || {
        refused("not-our-id-token", "section 2: the ID token is one of this service")
    });
    let about = about.flatten();
    refused_return(&mut allowed, judge, &params, about);
    let (live, session) = judge.session(seen);
    let theirs = match (about, session) {
        (Some(about), Some(session)) => {
            let people = judge.people_of(session);
            let same = people.iter().filter(|person| person.id == about.subject).count();
            Known::of(same > 0 && same == people.len(), same > 0, Widened::WhoseMail)
        }
        _ => Known::No,
    };
    // A form that another site posts has no cookie: the person is asked, whoever they are.
    let asks = match by_form {
        true => Known::Yes,
        false => live.and(theirs.negated()),
    };
    allowed.when(asks, || question(judge, &params, about));
    allowed.when(live, || gone(judge, &params));
    // A session that is not found may be there: its cookie stays (inventory 55).
    allowed.otherwise(|| goes(&params));
    let has_cookie = seen.cookie(&judge.index.session_cookie()).is_some();
    let needs = Needs {
        directory: has_cookie || about.is_some() || params.get("client_id").is_some(),
        ..Needs::default()
    };
    judge.or_not_now(&mut allowed, seen, needs, page_not_now);
    allowed
}

/// `POST /end-session/confirm`: the person wants it.
pub(crate) fn expect_confirmed(judge: &Judge<'_>, seen: &Seen<'_>) -> Allowed {
    let mut allowed = Allowed::default();
    let params = seen.params();
    judge.own_form(&mut allowed, seen);
    refused_return(&mut allowed, judge, &params, None);
    allowed.otherwise(|| gone(judge, &params));
    let has_cookie = seen.cookie(&judge.index.session_cookie()).is_some();
    let needs = Needs {
        directory: has_cookie || params.get("client_id").is_some(),
        ..Needs::default()
    };
    judge.or_not_now(&mut allowed, seen, needs, page_not_now);
    allowed
}

fn refused(name: &'static str, sentence: &'static str) -> Expected {
    Expected::error_page(name, sentence, 400)
}

/// The client that a request names, by its ID token or by itself.
pub(crate) fn client<'j>(judge: &'j Judge<'_>, params: &Params<'_>, about: Option<&About>) -> Option<&'j Client> {
    let id = match about {
        Some(about) => about.client_id.as_str(),
        None => params.text("client_id")?,
    };
    judge.index.world.clients.iter().find(|client| client.id == id)
}

/// Nobody is sent where their application did not register (section 3).
fn refused_return(allowed: &mut Allowed, judge: &Judge<'_>, params: &Params<'_>, about: Option<&About>) {
    let named = params.text("client_id");
    let is_other = about.is_some_and(|about| named.is_some_and(|named| named != about.client_id));
    allowed.when(Known::certain(is_other), || {
        refused(
            "another-clients-id-token",
            "section 2: client_id is that of the ID token",
        )
    });
    let client = client(judge, params, about);
    let is_unknown = client.is_none() && (about.is_some() || named.is_some());
    allowed.when(Known::certain(is_unknown), || {
        refused("unknown-client-signs-out", "section 2: client_id is registered")
    });
    let uri = params.text("post_logout_redirect_uri");
    let registered = client.map_or(&[][..], |client| &client.post_logout_redirect_uris);
    let is_registered = uri.is_none_or(|uri| registered.iter().any(|known| known == uri));
    allowed.when(Known::certain(!is_registered), || {
        refused(
            "post-logout-redirect-uri",
            "section 3: it is registered exactly, or nobody is sent there",
        )
    });
    let state_max = judge.setting("bytes of state at a sign-out") as usize;
    let state = params.secret("state").filter(|_| uri.is_some());
    let is_long = state.is_some_and(|state| state.bytes > state_max);
    allowed.when(Known::certain(is_long), || {
        refused("return-too-long", "core/LIMITS.md: bytes of state at a sign-out")
    });
}

fn question(judge: &Judge<'_>, params: &Params<'_>, about: Option<&About>) -> Expected {
    let (client, uri) = (client(judge, params, about), params.text("post_logout_redirect_uri"));
    let name = client.map_or("An application".to_owned(), |client| client.name.clone());
    let mut fields = vec![];
    fields.extend(client.map(|client| ("client_id", vec![Word::Clear(client.id.clone())])));
    fields.extend(uri.map(|uri| ("post_logout_redirect_uri", vec![Word::Clear(uri.to_owned())])));
    let state = params.secret("state").filter(|_| uri.is_some());
    fields.extend(state.map(|state| ("state", vec![Word::Secret(state)])));
    let page = PageRule {
        name: "sign-out",
        places: Places::from([("client", vec![name])]),
        forms: vec![FormRule {
            action: "/end-session/confirm",
            fields,
        }],
        ..PageRule::default()
    };
    Expected::page(
        "whether to sign out",
        "RP-Initiated Logout section 2: the person is asked unless the ID token is theirs",
        200,
        page,
    )
}

/// The person is signed out, and goes where the client wants.
fn gone(judge: &Judge<'_>, params: &Params<'_>) -> Expected {
    goes(params).cookie(judge.index.session_cookie(), None, 0)
}

fn goes(params: &Params<'_>) -> Expected {
    let uri = params.text("post_logout_redirect_uri");
    let state = params.secret("state").filter(|_| uri.is_some());
    let answer = state.map(|state| ("state", Rule::Tag(state.tag)));
    Expected::redirect(
        "signed out by a client",
        "RP-Initiated Logout section 3: to the registered address, with state, after the session is over",
        uri.unwrap_or("/"),
        answer.into_iter().collect(),
    )
}
