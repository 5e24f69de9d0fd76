//! The whole world, with one small person in it who logs in: it works, it is the same each time, and
//! the log changes nothing.

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use idp::{
    http::client,
    seams::{Env, Failure},
};
use sim::{
    fault::{Fault, Manner, TimedFault},
    history::{Event, History, Op, Seen},
    nemesis::PlanError,
    plan::{Behaviour, Operation, PLAN_VERSION, Plan, ReminderOption, WorldOptions},
    property::{Evidence, Kind, Property, Violation},
    run::{HarnessError, NOTHING_PANICS, Run, Setup, perform},
    world::{Scene, Workload, hosts},
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::time::{Instant, sleep};

/// RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const CALLBACK: &str = "https://app.example/callback";

struct Browser {
    env: Env,
    cookies: BTreeMap<String, String>,
}

type Page = Result<Response<Bytes>, String>;

impl Browser {
    async fn send(&mut self, method: Method, path: &str, form: &str) -> Page {
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "login.example")
            .header(header::COOKIE, cookies.join("; "))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::new(Bytes::from(form.to_owned())))
            .unwrap();
        let answer = client::send(&self.env, (hosts::BALANCER, 80), request, Duration::from_secs(10)).await;
        let answer = answer.map_err(|failure: Failure| failure.to_string())?;
        for cookie in answer.headers().get_all(header::SET_COOKIE) {
            let (name, value) = cookie
                .to_str()
                .unwrap()
                .split(';')
                .next()
                .unwrap()
                .split_once('=')
                .unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        Ok(answer)
    }

    async fn expect(&mut self, method: Method, path: &str, form: &str, expected: StatusCode) -> Page {
        let answer = self.send(method.clone(), path, form).await?;
        match answer.status() == expected {
            true => Ok(answer),
            false => Err(format!("{method} {path}: {}", answer.status())),
        }
    }
}

fn location(headers: &HeaderMap) -> String {
    headers[header::LOCATION].to_str().unwrap().to_owned()
}

fn parameter(url: &str, name: &str) -> String {
    let query = url.split_once('?').unwrap().1;
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| *key == name).unwrap().1.to_owned()
}

async fn log_in(scene: &Scene, who: &str) -> Result<(), String> {
    let mut browser = Browser {
        env: scene.env.clone(),
        cookies: BTreeMap::new(),
    };
    let (get, post, moved) = (Method::GET, Method::POST, StatusCode::SEE_OTHER);
    let authorize = format!(
        "/authorize?response_type=code&client_id=web&redirect_uri=https%3A%2F%2Fapp.example%2Fcallback&scope=openid\
         &state=s&nonce=n&code_challenge={CHALLENGE}&code_challenge_method=S256"
    );
    let login = location(browser.expect(get.clone(), &authorize, "", moved).await?.headers());
    let flow = parameter(&login, "flow");
    browser.expect(get.clone(), &login, "", StatusCode::OK).await?;
    let address = format!("{who}@example.com");
    let mails = scene.inboxes.count(&address);
    let form = format!("flow={flow}&address={who}%40example.com");
    browser.expect(post.clone(), "/login/send", &form, moved).await?;
    let mail = tokio::time::timeout(Duration::from_secs(15), scene.inboxes.wait_for_new(&address, mails));
    let mail = mail.await.map_err(|_| "no mail")?;
    let form = format!("flow={flow}&code={}", mail[0].code().expect("a code"));
    let next = location(
        browser
            .expect(post.clone(), "/login/verify", &form, moved)
            .await?
            .headers(),
    );
    let callback = location(browser.expect(get, &next, "", moved).await?.headers());
    assert!(callback.starts_with(CALLBACK), "{callback}");
    let form = format!(
        "grant_type=authorization_code&client_id=web&code={}&code_verifier={VERIFIER}\
         &redirect_uri=https%3A%2F%2Fapp.example%2Fcallback",
        parameter(&callback, "code")
    );
    let tokens = browser.expect(post, "/token", &form, StatusCode::OK).await?;
    let tokens: serde_json::Value = serde_json::from_slice(tokens.body()).map_err(|e| e.to_string())?;
    tokens["id_token"].as_str().map(|_| ()).ok_or("no ID token".into())
}

