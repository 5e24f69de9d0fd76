//! Commands about the connection itself: transactions, HELLO and CLIENT, publish and subscribe.

use super::client::{Client, Transaction};
use super::command;
use super::config::{Moment, PersistenceMode};
use super::data::is_one_of;
use super::node::{Context, Node};
use super::resp::{Args, Reply, parse_int};
use bytes::Bytes;

const WRONGPASS: &str = "WRONGPASS invalid username-password pair or user is disabled.";

impl Node {
    pub(super) fn transaction_command(&mut self, client: &mut Client, name: &str, args: &Args, now: Moment) -> Reply {
        match name {
            "multi" if client.transaction.is_some() => Reply::error("ERR MULTI calls can not be nested"),
            "multi" => {
                client.transaction = Some(Transaction::default());
                Reply::OK
            }
            "watch" if client.transaction.is_some() => Reply::error("ERR WATCH inside MULTI is not allowed"),
            "watch" => {
                for key in &args[1..] {
                    let expired = self.data.get(key).is_some_and(|entry| entry.expired(now.wall_ms));
                    client.watched.entry(key.clone()).or_insert(expired);
                }
                Reply::OK
            }
            "unwatch" => {
                self.unwatch(client);
                Reply::OK
            }
            "discard" => match client.transaction.take() {
                Some(_) => {
                    self.unwatch(client);
                    Reply::OK
                }
                None => Reply::error("ERR DISCARD without MULTI"),
            },
            _ => self.exec(client, now),
        }
    }

    fn exec(&mut self, client: &mut Client, now: Moment) -> Reply {
        let Some(transaction) = client.transaction.take() else {
            return Reply::error("ERR EXEC without MULTI");
        };
        let expired = |(key, before): (&Bytes, &bool)| {
            !before && self.data.get(key).is_some_and(|entry| entry.expired(now.wall_ms))
        };
        let dirty = client.dirty || client.watched.iter().any(expired);
        self.unwatch(client);
        if transaction.aborted {
            return Reply::error("EXECABORT Transaction discarded because of previous errors.");
        }
        if dirty {
            return Reply::NullArray;
        }
        // WAIT sees no deadline here: it answers at once inside a transaction.
        let context = Context {
            now,
            from_master: false,
        };
        let mut replies = vec![];
        for args in &transaction.queued {
            let spec = command::lookup(&args[0]).expect("only known commands are queued");
            replies.push(match spec.name {
                "wait" => Reply::Int(self.acknowledged(client.written_offset) as i64),
                _ => self.call(client, spec, args, context),
            });
        }
        Reply::Array(replies)
    }

    pub(super) fn unwatch(&mut self, client: &mut Client) {
        client.watched.clear();
        client.dirty = false;
    }

    pub(super) fn connection_command(&mut self, client: &mut Client, name: &str, args: &Args) -> Reply {
        match name {
            "hello" => self.hello(client, args),
            "auth" => match args.len() {
                2 => Reply::error(
                    "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?",
                ),
                3 if args[1] == "default" => Reply::OK,
                3 => Reply::error(WRONGPASS),
                _ => Reply::error(super::dispatch::SYNTAX),
            },
            "client" => self.client_command(client, args),
            "command" => match args.get(1) {
                Some(word) if is_one_of(word, &["COUNT"]) => Reply::Int(command::count() as i64),
                _ => Reply::Array(vec![]),
            },
            _ => self.config_command(args),
        }
    }

