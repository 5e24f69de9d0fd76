//! What an operator is told of people and clients is so.
//!
//! Source: RFC 6749 section 2 (what is registered of a client), section 3.1.2 (redirect URIs), OpenID Connect Core section 5.7
//! (a subject never changes); inventory 27.
//!
//! Fairness. A model follows each command: what is registered, in which order it is listed, who has a name
//! already, what may be registered at all. A command that has failed changed nothing; after one whose outcome is in doubt both
//! are possible, until an answer tells.
//!
//! Edges. Commands may fail from the first fault on until everything has healed and settled. There is one operator at a time:
//! of two the order of what they did would not be known.

use super::{
    Observation as Registered, candidates,
    command::{Answer, App, Command, Person, TAKEN, UNKNOWN},
};
use crate::{
    property::{calm::Calm, violation},
    vocabulary::{Event, Evidence, Kind, Login, Observation, Plan, Property, Violation},
    world::{
        RelyingPartyOptions,
        directory::{groups, people, username},
    },
};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Property: what an operator is told is so. See the module.
pub struct RegistryAsTold;

/// So long after healing a command may still fail, milliseconds: it waits a second for the directory's lock.
const SETTLES_MS: u64 = 2_000;

impl Property<Login> for RegistryAsTold {
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "what operators are told of people and clients is so".into()
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let calm = Calm::of(evidence, SETTLES_MS);
        let mut possible = BTreeSet::from([State::at_first(evidence.plan)]);
        for (index, record) in evidence.history.records.iter().enumerate() {
            let Event::Own(Observation::Registry(answered)) = &record.event else {
                continue;
            };
            let Registered::Answered {
                from_ms,
                command,
                answer,
            } = answered;
            let after = possible
                .iter()
                .flat_map(|state| state.after(command, answer))
                .collect::<BTreeSet<_>>();
            let is_failure = matches!(answer, Answer::Failed { .. });
            let excuse = is_failure.then(|| calm.excuse(*from_ms, record.at_ms)).flatten();
            if evidence.is_violated(after.is_empty() || is_failure, excuse) {
                let expected: Vec<String> = possible
                    .iter()
                    .map(|state| format!("{:?}", state.clone().follow(command)))
                    .collect();
                let what = format!(
                    "{command:?} was answered with {answer:?}; right is {}",
                    expected.join(" or ")
                );
                return Err(violation(&self.name(), record.at_ms, vec![index], what).because(command.name()));
            }
            possible = after;
        }
        Ok(())
    }
}

/// What is registered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct State {
    /// By address.
    people: BTreeMap<String, Person>,
    /// By ID.
    apps: BTreeMap<String, App>,
    /// Other directories: whether each is for development.
    others: BTreeMap<String, bool>,
}

impl State {
    /// What the world was made with.
    fn at_first(plan: &Plan) -> State {
        let people = people(plan).into_iter().map(|who| Person {
            id: format!("user-{who}"),
            address: format!("{}@example.com", who.to_lowercase()),
            name: who.to_owned(),
            username: username(who),
            groups: groups(who),
        });
        let apps = RelyingPartyOptions::registered()
            .into_iter()
            .map(|(client, redirect_uris)| App {
                name: client.client_id.clone(),
                pkce_required: client.secret.is_none(),
                secret_sha256: client.secret.map(|secret| {
                    let hash = Sha256::digest(secret.as_bytes());
                    hash.iter().map(|byte| format!("{byte:02x}")).collect()
                }),
                redirect_uris,
                farewells: RelyingPartyOptions::farewells(&client.client_id),
                id_token_alg: client.id_token_alg.to_owned(),
                id: client.client_id,
            });
        State {
            people: people.map(|person| (person.address.clone(), person)).collect(),
            apps: apps.map(|app| (app.id.clone(), app)).collect(),
            others: BTreeMap::new(),
        }
    }

    /// What may be registered after an answer; nothing if the answer was wrong.
    fn after(&self, command: &Command, told: &Answer) -> Vec<State> {
        let mut followed = self.clone();
        let right = followed.follow(command);
        match told {
            Answer::Failed { in_doubt: false, .. } => self.after_failure(command),
            Answer::Failed { .. } => [self.after_failure(command), vec![followed]].concat(),
            told if is_as(told, &right) => vec![followed],
            _ => vec![],
        }
    }

