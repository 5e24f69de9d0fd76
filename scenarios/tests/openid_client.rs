//! Somebody else's OpenID Connect client inside the simulation, through the balancer.

#[path = "openid_client/client.rs"]
mod client;

use bytes::Bytes;
use client::{LoggedIn, Registration, log_in_twice};
use scenarios::{
    login::Login,
    mailed_code,
    vocabulary::{Operation, Plan, Setup},
    world::Scene,
};
use seams::{BoxFuture, Env, random_token};
use sim::{run::perform, world::Act};
use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

fn plan() -> Plan {
    let mut plan = Plan::new("openid_client", 7, 60_000);
    plan.operations = vec![Operation {
        at_ms: 5_000,
        who: "ann".into(),
        does: mailed_code::Behaviour::LogIn.into(),
    }];
    plan
}

fn through_the_balancer(scene: &Scene) -> client::Send {
    let (env, balancer) = (scene.env.clone(), scene.balancer.clone());
    client::Send(Box::new(move |request| {
        let (env, balancer): (Env, _) = (env.clone(), balancer.clone());
        Box::pin(async move {
            let (mut head, body) = request.into_parts();
            let host = head
                .uri
                .authority()
                .expect("an absolute URL")
                .as_str()
                .parse()
                .expect("a host");
            head.headers.insert(http::header::HOST, host);
            head.uri = head
                .uri
                .path_and_query()
                .expect("a path")
                .as_str()
                .parse()
                .expect("a path");
            let request = http::Request::from_parts(head, Bytes::from(body).into());
            let to = (balancer.0.as_str(), balancer.1);
            let reply = idp::http::client::send(&env, to, request, Duration::from_secs(5)).await;
            reply
                .map(|reply| reply.map(|body| body.to_vec()))
                .map_err(io::Error::other)
        })
    }))
}

/// The code of the newest mail in Ann's inbox.
fn mailed(scene: &Scene) -> impl Fn() -> BoxFuture<'static, String> + Send + Sync + use<> {
    let inboxes = scene.inboxes.clone();
    move || {
        let inboxes = inboxes.clone();
        Box::pin(async move {
            loop {
                let newest = inboxes.list("ann@example.com").pop();
                if let Some(code) = newest.and_then(|mail| mail.body.split("login code is ").nth(1).map(str::to_owned))
                {
                    return code.chars().take_while(char::is_ascii_digit).collect();
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        })
    }
}

#[test]
fn a_real_client_logs_in_twice() {
    let result: Arc<Mutex<Option<[LoggedIn; 2]>>> = Arc::default();
    let shared = result.clone();
    let people: Arc<Act<Login>> = Arc::new(move |scene, _, _| {
        let shared = shared.clone();
        Box::pin(async move {
            let scene = Scene::from(scene);
            let registration = Registration {
                issuer: "https://login.example",
                client_id: "grafana",
                secret: Some("grafana-secret-for-simulation&a=b+c %41:d"),
                redirect: "https://grafana.example/login/generic_oauth",
                address: "ann@example.com",
            };
            let (secrets, clock) = (scene.env.clone(), scene.env.clone());
            let both = log_in_twice(
                &registration,
                through_the_balancer(&scene),
                Arc::new(mailed(&scene)),
                Arc::new(move || random_token(&*secrets.entropy)),
                Arc::new(move || clock.now().secs() as i64),
            )
            .await;
            *shared.lock().expect("no panic") = Some(both);
        })
    });
    let setup = Setup {
        people: Some(people),
        ..Setup::default()
    };
    let run = perform(&plan(), &setup).expect("the harness works");
    assert_eq!(run.violations, []);
    let ann = || LoggedIn {
        subject: "user-ann".into(),
        email: Some("ann@example.com".into()),
    };
    assert_eq!(result.lock().expect("no panic").take(), Some([ann(), ann()]));
}