    fn hello(&mut self, client: &mut Client, args: &Args) -> Reply {
        let mut resp3 = client.resp3;
        if let Some(version) = args.get(1) {
            match parse_int(version) {
                Some(2) => resp3 = false,
                Some(3) => resp3 = true,
                Some(_) => return Reply::error("NOPROTO unsupported protocol version"),
                None => return Reply::error("ERR Protocol version is not an integer or out of range"),
            }
        }
        let mut rest = args.iter().skip(2);
        while let Some(option) = rest.next() {
            match (option, rest.next(), is_one_of(option, &["AUTH"])) {
                (_, Some(user), true) if rest.next().is_some() => {
                    if user != "default" {
                        return Reply::error(WRONGPASS);
                    }
                }
                (option, Some(name), _) if is_one_of(option, &["SETNAME"]) => client.name = name.clone(),
                _ => {
                    return Reply::error(format!(
                        "ERR Syntax error in HELLO option '{}'",
                        String::from_utf8_lossy(option)
                    ));
                }
            }
        }
        client.resp3 = resp3;
        let field = |name: &str, value: Reply| (Reply::bulk(name), value);
        Reply::Map(vec![
            field("server", Reply::bulk("redis")),
            field("version", Reply::bulk("7.0.15")),
            field("proto", Reply::Int(if resp3 { 3 } else { 2 })),
            field("id", Reply::Int(client.id as i64)),
            field("mode", Reply::bulk("standalone")),
            field(
                "role",
                Reply::bulk(if self.role.is_master() { "master" } else { "replica" }),
            ),
            field("modules", Reply::Array(vec![])),
        ])
    }

    fn client_command(&mut self, client: &mut Client, args: &Args) -> Reply {
        let word = args[1].to_ascii_uppercase();
        match (word.as_slice(), args.len()) {
            (b"ID", 2) => Reply::Int(client.id as i64),
            (b"GETNAME", 2) if client.name.is_empty() => Reply::Null,
            (b"GETNAME", 2) => Reply::Bulk(client.name.clone()),
            (b"SETNAME", 3) if args[2].iter().any(|byte| !(b'!'..=b'~').contains(byte)) => {
                Reply::error("ERR Client names cannot contain spaces, newlines or special characters.")
            }
            (b"SETNAME", 3) => {
                client.name = args[2].clone();
                Reply::OK
            }
            (b"KILL", 4) if is_one_of(&args[2], &["TYPE"]) => self.kill_type(&args[3]),
            (b"KILL", 4) if is_one_of(&args[2], &["ID"]) => {
                let id = parse_int(&args[3]).unwrap_or(0) as u64;
                Reply::Int(self.kill(|other| other.id == id))
            }
            (b"KILL", _) => Reply::error(super::dispatch::SYNTAX),
            (b"NO-EVICT" | b"REPLY", 3) => Reply::OK,
            _ => Reply::error(format!(
                "ERR unknown subcommand '{}'. Try CLIENT HELP.",
                String::from_utf8_lossy(&args[1])
            )),
        }
    }

    /// Never the client that asks: SKIPME is on by default in this form.
    fn kill_type(&mut self, kind: &[u8]) -> Reply {
        let killed = match kind.to_ascii_lowercase().as_slice() {
            b"normal" => self.kill(|other| other.channels.is_empty() && other.replica.is_none()),
            b"pubsub" => self.kill(|other| !other.channels.is_empty() && other.replica.is_none()),
            b"replica" | b"slave" => self.kill(|other| other.replica.is_some()),
            b"master" => 0,
            _ => return Reply::error(format!("ERR Unknown client type '{}'", String::from_utf8_lossy(kind))),
        };
        Reply::Int(killed)
    }

    pub(super) fn kill(&mut self, which: impl Fn(&Client) -> bool) -> i64 {
        let mut killed = 0;
        for other in self.clients.values_mut().filter(|other| which(other)) {
            other.close_now();
            killed += 1;
        }
        killed
    }

