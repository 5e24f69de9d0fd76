//! The commands of clients and of other Sentinels.

use super::instance::{Address, Instance, Kind, Reconfiguration};
use super::state::Sentinel;
use super::table::Command;
use bytes::Bytes;
use model_redis::resp::{Args, Reply, parse_int};
use model_redis::{unknown_command, wrong_arity};
use std::collections::BTreeSet;

/// One client's connection.
#[derive(Default)]
pub(super) struct Session {
    pub(super) id: u64,
    pub(super) resp3: bool,
    pub(super) channels: BTreeSet<Bytes>,
    pub(super) name: Bytes,
    /// A password was asked for when it connected, and it has not given one since. That matters while there is a password.
    pub(super) must_authenticate: bool,
    /// Close after the replies.
    pub(super) closing: bool,
}

impl Session {
    pub(super) fn ping(&self, args: &Args) -> Reply {
        let word = args.get(1).cloned();
        if !self.channels.is_empty() && !self.resp3 {
            return Reply::Array(vec![Reply::bulk("pong"), Reply::bulk(word.unwrap_or_default())]);
        }
        word.map_or(Reply::simple("PONG"), Reply::Bulk)
    }
}

impl Sentinel {
    /// Runs one command; several replies are possible (SUBSCRIBE of several channels).
    pub(super) fn execute(&mut self, session: &mut Session, args: &Args, now_ms: u64) -> Vec<Reply> {
        let name = String::from_utf8_lossy(&args[0]).to_ascii_lowercase();
        let error = |text: String| vec![Reply::error(text)];
        let Some(command) = Command::of(&name) else {
            return error(unknown_command(args));
        };
        if !command.takes(args.len()) {
            return error(wrong_arity(&name));
        }
        // Taking the password back lets in also who was asked for it (measured).
        if self.password.is_some() && session.must_authenticate && !command.before_auth {
            return error("NOAUTH Authentication required.".to_owned());
        }
        if !session.resp3 && !session.channels.is_empty() && !command.while_subscribed {
            return error(format!(
                "ERR Can't execute '{name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context"
            ));
        }
        (command.run)(self, session, args, now_ms)
    }

    pub(super) fn role(&self) -> Reply {
        Reply::Array(vec![
            Reply::bulk("sentinel"),
            Reply::Array(vec![Reply::bulk(&self.config.master_name)]),
        ])
    }

    pub(super) fn publish(&mut self, args: &Args, now_ms: u64) -> Reply {
        if args[1] != super::HELLO_CHANNEL {
            return Reply::error("ERR Only HELLO messages are accepted by Sentinel instances.");
        }
        self.hello_received(&String::from_utf8_lossy(&args[2]), now_ms);
        Reply::Int(1)
    }

    pub(super) fn sentinel(&mut self, args: &Args, now_ms: u64) -> Reply {
        let word = String::from_utf8_lossy(&args[1]).to_ascii_lowercase();
        let ours = args.get(2).is_some_and(|name| *name == self.config.master_name);
        match (word.as_str(), args.len()) {
            ("myid", 2) => Reply::bulk(&self.id),
            ("flushconfig", 2) => {
                self.save();
                Reply::OK
            }
            ("masters", 2) => Reply::Array(vec![self.fields(&self.master, now_ms)]),
            ("get-master-addr-by-name", 3) if !ours => Reply::NullArray,
            ("get-master-addr-by-name", 3) => {
                let (ip, port) = self.current_master();
                Reply::Array(vec![Reply::bulk(ip), Reply::bulk(port.to_string())])
            }
            ("is-master-down-by-addr", 6) => self.is_master_down(args, now_ms),
            ("master" | "replicas" | "slaves" | "sentinels" | "ckquorum" | "failover", 3) if !ours => {
                Reply::error("ERR No such master with that name")
            }
            ("master", 3) => self.fields(&self.master, now_ms),
            ("replicas" | "slaves", 3) => {
                Reply::Array(self.replicas.values().map(|r| self.fields(r, now_ms)).collect())
            }
            ("sentinels", 3) => Reply::Array(self.sentinels.values().map(|s| self.fields(s, now_ms)).collect()),
            ("ckquorum", 3) => self.check_quorum(),
            ("failover", 3) if self.failover.in_progress() => Reply::error("INPROG Failover already in progress"),
            ("failover", 3) if self.best_replica(now_ms).is_none() => {
                Reply::error("NOGOODSLAVE No suitable replica to promote")
            }
            ("failover", 3) => {
                self.start_failover(now_ms);
                self.failover.forced = true;
                self.tick_pending = true;
                Reply::OK
            }
            _ => Reply::error(format!(
                "ERR unknown subcommand '{}'. Try SENTINEL HELP.",
                String::from_utf8_lossy(&args[1])
            )),
        }
    }

