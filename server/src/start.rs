//! From the operator's command line to a running replica.

use crate::options::{AddClient, AddUser, Command, Options};
use idp::{
    clients::{Client, ClientSecret},
    config::{Config, StateConfig},
    replica::{self, Wiring},
    store::SqliteDirectory,
    users::User,
};
use seams::{Env, random_token};
use sha2::{Digest, Sha256};
use std::{
    net::{IpAddr, Ipv4Addr},
    path::Path,
    sync::Arc,
    time::Duration,
};
use thiserror::Error;

/// Why the service did not start, or stopped.
#[derive(Debug, Error)]
pub enum StartFailure {
    /// The directory cannot be used.
    #[error("the directory {file}: {why}")]
    Directory {
        /// The SQLite file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// The replica could not start.
    #[error("{0}")]
    Replica(String),
    /// An argument that cannot be used.
    #[error("{0}")]
    Argument(String),
}

const DEV_DIRECTORY: &str = "target/idp-dev.sqlite";
/// How long to wait for the directory's lock, which is held for microseconds.
const DIRECTORY_WAIT: Duration = Duration::from_secs(1);

/// Does what the operator asked for. Serving ends only by failure.
///
/// # Errors
/// Why it could not be done.
pub async fn run(options: Options) -> Result<(), StartFailure> {
    match options.command.clone() {
        Some(Command::AddUser(user)) => add_user(user).await,
        Some(Command::AddClient(client)) => add_client(client).await,
        None => serve(options).await,
    }
}

async fn serve(options: Options) -> Result<(), StartFailure> {
    let bind = options.bind.unwrap_or(if options.dev {
        Ipv4Addr::LOCALHOST.into()
    } else {
        Ipv4Addr::UNSPECIFIED.into()
    });
    let env = seams_os::env(&options.replica, bind);
    let file = options.directory.clone().unwrap_or_else(|| DEV_DIRECTORY.into());
    let directory = open(&env, &file).await?;
    let mut config = config(&options, bind)?;
    config.directory = file.display().to_string();
    if options.dev {
        seed(&directory, &config).await.map_err(|why| StartFailure::Directory {
            file: file.display().to_string(),
            why,
        })?;
        eprintln!("Development: state in memory, codes printed here, one replica only.");
        eprintln!("  issuer    {}", config.issuer);
        eprintln!("  person    ann@example.com");
        eprintln!("  client    demo (public), redirect URI http://127.0.0.1:8000/callback");
        eprintln!("  directory {}", file.display());
    }
    let wiring = Wiring::standard(&env, &Arc::new(config.clone()), Arc::new(directory));
    Err(StartFailure::Replica(
        replica::serve(env, config, wiring).await.to_string(),
    ))
}

fn config(options: &Options, bind: IpAddr) -> Result<Config, StartFailure> {
    let issuer = options
        .issuer
        .clone()
        .unwrap_or_else(|| format!("http://{bind}:{}", options.port));
    if issuer.ends_with('/') {
        return Err(StartFailure::Argument(format!(
            "--issuer {issuer}: leave the trailing slash out, clients compare it exactly"
        )));
    }
    if !issuer.starts_with("https://") && !options.dev {
        return Err(StartFailure::Argument(format!(
            "--issuer {issuer}: must be https (OpenID Connect Discovery 1.0 section 3)"
        )));
    }
    let state = if options.dev {
        StateConfig::Memory
    } else {
        StateConfig::Sentinel {
            sentinels: options.redis_sentinel.clone(),
            master: options.redis_master.clone(),
        }
    };
    let mut config = Config::new(&options.replica, issuer, state);
    config.port = options.port;
    config.ops_port = options.ops_port;
    config.mail_relay = options.mail_relay.clone();
    config.mail_from = options.mail_from.clone();
    config.analytics_hook = options.analytics_hook.clone();
    Ok(config)
}

async fn open(env: &Env, file: &Path) -> Result<SqliteDirectory, StartFailure> {
    let name = file.display().to_string();
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|e| StartFailure::Directory {
            file: name.clone(),
            why: e.to_string(),
        })?;
    }
    SqliteDirectory::open(env.clone(), &name, DIRECTORY_WAIT)
        .await
        .map_err(|e| StartFailure::Directory {
            file: name,
            why: e.to_string(),
        })
}

/// The demo person and client of `--dev`.
async fn seed(directory: &SqliteDirectory, config: &Config) -> Result<(), String> {
    let ann = User {
        id: "user-ann".into(),
        address: "ann@example.com".into(),
        name: "Ann".into(),
    };
    let demo = Client {
        id: "demo".into(),
        name: "Demo".into(),
        secret: ClientSecret::None,
        redirect_uris: vec![
            "http://127.0.0.1:8000/callback".into(),
            format!("{}/demo", config.issuer),
        ],
    };
    directory.add_user(&ann).await.map_err(|e| e.to_string())?;
    directory.add_client(&demo).await.map_err(|e| e.to_string())
}

async fn add_user(user: AddUser) -> Result<(), StartFailure> {
    let env = seams_os::env("idp", Ipv4Addr::LOCALHOST.into());
    let directory = open(&env, &user.directory).await?;
    let address = user.address.trim().to_lowercase();
    if !address.contains('@') {
        return Err(StartFailure::Argument(format!(
            "--address {address}: not a mail address"
        )));
    }
    let record = User {
        id: format!("user-{}", random_token(&*env.entropy)),
        address,
        name: user.name,
    };
    directory
        .add_user(&record)
        .await
        .map_err(|e| failed(&user.directory, &e))?;
    println!("{} may log in; subject {}", record.address, record.id);
    Ok(())
}

async fn add_client(client: AddClient) -> Result<(), StartFailure> {
    let env = seams_os::env("idp", Ipv4Addr::LOCALHOST.into());
    let directory = open(&env, &client.directory).await?;
    let secret = client.confidential.then(|| random_token(&*env.entropy));
    let hash =
        |secret: &String| ClientSecret::Sha256(Sha256::digest(secret).iter().map(|b| format!("{b:02x}")).collect());
    let record = Client {
        id: client.id,
        name: client.name,
        secret: secret.as_ref().map_or(ClientSecret::None, hash),
        redirect_uris: client.redirect_uri,
    };
    directory
        .add_client(&record)
        .await
        .map_err(|e| failed(&client.directory, &e))?;
    match secret {
        Some(secret) => println!(
            "client {} with secret {secret}\nIt is shown this once: only its hash is kept.",
            record.id
        ),
        None => println!("client {}, public: PKCE is what protects its codes", record.id),
    }
    Ok(())
}

fn failed(file: &Path, why: &impl ToString) -> StartFailure {
    StartFailure::Directory {
        file: file.display().to_string(),
        why: why.to_string(),
    }
}
