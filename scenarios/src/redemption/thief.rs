//! A thief who gets every code after its owner has used it, with everything that binds it, and replays it at all
//! replicas at once (inventory 7).

use crate::{
    people::token_endpoint::{Presentation, present},
    world::{Scene, SeenCode},
};
use idp::http::client::Client;
use sim::world::join_all;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

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
    let presentation = Presentation {
        basic: true,
        wrong_verifier: false,
    };
    for delay in delays_ms {
        sleep_until(seen_at + Duration::from_millis(*delay)).await;
        let presentations = scene.replicas.iter().map(|door| {
            let (scene, who, code, door) = (scene.clone(), who.to_owned(), code.clone(), door.clone());
            async move {
                present(&scene, &Client::new(&scene.env), &who, &code, &door, presentation)
                    .await
                    .is_ok()
            }
        });
        join_all(&scene.env, presentations).await; // the outcomes are in the history
    }
}
