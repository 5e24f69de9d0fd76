//! People who may log in.

use super::{Desk, Done, refused};
use crate::{
    options::{AddUser, At, ChangeUser, OneUser},
    start::StartFailure,
};
use idp::{
    clients::registration::display_name,
    config::{Config, StateConfig},
    limits::FailureRepository,
    mailed_code::code,
    users::{User, UserChange, UserRepository},
};
use seams::random_token;
use serde::Serialize;
use serde_json::json;

/// Groups of one person at most: all of them are in each ID token that a client asks for them with.
const GROUPS_MAX: usize = 50;

/// A person, with the names that OpenID Connect Core section 5.1 gives to claims.
#[derive(Serialize)]
struct Shown {
    sub: String,
    email: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    preferred_username: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    groups: Vec<String>,
    /// Wrong codes in a row.
    wrong_codes: u64,
    /// Whether there were so many that nobody can log in with this address.
    locked: bool,
}

impl Shown {
    async fn of(desk: &Desk, user: User) -> Result<Shown, StartFailure> {
        let wrong_codes = desk.directory.failures(&user.address).await;
        let wrong_codes = wrong_codes.map_err(|failure| desk.failed(&failure))?;
        Ok(Shown {
            sub: user.id,
            email: user.address,
            name: user.name,
            preferred_username: user.username,
            groups: user.groups,
            wrong_codes,
            locked: wrong_codes >= failures_max(),
        })
    }

    fn line(&self) -> String {
        let locked = if self.locked { "  locked" } else { "" };
        format!("{}  {}  {}{locked}", self.email, self.sub, self.name)
    }

    fn text(&self) -> String {
        let Shown { sub, email, name, .. } = self;
        let locked = if self.locked {
            ": locked, unlock-user lets it log in again"
        } else {
            ""
        };
        let mut more = String::new();
        if let Some(username) = &self.preferred_username {
            more += &format!("username     {username}\n");
        }
        for group in &self.groups {
            more += &format!("group        {group}\n");
        }
        format!(
            "address      {email}\nname         {name}\n{more}subject      {sub}\nwrong codes  {} in a row{locked}",
            self.wrong_codes
        )
    }
}

fn failures_max() -> u64 {
    let config = Config::new("idp", "https://login.example", StateConfig::Memory);
    config.limits.consecutive_failures
}

/// An address as the login page would read it.
fn address(option: &str, text: &str) -> Result<String, StartFailure> {
    let read = code::address(text).filter(|address| address.parse::<lettre::Address>().is_ok());
    read.ok_or_else(|| StartFailure::Argument(format!("{option} {text:?}: not a mail address")))
}

fn named(name: &str) -> Result<(), StartFailure> {
    display_name(name).map_err(|why| StartFailure::Argument(format!("--name {name:?}: {why}")))
}

/// Names that clients read are as those that people read.
fn called(username: Option<&str>, groups: &[String]) -> Result<(), StartFailure> {
    let usernames = username.iter().map(|name| ("--username", *name));
    for (option, name) in usernames.chain(groups.iter().map(|name| ("--group", name.as_str()))) {
        display_name(name).map_err(|why| StartFailure::Argument(format!("{option} {name:?}: {why}")))?;
    }
    match groups.len() <= GROUPS_MAX {
        true => Ok(()),
        false => Err(StartFailure::Argument(format!(
            "--group: {} are given, and {GROUPS_MAX} are the most",
            groups.len()
        ))),
    }
}

async fn shown(desk: &Desk, address: &str) -> Result<Shown, StartFailure> {
    let found = desk.directory.user_by_address(address).await;
    match found.map_err(|failure| desk.failed(&failure))? {
        Some(user) => Shown::of(desk, user).await,
        None => nobody(address),
    }
}

fn nobody<T>(address: &str) -> Result<T, StartFailure> {
    refused(format!(
        "nobody has the address {address}: list-users shows who is there"
    ))
}

fn taken<T>(address: &str) -> Result<T, StartFailure> {
    refused(format!(
        "{address} is somebody's address already: show-user shows whose"
    ))
}

