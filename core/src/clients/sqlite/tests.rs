use super::*;
use crate::{
    keys::Algorithm,
    store::{
        sqlite::testing::{in_memory, open, web},
        testing::Fixture,
    },
    users::UserRepository,
};

#[tokio::test]
async fn people_and_clients_are_found_as_they_were_added() {
    let fixture = Fixture::new();
    let a = open(&fixture, &in_memory("people")).await;
    assert_eq!(a.client("web").await, Ok(Some(web())), "redirect URIs in their order");
    assert_eq!(a.client("nobody").await, Ok(None));
    let ann = a.user_by_address("ann@example.com").await.unwrap();
    assert_eq!(ann, a.user("user-ann").await.unwrap());
    let mut changed = web();
    changed.id_token_alg = Algorithm::Rs256;
    changed.secret = ClientSecret::Sha256("ab".into());
    changed.redirect_uris = vec!["https://app.example/callback".into()];
    a.add_client(&changed).await.unwrap();
    assert_eq!(a.client("web").await, Ok(Some(changed)));
}
