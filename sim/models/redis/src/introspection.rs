//! COMMAND: the table of commands, for clients.

use super::client::Client;
use super::command::{self, Spec, TABLE, flag};
use super::glob::glob;
use super::keyspace::{Context, SYNTAX, is_one_of};
use super::node::Node;
use super::resp::{Args, Reply};
use bytes::Bytes;

pub(super) fn command(_: &mut Node, _: &mut Client, args: &Args, _: Context) -> Reply {
    let named = args.get(2..).unwrap_or(&[]);
    match args.get(1).map(|word| word.to_ascii_lowercase()).as_deref() {
        None => Reply::Array(TABLE.iter().map(info).collect()),
        Some(b"count") => Reply::Int(TABLE.len() as i64),
        Some(b"info") if named.is_empty() => Reply::Array(TABLE.iter().map(info).collect()),
        Some(b"info") => {
            let one = |name: &Bytes| command::lookup(name).map_or(Reply::NullArray, info);
            Reply::Array(named.iter().map(one).collect())
        }
        Some(b"docs") => {
            let wanted = |spec: &&Spec| named.is_empty() || named.iter().any(|name| is_one_of(name, &[spec.name]));
            Reply::Map(TABLE.iter().filter(wanted).map(docs).collect())
        }
        Some(b"list") => list(named),
        _ => getkeys(named),
    }
}

/// Tips, key specifications and subcommands are deliberately absent: their arrays are empty.
fn info(spec: &Spec) -> Reply {
    let flags = flag::NAMES.iter().filter(|(bit, _)| spec.is(*bit));
    let categories = spec
        .categories
        .split(' ')
        .map(|name| Reply::Simple(format!("@{name}").into()));
    let nothing = || Reply::Array(vec![]);
    Reply::Array(vec![
        Reply::bulk(spec.name),
        Reply::Int(spec.arity.into()),
        Reply::Set(flags.map(|(_, name)| Reply::simple(name)).collect()),
        Reply::Int(spec.keys.0.into()),
        Reply::Int(spec.keys.1.into()),
        Reply::Int(spec.keys.2.into()),
        Reply::Set(categories.collect()),
        nothing(),
        nothing(),
        nothing(),
    ])
}

/// COMMAND DOCS with the group only; the texts of the documentation are absent.
fn docs(spec: &Spec) -> (Reply, Reply) {
    let groups = [
        ("string", "string"),
        ("list", "list"),
        ("sortedset", "sorted-set"),
        ("set", "set"),
        ("hash", "hash"),
        ("pubsub", "pubsub"),
        ("transaction", "transactions"),
        ("scripting", "scripting"),
        ("keyspace", "generic"),
        ("connection", "connection"),
    ];
    let group = groups
        .iter()
        .find(|(category, _)| spec.categories.split(' ').any(|own| own == *category));
    let group = group.map_or("server", |(_, group)| group);
    let fields = vec![(Reply::bulk("group"), Reply::bulk(group))];
    (Reply::bulk(spec.name), Reply::Map(fields))
}

fn list(options: &[Bytes]) -> Reply {
    let wanted: Box<dyn Fn(&&Spec) -> bool> = match options {
        [] => Box::new(|_| true),
        [by, kind, pattern] if is_one_of(by, &["FILTERBY"]) && is_one_of(kind, &["PATTERN"]) => {
            Box::new(move |spec| glob(pattern, spec.name.as_bytes()))
        }
        [by, kind, category] if is_one_of(by, &["FILTERBY"]) && is_one_of(kind, &["ACLCAT"]) => {
            Box::new(move |spec| spec.categories.split(' ').any(|own| is_one_of(category, &[own])))
        }
        [by, kind, _] if is_one_of(by, &["FILTERBY"]) && is_one_of(kind, &["MODULE"]) => Box::new(|_| false),
        _ => return Reply::error(SYNTAX),
    };
    Reply::Array(TABLE.iter().filter(wanted).map(|spec| Reply::bulk(spec.name)).collect())
}

fn getkeys(words: &[Bytes]) -> Reply {
    let words = words.to_vec();
    let Some(spec) = command::lookup(&words[0]) else {
        return Reply::error("ERR Invalid command specified");
    };
    if spec.keys.0 == 0 && !spec.is(flag::MOVABLE_KEYS) || spec.is(flag::NOT_KEYS) {
        return Reply::error("ERR The command has no key arguments");
    }
    if !spec.takes(words.len()) {
        return Reply::error("ERR Invalid number of arguments specified for command");
    }
    let keys = spec.keys_of(&words);
    if keys.is_empty() {
        return Reply::error("ERR Invalid arguments specified for command");
    }
    Reply::Array(keys.into_iter().cloned().map(Reply::Bulk).collect())
}
