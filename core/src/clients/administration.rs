//! What operators do with the registered clients.

use super::{
    Client,
    sqlite::{find, put},
};
use crate::store::sqlite::SqliteDirectory;
use rusqlite::Connection;
use seams::Outcome;

fn remove(t: &Connection, id: &str) -> rusqlite::Result<bool> {
    // Its redirect URIs and tokens go with it: ON DELETE CASCADE.
    Ok(t.execute("DELETE FROM clients WHERE id = ?1", [id])? == 1)
}

impl SqliteDirectory {
    /// All clients, in the order of their IDs.
    ///
    /// # Errors
    /// As every read: `Fail`.
    pub async fn clients(&self) -> Outcome<Vec<Client>> {
        self.read(|t| {
            let mut ids = t.prepare("SELECT id FROM clients ORDER BY id")?;
            let ids: Vec<String> = ids.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
            let clients = ids.iter().filter_map(|id| find(t, id).transpose());
            clients.collect()
        })
        .await
    }

    /// Registers a client. False, and nothing is changed, if there is one with its ID.
    ///
    /// # Errors
    /// As every write: `Fail` or `Unknown`.
    pub async fn register_client(&self, client: &Client) -> Outcome<bool> {
        self.write(|t| {
            let is_new = find(t, &client.id)?.is_none();
            if is_new {
                put(t, client)?;
            }
            Ok(is_new)
        })
        .await
    }

    /// Changes what is registered of a client, in one transaction, and says what it is then; `None` if there is no such
    /// client. Its ID stays.
    ///
    /// # Errors
    /// As every write: `Fail` or `Unknown`.
    pub async fn change_client(
        &self,
        id: &str,
        change: impl Fn(Client) -> Client + Send + Sync,
    ) -> Outcome<Option<Client>> {
        self.write(|t| {
            let Some(client) = find(t, id)? else { return Ok(None) };
            let changed = Client {
                id: id.to_owned(),
                ..change(client)
            };
            put(t, &changed)?;
            find(t, id)
        })
        .await
    }

    /// Removes a client and its access tokens. False if there was none.
    ///
    /// # Errors
    /// As every write: `Fail` or `Unknown`.
    pub async fn remove_client(&self, id: &str) -> Outcome<bool> {
        self.write(|t| remove(t, id)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clients::{ClientRepository, ClientSecret},
        redemption::TokenRepository,
        store::{
            sqlite::testing::{in_memory, open, redemption, web},
            testing::{Fixture, START},
        },
    };

    #[tokio::test]
    async fn a_client_is_registered_once_and_changed_as_a_whole() {
        let fixture = Fixture::new();
        let a = open(&fixture, &in_memory("clients-administration")).await;
        let app = Client {
            id: "app".into(),
            secret: ClientSecret::Sha256("ab".into()),
            ..web()
        };
        assert_eq!(a.register_client(&app).await, Ok(true));
        let again = Client {
            secret: ClientSecret::None,
            ..app.clone()
        };
        assert_eq!(a.register_client(&again).await, Ok(false));
        assert_eq!(a.clients().await, Ok(vec![app.clone(), web()]), "the secret is kept");

        let rename = |client: Client| Client {
            id: "other".into(),
            name: "App".into(),
            ..client
        };
        let renamed = Client {
            name: "App".into(),
            ..app
        };
        assert_eq!(a.change_client("app", rename).await, Ok(Some(renamed.clone())));
        assert_eq!(a.client("app").await, Ok(Some(renamed)));
        assert_eq!(a.change_client("nobody", rename).await, Ok(None));
    }

    #[tokio::test]
    async fn a_removed_client_takes_its_tokens_along() {
        let fixture = Fixture::new();
        let a = open(&fixture, &in_memory("clients-removal")).await;
        a.redeem(redemption("code", "token")).await.expect("a token");
        assert_eq!(a.remove_client("web").await, Ok(true));
        assert_eq!(a.remove_client("web").await, Ok(false));
        assert_eq!(a.client("web").await, Ok(None));
        assert_eq!(a.token("token", START).await, Ok(None));
    }
}