    /// What is registered after a command that did not come to its end: `develop` has several steps.
    fn after_failure(&self, command: &Command) -> Vec<State> {
        let mut begun = vec![self.clone()];
        if let Command::Develop { file, .. } = command
            && !self.others.contains_key(file)
        {
            for is_for_development in [false, true] {
                let mut other = self.clone();
                other.others.insert(file.clone(), is_for_development);
                begun.push(other);
            }
        }
        begun
    }

    /// Does what a command says, and says what its answer is.
    fn follow(&mut self, command: &Command) -> Answer {
        let one = |person: &Person| Answer::People {
            people: vec![person.clone()],
        };
        let one_app = |app: &App| Answer::Apps {
            apps: vec![app.clone()],
        };
        match command {
            Command::AddUser { person } if self.people.contains_key(&person.address) => Answer::refused(TAKEN),
            Command::AddUser { person } => {
                self.people.insert(person.address.clone(), person.clone());
                Answer::Done
            }
            Command::ChangeUser { address, .. } if !self.people.contains_key(address) => Answer::refused(UNKNOWN),
            Command::ChangeUser { address, to } if *address != to.address && self.people.contains_key(&to.address) => {
                Answer::refused(TAKEN)
            }
            Command::ChangeUser { address, to } => {
                let known = self.people.remove(address).expect("looked up above");
                let changed = Person {
                    id: known.id,
                    ..to.clone()
                };
                self.people.insert(changed.address.clone(), changed.clone());
                one(&changed)
            }
            Command::RemoveUser { address } => match self.people.remove(address) {
                Some(_) => Answer::Done,
                None => Answer::refused(UNKNOWN),
            },
            Command::ShowUser { address } => self.people.get(address).map_or(Answer::refused(UNKNOWN), one),
            Command::ListUsers => Answer::People {
                people: self.people.values().cloned().collect(),
            },
            Command::AddClient { app } if self.apps.contains_key(&app.id) => Answer::refused(TAKEN),
            Command::AddClient { app } => {
                self.apps.insert(app.id.clone(), effective(app));
                Answer::Done
            }
            Command::ChangeClient { id, to } => match self.apps.get_mut(id) {
                Some(app) => {
                    *app = effective(&App {
                        id: id.clone(),
                        ..to.clone()
                    });
                    one_app(app)
                }
                None => Answer::refused(UNKNOWN),
            },
            Command::RemoveClient { id } => match self.apps.remove(id) {
                Some(_) => Answer::Done,
                None => Answer::refused(UNKNOWN),
            },
            Command::ShowClient { id } => self.apps.get(id).map_or(Answer::refused(UNKNOWN), one_app),
            Command::ListClients => Answer::Apps {
                apps: self.apps.values().cloned().collect(),
            },
            Command::Check { kind, text } => candidates::refusal(*kind, text).map_or(Answer::Done, Answer::refused),
            Command::Develop { file, .. } if file == "directory.sqlite" => Answer::Development {
                before: false,
                told: false,
                after: false,
            },
            Command::Develop { file, is_used } => {
                let before = self.others.get(file).copied();
                let after = *self.others.entry(file.clone()).or_insert(!is_used);
                Answer::Development {
                    before: before == Some(true),
                    told: after,
                    after,
                }
            }
        }
    }
}

/// A public client must always use PKCE (RFC 9700 section 2.1.1).
fn effective(app: &App) -> App {
    App {
        pkce_required: app.pkce_required || app.secret_sha256.is_none(),
        ..app.clone()
    }
}

/// Whether an answer is the right one. A reason goes on after what it must say.
fn is_as(told: &Answer, right: &Answer) -> bool {
    match (told, right) {
        (Answer::Refused { why: told }, Answer::Refused { why: right }) => told.starts_with(right.as_str()),
        (told, right) => told == right,
    }
}

#[cfg(test)]
mod tests;
