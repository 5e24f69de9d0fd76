//! What odd people, odd clients and those who break rules do.

use super::{Odd, change::NEIGHBOURS, sign_out, tabs};
use crate::{
    login::{self, Login},
    mailed_code,
    people::{
        calm::{self, Style},
        person::Person,
    },
    session::logged_in,
    world::{RelyingPartyOptions, Scene},
};
use serde::{Deserialize, Serialize};
use sim::world::World;
use std::{sync::Arc, time::Duration};
use tokio::time::sleep;

/// How many tabs a browser restores at most, and how often another site sends it here.
const TABS_MAX: u32 = 20;
/// How many cookies somebody makes up at most: more would not fit into a line of a request's head.
const COOKIES_MAX: u32 = 200;

/// What they do, as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "does", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Behaviour {
    /// Logs in, looks at the account page and logs out; before each request, some changed versions of it are sent.
    BreakRules {
        /// Which: the number of a group of changes. From 0 on, all are tried.
        changes: u32,
        /// At a client that proves itself in this way; none: as it happens.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client_auth: Option<ClientAuth>,
    },
    /// Logs in and looks at the account page; waits before one of the steps.
    Dawdle {
        /// The path of the request that has to wait.
        before: String,
        /// For how long, milliseconds.
        wait_ms: u64,
    },
    /// Logs in, looks at the account page; one of the requests comes again some time later, from the same browser.
    ComeAgain {
        /// The path of the request.
        with: String,
        /// How much later, milliseconds.
        after_ms: u64,
        /// How much later than the first it comes for the third time, milliseconds; 0: it does not.
        #[serde(default, skip_serializing_if = "is_zero")]
        and_after_ms: u64,
    },
    /// Logs in at an application on the person's own computer, which listens at a port of its own choice (RFC 8252 section
    /// 7.3).
    LogInAtNativeApp {
        /// Where it listens.
        redirect_uri: String,
    },
    /// Begins a login in each of two tabs, logs in in the second, and goes on in the first.
    LogInInTwoTabs {
        /// How much later the second one is opened, milliseconds.
        after_ms: u64,
        /// `prompt` of the first one's request; empty: none.
        #[serde(default)]
        prompt: String,
    },
    /// The browser restores several tabs nearly at once, and a login begins in each; the person logs in in one after the other.
    RestoreTabs {
        /// How many.
        tabs: u32,
    },
    /// Logs in. Meanwhile another site, in another tab, sends the browser to log in by a form.
    SentByAnotherSite {
        /// How much later than the login begins, milliseconds.
        after_ms: u64,
        /// How many times.
        times: u32,
        /// Which changed versions of each request are sent before it: the number of a group of changes; none: no changes.
        #[serde(default)]
        changes: Option<u32>,
    },
    /// Logs in, and some time later once more in the same browser, at a client that asks for other things.
    LogInTwice {
        /// How much later, milliseconds.
        after_ms: u64,
        /// `scope` of the second request; empty: none.
        #[serde(default = "usual_scope")]
        scope: String,
        /// `prompt` of the second request; empty: none.
        #[serde(default)]
        prompt: String,
        /// `max_age` of the second request; empty: none.
        #[serde(default)]
        max_age: String,
        /// The PKCE verifier of the second request; empty: a good one.
        #[serde(default)]
        verifier: String,
    },
    /// Logs in, and some time later once more in the same browser, at a client that says whom it means: it gives an ID token
    /// as a hint.
    LogInAsHinted {
        /// How much later, milliseconds.
        after_ms: u64,
        /// Which.
        hint: Hint,
        /// `prompt` of the second request; empty: none.
        #[serde(default)]
        prompt: String,
    },
    /// Logs in at an application on the person's own computer, and some time later once more in the same browser: then they are
    /// asked whether they want to go on (RFC 8252 section 8.6).
    ComeBackToNativeApp {
        /// Where it listens.
        redirect_uri: String,
        /// How much later, milliseconds.
        after_ms: u64,
        /// `prompt` of the second request; empty: none.
        #[serde(default)]
        prompt: String,
        /// Which changed versions of each request are sent before it: the number of a group of changes; none: no changes.
        #[serde(default)]
        changes: Option<u32>,
    },
    /// Logs in, looks at the account page and logs out, in a browser that has cookies of others, whose names are nearly those of
    /// the service, and some that somebody has made up, called like those of logins in progress.
    LogInAmongCookies {
        /// How many are made up.
        made_up: u32,
    },
    /// Logs in, and is signed out by the client.
    SignOutAtClient {
        /// Which ID token it shows; none: it says its name instead.
        #[serde(default)]
        hint: Option<Hint>,
        /// Where the person is to go then; empty: nowhere.
        #[serde(default)]
        return_to: String,
        /// Which changed versions of each request are sent before it: the number of a group of changes; none: no changes.
        #[serde(default)]
        changes: Option<u32>,
    },
}

