//! Publish and subscribe: by channel, by pattern, by shard channel.

use super::client::Client;
use super::glob::glob;
use super::keyspace::Context;
use super::node::Node;
use super::resp::{Args, Reply};
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};

fn message(kind: &str, words: &[&Bytes]) -> Reply {
    let words = words.iter().map(|word| Reply::Bulk(Bytes::clone(word)));
    Reply::Push([Reply::bulk(kind)].into_iter().chain(words).collect())
}

impl Client {
    /// The client's subscriptions of this command's kind, and their number as the replies count them.
    fn listening(&mut self, name: &str) -> &mut BTreeSet<Bytes> {
        match name.trim_end_matches("subscribe").trim_end_matches("un") {
            "p" => &mut self.patterns,
            "s" => &mut self.shard_channels,
            _ => &mut self.channels,
        }
    }

    fn counted(&self, name: &str) -> Reply {
        Reply::Int(if name.starts_with('s') && name != "subscribe" {
            self.shard_channels.len()
        } else {
            self.subscriptions()
        } as i64)
    }

    /// Delivers a message; returns to how many subscriptions.
    fn deliver(&mut self, channel: &Bytes, text: &Bytes, sharded: bool) -> i64 {
        let mut receivers = 0;
        if sharded {
            if self.shard_channels.contains(channel) {
                self.push(&message("smessage", &[channel, text]));
                receivers += 1;
            }
            return receivers;
        }
        if self.channels.contains(channel) {
            self.push(&message("message", &[channel, text]));
            receivers += 1;
        }
        let patterns: Vec<Bytes> = self
            .patterns
            .iter()
            .filter(|pattern| glob(pattern, channel))
            .cloned()
            .collect();
        for pattern in patterns {
            self.push(&message("pmessage", &[&pattern, channel, text]));
            receivers += 1;
        }
        receivers
    }
}

/// SUBSCRIBE, PSUBSCRIBE and SSUBSCRIBE.
pub(super) fn subscribe(_: &mut Node, client: &mut Client, args: &Args, ctx: Context) -> Reply {
    for channel in &args[1..] {
        client.listening(ctx.name).insert(channel.clone());
        confirm(client, ctx.name, Reply::Bulk(channel.clone()));
    }
    Reply::Nothing
}

/// UNSUBSCRIBE, PUNSUBSCRIBE and SUNSUBSCRIBE, from the named channels or from all.
pub(super) fn unsubscribe(_: &mut Node, client: &mut Client, args: &Args, ctx: Context) -> Reply {
    let mut channels = args[1..].to_vec();
    if channels.is_empty() {
        channels = client.listening(ctx.name).iter().cloned().collect();
        if channels.is_empty() {
            confirm(client, ctx.name, Reply::Null);
        }
    }
    for channel in channels {
        client.listening(ctx.name).remove(&channel);
        confirm(client, ctx.name, Reply::Bulk(channel));
    }
    Reply::Nothing
}

fn confirm(client: &mut Client, name: &str, channel: Reply) {
    let count = client.counted(name);
    client.push(&Reply::Push(vec![Reply::bulk(name), channel, count]));
}

/// PUBLISH and SPUBLISH.
pub(super) fn publish(node: &mut Node, client: &mut Client, args: &Args, ctx: Context) -> Reply {
    // Replicated, so that subscribers of replicas receive it too (measured).
    node.effect(args.clone(), ctx);
    let sharded = ctx.name == "spublish";
    let own = client.deliver(&args[1], &args[2], sharded);
    Reply::Int(node.publish(&args[1], &args[2], sharded) + own)
}

impl Node {
    /// Delivers a message to all subscribers; returns their number.
    pub(super) fn publish(&mut self, channel: &Bytes, text: &Bytes, sharded: bool) -> i64 {
        let mut receivers = 0;
        for other in self.clients.values_mut().filter(|other| other.listens()) {
            receivers += other.deliver(channel, text, sharded);
        }
        receivers
    }
}

pub(super) fn pubsub(node: &mut Node, client: &mut Client, args: &Args, _: Context) -> Reply {
    let word = args[1].to_ascii_lowercase();
    let sharded = word.starts_with(b"shard");
    let everybody = || node.clients.values().map(Box::as_ref).chain([&*client]);
    let mut listeners: BTreeMap<&Bytes, i64> = BTreeMap::new();
    for other in everybody() {
        let channels = if sharded {
            &other.shard_channels
        } else {
            &other.channels
        };
        channels
            .iter()
            .for_each(|channel| *listeners.entry(channel).or_default() += 1);
    }
    match word.as_slice() {
        b"channels" | b"shardchannels" if args.len() <= 3 => {
            let wanted = |channel: &Bytes| args.get(2).is_none_or(|pattern| glob(pattern, channel));
            let channels = listeners.into_keys().filter(|channel| wanted(channel));
            Reply::Array(channels.cloned().map(Reply::Bulk).collect())
        }
        b"numsub" | b"shardnumsub" => {
            let count = |channel| Reply::Int(*listeners.get(channel).unwrap_or(&0));
            let pairs = args[2..]
                .iter()
                .flat_map(|channel| [Reply::Bulk(channel.clone()), count(channel)]);
            Reply::Array(pairs.collect())
        }
        b"numpat" => {
            let patterns: BTreeSet<&Bytes> = everybody().flat_map(|other| &other.patterns).collect();
            Reply::Int(patterns.len() as i64)
        }
        _ => {
            let word = String::from_utf8_lossy(&args[1]);
            Reply::error(format!(
                "ERR unknown subcommand or wrong number of arguments for '{word}'. Try PUBSUB HELP."
            ))
        }
    }
}
