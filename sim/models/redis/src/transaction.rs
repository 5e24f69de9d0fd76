//! MULTI, EXEC, DISCARD, WATCH and UNWATCH.

use super::client::{Client, Replies, Transaction};
use super::command;
use super::keyspace::Context;
use super::node::Node;
use super::resp::{Args, Reply, array_head};
use bytes::Bytes;

impl Client {
    /// Ends all watches.
    pub(super) fn unwatch(&mut self) {
        self.watched.clear();
        self.dirty = false;
    }
}

pub(super) fn multi(_: &mut Node, client: &mut Client, _: &Args, _: Context) -> Reply {
    if client.transaction.is_some() {
        return Reply::error("ERR MULTI calls can not be nested");
    }
    client.transaction = Some(Transaction::default());
    Reply::OK
}

pub(super) fn watch(node: &mut Node, client: &mut Client, args: &Args, ctx: Context) -> Reply {
    if client.transaction.is_some() {
        return Reply::error("ERR WATCH inside MULTI is not allowed");
    }
    for key in &args[1..] {
        let entry = node.data[ctx.db].get(key);
        let expired = entry.is_some_and(|entry| entry.expired(ctx.now.wall_ms));
        client.watched.entry((ctx.db, key.clone())).or_insert(expired);
    }
    Reply::OK
}

pub(super) fn unwatch(_: &mut Node, client: &mut Client, _: &Args, _: Context) -> Reply {
    client.unwatch();
    Reply::OK
}

pub(super) fn discard(_: &mut Node, client: &mut Client, _: &Args, _: Context) -> Reply {
    if client.transaction.take().is_none() {
        return Reply::error("ERR DISCARD without MULTI");
    }
    client.unwatch();
    Reply::OK
}

pub(super) fn exec(node: &mut Node, client: &mut Client, _: &Args, ctx: Context) -> Reply {
    let Some(transaction) = client.transaction.take() else {
        return Reply::error("ERR EXEC without MULTI");
    };
    let expired = |((db, key), before): (&(u8, Bytes), &bool)| {
        !before
            && node.data[*db]
                .get(key)
                .is_some_and(|entry| entry.expired(ctx.now.wall_ms))
    };
    let dirty = client.dirty || client.watched.iter().any(expired);
    client.unwatch();
    if transaction.aborted {
        return Reply::error("EXECABORT Transaction discarded because of previous errors.");
    }
    if dirty {
        return Reply::NullArray;
    }
    // Replies are written one by one: messages of SUBSCRIBE and PUBLISH come between them, as in Redis.
    let start = client.output.len();
    array_head(transaction.queued.len(), &mut client.output);
    for args in &transaction.queued {
        let spec = command::lookup(&args[0]).expect("only known commands are queued");
        // Permissions are checked again: an ACL may have changed meanwhile.
        let refused = if node.users.are_restricted() {
            node.users.refusal(client, spec, args)
        } else {
            None
        };
        let reply = match refused {
            Some(denied) => Reply::error(denied.told_by_exec()),
            None => node.call(client, spec, args, true, ctx.now),
        };
        reply.encode(client.resp3, &mut client.output);
    }
    if client.replies != Replies::On {
        client.output.truncate(start);
    }
    Reply::Nothing
}
