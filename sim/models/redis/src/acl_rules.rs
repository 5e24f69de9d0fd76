//! The permissions of one user, and the rules of ACL SETUSER that change them.

use super::command::{self, Spec, TABLE, flag};
use super::glob::glob;
use super::keyspace::is_one_of;
use bytes::Bytes;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// Categories, in the order of ACL CAT.
pub(super) const CATEGORIES: &[&str] = &[
    "keyspace",
    "read",
    "write",
    "set",
    "sortedset",
    "list",
    "hash",
    "string",
    "bitmap",
    "hyperloglog",
    "geo",
    "stream",
    "pubsub",
    "admin",
    "fast",
    "slow",
    "blocking",
    "dangerous",
    "connection",
    "transaction",
    "scripting",
];

/// Keys that a user may read, or write, or both.
#[derive(Debug, Clone, PartialEq, Eq)]
struct KeyPattern {
    pattern: Bytes,
    read: bool,
    write: bool,
}

/// One user.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct User {
    pub(super) on: bool,
    pub(super) nopass: bool,
    /// Shown if `reset` or `sanitize-payload` has set it. It has no effect here, because there is no RESTORE.
    pub(super) sanitize: bool,
    /// SHA-256, in hexadecimal digits.
    pub(super) passwords: Vec<String>,
    /// Whether it may run all commands except the exceptions (true), or only the exceptions (false).
    all: bool,
    exceptions: BTreeSet<&'static str>,
    /// For each exception, such as `config|get`, whether the user may run it.
    subcommands: Vec<(String, bool)>,
    /// The command rules that are in force, as they were given.
    rules: Vec<String>,
    keys: Vec<KeyPattern>,
    channels: Vec<Bytes>,
}

