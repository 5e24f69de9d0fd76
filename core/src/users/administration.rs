//! What operators do with the people who may log in.

use super::{
    User,
    sqlite::{find, put, user},
};
use crate::store::sqlite::SqliteDirectory;
use seams::Outcome;

/// What became of a change to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserChange {
    /// It is done: this is the person now.
    Done(User),
    /// Nobody has the address.
    NoSuchUser,
    /// Somebody else has the new address.
    AddressTaken,
}

impl SqliteDirectory {
    /// All people who may log in, in the order of their addresses.
    ///
    /// # Errors
    /// As every read: `Fail`.
    pub async fn users(&self) -> Outcome<Vec<User>> {
        self.read(|t| {
            let mut all = t.prepare("SELECT id, address, name, username, group_names FROM users ORDER BY address")?;
            all.query_map([], user)?.collect()
        })
        .await
    }

    /// Registers a person. False, and nothing is changed, if somebody has the address.
    ///
    /// # Errors
    /// As every write: `Fail` or `Unknown`.
    pub async fn register_user(&self, new: &User) -> Outcome<bool> {
        self.write(|t| {
            let is_new = find(t, &new.address)?.is_none();
            if is_new {
                put(t, new)?;
            }
            Ok(is_new)
        })
        .await
    }

    /// Changes what is registered of the person who has `address`. The subject stays.
    ///
    /// # Errors
    /// As every write: `Fail` or `Unknown`.
    pub async fn change_user(&self, address: &str, change: impl Fn(User) -> User + Send + Sync) -> Outcome<UserChange> {
        self.write(|t| {
            let Some(known) = find(t, address)? else {
                return Ok(UserChange::NoSuchUser);
            };
            let id = known.id.clone();
            let changed = User { id, ..change(known) };
            if changed.address != address && find(t, &changed.address)?.is_some() {
                return Ok(UserChange::AddressTaken);
            }
            put(t, &changed)?;
            Ok(UserChange::Done(changed))
        })
        .await
    }

    /// Removes the person who has an address, with all sessions, access tokens and reminders. False if nobody has it.
    ///
    /// # Errors
    /// As every write: `Fail` or `Unknown`.
    pub async fn remove_user(&self, address: &str) -> Outcome<bool> {
        // ON DELETE CASCADE takes the rest along.
        self.write(|t| Ok(t.execute("DELETE FROM users WHERE address = ?1", [address])? == 1))
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        redemption::TokenRepository,
        store::{
            sqlite::testing::{in_memory, open, redemption},
            testing::{Fixture, START},
        },
        users::UserRepository,
    };

    fn bob() -> User {
        User {
            id: "user-bob".into(),
            address: "bob@example.com".into(),
            name: "Bob".into(),
            username: Some("bob".into()),
            groups: vec!["staff".into()],
        }
    }

    #[tokio::test]
    async fn a_person_is_registered_once_and_keeps_the_subject() {
        let fixture = Fixture::new();
        let a = open(&fixture, &in_memory("users-administration")).await;
        assert_eq!(a.register_user(&bob()).await, Ok(true));
        let again = User {
            id: "user-other".into(),
            ..bob()
        };
        assert_eq!(a.register_user(&again).await, Ok(false));
        let addresses: Vec<_> = a.users().await.unwrap().into_iter().map(|u| u.address).collect();
        assert_eq!(addresses, ["ann@example.com", "bob@example.com"]);

        let moved = User {
            address: "bob@example.org".into(),
            name: "Robert".into(),
            ..bob()
        };
        let to = |address: &str, name: &str| {
            let (address, name) = (address.to_owned(), name.to_owned());
            move |known: User| User {
                id: "user-other".into(),
                address: address.clone(),
                name: name.clone(),
                ..known
            }
        };
        let change = a.change_user("bob@example.com", to("bob@example.org", "Robert"));
        assert_eq!(change.await, Ok(UserChange::Done(moved.clone())));
        assert_eq!(a.user("user-bob").await, Ok(Some(moved.clone())));
        let taken = a.change_user("bob@example.org", to("ann@example.com", "Robert")).await;
        assert_eq!(taken, Ok(UserChange::AddressTaken));
        let nobody = a.change_user("bob@example.com", to("bob@example.com", "Bob")).await;
        assert_eq!(nobody, Ok(UserChange::NoSuchUser));
        let same = a.change_user("bob@example.org", to("bob@example.org", "Robert")).await;
        assert_eq!(same, Ok(UserChange::Done(moved)));
    }

    #[tokio::test]
    async fn a_removed_person_takes_the_tokens_along() {
        let fixture = Fixture::new();
        let a = open(&fixture, &in_memory("users-removal")).await;
        a.redeem(redemption("code", "token")).await.expect("a token");
        assert_eq!(a.remove_user("ann@example.com").await, Ok(true));
        assert_eq!(a.remove_user("ann@example.com").await, Ok(false));
        assert_eq!(a.token("token", START).await, Ok(None));
    }
}