/// How a client proves itself, by its names of OpenID Connect Core section 9.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuth {
    /// Not at all: it is a public one.
    None,
    /// By its secret in the header.
    ClientSecretBasic,
    /// By its secret in the form.
    ClientSecretPost,
}

impl ClientAuth {
    /// All of them.
    pub(super) const ALL: [ClientAuth; 3] = [
        ClientAuth::None,
        ClientAuth::ClientSecretBasic,
        ClientAuth::ClientSecretPost,
    ];

    fn fits(self, client: &RelyingPartyOptions) -> bool {
        client.secret.is_some() == (self != ClientAuth::None)
    }
}

/// An `id_token_hint`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hint {
    /// The ID token of the first login.
    Own,
    /// Somebody else's, or, if nobody else has one yet, something that is none.
    Another,
    /// Something that is no ID token.
    Garbage,
}

impl Hint {
    /// What the client gives as a hint about somebody.
    pub(super) fn text(self, scene: &Scene, who: &str) -> String {
        let own = scene.pool.other(&id_token_of(who), "").unwrap_or_default();
        let found = match self {
            Hint::Own => Some(own),
            Hint::Another => scene.pool.other(HINT, &own),
            Hint::Garbage => None,
        };
        found.unwrap_or_else(|| "nonsense".into())
    }
}

/// The name of the parameter, by which the pool knows all ID tokens.
pub(super) const HINT: &str = "id_token_hint";

fn id_token_of(who: &str) -> String {
    format!("ID token of {who}")
}

/// Somebody's client got an ID token: it may be somebody's hint later.
pub(crate) fn learn_id_token(scene: &Scene, who: &str, token: &str) {
    scene.pool.keep(HINT, token);
    scene.pool.keep(&id_token_of(who), token);
}

fn is_zero(ms: &u64) -> bool {
    *ms == 0
}

fn usual_scope() -> String {
    "openid profile email".into()
}

impl sim::service::Behaviour<Login> for Behaviour {
    const KINDS: &'static [&'static str] = &[
        "break-rules",
        "dawdle",
        "come-again",
        "log-in-at-native-app",
        "log-in-in-two-tabs",
        "restore-tabs",
        "sent-by-another-site",
        "log-in-twice",
        "log-in-as-hinted",
        "sign-out-at-client",
        "come-back-to-native-app",
        "log-in-among-cookies",
    ];

    fn check(&self, _world: &World<Login>) -> Result<(), String> {
        match self {
            Behaviour::RestoreTabs { tabs } if *tabs > TABS_MAX => Err(format!("tabs must be at most {TABS_MAX}")),
            Behaviour::LogInAmongCookies { made_up } if *made_up > COOKIES_MAX => {
                Err(format!("made_up must be at most {COOKIES_MAX}"))
            }
            Behaviour::SentByAnotherSite { times, .. } if *times > TABS_MAX => {
                Err(format!("times must be at most {TABS_MAX}"))
            }
            _ => Ok(()),
        }
    }

    fn plainer(&self) -> Vec<login::Behaviour> {
        vec![mailed_code::Behaviour::LogIn.into()]
    }
}

