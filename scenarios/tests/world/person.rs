//! A small person: logs in with the least that can be called a browser, and tries until it works.

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use idp::http::client;
use scenarios::{
    login::Login,
    people::Op,
    vocabulary::Seen,
    world::{Scene, hosts},
};
use seams::{Env, Failure};
use sim::world::Act;
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
pub(crate) fn people() -> Arc<Act<Login>> {
    Arc::new(|scene, who, _| {
        let scene = Scene::from(scene);
        Box::pin(async move {
            let id = scene.recorder.begin(&who, Op::LogIn.into());
            let patience = Instant::now() + Duration::from_secs(60);
            let mut result = log_in(&scene, &who).await;
            while result.is_err() && Instant::now() < patience {
                sleep(Duration::from_secs(2)).await;
                result = log_in(&scene, &who).await;
            }
            let seen = result.map_or_else(Seen::Fail, |()| Seen::Ok);
            scene.recorder.end(&who, id, seen);
        })
    })
}
