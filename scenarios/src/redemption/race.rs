//! One code that is presented to all replicas at the same instant (inventory 7, 23).

use crate::{
    people::{
        person::Person,
        relying_party::RelyingParty,
        token_endpoint::{Tokens, present},
    },
    vocabulary::Seen,
    world::SeenCode,
};
use idp::http::client::Client;
use sim::world::join_all;

/// Presents the code to all replicas at once, and continues with the first token set that comes back.
pub(crate) async fn exchange(person: &Person, rp: &RelyingParty, code: &SeenCode) -> Result<Tokens, Seen> {
    let scene = &person.scene;
    let presentations = scene.replicas.iter().map(|door| {
        let (scene, who, code, door, presentation) = (
            scene.clone(),
            person.who.clone(),
            code.clone(),
            door.clone(),
            rp.presentation(),
        );
        async move { present(&scene, &Client::new(&scene.env), &who, &code, &door, presentation).await }
    });
    let results = join_all(&scene.env, presentations).await;
    let mut worst = Seen::Fail("no replica was asked".into());
    for result in results {
        match result {
            Ok(tokens) => return Ok(tokens),
            Err(seen @ Seen::Unknown(_)) => worst = seen,
            Err(seen) if !matches!(worst, Seen::Unknown(_)) => worst = seen,
            Err(_) => {}
        }
    }
    Err(worst)
}
