//! ACL: users and their rules. Selectors, the log and files are deliberately absent, and a command counts as
//! reading or as writing all of its keys.

use super::acl_rules::{CATEGORIES, User, digest};
use super::client::Client;
use super::command::{Spec, TABLE};
use super::keyspace::{Context, is_one_of};
use super::node::Node;
use super::resp::{Args, Reply};
use bytes::Bytes;
use std::collections::BTreeMap;

pub(super) const NOAUTH: &str = "NOAUTH Authentication required.";
const DEFAULT: Bytes = Bytes::from_static(b"default");

/// All users.
pub(super) struct Users {
    all: BTreeMap<Bytes, User>,
    /// False while the default user with all rights is the only user: then nothing needs to be checked.
    restricted: bool,
}

impl Users {
    /// The default user, with a password if it is not empty, and the users of these lines of a configuration file.
    ///
    /// # Panics
    /// A line is wrong: Redis does not start with such a file.
    pub(super) fn new(password: &str, lines: &[String]) -> Users {
        let mut users = Users {
            all: BTreeMap::from([(DEFAULT, User::everything())]),
            restricted: false,
        };
        for line in lines {
            let mut words = line
                .split_whitespace()
                .map(|word| Bytes::copy_from_slice(word.as_bytes()));
            let name = words.next().expect("a user has a name");
            let mut user = User::new();
            for rule in words {
                user.apply(&rule)
                    .unwrap_or_else(|why| panic!("a user of the configuration: {why}"));
            }
            users.all.insert(name, user);
        }
        users.require(password);
        users
    }

    /// `requirepass`.
    pub(super) fn require(&mut self, password: &str) {
        let default = self.all.get_mut(&DEFAULT).expect("it cannot be deleted");
        default.nopass = password.is_empty();
        default.passwords = if password.is_empty() {
            vec![]
        } else {
            vec![digest(password.as_bytes())]
        };
        self.look_again();
    }

    fn look_again(&mut self) {
        self.restricted = self.all.len() > 1 || self.all.get(&DEFAULT) != Some(&User::everything());
    }

    pub(super) fn are_restricted(&self) -> bool {
        self.restricted
    }

    pub(super) fn has(&self, name: &Bytes) -> bool {
        self.all.contains_key(name)
    }

    /// The user of a new client.
    pub(super) fn initial(&self) -> Option<Bytes> {
        let default = &self.all[&DEFAULT];
        (default.on && default.nopass).then_some(DEFAULT)
    }

    pub(super) fn default_needs_no_password(&self) -> bool {
        self.all[&DEFAULT].nopass
    }

    /// Whether the password is right for the user.
    pub(super) fn accepts(&self, name: &Bytes, password: &Bytes) -> bool {
        let known = |user: &User| user.nopass || user.passwords.contains(&digest(password));
        self.all.get(name).is_some_and(|user| user.on && known(user))
    }

    /// The reason why a client may not run a command, if there is one.
    pub(super) fn refusal(&self, client: &Client, spec: &Spec, args: &Args) -> Option<Denied> {
        let Some(user) = client.user.as_ref().and_then(|name| self.all.get(name)) else {
            return Some(Denied::NobodyIsKnown);
        };
        if !user.may_run(spec, args) {
            let name = match args.get(1).filter(|_| !spec.subcommands.is_empty()) {
                Some(word) => format!("{}|{}", spec.name, String::from_utf8_lossy(word).to_ascii_lowercase()),
                None => spec.name.to_owned(),
            };
            return Some(Denied::Command(name));
        }
        if !user.may_use_keys(spec, args) {
            return Some(Denied::Key);
        }
        (!user.may_use_channels(spec, args)).then_some(Denied::Channel)
    }
}

/// What a client may not do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Denied {
    /// Anything: it has not said who it is.
    NobodyIsKnown,
    /// This command, or subcommand.
    Command(String),
    /// To use one of the keys.
    Key,
    /// To use one of the channels.
    Channel,
}

impl Denied {
    /// What a client is told that sends a command, or queues one.
    pub(super) fn told(&self) -> String {
        match self {
            Denied::NobodyIsKnown => NOAUTH.into(),
            Denied::Command(name) => format!("NOPERM this user has no permissions to run the '{name}' command"),
            Denied::Key => "NOPERM this user has no permissions to access one of the keys used as arguments".into(),
            Denied::Channel => {
                "NOPERM this user has no permissions to access one of the channels used as arguments".into()
            }
        }
    }

    /// What EXEC says of a command that was allowed when it was queued (`execCommand`).
    pub(super) fn told_by_exec(&self) -> String {
        let reason = match self {
            Denied::NobodyIsKnown => "no permission",
            Denied::Command(_) => "no permission to execute the command or subcommand",
            Denied::Key => "no permission to touch the specified keys",
            Denied::Channel => "no permission to access one of the channels used as arguments",
        };
        format!(
            "NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. \
             This command is no longer allowed for the following reason: {reason}"
        )
    }