    fn config_command(&mut self, args: &Args) -> Reply {
        match (args[1].to_ascii_uppercase().as_slice(), args.len()) {
            (b"GET", 3..) => {
                let known = self.parameters();
                let asked = |name: &str| args[2..].iter().any(|wanted| is_one_of(wanted, &[name]));
                let found = known.into_iter().filter(|(name, _)| asked(name));
                Reply::Map(
                    found
                        .map(|(name, value)| (Reply::bulk(name), Reply::bulk(value)))
                        .collect(),
                )
            }
            (b"SET", 4..) if args.len().is_multiple_of(2) => self.config_set(&args[2..]),
            (b"REWRITE", 2) => {
                self.disk.lock().replica_of = Some(self.role.master_address());
                Reply::OK
            }
            (b"GET" | b"SET", _) => Reply::error(super::dispatch::wrong_arity(&format!(
                "config|{}",
                String::from_utf8_lossy(&args[1]).to_ascii_lowercase()
            ))),
            _ => Reply::error(format!(
                "ERR unknown subcommand '{}'. Try CONFIG HELP.",
                String::from_utf8_lossy(&args[1])
            )),
        }
    }

    fn parameters(&self) -> Vec<(&'static str, String)> {
        let yes_no = |yes| if yes { "yes" } else { "no" }.to_owned();
        vec![
            ("appendfsync", "everysec".into()),
            ("appendonly", yes_no(self.config.persistence == PersistenceMode::Aof)),
            ("databases", "1".into()),
            ("maxmemory", "0".into()),
            ("min-replicas-max-lag", self.config.min_replicas_max_lag_s.to_string()),
            ("min-replicas-to-write", self.config.min_replicas_to_write.to_string()),
            ("replica-serve-stale-data", yes_no(self.config.replica_serve_stale_data)),
            ("save", String::new()),
        ]
    }

    fn config_set(&mut self, pairs: &[Bytes]) -> Reply {
        for pair in pairs.chunks(2) {
            let amount = parse_int(&pair[1]).filter(|n| *n >= 0);
            match (pair[0].to_ascii_lowercase().as_slice(), amount) {
                (b"min-replicas-to-write" | b"min-slaves-to-write", Some(n)) => {
                    self.config.min_replicas_to_write = n as usize
                }
                (b"min-replicas-max-lag" | b"min-slaves-max-lag", Some(n)) => {
                    self.config.min_replicas_max_lag_s = n as u64
                }
                (b"replica-serve-stale-data", _) => {
                    self.config.replica_serve_stale_data = is_one_of(&pair[1], &["yes"])
                }
                _ => {
                    let name = String::from_utf8_lossy(&pair[0]);
                    return Reply::error(format!(
                        "ERR Unknown option or number of arguments for CONFIG SET - '{name}'"
                    ));
                }
            }
        }
        Reply::OK
    }

    pub(super) fn pubsub_command(&mut self, client: &mut Client, name: &str, args: &Args) -> Reply {
        if name == "publish" {
            // Propagated, so that subscribers of replicas hear it too (measured).
            self.effects.push(args.clone());
            let own = client.channels.contains(&args[1]);
            if own {
                client.push(&message(&args[1], &args[2]));
            }
            return Reply::Int(self.publish(&args[1], &args[2]) + own as i64);
        }
        let mut channels: Vec<Bytes> = args[1..].to_vec();
        if channels.is_empty() {
            channels = client.channels.iter().cloned().collect();
        }
        let word = Reply::bulk(name);
        if channels.is_empty() {
            return Reply::Push(vec![word, Reply::Null, Reply::Int(0)]);
        }
        for channel in channels {
            match name {
                "subscribe" => client.channels.insert(channel.clone()),
                _ => client.channels.remove(&channel),
            };
            let count = Reply::Int(client.channels.len() as i64);
            client.push(&Reply::Push(vec![word.clone(), Reply::Bulk(channel), count]));
        }
        Reply::Nothing
    }

    /// To everybody who has subscribed; how many that were.
    pub(super) fn publish(&mut self, channel: &Bytes, text: &Bytes) -> i64 {
        let mut heard = 0;
        for other in self
            .clients
            .values_mut()
            .filter(|other| other.channels.contains(channel))
        {
            other.push(&message(channel, text));
            heard += 1;
        }
        heard
    }
}

fn message(channel: &Bytes, text: &Bytes) -> Reply {
    Reply::Push(vec![
        Reply::bulk("message"),
        Reply::Bulk(channel.clone()),
        Reply::Bulk(text.clone()),
    ])
}
