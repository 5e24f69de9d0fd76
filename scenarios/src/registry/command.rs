//! The commands of operators, and what they are told.

use super::candidates;
use crate::people::choices::Choices;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A person, as registered.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Person {
    /// The subject.
    pub id: String,
    /// Mail address.
    pub address: String,
    /// Display name.
    pub name: String,
    /// `preferred_username`.
    pub username: Option<String>,
    /// Names of groups.
    pub groups: Vec<String>,
}

/// A client, as registered.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct App {
    /// `client_id`.
    pub id: String,
    /// Display name.
    pub name: String,
    /// SHA-256 of its secret, hexadecimal; `None` for a public client.
    pub secret_sha256: Option<String>,
    /// Redirect URIs, in order.
    pub redirect_uris: Vec<String>,
    /// Where people may be sent after a sign-out, in order.
    pub farewells: Vec<String>,
    /// Whether it must use PKCE.
    pub pkce_required: bool,
    /// How its ID tokens are signed.
    pub id_token_alg: String,
}

/// What an operator asks for. The variants are the commands of `idp --help`, and the checks that they make of what they are
/// given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case")]
pub enum Command {
    /// `add-user`
    AddUser {
        /// Whom.
        person: Person,
    },
    /// `change-user`: everything but the subject.
    ChangeUser {
        /// Whose.
        address: String,
        /// What is to be registered.
        to: Person,
    },
    /// `remove-user`
    RemoveUser {
        /// Whom.
        address: String,
    },
    /// `show-user`
    ShowUser {
        /// Whom.
        address: String,
    },
    /// `list-users`
    ListUsers,
    /// `add-client`
    AddClient {
        /// Which.
        app: App,
    },
    /// `change-client`, `rotate-client-secret`: everything but its ID.
    ChangeClient {
        /// Which.
        id: String,
        /// What is to be registered.
        to: App,
    },
    /// `remove-client`
    RemoveClient {
        /// Which.
        id: String,
    },
    /// `show-client`
    ShowClient {
        /// Which.
        id: String,
    },
    /// `list-clients`
    ListClients,
    /// Whether something may be registered.
    Check {
        /// As what.
        kind: Kind,
        /// The text.
        text: String,
    },
    /// `--dev`: whether a directory is one for development, before and after it is asked to become one.
    Develop {
        /// The file's name.
        file: String,
        /// Somebody is registered there before.
        is_used: bool,
    },
}

/// What a text is to be registered as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A redirect URI.
    RedirectUri,
    /// A `client_id`.
    ClientId,
    /// A name that people read.
    DisplayName,
}

/// What an operator is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum Answer {
    /// It is done, or is so.
    Done,
    /// The people.
    People {
        /// In order.
        people: Vec<Person>,
    },
    /// The clients.
    Apps {
        /// In order.
        apps: Vec<App>,
    },
    /// It was not done, because of what is registered, or of what was asked for.
    Refused {
        /// Why.
        why: String,
    },
    /// Whether a directory is for development.
    Development {
        /// At first.
        before: bool,
        /// What was said when it was asked to become one.
        told: bool,
        /// Afterwards.
        after: bool,
    },
    /// Something failed.
    Failed {
        /// What.
        cause: String,
        /// Whether it may have been done.
        in_doubt: bool,
    },
}

impl Answer {
    pub(super) fn refused(why: impl fmt::Display) -> Answer {
        Answer::Refused { why: why.to_string() }
    }
}

/// There is nobody, or no client, with this name.
pub(super) const UNKNOWN: &str = "unknown";
/// Somebody, or a client, has this name.
pub(super) const TAKEN: &str = "taken";

impl Command {
    /// The command as its name on the command line.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Command::AddUser { .. } => "add-user",
            Command::ChangeUser { .. } => "change-user",
            Command::RemoveUser { .. } => "remove-user",
            Command::ShowUser { .. } => "show-user",
            Command::ListUsers => "list-users",
            Command::AddClient { .. } => "add-client",
            Command::ChangeClient { .. } => "change-client",
            Command::RemoveClient { .. } => "remove-client",
            Command::ShowClient { .. } => "show-client",
            Command::ListClients => "list-clients",
            Command::Check { .. } => "check",
            Command::Develop { .. } => "develop",
        }
    }

    /// One that somebody may give. `nth` tells the subjects of new people apart.
    pub(super) fn draw(choices: &Choices, nth: u64) -> Command {
        let address = || format!("staff-{}@example.net", choices.between(1, 4));
        let id = || format!("tool-{}", choices.between(1, 3));
        match choices.between(0, 21) {
            0..=2 => Command::AddUser {
                person: person(choices, nth, address()),
            },
            3..=4 => Command::ChangeUser {
                address: address(),
                to: person(choices, nth, address()),
            },
            5 => Command::RemoveUser { address: address() },
            6..=7 => Command::ShowUser { address: address() },
            8 => Command::ListUsers,
            9..=10 => Command::AddClient {
                app: app(choices, id()),
            },
            11..=12 => Command::ChangeClient {
                id: id(),
                to: app(choices, id()),
            },
            13 => Command::RemoveClient { id: id() },
            14 => Command::ShowClient { id: id() },
            15 => Command::ListClients,
            16..=20 => candidates::draw(choices),
            _ => Command::Develop {
                file: format!(
                    "{}.sqlite",
                    choices.pick(&["directory", "trial-1", "trial-2"]).expect("some")
                ),
                is_used: choices.between(0, 1) == 1,
            },
        }
    }
}

fn person(choices: &Choices, nth: u64, address: String) -> Person {
    let all = ["staff", "on call", "a,b", "[\"quoted\"]"];
    Person {
        id: format!("user-staff-{nth}"),
        address,
        name: (*choices
            .pick(&["Sam", "Sam O'Neil", "Żaneta \"Z\" \u{1f600}"])
            .expect("some"))
        .into(),
        username: (choices.pick(&[None, Some("sam"), Some("")]).copied())
            .flatten()
            .map(str::to_owned),
        groups: all[..choices.between(0, all.len() as u64) as usize]
            .iter()
            .map(|group| (*group).to_owned())
            .collect(),
    }
}

fn app(choices: &Choices, id: String) -> App {
    let some = |most: u64, at: &str| -> Vec<String> {
        let number = choices.between(0, most);
        // Not in the order of the alphabet.
        (0..number)
            .rev()
            .map(|n| format!("https://tool.example/{at}/{n}"))
            .collect()
    };
    App {
        id,
        name: format!("Tool {}", choices.between(1, 9)),
        secret_sha256: (choices.between(0, 1) == 1).then(|| format!("{:064x}", choices.between(1, 1 << 40))),
        redirect_uris: some(3, "callback"),
        farewells: some(2, "bye"),
        pkce_required: choices.between(0, 1) == 1,
        id_token_alg: (*choices.pick(&["RS256", "ES256"]).expect("some")).into(),
    }
}