    /// SENTINEL IS-MASTER-DOWN-BY-ADDR: whether this Sentinel finds the master down and, if a candidate asks, its vote.
    fn is_master_down(&mut self, args: &Args, now_ms: u64) -> Reply {
        let (Some(port), Some(epoch)) = (parse_int(&args[3]), parse_int(&args[4])) else {
            return Reply::error("ERR value is not an integer or out of range");
        };
        let ip = String::from_utf8_lossy(&args[2]);
        let ours = self.master.address.0 == ip && i64::from(self.master.address.1) == port;
        let down = ours && self.tilt_since.is_none() && self.master.s_down_since.is_some();
        let (mut leader, mut leader_epoch) = (None, 0);
        if ours && args[5] != "*" {
            let candidate = String::from_utf8_lossy(&args[5]).into_owned();
            (leader, leader_epoch) = self.vote(epoch as u64, &candidate, now_ms);
        }
        let leader = leader.unwrap_or_else(|| "*".to_owned());
        Reply::Array(vec![
            Reply::Int(down.into()),
            Reply::bulk(leader),
            Reply::Int(leader_epoch as i64),
        ])
    }

    fn check_quorum(&self) -> Reply {
        let well = |sentinel: &&Instance| sentinel.s_down_since.is_none() && !sentinel.disconnected();
        let usable = 1 + self.sentinels.values().filter(well).count();
        let (quorum, majority) = (usable >= self.config.quorum, usable > self.voters() / 2);
        if quorum && majority {
            return Reply::Simple(
                format!("OK {usable} usable Sentinels. Quorum and failover authorization can be reached").into(),
            );
        }
        let mut text = format!("NOQUORUM {usable} usable Sentinels.");
        if !quorum {
            text.push_str(" Not enough available Sentinels to reach the specified quorum for this master.");
        }
        if !majority {
            text.push_str(" Not enough available Sentinels to reach the majority and authorize a failover");
        }
        Reply::error(text)
    }

    pub(super) fn info(&self) -> String {
        let status = match (self.o_down_since, self.master.s_down_since) {
            (Some(_), _) => "odown",
            (None, Some(_)) => "sdown",
            (None, None) => "ok",
        };
        let (ip, port) = &self.master.address;
        format!(
            "# Sentinel\r\nsentinel_masters:1\r\nsentinel_tilt:{}\r\nsentinel_tilt_since_seconds:-1\r\nsentinel_running_scripts:0\r\nsentinel_scripts_queue_length:0\r\nsentinel_simulate_failure_flags:0\r\nmaster0:name={},status={status},address={ip}:{port},slaves={},sentinels={}\r\n",
            i32::from(self.tilt_since.is_some()),
            self.config.master_name,
            self.replicas.len(),
            self.voters(),
        )
    }

    fn flags(&self, instance: &Instance) -> String {
        let master = instance.kind == Kind::Master;
        let flags = [
            ("s_down", instance.s_down_since.is_some()),
            ("o_down", master && self.o_down_since.is_some()),
            (instance.kind.word(), true),
            ("disconnected", instance.disconnected()),
            ("master_down", instance.finds_master_down),
            ("failover_in_progress", master && self.failover.in_progress()),
            ("promoted", instance.promoted),
            ("reconf_sent", instance.reconfiguration == Reconfiguration::Sent),
            ("reconf_inprog", instance.reconfiguration == Reconfiguration::InProgress),
            ("reconf_done", instance.reconfiguration == Reconfiguration::Done),
        ];
        flags
            .into_iter()
            .filter(|(_, on)| *on)
            .map(|(name, _)| name)
            .collect::<Vec<_>>()
            .join(",")
    }