/// Everybody tries until it works, for a minute.
fn people() -> Workload {
    Arc::new(|scene, operations| {
        Box::pin(async move {
            for operation in operations {
                let scene = scene.clone();
                scene.env.clone().spawn(async move {
                    sleep(Duration::from_millis(operation.at_ms)).await;
                    let id = scene.recorder.begin(&operation.who, Op::LogIn);
                    let patience = Instant::now() + Duration::from_secs(60);
                    let mut result = log_in(&scene, &operation.who).await;
                    while result.is_err() && Instant::now() < patience {
                        sleep(Duration::from_secs(2)).await;
                        result = log_in(&scene, &operation.who).await;
                    }
                    let seen = result.map_or_else(Seen::Fail, |()| Seen::Ok);
                    scene.recorder.end(&operation.who, id, seen);
                });
            }
        })
    })
}

fn nobody() -> Workload {
    Arc::new(|_, _| Box::pin(async {}))
}

fn setup() -> Setup {
    Setup {
        people: people(),
        attackers: nobody(),
        rewire: None,
        keep_log: false,
        log_filter: None,
        properties: vec![],
    }
}

fn plan(seed: u64) -> Plan {
    let log_in = |at_ms, who: &str| Operation {
        at_ms,
        who: who.into(),
        does: Behaviour::LogIn,
    };
    Plan {
        version: PLAN_VERSION,
        scenario: "a small world".into(),
        seed,
        lasts_ms: 100_000,
        world: WorldOptions {
            reminders: vec![ReminderOption {
                who: "cy".into(),
                due_ms: 30_000,
            }],
            ..WorldOptions::default()
        },
        operations: vec![log_in(5000, "ann"), log_in(9000, "bob"), log_in(24_000, "ann")],
        faults: vec![],
    }
}

fn with_faults(seed: u64) -> Plan {
    let name = |host: &str| host.to_owned();
    let faults = [
        (
            4000,
            Fault::Loss {
                a: name(hosts::PEOPLE),
                b: name(hosts::BALANCER),
                percent: 10,
            },
        ),
        (
            5100,
            Fault::Kill {
                host: name(hosts::IDP_A),
            },
        ),
        (
            6000,
            Fault::Cut {
                a: name(hosts::REDIS_1),
                b: name(hosts::REDIS_2),
            },
        ),
        (
            6500,
            Fault::Start {
                host: name(hosts::IDP_A),
            },
        ),
        (
            8000,
            Fault::PowerLoss {
                host: name(hosts::REDIS_1),
            },
        ),
        (
            9000,
            Fault::Analytics {
                manner: Manner::Garbage,
            },
        ),
        (9100, Fault::Mail { manner: Manner::Erring }),
        (
            10_000,
            Fault::Pause {
                host: name(hosts::IDP_B),
            },
        ),
        (
            12_000,
            Fault::ClockJump {
                host: name(hosts::SENTINEL_2),
                by_ms: -3000,
            },
        ),
        (
            13_000,
            Fault::Resume {
                host: name(hosts::IDP_B),
            },
        ),
        (13_500, Fault::DirectoryBusy { lasts_ms: 700 }),
        (
            14_000,
            Fault::DirectoryIoError {
                host: name(hosts::IDP_A),
                after_commit: true,
                lasts_ms: 500,
            },
        ),
        (
            15_000,
            Fault::LatencySpike {
                a: name(hosts::IDP_A),
                b: name(hosts::REDIS_2),
                added_ms: 80,
                lasts_ms: 900,
            },
        ),
        (20_000, Fault::Heal),
    ];
    Plan {
        faults: faults
            .into_iter()
            .map(|(at_ms, fault)| TimedFault { at_ms, fault })
            .collect(),
        ..plan(seed)
    }
}

fn logins(history: &History) -> Vec<(String, Seen)> {
    let ended = history.records.iter().filter_map(|record| match &record.event {
        Event::Ended {
            op: Op::LogIn, seen, ..
        } => Some((record.who.clone(), seen.clone())),
        _ => None,
    });
    ended.collect()
}

