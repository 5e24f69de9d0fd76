//! INFO and ROLE, as Sentinels and clients read them.

use super::config::{Moment, PersistenceMode};
use super::node::Node;
use super::replication::{LinkState, Role};
use super::resp::{Args, Reply};
use bytes::Bytes;
use std::fmt::Write;

impl Node {
    pub(super) fn info_reply(&self, args: &Args, now: Moment) -> Reply {
        Reply::Text(self.info(args.get(1).map(Bytes::as_ref), now))
    }

    /// The sections that Sentinel and people read; `section` picks one.
    pub(super) fn info(&self, section: Option<&[u8]>, now: Moment) -> String {
        let wanted = section.map(|name| String::from_utf8_lossy(name).to_ascii_lowercase());
        let default = wanted.as_deref().is_none_or(|name| name == "default");
        let all = wanted
            .as_deref()
            .is_some_and(|name| ["all", "everything"].contains(&name));
        let sections = [
            ("Server", self.info_server(now)),
            (
                "Clients",
                format!(
                    "connected_clients:{}\r\nblocked_clients:{}\r\n",
                    self.clients.len() + 1,
                    self.clients.values().filter(|c| c.waiting.is_some()).count()
                ),
            ),
            ("Replication", self.info_replication(now)),
            ("Keyspace", self.info_keyspace()),
            // Only by name or with `all`: Sentinels request the default sections once a second, and read neither of these.
            ("Memory", self.info_memory()),
            ("Persistence", self.info_persistence(now)),
        ];
        let in_default = |name: &str| !["Memory", "Persistence"].contains(&name);
        let chosen = sections.iter().filter(|(name, _)| {
            all || default && in_default(name) || wanted.as_deref() == Some(&name.to_ascii_lowercase())
        });
        chosen
            .map(|(name, text)| format!("# {name}\r\n{text}"))
            .collect::<Vec<_>>()
            .join("\r\n")
    }

    fn info_server(&self, now: Moment) -> String {
        format!(
            "redis_version:7.0.15\r\nredis_mode:standalone\r\nrun_id:{}\r\ntcp_port:{}\r\nuptime_in_seconds:{}\r\n",
            self.run_id,
            self.config.port,
            (now.mono_ms - self.started.mono_ms) / 1000
        )
    }

    fn info_keyspace(&self) -> String {
        let used = self.data.iter().filter(|(_, data)| data.len() > 0);
        used.map(|(db, data)| format!("db{db}:keys={},expires={},avg_ttl=0\r\n", data.len(), data.expiring()))
            .collect()
    }

    fn info_memory(&self) -> String {
        format!(
            "used_memory:{}\r\nmaxmemory:{}\r\nmaxmemory_policy:{}\r\n",
            self.used_memory(),
            self.config.maxmemory,
            self.config.maxmemory_policy.name()
        )
    }

    fn info_persistence(&self, now: Moment) -> String {
        format!(
            "loading:{}\r\nrdb_changes_since_last_save:{}\r\nrdb_bgsave_in_progress:0\r\nrdb_last_save_time:{}\r\nrdb_last_bgsave_status:ok\r\naof_enabled:{}\r\n",
            i32::from(self.is_loading(now)),
            self.dirty,
            self.saved_at_s,
            i32::from(self.config.persistence == PersistenceMode::Aof)
        )
    }

    fn info_replication(&self, now: Moment) -> String {
        let mut out = String::new();
        // Writing to a String cannot fail.
        let mut put = |name: &str, value: &dyn std::fmt::Display| {
            let _ = write!(out, "{name}:{value}\r\n");
        };
        match &self.role {
            Role::Master => put("role", &"master"),
            Role::Replica {
                master,
                link,
                down_since_s,
                last_io_s,
            } => {
                let up = *link == LinkState::Connected;
                put("role", &"slave");
                put("master_host", &master.0);
                put("master_port", &master.1);
                put("master_link_status", &if up { "up" } else { "down" });
                put(
                    "master_last_io_seconds_ago",
                    &if up { (now.unix_s() - last_io_s).max(0) } else { -1 },
                );
                put("master_sync_in_progress", &i32::from(*link == LinkState::Sync));
                put("slave_read_repl_offset", &self.history.offset);
                put("slave_repl_offset", &self.history.offset);
                if !up {
                    let since = if *down_since_s == 0 {
                        -1
                    } else {
                        (now.unix_s() - down_since_s).max(0)
                    };
                    put("master_link_down_since_seconds", &since);
                }
                put("slave_priority", &100);
                put("slave_read_only", &1);
                put("replica_announced", &1);
            }
        }
        put("connected_slaves", &self.replicas().count());
        if self.config.min_replicas_to_write > 0 {
            let max_lag = self.config.min_replicas_max_lag_s as i64;
            let good = self
                .replicas()
                .filter(|(_, r)| r.online && now.unix_s() - r.acked_at_s <= max_lag)
                .count();
            put("min_slaves_good_slaves", &good);
        }
        for (i, (client, replica)) in self.replicas().enumerate() {
            let state = if replica.online { "online" } else { "send_bulk" };
            let (ip, port) = self.replica_address(client);
            let lag = (now.unix_s() - replica.acked_at_s).max(0);
            put(
                &format!("slave{i}"),
                &format_args!("ip={ip},port={port},state={state},offset={},lag={lag}", replica.acked),
            );
        }
        let (first, length) = self.history.backlog.as_ref().map_or((0, 0), |backlog| backlog.extent());
        put("master_failover_state", &"no-failover");
        put("master_replid", &self.history.id);
        put(
            "master_replid2",
            &self.history.id2.clone().unwrap_or_else(|| "0".repeat(40)),
        );
        put("master_repl_offset", &self.history.offset);
        put(
            "second_repl_offset",
            &self
                .history
                .id2
                .as_ref()
                .map_or(-1, |_| self.history.second_offset as i64),
        );
        put("repl_backlog_active", &i32::from(self.history.backlog.is_some()));
        put("repl_backlog_size", &self.config.repl_backlog_size);
        put("repl_backlog_first_byte_offset", &first);
        put("repl_backlog_histlen", &length);
        out
    }

    fn replica_address(&self, client: &super::client::Client) -> (String, u16) {
        let (ip, port) = &client.announced;
        let ip = if ip.is_empty() {
            client.address.ip().to_string()
        } else {
            ip.clone()
        };
        (ip, *port)
    }

    pub(super) fn role_reply(&self) -> Reply {
        match &self.role {
            Role::Master => {
                let replicas = self
                    .replicas()
                    .filter(|(_, replica)| replica.online)
                    .map(|(client, replica)| {
                        let (ip, port) = self.replica_address(client);
                        Reply::Array(vec![
                            Reply::bulk(ip),
                            Reply::bulk(port.to_string()),
                            Reply::bulk(replica.acked.to_string()),
                        ])
                    });
                Reply::Array(vec![
                    Reply::bulk("master"),
                    Reply::Int(self.history.offset as i64),
                    Reply::Array(replicas.collect()),
                ])
            }
            Role::Replica { master, link, .. } => {
                let state = match link {
                    LinkState::Connect => "connect",
                    LinkState::Connecting => "connecting",
                    LinkState::Sync => "sync",
                    LinkState::Connected => "connected",
                };
                let offset = if *link == LinkState::Connected {
                    self.history.offset as i64
                } else {
                    -1
                };
                Reply::Array(vec![
                    Reply::bulk("slave"),
                    Reply::bulk(&master.0),
                    Reply::Int(i64::from(master.1)),
                    Reply::bulk(state),
                    Reply::Int(offset),
                ])
            }
        }
    }
}
