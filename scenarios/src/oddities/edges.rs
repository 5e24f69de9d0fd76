//! Time at its edges: people who come just before and just after the end of every lifetime and window, and clients that ask
//! for other things. Lifetimes are short in this world; all else is as it should be, so that exactly one answer is allowed but
//! for the few milliseconds of an edge. (Inventory 24.)

use super::{Behaviour, Hint, ends::waiting};
use crate::{
    catalogue::marks::somebody_logged_in,
    property::{CodeRedeemedOnce, EmailCodeOnce},
    scenario::{Logins, World, secs},
    vocabulary::{Operation, Plan, Scenario, WorldOptions},
};
use sim::scenario::Dice;

/// The world's lifetimes, seconds.
const FLOW_S: u64 = 70;
const CODE_S: u64 = 5;
/// A mail says it in whole minutes.
const EMAIL_CODE_S: u64 = 60;
const ACCESS_TOKEN_S: u64 = 9;
const SESSION_S: u64 = 25;
const SEND_ONCE_S: u64 = 6;

pub(super) fn edges() -> Scenario {
    Scenario::new(
        "edges",
        "people come just before and just after the end of every lifetime and window",
    )
    .covering(&[24])
    .world(World::standard())
    .workload(Logins::people(3).every(secs(5)))
    .drawn(draw)
    .always(CodeRedeemedOnce)
    .always(EmailCodeOnce)
    .sometimes("somebody logged in", somebody_logged_in)
    .lasts(secs(150))
}

/// Clients that ask for other things than usual. `after_ms` draws how long after a first login the second one comes.
pub(crate) fn asking_otherwise(mut after_ms: impl FnMut() -> u64) -> Vec<Behaviour> {
    let mut acts = vec![];
    // RFC 7636 section 4.1: 43 to 128 characters, unreserved ones.
    let long = "v".repeat(129);
    let verifiers = [
        "short",
        &"v".repeat(42),
        &"v".repeat(43),
        &"v".repeat(128),
        &long,
        &"v+".repeat(25),
    ];
    for verifier in verifiers {
        acts.push(Behaviour::LogInTwice {
            after_ms: 500,
            scope: "openid".into(),
            prompt: String::new(),
            max_age: String::new(),
            verifier: verifier.into(),
        });
    }
    // RFC 8252 section 7.3: any port of a registered loopback address, and nothing else of it.
    for redirect_uri in [
        "http://127.0.0.1/callback",
        "http://127.0.0.1:49152/callback",
        "http://[::1]:49152/callback",
        "http://127.0.0.1:49152/asked?by=cli",
        "http://127.0.0.1:49152/asked?",
        "http://127.0.0.1/asked",
        "http://intranet.example/callback",
        "http://intranet.example:8080/callback",
        "http://x@intranet.example/callback",
        "http://127.0.0.1:49152/other",
        "http://127.0.0.1:49152/callback/",
        "https://127.0.0.1:49152/callback",
        "http://127.0.0.2:49152/callback",
        "http://localhost:49152/callback",
        "http://x@127.0.0.1:49152/callback",
        "http://127.0.0.1:49152/callback?x=1",
        "http://127.0.0.1:49152/callback#x",
        "HTTP://127.0.0.1:49152/callback",
        "https://app.example:444/callback",
    ] {
        acts.push(Behaviour::LogInAtNativeApp {
            redirect_uri: redirect_uri.into(),
        });
    }
    for (after_ms, prompt) in [(500, ""), (2_000, "login"), (3_000, "none"), (1_000, "consent")] {
        acts.push(Behaviour::LogInInTwoTabs {
            after_ms,
            prompt: prompt.into(),
        });
    }
    acts.extend([2, 4].map(|tabs| Behaviour::RestoreTabs { tabs }));
    acts.extend(
        [(300, 1), (1_500, 3)].map(|(after_ms, times)| Behaviour::SentByAnotherSite {
            after_ms,
            times,
            changes: None,
        }),
    );
    // One login more than a browser may have: the oldest ends.
    acts.push(Behaviour::SentByAnotherSite {
        after_ms: 300,
        times: 5,
        changes: None,
    });
    for (scope, prompt, max_age) in [
        ("openid", "", ""),
        ("openid profile", "", ""),
        ("email openid other", "", ""),
        ("openid profile email", "none", ""),
        ("openid profile email", "login", ""),
        ("openid email", "select_account consent", ""),
        ("openid", "consent", ""),
        ("openid profile", "", "3"),
        ("openid profile", "", "8"),
        ("openid profile", "", "0"),
        ("openid", "none", "3"),
        ("profile", "", ""),
        ("openid", "none login", ""),
        ("openid", "create", ""),
        ("openid", "", "soon"),
    ] {
        acts.push(Behaviour::LogInTwice {
            after_ms: after_ms(),
            scope: scope.into(),
            prompt: prompt.into(),
            max_age: max_age.into(),
            verifier: String::new(),
        });
    }
    for (hint, prompt) in [
        (Hint::Own, "none"),
        (Hint::Own, ""),
        (Hint::Another, "none"),
        (Hint::Another, ""),
        (Hint::Garbage, ""),
        (Hint::Garbage, "none"),
    ] {
        acts.push(Behaviour::LogInAsHinted {
            after_ms: 500,
            hint,
            prompt: prompt.into(),
        });
    }
    for (hint, return_to) in [
        (Some(Hint::Own), "https://app.example/bye"),
        (Some(Hint::Own), "https://app.example/bye?from=idp"),
        (Some(Hint::Own), ""),
        (Some(Hint::Own), "https://app.example/bye/"),
        (Some(Hint::Own), "https://grafana.example/logout"),
        (Some(Hint::Another), "https://app.example/bye"),
        (Some(Hint::Another), ""),
        (Some(Hint::Garbage), ""),
        (None, "https://app.example/bye"),
        (None, ""),
    ] {
        acts.push(Behaviour::SignOutAtClient {
            hint,
            return_to: return_to.into(),
            changes: None,
        });
    }
    for (redirect_uri, prompt) in [
        ("http://127.0.0.1:49152/callback", ""),
        ("http://127.0.0.1:49152/callback", "none"),
        ("http://127.0.0.1:49152/callback", "login"),
        ("http://[::1]:49152/callback", "consent"),
        ("http://intranet.example/callback", ""),
    ] {
        acts.push(Behaviour::ComeBackToNativeApp {
            redirect_uri: redirect_uri.into(),
            after_ms: 500,
            prompt: prompt.into(),
            changes: None,
        });
    }
    acts
}

fn draw(seed: u64, plan: &mut Plan) {
    plan.world = WorldOptions {
        flow_ttl_s: FLOW_S,
        code_ttl_s: CODE_S,
        email_code_ttl_s: EMAIL_CODE_S,
        access_token_ttl_s: ACCESS_TOKEN_S,
        session_ttl_s: SESSION_S,
        send_once_s: SEND_ONCE_S,
        limit_window_s: 30,
        ..plan.world.clone()
    };
    let mut dice = Dice::of(seed, "edges");
    let mut acts: Vec<Behaviour> = waiting(&plan.world).into_iter().map(|one| one.does).collect();
    acts.extend(asking_otherwise(|| dice.pick(&[500, 5_000, 6_500])));
    for (n, does) in acts.into_iter().enumerate() {
        plan.operations.push(Operation {
            at_ms: 1_000 + n as u64 * 1_000 + dice.between(0, 300),
            who: format!("odd-{}", n + 1),
            does: does.into(),
        });
    }
    plan.operations.sort_by_key(|operation| operation.at_ms);
}
