//! What operators do with the directory, beside serving: one command, one transaction, one answer.

mod clients;
mod keys;
mod users;

use crate::{
    directory::{IfMissing, init, open},
    options::{At, Command},
    start::StartFailure,
};
use idp::store::SqliteDirectory;
use seams::{Env, Failure};
use serde::Serialize;
use serde_json::{Value, json};
use std::net::Ipv4Addr;

/// What a command has to say, for people and for programs.
#[derive(Debug)]
pub(crate) struct Done {
    text: String,
    json: Value,
    is_json: bool,
    /// It has the only copy of a secret.
    has_secret: bool,
}

impl Done {
    /// The same answer, which has the only copy of a secret.
    fn with_secret(self, has_secret: bool) -> Done {
        Done { has_secret, ..self }
    }

    pub(crate) fn has_secret(&self) -> bool {
        self.has_secret
    }

    /// As the operator wanted it, ending with a line break if there is anything.
    pub(crate) fn print(&self) -> String {
        match (self.is_json, self.text.as_str()) {
            (true, _) => format!("{:#}\n", self.json),
            (false, "") => String::new(),
            (false, text) => format!("{}\n", text.trim_end()),
        }
    }
}

/// One command under way: the directory, and the way to answer.
struct Desk {
    env: Env,
    directory: SqliteDirectory,
    at: At,
}

impl Desk {
    async fn open(at: &At) -> Result<Desk, StartFailure> {
        let env = env();
        Ok(Desk {
            directory: open(&env, &at.directory, IfMissing::Refuse).await?,
            at: at.clone(),
            env,
        })
    }

    fn failed(&self, failure: &Failure) -> StartFailure {
        let file = self.at.directory.display().to_string();
        match failure {
            Failure::Fail(cause) => StartFailure::Directory {
                file,
                why: cause.to_string(),
            },
            Failure::Unknown(cause) => StartFailure::Unknown(format!("the directory {file}: {cause}")),
        }
    }

    fn done(&self, text: impl Into<String>, json: &impl Serialize) -> Done {
        Done {
            text: text.into(),
            json: serde_json::to_value(json).expect("what is said here has string keys, so it encodes"),
            is_json: self.at.json,
            has_secret: false,
        }
    }
}

fn env() -> Env {
    seams_os::env("idp", Ipv4Addr::LOCALHOST.into())
}

fn refused<T>(why: impl Into<String>) -> Result<T, StartFailure> {
    Err(StartFailure::Refused(why.into()))
}

/// Does what a command says.
///
/// # Errors
/// Why it could not be done. Nothing was changed then, unless the failure says that its outcome is unknown.
pub(crate) async fn operate(command: &Command) -> Result<Done, StartFailure> {
    match command {
        Command::Init(at) => {
            init(&env(), &at.directory).await?;
            let file = at.directory.display();
            Ok(Done {
                text: format!("{file} is a new directory; only its owner can read it"),
                json: json!({ "directory": file.to_string() }),
                is_json: at.json,
                has_secret: false,
            })
        }
        Command::AddUser(user) => users::add(user).await,
        Command::ListUsers(at) => users::list(at).await,
        Command::ShowUser(user) => users::show(user).await,
        Command::ChangeUser(user) => users::change(user).await,
        Command::RemoveUser(user) => users::remove(user).await,
        Command::UnlockUser(user) => users::unlock(user).await,
        Command::AddClient(client) => clients::add(client).await,
        Command::ListClients(at) => clients::list(at).await,
        Command::ShowClient(client) => clients::show(client).await,
        Command::ChangeClient(client) => clients::change(client).await,
        Command::RemoveClient(client) => clients::remove(client).await,
        Command::RotateClientSecret(client) => clients::rotate_secret(client).await,
        Command::ImportSigningKey(key) => keys::import(key).await,
    }
}