pub(super) async fn add(new: &AddUser) -> Result<Done, StartFailure> {
    let address = address("--address", &new.address)?;
    named(&new.name)?;
    called(new.username.as_deref(), &new.group)?;
    let desk = Desk::open(&new.at).await?;
    let user = User {
        id: format!("user-{}", random_token(&*desk.env.entropy)),
        address,
        name: new.name.clone(),
        username: new.username.clone(),
        groups: new.group.clone(),
    };
    let is_new = desk.directory.register_user(&user).await;
    if !is_new.map_err(|failure| desk.failed(&failure))? {
        return taken(&user.address);
    }
    let text = format!("{} may log in; subject {}", user.address, user.id);
    let shown = Shown::of(&desk, user).await?;
    Ok(desk.done(text, &shown))
}

pub(super) async fn list(at: &At) -> Result<Done, StartFailure> {
    let desk = Desk::open(at).await?;
    let users = desk.directory.users().await.map_err(|failure| desk.failed(&failure))?;
    let mut all = vec![];
    for user in users {
        all.push(Shown::of(&desk, user).await?);
    }
    let lines: Vec<String> = all.iter().map(Shown::line).collect();
    Ok(desk.done(lines.join("\n"), &all))
}

pub(super) async fn show(user: &OneUser) -> Result<Done, StartFailure> {
    let address = address("--address", &user.address)?;
    let desk = Desk::open(&user.at).await?;
    let shown = shown(&desk, &address).await?;
    Ok(desk.done(shown.text(), &shown))
}

pub(super) async fn change(user: &ChangeUser) -> Result<Done, StartFailure> {
    let old = address("--address", &user.address)?;
    let new = user.new_address.as_deref().map(|new| address("--new-address", new));
    let new = new.transpose()?;
    user.name.as_deref().map(named).transpose()?;
    called(user.username.as_deref(), &user.group)?;
    let desk = Desk::open(&user.at).await?;
    let changed = |known: User| User {
        address: new.clone().unwrap_or(known.address),
        name: user.name.clone().unwrap_or(known.name),
        username: match user.no_username {
            true => None,
            false => user.username.clone().or(known.username),
        },
        groups: match (user.no_groups, &user.group[..]) {
            (true, _) => vec![],
            (false, []) => known.groups,
            (false, groups) => groups.to_vec(),
        },
        id: known.id,
    };
    let change = desk.directory.change_user(&old, changed);
    match change.await.map_err(|failure| desk.failed(&failure))? {
        UserChange::Done(user) => {
            let shown = Shown::of(&desk, user).await?;
            Ok(desk.done(shown.text(), &shown))
        }
        UserChange::NoSuchUser => nobody(&old),
        UserChange::AddressTaken => taken(&new.unwrap_or_default()),
    }
}

pub(super) async fn remove(user: &OneUser) -> Result<Done, StartFailure> {
    let address = address("--address", &user.address)?;
    let desk = Desk::open(&user.at).await?;
    let removed = desk.directory.remove_user(&address).await;
    if !removed.map_err(|failure| desk.failed(&failure))? {
        return nobody(&address);
    }
    let text = format!("{address} is removed, with all sessions and access tokens");
    Ok(desk.done(text, &json!({ "email": address, "removed": true })))
}

pub(super) async fn unlock(user: &OneUser) -> Result<Done, StartFailure> {
    let address = address("--address", &user.address)?;
    let desk = Desk::open(&user.at).await?;
    let shown = shown(&desk, &address).await?;
    let forgotten = desk.directory.clear_failures(&address).await;
    forgotten.map_err(|failure| desk.failed(&failure))?;
    let text = match (shown.wrong_codes, shown.locked) {
        (0, _) => format!("{address} was not locked: there was no wrong code"),
        (n, true) => format!("{address} was locked after {n} wrong codes in a row, and may log in again"),
        (n, false) => format!("{address} was not locked; {n} wrong codes in a row are forgotten"),
    };
    let unlocked = Shown {
        wrong_codes: 0,
        locked: false,
        ..shown
    };
    Ok(desk.done(text, &unlocked))
}
