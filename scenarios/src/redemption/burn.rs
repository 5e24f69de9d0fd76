//! An attempt to burn a code: an attacker presents it with a wrong verifier before its owner does. An attacker who
//! cannot redeem a code must not be able to spend it either (inventory 7).

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

/// Lets the burner present the code first, at a random replica, then exchanges the code as usual.
pub(crate) async fn exchange(person: &Person, rp: &RelyingParty, code: &SeenCode) -> Result<Tokens, Seen> {
    let door = person
        .choices
        .pick(&person.scene.replicas)
        .expect("the world has replicas");
    let wrong = Presentation {
        wrong_verifier: true,
        signed_out: false,
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
    .await; // the outcome is in the history
    rp.exchange(code).await
}