/// A password as it is stored.
pub(super) fn digest(password: &[u8]) -> String {
    Sha256::digest(password)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn spec_has(spec: &Spec, category: &str) -> bool {
    spec.categories.split(' ').any(|own| own == category)
}

impl User {
    /// A new user, who has no permissions.
    pub(super) fn new() -> User {
        User {
            rules: vec!["-@all".into()],
            ..User::default()
        }
    }

    /// The default user, who has all permissions.
    pub(super) fn everything() -> User {
        let mut user = User::new();
        for rule in ["on", "nopass", "~*", "&*", "+@all"] {
            user.apply(&Bytes::from_static(rule.as_bytes()))
                .expect("rules are right");
        }
        user
    }

    /// Applies one rule.
    ///
    /// # Errors
    /// The rule is wrong: Redis's own error text.
    pub(super) fn apply(&mut self, rule: &Bytes) -> Result<(), &'static str> {
        const SYNTAX: &str = "Syntax error";
        let text = String::from_utf8_lossy(rule).into_owned();
        match text.to_ascii_lowercase().as_str() {
            "on" => self.on = true,
            "off" => self.on = false,
            "nopass" => (self.nopass, self.passwords) = (true, vec![]),
            "resetpass" => (self.nopass, self.passwords) = (false, vec![]),
            "allkeys" | "~*" => {
                self.keys = vec![KeyPattern {
                    pattern: Bytes::from_static(b"*"),
                    read: true,
                    write: true,
                }]
            }
            "resetkeys" => self.keys.clear(),
            "allchannels" | "&*" => self.channels = vec![Bytes::from_static(b"*")],
            "resetchannels" => self.channels.clear(),
            "allcommands" | "+@all" => self.all_commands(true),
            "nocommands" | "-@all" => self.all_commands(false),
            "sanitize-payload" => self.sanitize = true,
            "skip-sanitize-payload" => self.sanitize = false,
            "clearselectors" => {}
            "reset" => {
                *self = User {
                    sanitize: true,
                    ..User::new()
                }
            }
            _ => match (text.as_bytes().first(), text.get(1..).unwrap_or_default()) {
                (Some(b'>'), _) => self.add_password(digest(&rule[1..])),
                (Some(b'<'), _) => self.remove_password(&digest(&rule[1..]))?,
                (Some(b'#'), hash) => self.add_password(hashed(hash)?),
                (Some(b'!'), hash) => self.remove_password(&hashed(hash)?)?,
                (Some(b'~'), _) => self.add_keys(rule.slice(1..), true, true)?,
                (Some(b'%'), _) => {
                    let (access, _) = text[1..].split_once('~').ok_or(SYNTAX)?;
                    let access = access.to_ascii_uppercase();
                    let (read, write) = (access.contains('R'), access.contains('W'));
                    if access.is_empty() || access.chars().any(|c| !"RW".contains(c)) {
                        return Err(SYNTAX);
                    }
                    self.add_keys(rule.slice(2 + access.len()..), read, write)?;
                }
                (Some(b'&'), _) => {
                    if self.channels.first().is_some_and(|first| first == "*") {
                        return Err(
                            "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not have any effect. Try 'resetchannels' to start with an empty list of channels",
                        );
                    }
                    self.channels.push(rule.slice(1..));
                }
                (Some(b'+'), name) => self.allow(name, true)?,
                (Some(b'-'), name) => self.allow(name, false)?,
                _ => return Err(SYNTAX),
            },
        }
        Ok(())
    }

    fn add_password(&mut self, hash: String) {
        self.nopass = false;
        if !self.passwords.contains(&hash) {
            self.passwords.push(hash);
        }
    }

    fn remove_password(&mut self, hash: &String) -> Result<(), &'static str> {
        let at = self.passwords.iter().position(|known| known == hash);
        self.passwords
            .remove(at.ok_or("The password you are trying to remove from the user does not exist")?);
        Ok(())
    }

    fn add_keys(&mut self, pattern: Bytes, read: bool, write: bool) -> Result<(), &'static str> {
        if self
            .keys
            .iter()
            .any(|known| known.pattern == "*" && known.read && known.write)
        {
            return Err(
                "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any effect. Try 'resetkeys' to start with an empty list of patterns",
            );
        }
        match self.keys.iter_mut().find(|known| known.pattern == pattern) {
            Some(known) => (known.read, known.write) = (known.read || read, known.write || write),
            None => self.keys.push(KeyPattern { pattern, read, write }),
        }
        Ok(())
    }

    fn all_commands(&mut self, may: bool) {
        self.all = may;
        self.exceptions.clear();
        self.subcommands.clear();
        self.rules = vec![if may { "+@all" } else { "-@all" }.into()];
    }

    /// `+get`, `-@write`, `+config|get`.
    fn allow(&mut self, name: &str, may: bool) -> Result<(), &'static str> {
        const UNKNOWN: &str = "Unknown command or category name in ACL";
        let name = name.to_ascii_lowercase();
        let mut set = |name: &'static str| {
            if may == self.all {
                self.exceptions.remove(name)
            } else {
                self.exceptions.insert(name)
            };
        };
        if let Some(category) = name.strip_prefix('@') {
            if !CATEGORIES.contains(&category) {
                return Err(UNKNOWN);
            }
            TABLE
                .iter()
                .filter(|spec| spec_has(spec, category))
                .for_each(|spec| set(spec.name));
        } else if let Some((container, word)) = name.split_once('|') {
            let spec = command::lookup(container.as_bytes()).ok_or(UNKNOWN)?;
            if !spec.subcommands.iter().any(|(known, _)| *known == word) {
                return Err(UNKNOWN);
            }
            self.subcommands.retain(|(known, _)| *known != name);
            self.subcommands.push((name.clone(), may));
        } else {
            let spec = command::lookup(name.as_bytes()).ok_or(UNKNOWN)?;
            set(spec.name);
            let inside = format!("{name}|");
            self.subcommands.retain(|(known, _)| !known.starts_with(&inside));
        }
        self.rules.retain(|rule| rule[1..] != name);
        self.rules.push(format!("{}{name}", if may { '+' } else { '-' }));
        Ok(())
    }

    /// Whether the command may be run at all.
    pub(super) fn may_run(&self, spec: &Spec, args: &[Bytes]) -> bool {
        let sub = |word: &Bytes| format!("{}|{}", spec.name, String::from_utf8_lossy(word).to_ascii_lowercase());
        let named = args.get(1).filter(|_| !spec.subcommands.is_empty()).map(sub);
        let own = self.subcommands.iter().find(|(known, _)| Some(known) == named.as_ref());
        own.map_or(self.all != self.exceptions.contains(spec.name), |(_, may)| *may)
    }

    /// Whether the user may access all keys of the command in this way.
    pub(super) fn may_use_keys(&self, spec: &Spec, args: &[Bytes]) -> bool {
        let (read, write) = (!spec.is(flag::WRITE), spec.is(flag::WRITE));
        spec.keys_of(args).into_iter().all(|key| {
            self.keys
                .iter()
                .any(|known| (known.read || !read) && (known.write || !write) && glob(&known.pattern, key))
        })
    }

    /// Whether the user may use all channels of the command. A pattern must be among the allowed ones literally.
    pub(super) fn may_use_channels(&self, spec: &Spec, args: &[Bytes]) -> bool {
        let channels = match spec.name {
            "publish" | "spublish" => &args[1..2],
            "subscribe" | "psubscribe" | "ssubscribe" => &args[1..],
            _ => &[],
        };
        let literal = spec.name == "psubscribe";
        channels.iter().all(|channel| self.may_use_channel(channel, literal))
    }

    /// Whether the user may use this channel or, `literal`, this pattern.
    pub(super) fn may_use_channel(&self, channel: &Bytes, literal: bool) -> bool {
        let fits = |known: &Bytes| {
            known == "*"
                || if literal {
                    known == channel
                } else {
                    glob(known, channel)
                }
        };
        self.channels.iter().any(fits)
    }

    /// `~a* %R~b*`.
    pub(super) fn key_rules(&self) -> String {
        let one = |known: &KeyPattern| {
            let access = match (known.read, known.write) {
                (true, true) => "~",
                (true, false) => "%R~",
                _ => "%W~",
            };
            format!("{access}{}", String::from_utf8_lossy(&known.pattern))
        };
        self.keys.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    /// `&news &ch*`.
    pub(super) fn channel_rules(&self) -> String {
        let one = |known: &Bytes| format!("&{}", String::from_utf8_lossy(known));
        self.channels.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    /// `-@all +get`.
    pub(super) fn command_rules(&self) -> String {
        self.rules.join(" ")
    }

    /// The user as ACL LIST writes it.
    pub(super) fn describe(&self) -> String {
        let mut words = vec![if self.on { "on" } else { "off" }.to_owned()];
        words.extend(self.nopass.then(|| "nopass".to_owned()));
        words.extend(self.sanitize.then(|| "sanitize-payload".to_owned()));
        words.extend(self.passwords.iter().map(|hash| format!("#{hash}")));
        words.extend(Some(self.key_rules()).filter(|rules| !rules.is_empty()));
        if !is_one_of(self.channel_rules().as_bytes(), &["&*"]) {
            words.push("resetchannels".into());
        }
        words.extend(Some(self.channel_rules()).filter(|rules| !rules.is_empty()));
        words.push(self.command_rules());
        words.join(" ")
    }
}

fn hashed(hash: &str) -> Result<String, &'static str> {
    let right = hash.len() == 64 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    right
        .then(|| hash.to_owned())
        .ok_or("The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters")
}