fn story(run: &Run) -> String {
    let lines = run
        .history
        .records
        .iter()
        .map(|r| format!("{:>8} {:<11} {:?}\n", r.at_ms, r.who, r.event));
    let log = run
        .log
        .iter()
        .map(|l| format!("{:>8} {:<11} {} {}\n", l.at_ms, l.host, l.level, l.text));
    lines.chain(log).collect()
}

#[test]
fn people_log_in_and_get_their_reminders() {
    let setup = Setup {
        keep_log: true,
        ..setup()
    };
    let run = perform(&plan(1), &setup).unwrap();
    let logins = logins(&run.history);
    assert!(
        logins.len() == 3 && logins.iter().all(|(_, seen)| *seen == Seen::Ok),
        "{}",
        story(&run)
    );
    let mailed = |event: &&Event| matches!(event, Event::ReminderMailed { address, .. } if address == "cy@example.com");
    let events = run.history.records.iter().map(|record| &record.event);
    assert_eq!(events.filter(mailed).count(), 1, "{}", story(&run));
    assert!(run.violations.is_empty(), "{:?}", run.violations);
    assert!(!run.log.is_empty());
}

#[test]
fn people_log_in_through_faults() {
    let setup = Setup {
        keep_log: true,
        ..setup()
    };
    let run = perform(&with_faults(2), &setup).unwrap();
    assert!(
        logins(&run.history).iter().all(|(_, seen)| *seen == Seen::Ok),
        "{}",
        story(&run)
    );
    let switched = |event: &Event| matches!(event, Event::Sentinel { says, .. } if says.starts_with("+switch-master"));
    assert!(
        run.history.records.iter().any(|record| switched(&record.event)),
        "{}",
        story(&run)
    );
}

#[test]
fn equal_plans_give_equal_runs_with_and_without_a_log() {
    for seed in [3, 4] {
        let plan = with_faults(seed);
        let quiet = perform(&plan, &setup()).unwrap();
        let again = perform(&plan, &setup()).unwrap();
        let loud = Setup {
            keep_log: true,
            log_filter: Some("trace".into()),
            ..setup()
        };
        let loud = perform(&plan, &loud).unwrap();
        for other in [&again, &loud] {
            assert_eq!(quiet.history, other.history);
            assert_eq!(quiet.marks, other.marks);
            assert_eq!(quiet.fingerprint, other.fingerprint);
        }
        assert_ne!(
            perform(&with_faults(seed + 10), &setup()).unwrap().fingerprint,
            quiet.fingerprint
        );
    }
}

#[test]
fn a_process_that_panics_is_a_violation() {
    let setup = Setup {
        people: Arc::new(|_, _| Box::pin(async { panic!("no more") })),
        ..setup()
    };
    let run = perform(&plan(1), &setup).unwrap();
    assert_eq!(run.violations.len(), 1);
    assert_eq!(run.violations[0].property, NOTHING_PANICS);
    assert!(
        run.violations[0].what.contains("people panicked: no more"),
        "{}",
        run.violations[0]
    );
}

struct Broken;
impl Property for Broken {
    fn name(&self) -> String {
        "Broken".into()
    }
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "nothing".into()
    }
    fn check(&self, _: &Evidence<'_>) -> Result<(), Violation> {
        panic!("off by one")
    }
}

#[test]
fn what_is_no_verdict_is_an_error_that_says_so() {
    let setup = Setup {
        people: nobody(),
        properties: vec![Arc::new(Broken)],
        ..setup()
    };
    let quiet = Plan {
        lasts_ms: 100_000,
        operations: vec![],
        ..plan(1)
    };
    let error = perform(&quiet, &setup).expect_err("a broken property");
    assert!(error.to_string().contains("Broken panicked"), "{error}");
    let wrong = Plan {
        faults: vec![TimedFault {
            at_ms: 1,
            fault: Fault::Kill { host: "redis-3".into() },
        }],
        ..quiet
    };
    let error = perform(&wrong, &setup).expect_err("an unknown host");
    assert!(
        matches!(error, HarnessError::Plan(PlanError::Fault { number: 1, .. })),
        "{error}"
    );
}
