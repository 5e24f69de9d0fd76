//! A server for development: a directory with a person and a client that everybody knows, and no limits in the way.

use crate::{
    demo::{CLIENT, Demo},
    start::StartFailure,
};
use idp::{
    clients::{Client, ClientSecret, Pkce},
    config::Config,
    keys::Algorithm,
    store::SqliteDirectory,
    users::User,
};
use seams::{Failure, Outcome};

/// The redirect URI of the demo client. Its port may be any, because it is on loopback (RFC 8252 section 7.3).
const DEMO_CALLBACK: &str = "http://127.0.0.1:8000/callback";
/// Logins and mails in a window: nobody reaches it by hand.
const UNLIMITED: u64 = 1_000_000;

/// Puts the demo person and the demo client into a directory for development, unless they are there. A directory in which
/// others are registered already is left as it is.
///
/// # Errors
/// It is not for development, or it failed.
pub(crate) async fn prepare(directory: &SqliteDirectory, file: &str) -> Result<(), StartFailure> {
    let failed = |failure: Failure| StartFailure::Directory {
        file: file.to_owned(),
        why: failure.to_string(),
    };
    if !directory.use_for_development().await.map_err(failed)? {
        return Err(StartFailure::Refused(format!(
            "the directory {file} has people or clients and was not made by --dev, which would add a person and a client \
             that everybody knows: give another file with --directory"
        )));
    }
    seed(directory).await.map_err(failed)
}

/// Refuses a directory for development: everybody knows the client in it.
///
/// # Errors
/// It is for development, or it failed.
pub(crate) async fn refuse(directory: &SqliteDirectory, file: &str) -> Result<(), StartFailure> {
    match directory.is_for_development().await {
        Ok(false) => Ok(()),
        Ok(true) => Err(StartFailure::Refused(format!(
            "the directory {file} was made by --dev and has a client that everybody knows: make a new one with `idp init`"
        ))),
        Err(failure) => Err(StartFailure::Directory {
            file: file.to_owned(),
            why: failure.to_string(),
        }),
    }
}

async fn seed(directory: &SqliteDirectory) -> Outcome<()> {
    let ann = User {
        id: "user-ann".into(),
        address: "ann@example.com".into(),
        name: "Ann".into(),
        username: Some("ann".into()),
        groups: vec!["developers".into()],
    };
    let demo = Client {
        id: CLIENT.into(),
        name: "Demo".into(),
        secret: ClientSecret::None,
        redirect_uris: vec![DEMO_CALLBACK.into()],
        pkce: Pkce::Required,
        post_logout_redirect_uris: vec![],
        id_token_alg: Algorithm::Rs256,
    };
    directory.register_user(&ann).await?;
    directory.register_client(&demo).await?;
    Ok(())
}

/// Lets one person log in as often as a developer does.
pub(crate) fn lift_limits(config: &mut Config) {
    config.limits.login_attempts = UNLIMITED;
    config.limits.sends = UNLIMITED;
    config.limits.client_login_attempts = UNLIMITED;
    config.limits.client_sends = UNLIMITED;
    config.limits.client_login_attempts_in_all = UNLIMITED;
    config.limits.client_sends_in_all = UNLIMITED;
    config.limits.client_long_logins = UNLIMITED;
}

/// What a developer needs to know, on standard error.
pub(crate) fn greet(config: &Config, file: &str) {
    eprintln!("Development: state in memory, codes printed here, one replica only.");
    eprintln!("  issuer    {}", config.issuer);
    eprintln!("  person    ann@example.com");
    eprintln!("  client    {CLIENT} (public), redirect URI {DEMO_CALLBACK}, any port");
    eprintln!("  directory {file}");
}

/// Starts the demo client, unless its port is 0. A port that is taken is told, and no reason not to serve.
pub(crate) async fn start_demo(demo: Demo) {
    if demo.port == 0 {
        return;
    }
    let (url, port) = (demo.url(), demo.port);
    match demo.start().await {
        Ok(()) => eprintln!("  try it at {url}: it logs in and shows the tokens"),
        Err(error) => eprintln!("  no demo client: port {port}: {error}; choose another with --demo-port"),
    }
}
