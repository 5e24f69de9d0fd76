//! PING, ECHO and other small commands.

use super::client::{Client, Replies};
use super::databases::DATABASES;
use super::keyspace::{Context, NOT_AN_INTEGER, wrong_arity};
use super::node::Node;
use super::resp::{Args, Reply, parse_int};
use bytes::Bytes;

pub(super) fn ping(_: &mut Node, client: &mut Client, args: &Args, _: Context) -> Reply {
    match args.get(1) {
        _ if args.len() > 2 => Reply::error(wrong_arity("ping")),
        word if client.listens() && !client.resp3 => {
            let word = word.cloned().unwrap_or_default();
            Reply::Array(vec![Reply::bulk("pong"), Reply::Bulk(word)])
        }
        Some(word) => Reply::Bulk(word.clone()),
        None => Reply::simple("PONG"),
    }
}

pub(super) fn echo(_: &mut Node, _: &mut Client, args: &Args, _: Context) -> Reply {
    Reply::Bulk(args[1].clone())
}

pub(super) fn quit(_: &mut Node, client: &mut Client, _: &Args, _: Context) -> Reply {
    client.closing = true;
    Reply::OK
}

pub(super) fn reset(node: &mut Node, client: &mut Client, _: &Args, _: Context) -> Reply {
    client.transaction = None;
    client.unwatch();
    client.channels.clear();
    client.patterns.clear();
    client.shard_channels.clear();
    client.resp3 = false;
    client.name = Bytes::new();
    client.db = 0;
    client.replies = Replies::On;
    client.user = node.users.initial();
    Reply::simple("RESET")
}

pub(super) fn select(_: &mut Node, client: &mut Client, args: &Args, _: Context) -> Reply {
    match parse_int(&args[1]).map(u8::try_from) {
        Some(Ok(db)) if db < DATABASES => {
            client.db = db;
            Reply::OK
        }
        Some(_) => Reply::error("ERR DB index is out of range"),
        None => Reply::error(NOT_AN_INTEGER),
    }
}

pub(super) fn time(_: &mut Node, _: &mut Client, _: &Args, ctx: Context) -> Reply {
    let (s, us) = (ctx.now.unix_s(), ctx.now.wall_ms.rem_euclid(1000) * 1000);
    Reply::Array(vec![Reply::bulk(s.to_string()), Reply::bulk(us.to_string())])
}