    /// addReplySentinelRedisInstance: all values are strings.
    fn fields(&self, instance: &Instance, now_ms: u64) -> Reply {
        let ago = |ms: u64| now_ms.saturating_sub(ms).to_string();
        let (ip, port) = &instance.address;
        let name = match instance.kind {
            Kind::Master => self.config.master_name.clone(),
            Kind::Replica => format!("{ip}:{port}"),
            Kind::Sentinel => instance.run_id.clone(),
        };
        let pending = instance
            .command
            .iter()
            .chain(&instance.pubsub)
            .map(|channel| channel.pending.len())
            .sum::<usize>();
        let mut fields = vec![
            ("name", name),
            ("ip", ip.clone()),
            ("port", port.to_string()),
            ("runid", instance.run_id.clone()),
            ("flags", self.flags(instance)),
            ("link-pending-commands", pending.to_string()),
            ("link-refcount", "1".into()),
        ];
        if instance.kind == Kind::Master && self.failover.in_progress() {
            fields.push(("failover-state", self.failover.stage.name().into()));
        }
        fields.extend([
            ("last-ping-sent", instance.unanswered_ping_ms.map_or("0".into(), ago)),
            ("last-ok-ping-reply", ago(instance.last_available_ms)),
            ("last-ping-reply", ago(instance.last_pong_ms)),
        ]);
        if let Some(since) = instance.s_down_since {
            fields.push(("s-down-time", ago(since)));
        }
        if let (Kind::Master, Some(since)) = (instance.kind, self.o_down_since) {
            fields.push(("o-down-time", ago(since)));
        }
        fields.push(("down-after-milliseconds", instance.down_after_ms.to_string()));
        if instance.kind != Kind::Sentinel {
            fields.push(("info-refresh", instance.info_at.map_or("0".into(), ago)));
            fields.push(("role-reported", instance.role_reported.word().into()));
            fields.push(("role-reported-time", ago(instance.role_reported_at)));
        }
        match instance.kind {
            Kind::Master => fields.extend([
                ("config-epoch", self.config_epoch.to_string()),
                ("num-slaves", self.replicas.len().to_string()),
                ("num-other-sentinels", self.sentinels.len().to_string()),
                ("quorum", self.config.quorum.to_string()),
                ("failover-timeout", self.config.failover_timeout_ms.to_string()),
                ("parallel-syncs", "1".into()),
            ]),
            Kind::Replica => {
                let unknown: Address = ("?".into(), 0);
                let (master_ip, master_port) = instance.its_master.clone().unwrap_or(unknown);
                fields.extend([
                    ("master-link-down-time", instance.its_link_down_ms.to_string()),
                    (
                        "master-link-status",
                        if instance.its_link_is_up { "ok" } else { "err" }.into(),
                    ),
                    ("master-host", master_ip),
                    ("master-port", master_port.to_string()),
                    ("slave-priority", instance.priority.to_string()),
                    ("slave-repl-offset", instance.offset.to_string()),
                    ("replica-announced", "1".into()),
                ]);
            }
            Kind::Sentinel => {
                let (leader, epoch) = instance.votes_for.clone().unwrap_or(("?".into(), 0));
                fields.extend([
                    ("last-hello-message", ago(instance.last_hello_received_ms)),
                    ("voted-leader", leader),
                    ("voted-leader-epoch", epoch.to_string()),
                ]);
            }
        }
        Reply::Map(
            fields
                .into_iter()
                .map(|(name, value)| (Reply::bulk(name), Reply::bulk(value)))
                .collect(),
        )
    }
}

pub(super) fn hello(session: &mut Session, args: &Args) -> Reply {
    let resp3 = match args.get(1).map(|version| parse_int(version)) {
        None => session.resp3,
        Some(Some(2)) => false,
        Some(Some(3)) => true,
        Some(Some(_)) => return Reply::error("NOPROTO unsupported protocol version"),
        Some(None) => return Reply::error("ERR Protocol version is not an integer or out of range"),
    };
    // It asks also after the password was taken back (measured).
    if session.must_authenticate {
        return Reply::error(
            "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> \
             <pass> option can be used to authenticate the client and select the RESP protocol version at the same time",
        );
    }
    session.resp3 = resp3;
    let field = |name: &str, value: Reply| (Reply::bulk(name), value);
    Reply::Map(vec![
        field("server", Reply::bulk("redis")),
        field("version", Reply::bulk("7.0.15")),
        field("proto", Reply::Int(if session.resp3 { 3 } else { 2 })),
        field("id", Reply::Int(session.id as i64)),
        field("mode", Reply::bulk("sentinel")),
        field("modules", Reply::Array(vec![])),
    ])
}

pub(super) fn client(session: &mut Session, args: &Args) -> Reply {
    match (args[1].to_ascii_uppercase().as_slice(), args.len()) {
        (b"ID", 2) => Reply::Int(session.id as i64),
        (b"GETNAME", 2) if session.name.is_empty() => Reply::Null,
        (b"GETNAME", 2) => Reply::Bulk(session.name.clone()),
        (b"SETNAME", 3) => {
            session.name = args[2].clone();
            Reply::OK
        }
        _ => Reply::error(format!(
            "ERR unknown subcommand '{}'. Try CLIENT HELP.",
            String::from_utf8_lossy(&args[1])
        )),
    }
}

pub(super) fn subscription(session: &mut Session, name: &str, channels: &[Bytes]) -> Vec<Reply> {
    let mut channels = channels.to_vec();
    if channels.is_empty() {
        channels = session.channels.iter().cloned().collect();
    }
    if channels.is_empty() {
        return vec![Reply::Push(vec![Reply::bulk(name), Reply::Null, Reply::Int(0)])];
    }
    let mut replies = vec![];
    for channel in channels {
        match name {
            "subscribe" => session.channels.insert(channel.clone()),
            _ => session.channels.remove(&channel),
        };
        let count = Reply::Int(session.channels.len() as i64);
        replies.push(Reply::Push(vec![Reply::bulk(name), Reply::Bulk(channel), count]));
    }
    replies
}
