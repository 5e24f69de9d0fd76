//! An operator's commands, performed by the service's own code on the directory that the replicas use.

use super::{
    Observation,
    command::{Answer, App, Command, Kind, Person, TAKEN, UNKNOWN},
};
use crate::{
    people::choices::Choices,
    vocabulary::{Event, Observation as AnyObservation},
    world::Scene,
};
use idp::{
    clients::{Client, ClientRepository, ClientSecret, Pkce, registration},
    keys::Algorithm,
    store::{SqliteDirectory, sqlite::DirectoryError},
    users::{User, UserChange, UserRepository},
};
use model_disk::wait_for_syncs;
use seams::Failure;
use sim::world::EPOCH;
use std::{
    future::{Future, poll_fn},
    pin::pin,
    time::Duration,
};
use tokio::time::sleep;

/// How long a command waits for the directory's lock.
const WAIT: Duration = Duration::from_secs(1);
/// The file of the directory that the replicas use.
const IN_USE: &str = "directory.sqlite";

/// Gives this number of commands.
pub(super) async fn administer(scene: &Scene, who: &str, label: &str, commands: u64, every: Duration) {
    let choices = Choices::new(scene.seed, label);
    for nth in 0..commands {
        let command = Command::draw(&choices, nth);
        let from_ms = scene.env.now().millis().saturating_sub(EPOCH.millis());
        let answer = tell(scene, &command).await;
        let command = Box::new(command);
        let answered = Observation::Answered {
            from_ms,
            command,
            answer,
        };
        scene.recorder.note(who, Event::Own(AnyObservation::Registry(answered)));
        sleep(every).await;
    }
}

async fn tell(scene: &Scene, command: &Command) -> Answer {
    match answer(scene, command).await {
        Ok(answer) => answer,
        Err(failure) => Answer::Failed {
            cause: failure.cause().to_string(),
            in_doubt: failure.is_unknown(),
        },
    }
}

/// Opens the directory that the replicas use, as the command line does.
pub(crate) async fn open_in_use(scene: &Scene) -> Result<SqliteDirectory, Failure> {
    open(scene, IN_USE).await
}

/// Opens a directory as the command line does.
async fn open(scene: &Scene, file: &str) -> Result<SqliteDirectory, Failure> {
    let location = scene.directory.replace(IN_USE, file);
    let env = scene.env.clone();
    let opened = match file == IN_USE {
        true => SqliteDirectory::open_existing(env, &location, WAIT).await,
        false => SqliteDirectory::open(env, &location, WAIT).await,
    };
    opened.map_err(|error| match error {
        DirectoryError::Prepare(failure) => failure,
        error => Failure::Fail(seams::Cause::Storage(error.to_string())),
    })
}

async fn answer(scene: &Scene, command: &Command) -> Result<Answer, Failure> {
    let at = open(scene, IN_USE);
    Ok(match command {
        Command::AddUser { person } => done(at.await?.register_user(&user(person)).await?, TAKEN),
        Command::ChangeUser { address, to } => match at.await?.change_user(address, |_| user(to)).await? {
            UserChange::Done(user) => people([user]),
            UserChange::NoSuchUser => Answer::refused(UNKNOWN),
            UserChange::AddressTaken => Answer::refused(TAKEN),
        },
        Command::RemoveUser { address } => done(at.await?.remove_user(address).await?, UNKNOWN),
        Command::ShowUser { address } => match at.await?.user_by_address(address).await? {
            Some(user) => people([user]),
            None => Answer::refused(UNKNOWN),
        },
        Command::ListUsers => people(at.await?.users().await?),
        Command::AddClient { app } => done(at.await?.register_client(&client(app)).await?, TAKEN),
        Command::ChangeClient { id, to } => apps_or_unknown(at.await?.change_client(id, |_| client(to)).await?),
        Command::RemoveClient { id } => done(at.await?.remove_client(id).await?, UNKNOWN),
        Command::ShowClient { id } => apps_or_unknown(at.await?.client(id).await?),
        Command::ListClients => apps(at.await?.clients().await?),
        Command::Check { kind, text } => check(*kind, text),
        Command::Develop { file, is_used } => {
            // A new file may be made here, with its tables: nobody else is served by this process meanwhile.
            let mut work = pin!(develop(scene, file, *is_used));
            poll_fn(|context| wait_for_syncs(|| work.as_mut().poll(context))).await?
        }
    })
}

async fn develop(scene: &Scene, file: &str, is_used: bool) -> Result<Answer, Failure> {
    let directory = open(scene, file).await?;
    if is_used && file != IN_USE {
        directory.add_client(&client(&App::default())).await?;
    }
    Ok(Answer::Development {
        before: directory.is_for_development().await?,
        told: directory.use_for_development().await?,
        after: directory.is_for_development().await?,
    })
}

fn check(kind: Kind, text: &str) -> Answer {
    let why = match kind {
        Kind::RedirectUri => registration::redirect_uri(text).map_err(|why| why.to_string()),
        Kind::ClientId => registration::client_id(text).map_err(|why| why.to_string()),
        Kind::DisplayName => registration::display_name(text).map_err(|why| why.to_string()),
    };
    why.map_or_else(Answer::refused, |()| Answer::Done)
}

fn done(is_done: bool, otherwise: &str) -> Answer {
    match is_done {
        true => Answer::Done,
        false => Answer::refused(otherwise),
    }
}

fn people(users: impl IntoIterator<Item = User>) -> Answer {
    Answer::People {
        people: users.into_iter().map(person).collect(),
    }
}

fn apps(clients: impl IntoIterator<Item = Client>) -> Answer {
    Answer::Apps {
        apps: clients.into_iter().map(app).collect(),
    }
}

fn apps_or_unknown(client: Option<Client>) -> Answer {
    client.map_or_else(|| Answer::refused(UNKNOWN), |client| apps([client]))
}

fn user(person: &Person) -> User {
    let Person {
        id,
        address,
        name,
        username,
        groups,
    } = person.clone();
    User {
        id,
        address,
        name,
        username,
        groups,
    }
}

fn person(user: User) -> Person {
    let User {
        id,
        address,
        name,
        username,
        groups,
    } = user;
    Person {
        id,
        address,
        name,
        username,
        groups,
    }
}

fn client(app: &App) -> Client {
    let app = app.clone();
    Client {
        id: app.id,
        name: app.name,
        secret: app.secret_sha256.map_or(ClientSecret::None, ClientSecret::Sha256),
        redirect_uris: app.redirect_uris,
        post_logout_redirect_uris: app.farewells,
        id_token_alg: Algorithm::named(&app.id_token_alg).unwrap_or(Algorithm::Es256),
        pkce: if app.pkce_required {
            Pkce::Required
        } else {
            Pkce::Optional
        },
    }
}

fn app(client: Client) -> App {
    App {
        id: client.id,
        name: client.name,
        secret_sha256: match client.secret {
            ClientSecret::None => None,
            ClientSecret::Sha256(hash) => Some(hash),
        },
        redirect_uris: client.redirect_uris,
        farewells: client.post_logout_redirect_uris,
        pkce_required: client.pkce == Pkce::Required,
        id_token_alg: client.id_token_alg.name().into(),
    }
}
