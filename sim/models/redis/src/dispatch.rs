//! From a request to the command that executes it, or to an error.

use super::client::Client;
use super::command::{self, Run, Spec, flag};
use super::config::Moment;
use super::keyspace::{Context, Fault};
use super::node::Node;
use super::resp::{Args, Reply};

pub(super) const MASTERDOWN: &str = "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.";

/// The flags that decide whether a command may run now: its own and, for EXEC, those of the commands that it would run.
#[derive(Clone, Copy)]
struct Flags {
    has: u32,
    lacks: u32,
}

impl Node {
    /// Refuses, queues or calls a command (processCommand); `None` if CLIENT PAUSE holds it back.
    pub(super) fn process(&mut self, client: &mut Client, args: &Args, now: Moment) -> Option<Reply> {
        let Some(spec) = command::lookup(&args[0]) else {
            // an attack with a browser's HTTP request (cross-protocol scripting): close without a reply
            if [&b"post"[..], b"host:"].contains(&&args[0].to_ascii_lowercase()[..]) {
                client.close_now();
                return Some(Reply::Nothing);
            }
            let error = unknown_command(args);
            self.stats.error(&error);
            return Some(reject(client, error));
        };
        client.last_command = spec.name;
        let own = super::script::flags(self, spec, args);
        let queued = client.transaction.as_ref().filter(|_| spec.name == "exec");
        let flags = Flags {
            has: own | queued.map_or(0, |transaction| transaction.flags),
            lacks: !own | queued.map_or(0, |transaction| transaction.lacks),
        };
        if let Some(error) = self.objection(client, spec, flags, args, now) {
            if spec.name == "exec" {
                client.transaction = None;
                client.unwatch();
                let error = error.strip_prefix("ERR ").unwrap_or(&error);
                let error = format!("EXECABORT Transaction discarded because of: {error}");
                self.stats.rejected(spec, args, &error);
                return Some(Reply::error(error));
            }
            self.stats.rejected(spec, args, &error);
            return Some(reject(client, error));
        }
        if self.paused.is_some() && self.holds_back(client, flags.has, now) {
            return None;
        }
        if let (Some(transaction), false) = (&mut client.transaction, is_direct(spec.name)) {
            transaction.queued.push(args.clone());
            transaction.flags |= own;
            transaction.lacks |= !own;
            return Some(Reply::simple("QUEUED"));
        }
        Some(self.call(client, spec, args, false, now))
    }

    /// The reason why a command may not run now, in the order in which Redis checks.
    fn objection(&mut self, client: &Client, spec: &Spec, flags: Flags, args: &Args, now: Moment) -> Option<Fault> {
        if let Some(error) = spec.misused(args) {
            return Some(error.into());
        }
        let restricted = self.users.are_restricted() && !spec.is(flag::NO_AUTH);
        if restricted && client.user.is_none() {
            return Some(super::acl::NOAUTH.into());
        }
        if spec.is(flag::NO_MULTI) && client.transaction.is_some() {
            return Some("ERR Command not allowed inside a transaction".into());
        }
        if restricted && let Some(denied) = self.users.refusal(client, spec, args) {
            return Some(denied.told().into());
        }
        self.full = self.config.maxmemory > 0 && !self.evict(now);
        if self.full {
            // A command of a transaction is refused when it is queued, not when it is executed.
            let queues = client.transaction.is_some() && !is_direct(spec.name);
            if queues || flags.has & flag::DENYOOM != 0 {
                return Some(super::eviction::OOM.into());
            }
        }
        let write = flags.has & flag::WRITE != 0;
        if write && self.role.is_master() && !self.enough_replicas(now) {
            return Some("NOREPLICAS Not enough good replicas to write.".into());
        }
        if write && !self.role.is_master() {
            return Some("READONLY You can't write against a read only replica.".into());
        }
        if !client.resp3 && client.listens() && !is_for_listeners(spec.name) {
            let name = spec.full_name(args);
            let error = format!(
                "ERR Can't execute '{name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context"
            );
            return Some(error.into());
        }
        if self.is_stale() && flags.lacks & flag::STALE != 0 {
            return Some(MASTERDOWN.into());
        }
        (self.is_loading(now) && flags.lacks & flag::LOADING != 0)
            .then(|| "LOADING Redis is loading the dataset in memory".into())
    }

    /// Whether it is a replica that has lost its master and must not answer from what it has.
    pub(super) fn is_stale(&self) -> bool {
        self.role.link_is_down() && !self.config.replica_serve_stale_data
    }

    /// Runs a command that was not refused. `nested`: in a transaction or a script.
    pub(super) fn call(&mut self, client: &mut Client, spec: &Spec, args: &Args, nested: bool, now: Moment) -> Reply {
        let ctx = Context {
            now,
            name: spec.name,
            db: client.db,
            from_master: false,
            nested,
            reads: spec.is(flag::READONLY) || spec.is(flag::READS),
        };
        if spec.is(flag::ARBITRARY_KEYS) && !nested {
            self.apart = true;
        }
        self.stats.begins();
        let reply = match spec.run {
            Run::Data(run) => run(self, args, ctx).unwrap_or_else(Reply::Error),
            Run::Client(run) => run(self, client, args, ctx),
        };
        let is_counted = std::mem::take(&mut self.stats.script_errors_are_counted);
        if let (Reply::Error(text), false) = (&reply, is_counted) {
            self.stats.error(text);
        }
        self.stats.ends(spec, args, &reply);
        reply
    }
}

/// Not queued in a transaction.
fn is_direct(name: &str) -> bool {
    matches!(name, "exec" | "discard" | "multi" | "watch" | "quit" | "reset")
}

fn is_for_listeners(name: &str) -> bool {
    name.ends_with("subscribe") || ["ping", "quit", "reset"].contains(&name)
}

/// `ERR unknown command 'NOSUCH', with args beginning with: 'a' 'b' `, 128 bytes of each part at most.
pub fn unknown_command(args: &Args) -> String {
    let mut shown = String::new();
    for arg in &args[1..] {
        if shown.len() >= 128 {
            break;
        }
        // up to the first zero byte, as in C
        let text = String::from_utf8_lossy(arg.split(|byte| *byte == 0).next().unwrap_or_default());
        shown.push_str(&format!("'{:.*}' ", 128 - shown.len(), text));
    }
    let name = String::from_utf8_lossy(&args[0]);
    let message = format!("ERR unknown command '{name:.128}', with args beginning with: {shown}");
    message.replace(['\r', '\n'], " ")
}

/// Marks a transaction as failed because one of its commands was refused.
fn reject(client: &mut Client, error: impl Into<Fault>) -> Reply {
    if let Some(transaction) = &mut client.transaction {
        transaction.aborted = true;
    }
    Reply::error(error)
}
