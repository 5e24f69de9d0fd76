//! A thief who gets every code after its owner has used it, with everything that binds it, and replays it at all
//! replicas at once (inventory 7). The thief has the access token too, and asks with it who it is: once a replay was denied it must
//! be dead (RFC 6749 section 4.1.2), but not because somebody without the verifier has presented the code.

use crate::{
    people::token_endpoint::{Presentation, call, present, read},
    redemption,
    vocabulary::{Op, Seen, Tag},
    world::{Scene, SeenCode},
};
use http::{Request, header};
use idp::http::client::Client;
use sim::world::join_all;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// With everything that binds the code.
const WHOLE: Presentation = Presentation {
    basic: true,
    wrong_verifier: false,
    signed_out: false,
};

/// Replays every code that is published from now on: immediately, and again after each delay. Never returns.
pub(crate) async fn steal(scene: &Scene, who: &str, after_ms: &[u64]) {
    let mut delays = after_ms.to_vec();
    delays.push(0);
    delays.sort_unstable();
    delays.dedup();
    for index in scene.codes.count().. {
        let code = scene.codes.next(index).await;
        let (scene, who, delays) = (scene.clone(), who.to_owned(), delays.clone());
        scene
            .env
            .clone()
            .spawn(async move { replay(&scene, &who, &code, &delays).await });
    }
}

async fn replay(scene: &Scene, who: &str, code: &SeenCode, delays_ms: &[u64]) {
    let seen_at = Instant::now();
    present_without_verifier(scene, who, code).await;
    for delay in delays_ms {
        sleep_until(seen_at + Duration::from_millis(*delay)).await;
        let presentations = scene.replicas.iter().map(|door| {
            let (scene, who, code, door) = (scene.clone(), who.to_owned(), code.clone(), door.clone());
            async move {
                present(&scene, &Client::new(&scene.env), &who, &code, &door, WHOLE)
                    .await
                    .is_ok()
            }
        });
        join_all(&scene.env, presentations).await; // the outcomes are in the history
        ask_who_it_is(scene, who, code).await;
    }
}

/// First with no more than what leaks easily: that gets nothing, and ends nobody's access.
async fn present_without_verifier(scene: &Scene, who: &str, code: &SeenCode) {
    let door = scene.replicas.first().expect("the world has replicas");
    let bare = Presentation {
        wrong_verifier: true,
        signed_out: false,
        ..WHOLE
    };
    let _ = present(scene, &Client::new(&scene.env), who, code, door, bare).await;
    ask_who_it_is(scene, who, code).await;
}

/// Asks userinfo with the access token, if one was issued. What the answer must be is the specification's matter.
async fn ask_who_it_is(scene: &Scene, who: &str, code: &SeenCode) {
    let Some(token) = &code.access_token else { return };
    let op = Op::Redemption(redemption::Op::UserInfo {
        code: Tag::of(&code.code),
    });
    let client = Client::new(&scene.env);
    let asked = ask_userinfo(scene, &client, who, token);
    let _ = scene.recorder.observe(who, op, asked).await;
}

async fn ask_userinfo(scene: &Scene, client: &Client, who: &str, token: &str) -> Result<(), Seen> {
    let request = Request::builder()
        .header(header::ACCEPT, "application/json")
        .header(header::AUTHORIZATION, format!("Bearer {token}"));
    let answer = call(scene, client, who, &scene.balancer, request, "/userinfo", String::new()).await;
    read::<serde::de::IgnoredAny>(answer).map(|_| ())
}
