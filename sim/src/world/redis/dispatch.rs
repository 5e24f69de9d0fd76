//! From a request to the command that answers it, or to the error that does.

use super::client::Client;
use super::command::{self, Spec};
use super::config::Moment;
use super::node::{Context, Node};
use super::resp::{Args, Reply};
use bytes::Bytes;

impl Node {
    /// processCommand: what can be refused is refused, the rest is queued or called.
    pub(super) fn process(&mut self, client: &mut Client, args: &Args, now: Moment) -> Reply {
        let Some(spec) = command::lookup(&args[0]) else {
            // Somebody made a browser talk to us (CVE-2016-5180's kind): say nothing, hang up.
            if [&b"post"[..], b"host:"].contains(&&args[0].to_ascii_lowercase()[..]) {
                client.close_now();
                return Reply::Nothing;
            }
            return reject(client, unknown_command(args));
        };
        if !spec.takes(args.len()) {
            return reject(client, wrong_arity(spec.name));
        }
        let queued_write = spec.name == "exec"
            && client.transaction.as_ref().is_some_and(|t| {
                t.queued
                    .iter()
                    .any(|args| command::lookup(&args[0]).is_some_and(|s| s.write))
            });
        if let Some(error) = self.refusal(spec, spec.write || queued_write, now) {
            if spec.name == "exec" {
                client.transaction = None;
                self.unwatch(client);
                return Reply::error(format!("EXECABORT Transaction discarded because of: {error}"));
            }
            return reject(client, error);
        }
        let in_context = ["subscribe", "unsubscribe", "ping", "quit", "reset"].contains(&spec.name);
        if !client.resp3 && !client.channels.is_empty() && !in_context {
            return reject(
                client,
                format!(
                    "ERR Can't execute '{}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context",
                    String::from_utf8_lossy(&args[0]).to_ascii_lowercase()
                ),
            );
        }
        let direct = ["exec", "discard", "multi", "watch", "quit", "reset"].contains(&spec.name);
        if let (Some(transaction), false) = (&mut client.transaction, direct) {
            transaction.queued.push(args.clone());
            return Reply::simple("QUEUED");
        }
        let context = Context {
            now,
            from_master: false,
        };
        self.call(client, spec, args, context)
    }

    /// Why a command may not run at all just now.
    fn refusal(&self, spec: &Spec, write: bool, now: Moment) -> Option<&'static str> {
        let loading = now.mono_ms < self.started.mono_ms + self.config.loading_ms;
        if write && self.role.is_master() && !self.enough_replicas(now) {
            return Some("NOREPLICAS Not enough good replicas to write.");
        }
        if write && !self.role.is_master() {
            return Some("READONLY You can't write against a read only replica.");
        }
        if self.role.link_is_down() && !self.config.replica_serve_stale_data && !spec.always {
            return Some("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.");
        }
        (loading && !spec.always).then_some("LOADING Redis is loading the dataset in memory")
    }

    /// Runs a command that nothing stands against.
    pub(super) fn call(&mut self, client: &mut Client, spec: &Spec, args: &Args, context: Context) -> Reply {
        if let Some(reply) = self.data_command(spec.name, args, context) {
            return reply.unwrap_or_else(Reply::Error);
        }
        let now = context.now;
        match spec.name {
            "ping" if args.len() > 2 => Reply::error(wrong_arity("ping")),
            "ping" if !client.channels.is_empty() && !client.resp3 => {
                let word = args.get(1).cloned().unwrap_or_default();
                Reply::Array(vec![Reply::bulk("pong"), Reply::Bulk(word)])
            }
            "ping" => args
                .get(1)
                .map_or(Reply::simple("PONG"), |word| Reply::Bulk(word.clone())),
            "echo" => Reply::Bulk(args[1].clone()),
            "quit" => {
                client.closing = true;
                Reply::OK
            }
            "reset" => {
                client.transaction = None;
                self.unwatch(client);
                client.channels.clear();
                client.resp3 = false;
                client.name = Bytes::new();
                Reply::simple("RESET")
            }
            "select" => match super::resp::parse_int(&args[1]) {
                Some(0) => Reply::OK,
                Some(_) => Reply::error("ERR DB index is out of range"),
                None => Reply::error(NOT_AN_INTEGER),
            },
            "time" => {
                let (s, us) = (now.unix_s(), now.wall_ms.rem_euclid(1000) * 1000);
                Reply::Array(vec![Reply::bulk(s.to_string()), Reply::bulk(us.to_string())])
            }
            "multi" | "exec" | "discard" | "watch" | "unwatch" => {
                self.transaction_command(client, spec.name, args, now)
            }
            "hello" | "auth" | "client" | "command" | "config" => self.connection_command(client, spec.name, args),
            "subscribe" | "unsubscribe" | "publish" => self.pubsub_command(client, spec.name, args),
            "info" => Reply::Text(self.info(args.get(1).map(Bytes::as_ref), now)),
            "role" => self.role_reply(),
            "replicaof" | "slaveof" => self.replicaof(args, now),
            "replconf" => self.replconf(client, args, now),
            "psync" => self.psync(client, args, now),
            "wait" => self.wait(client, args, now),
            other => unreachable!("{other} is in the table and nowhere else"),
        }
    }
}

pub(super) const NOT_AN_INTEGER: &str = "ERR value is not an integer or out of range";
pub(super) const SYNTAX: &str = "ERR syntax error";

/// `ERR wrong number of arguments for 'get' command`.
pub(crate) fn wrong_arity(name: &str) -> String {
    format!("ERR wrong number of arguments for '{name}' command")
}

/// `ERR unknown command 'NOSUCH', with args beginning with: 'a' 'b' `, 128 bytes of each part at most.
pub(crate) fn unknown_command(args: &Args) -> String {
    let mut shown = String::new();
    for arg in &args[1..] {
        if shown.len() >= 128 {
            break;
        }
        let text = String::from_utf8_lossy(arg);
        shown.push_str(&format!("'{:.*}' ", 128 - shown.len(), text));
    }
    let name = String::from_utf8_lossy(&args[0]);
    let message = format!("ERR unknown command '{name:.128}', with args beginning with: {shown}");
    message.replace(['\r', '\n'], " ")
}

/// A refused command spoils the transaction it was meant for.
fn reject(client: &mut Client, error: impl Into<std::borrow::Cow<'static, str>>) -> Reply {
    if let Some(transaction) = &mut client.transaction {
        transaction.aborted = true;
    }
    Reply::error(error)
}