/// Somebody is odd.
pub(crate) async fn act(scene: &Scene, who: &str, does: Behaviour, label: &str) {
    let odd = match &does {
        Behaviour::BreakRules { changes, client_auth } => Odd {
            changes: Some(*changes),
            basic: client_auth.map(|by| by == ClientAuth::ClientSecretBasic),
            ..Odd::default()
        },
        Behaviour::Dawdle { before, wait_ms } => Odd {
            wait: Some((before.clone(), Duration::from_millis(*wait_ms))),
            ..Odd::default()
        },
        Behaviour::ComeAgain {
            with,
            after_ms,
            and_after_ms,
        } => Odd {
            again: [*after_ms, *and_after_ms]
                .into_iter()
                .filter(|ms| *ms > 0)
                .map(|ms| (with.clone(), Duration::from_millis(ms)))
                .collect(),
            ..Odd::default()
        },
        Behaviour::LogInInTwoTabs { prompt, .. } => Odd {
            asks: vec![("prompt".to_owned(), prompt.clone())],
            ..Odd::default()
        },
        Behaviour::SignOutAtClient { changes, .. }
        | Behaviour::ComeBackToNativeApp { changes, .. }
        | Behaviour::SentByAnotherSite { changes, .. } => Odd {
            changes: *changes,
            ..Odd::default()
        },
        Behaviour::LogInAtNativeApp { .. } | Behaviour::LogInTwice { .. } | Behaviour::LogInAmongCookies { .. } => {
            Odd::default()
        }
        Behaviour::LogInAsHinted { .. } | Behaviour::RestoreTabs { .. } => Odd::default(),
    };
    let mut scene = scene.as_odd(odd);
    if let Behaviour::LogInAtNativeApp { redirect_uri } | Behaviour::ComeBackToNativeApp { redirect_uri, .. } = &does {
        scene.clients = vec![RelyingPartyOptions::native(redirect_uri)];
    }
    if let Behaviour::BreakRules {
        client_auth: Some(by), ..
    } = &does
    {
        scene.clients.retain(|client| by.fits(client));
    }
    if let Behaviour::SignOutAtClient { .. } = &does {
        scene.clients.retain(|client| client.client_id == sign_out::CLIENT);
    }
    let person = Person::new(&scene, who, who, label);
    match does {
        Behaviour::LogInAmongCookies { made_up } => {
            let names = NEIGHBOURS.iter().map(|name| (*name).to_owned());
            for name in names.chain((0..made_up).map(|n| format!("__Host-flow-{n:08x}"))) {
                person.browser.keep(&format!("{name}=v; Path=/; Secure"));
            }
            logged_in::in_and_out(&Arc::new(person)).await;
        }
        Behaviour::BreakRules { .. } => logged_in::in_and_out(&Arc::new(person)).await,
        Behaviour::Dawdle { .. } | Behaviour::ComeAgain { .. } => {
            logged_in::stay(&Arc::new(person), Duration::from_millis(500), 1).await;
        }
        Behaviour::LogInAtNativeApp { .. } => drop(calm::log_in(&Arc::new(person), Style::CALM).await),
        Behaviour::LogInInTwoTabs { after_ms, .. } => {
            tabs::log_in(person, Duration::from_millis(after_ms)).await;
        }
        Behaviour::RestoreTabs { tabs } => tabs::restore(&Arc::new(person), tabs).await,
        Behaviour::SentByAnotherSite { after_ms, times, .. } => {
            tabs::sent_by_another_site(&Arc::new(person), Duration::from_millis(after_ms), times).await;
        }
        Behaviour::LogInTwice {
            after_ms,
            scope,
            prompt,
            max_age,
            verifier,
        } => {
            let asks = [("scope", scope), ("prompt", prompt), ("max_age", max_age)];
            let verifier = Some(verifier).filter(|verifier| !verifier.is_empty());
            let odd = Odd {
                basic: verifier.is_some().then_some(false), // a client that uses PKCE
                verifier,
                asks: asks.map(|(name, value)| (name.to_owned(), value)).into(),
                ..Odd::default()
            };
            log_in_again(person, after_ms, || odd).await;
        }
        Behaviour::ComeBackToNativeApp {
            after_ms,
            prompt,
            changes,
            ..
        } => {
            let odd = Odd {
                changes,
                asks: vec![("prompt".to_owned(), prompt)],
                ..Odd::default()
            };
            log_in_again(person, after_ms, || odd).await;
        }
        Behaviour::SignOutAtClient { hint, return_to, .. } => {
            sign_out::sign_out(&Arc::new(person), hint, &return_to).await;
        }
        Behaviour::LogInAsHinted { after_ms, hint, prompt } => {
            let asks = || [(HINT, hint.text(&scene, who)), ("prompt", prompt)];
            let odd = || Odd {
                asks: asks().map(|(name, value)| (name.to_owned(), value)).into(),
                ..Odd::default()
            };
            log_in_again(person, after_ms, odd).await;
        }
    }
}

/// Logs in, and some time later once more in the same browser, in another way.
async fn log_in_again(person: Person, after_ms: u64, odd: impl FnOnce() -> Odd) {
    let first = Arc::new(person);
    calm::log_in(&first, Style::CALM).await;
    sleep(Duration::from_millis(after_ms)).await;
    let Some(mut person) = Arc::into_inner(first) else {
        return;
    };
    person.scene = person.scene.as_odd(odd());
    calm::log_in(&Arc::new(person), Style::CALM).await;
}
