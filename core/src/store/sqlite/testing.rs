//! Directories for tests.

use super::SqliteDirectory;
use crate::{
    clients::{Client, ClientSecret, Pkce},
    keys::Algorithm,
    redemption::{Binding, CodeRedemption, TokenRecord},
    store::testing::{Fixture, START},
    users::User,
};
use std::{path::PathBuf, time::Duration};

pub(crate) const WAIT: Duration = Duration::from_millis(1000);
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

/// A database of its own for each test: in memory and shared by name, or a file.
pub(crate) fn in_memory(test: &str) -> String {
    format!("file:/{test}?vfs=memdb")
}

pub(crate) struct TempFile(pub(crate) PathBuf);

impl TempFile {
    pub(crate) fn new(test: &str) -> TempFile {
        let path = std::env::temp_dir().join(format!("squall-{}-{test}.sqlite", std::process::id()));
        let file = TempFile(path);
        file.remove();
        file
    }

    pub(crate) fn location(&self) -> String {
        self.0.display().to_string()
    }

    fn remove(&self) {
        for suffix in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{suffix}", self.0.display()));
        }
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        self.remove();
    }
}

pub(crate) async fn open(fixture: &Fixture, location: &str) -> SqliteDirectory {
    let directory = SqliteDirectory::open(fixture.env("idp-a"), location, WAIT)
        .await
        .expect("it opens");
    let user = User {
        id: "user-ann".into(),
        address: "ann@example.com".into(),
        name: "Ann".into(),
        ..User::default()
    };
    directory.add_user(&user).await.expect("a user");
    directory.add_client(&web()).await.expect("a client");
    directory
}

pub(crate) fn web() -> Client {
    Client {
        id: "web".into(),
        name: "Web".into(),
        secret: ClientSecret::None,
        redirect_uris: vec!["https://app.example/z".into(), "https://app.example/a".into()],
        pkce: Pkce::Required,
        post_logout_redirect_uris: vec!["https://app.example/bye".into()],
        id_token_alg: Algorithm::Es256,
    }
}

/// Whose token [`redemption`] records.
pub(crate) fn ann() -> Option<String> {
    Some("user-ann".into())
}

/// A code that is redeemed for a token.
pub(crate) fn redemption(code: &str, token: &str) -> CodeRedemption {
    CodeRedemption {
        code_hash: code.into(),
        remember_until: START + HOUR,
        binding: Binding {
            client_id: "web".into(),
            redirect_uri: "https://app.example/a".into(),
            challenge: Some("c".into()),
        },
        token: TokenRecord {
            token_hash: token.into(),
            user_id: "user-ann".into(),
            client_id: "web".into(),
            sid: None,
            scope: "openid".into(),
            expires_at: START + HOUR,
        },
    }
}
