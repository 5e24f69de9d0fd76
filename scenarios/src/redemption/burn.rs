//! A code that somebody tries to burn: presented with a wrong verifier before its owner presents
//! it. Anyone who cannot redeem a code must not be able to spend it either (inventory 7).

use crate::{
    people::{
        person::Person,
        relying_party::RelyingParty,
        token_endpoint::{Presentation, Tokens, present},
    },
    vocabulary::Seen,
    world::SeenCode,
};
use idp::http::client::Client;

/// The burner's name in the history.
pub(crate) const BURNER: &str = "burner";

/// Lets the burner have the first try, at any replica, then exchanges the code as usual.
pub(crate) async fn exchange(person: &Person, rp: &RelyingParty, code: &SeenCode) -> Result<Tokens, Seen> {
    let door = person
        .choices
        .pick(&person.scene.replicas)
        .expect("the world has replicas");
    let wrong = Presentation {
        wrong_verifier: true,
        ..rp.presentation()
    };
    let _ = present(
        &person.scene,
        &Client::new(&person.scene.env),
        BURNER,
        code,
        door,
        wrong,
    )
    .await; // what it came to is in the history
    rp.exchange(code).await
}