    /// What a script is told (`scriptCall`).
    pub(super) fn told_to_script(&self) -> String {
        let why = match self {
            Denied::NobodyIsKnown | Denied::Command(_) => "can't run this command or subcommand",
            Denied::Key => "can't access at least one of the keys mentioned in the command arguments",
            Denied::Channel => "can't publish to the channel mentioned in the command",
        };
        format!("ERR The user executing the script {why}")
    }
}

pub(super) fn acl(node: &mut Node, client: &mut Client, args: &Args, _: Context) -> Reply {
    match args[1].to_ascii_lowercase().as_slice() {
        b"whoami" => Reply::bulk(client.user.clone().unwrap_or(DEFAULT)),
        b"users" => Reply::Array(node.users.all.keys().cloned().map(Reply::Bulk).collect()),
        b"list" => {
            let line = |(name, user): (&Bytes, &User)| {
                Reply::bulk(format!("user {} {}", String::from_utf8_lossy(name), user.describe()))
            };
            Reply::Array(node.users.all.iter().map(line).collect())
        }
        b"cat" => cat(&args[2..]),
        b"getuser" => node.users.all.get(&args[2]).map_or(Reply::Null, getuser),
        b"setuser" => setuser(node, client, &args[2], &args[3..]),
        _ => deluser(node, client, &args[2..]),
    }
}

fn cat(category: &[Bytes]) -> Reply {
    match category {
        [] => Reply::Array(CATEGORIES.iter().map(Reply::bulk).collect()),
        [name] if is_one_of(name, CATEGORIES) => {
            let of = |spec: &&Spec| spec.categories.split(' ').any(|own| is_one_of(name, &[own]));
            Reply::Array(TABLE.iter().filter(of).map(|spec| Reply::bulk(spec.name)).collect())
        }
        [name] => Reply::error(format!("ERR Unknown category '{:.128}'", String::from_utf8_lossy(name))),
        _ => Reply::error(super::keyspace::SYNTAX),
    }
}

fn getuser(user: &User) -> Reply {
    let flags = [
        Some(if user.on { "on" } else { "off" }),
        user.nopass.then_some("nopass"),
        user.sanitize.then_some("sanitize-payload"),
    ];
    let field = |name: &str, value: Reply| (Reply::bulk(name), value);
    Reply::Map(vec![
        field(
            "flags",
            Reply::Set(flags.into_iter().flatten().map(Reply::bulk).collect()),
        ),
        field(
            "passwords",
            Reply::Array(user.passwords.iter().map(Reply::bulk).collect()),
        ),
        field("commands", Reply::bulk(user.command_rules())),
        field("keys", Reply::bulk(user.key_rules())),
        field("channels", Reply::bulk(user.channel_rules())),
        field("selectors", Reply::Array(vec![])),
    ])
}

/// Applies all rules or none. Connected clients keep their user, with the new rules.
fn setuser(node: &mut Node, client: &mut Client, name: &Bytes, rules: &[Bytes]) -> Reply {
    if name.iter().any(|byte| *byte == b' ' || *byte == 0) {
        return Reply::error("ERR Usernames can't contain spaces or null characters");
    }
    let mut user = node.users.all.get(name).cloned().unwrap_or_else(User::new);
    for rule in rules {
        if let Err(why) = user.apply(rule) {
            let rule = String::from_utf8_lossy(rule);
            return Reply::error(format!("ERR Error in ACL SETUSER modifier '{rule}': {why}"));
        }
    }
    // Who listens where the user may no longer listen is disconnected (ACLKillPubsubClientsIfNeeded).
    let revoked = |other: &Client| {
        let mut channels = other.channels.iter().chain(&other.shard_channels);
        let mut patterns = other.patterns.iter();
        other.user.as_ref() == Some(name)
            && (channels.any(|channel| !user.may_use_channel(channel, false))
                || patterns.any(|pattern| !user.may_use_channel(pattern, true)))
    };
    node.kill(revoked);
    client.closing |= revoked(client);
    node.users.all.insert(name.clone(), user);
    node.users.look_again();
    Reply::OK
}

fn deluser(node: &mut Node, client: &mut Client, names: &[Bytes]) -> Reply {
    if names.contains(&DEFAULT) {
        return Reply::error("ERR The 'default' user cannot be removed");
    }
    let mut deleted = 0;
    for name in names {
        if node.users.all.remove(name).is_some() {
            deleted += 1;
            node.kill(|other| other.user.as_ref() == Some(name));
            client.closing |= client.user.as_ref() == Some(name);
        }
    }
    node.users.look_again();
    Reply::Int(deleted)
}
