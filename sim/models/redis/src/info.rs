//! INFO and ROLE, as Sentinels and clients read them.

use super::client::Client;
use super::config::{Moment, PersistenceMode};
use super::node::Node;
use super::options;
use super::replication::{LinkState, Role};
use super::resp::{Args, Reply};
use bytes::Bytes;
use std::collections::BTreeSet;
use std::fmt::Write;

/// The sections: each with its text, and whether it is among the default ones. Memory, persistence, CPU and counters are so
/// in Redis, too; here they are given only by name or with `all`, because Sentinels request the default sections once a
/// second, and read none of these.
type Section = (&'static str, fn(&Node, Moment) -> String, bool);
const SECTIONS: &[Section] = &[
    ("Server", Node::info_server, true),
    ("Clients", Node::info_clients, true),
    ("Memory", Node::info_memory, false),
    ("Persistence", Node::info_persistence, false),
    ("Stats", Node::info_stats, false),
    ("Replication", Node::info_replication, true),
    ("CPU", Node::info_cpu, false),
    ("Commandstats", |node, _| node.stats.command_lines(), false),
    ("Errorstats", |node, _| node.stats.error_lines(), false),
    ("Keyspace", Node::info_keyspace, true),
];

const CPU: &[&str] = &[
    "sys",
    "user",
    "sys_children",
    "user_children",
    "sys_main_thread",
    "user_main_thread",
];

const STATS: &[&str] = &[
    "total_connections_received",
    "total_commands_processed",
    "instantaneous_ops_per_sec",
    "total_net_input_bytes",
    "total_net_output_bytes",
    "total_net_repl_input_bytes",
    "total_net_repl_output_bytes",
    "instantaneous_input_kbps",
    "instantaneous_output_kbps",
    "instantaneous_input_repl_kbps",
    "instantaneous_output_repl_kbps",
    "rejected_connections",
    "sync_full",
    "sync_partial_ok",
    "sync_partial_err",
    "expired_keys",
    "expired_stale_perc",
    "expired_time_cap_reached_count",
    "expire_cycle_cpu_milliseconds",
    "evicted_keys",
    "evicted_clients",
    "total_eviction_exceeded_time",
    "current_eviction_exceeded_time",
    "keyspace_hits",
    "keyspace_misses",
    "pubsub_channels",
    "pubsub_patterns",
    "pubsubshard_channels",
    "latest_fork_usec",
    "total_forks",
    "migrate_cached_sockets",
    "slave_expires_tracked_keys",
    "active_defrag_hits",
    "active_defrag_misses",
    "active_defrag_key_hits",
    "active_defrag_key_misses",
    "total_active_defrag_time",
    "current_active_defrag_time",
    "tracking_total_keys",
    "tracking_total_items",
    "tracking_total_prefixes",
    "unexpected_error_replies",
    "total_error_replies",
    "dump_payload_sanitizations",
    "total_reads_processed",
    "total_writes_processed",
    "io_threaded_reads_processed",
    "io_threaded_writes_processed",
    "reply_buffer_shrinks",
    "reply_buffer_expands",
];

impl Node {
    pub(super) fn info_reply(&self, args: &Args, now: Moment) -> Reply {
        let sections: Vec<String> = args[1..]
            .iter()
            .map(|name| String::from_utf8_lossy(name).to_ascii_lowercase())
            .collect();
        Reply::Text(self.info(&sections, now))
    }

    /// The sections of these names, in lower case; `default` (also if there is none) has those that Sentinels and people
    /// read. Each is made only if it is wanted: Sentinels ask once a second.
    fn info(&self, sections: &[String], now: Moment) -> String {
        let has = |wanted: &str| sections.iter().any(|name| name == wanted);
        let (default, all) = (sections.is_empty() || has("default"), has("all") || has("everything"));
        let mut text = String::new();
        for (name, section, in_default) in SECTIONS {
            if all || default && *in_default || has(&name.to_ascii_lowercase()) {
                let break_line = if text.is_empty() { "" } else { "\r\n" };
                text.push_str(&format!("{break_line}# {name}\r\n{}", section(self, now)));
            }
        }
        text
    }

    fn info_clients(&self, _: Moment) -> String {
        let blocked = |client: &Client| client.waiting.is_some() || client.postponed.is_some();
        format!(
            "connected_clients:{}\r\nblocked_clients:{}\r\n",
            self.clients.len() + 1,
            self.clients.values().filter(|client| blocked(client)).count()
        )
    }

    /// All fields of 7.0.15; what the model does not have is zero.
    fn info_stats(&self, _: Moment) -> String {
        let stats = &self.stats;
        let distinct = |of: fn(&Client) -> &BTreeSet<Bytes>| {
            let all = self.clients.values().flat_map(|client| of(client));
            all.collect::<BTreeSet<_>>().len() as u64
        };
        let known = [
            ("total_connections_received", stats.connections),
            ("total_commands_processed", stats.executed),
            ("total_net_input_bytes", stats.input_bytes),
            ("total_net_output_bytes", stats.output_bytes),
            ("total_net_repl_output_bytes", stats.replication_output_bytes),
            ("sync_full", stats.full_syncs),
            ("sync_partial_ok", stats.partial_syncs),
            ("sync_partial_err", stats.refused_partial_syncs),
            ("expired_keys", stats.expired_keys),
            ("evicted_keys", stats.evicted_keys),
            ("keyspace_hits", stats.hits),
            ("keyspace_misses", stats.misses),
            ("pubsub_channels", distinct(|client| &client.channels)),
            ("pubsub_patterns", distinct(|client| &client.patterns)),
            ("pubsubshard_channels", distinct(|client| &client.shard_channels)),
            ("total_error_replies", stats.errors),
        ];
        let line = |name: &&str| match known.iter().find(|(known, _)| known == name) {
            Some((_, count)) => format!("{name}:{count}\r\n"),
            None if name.ends_with("kbps") || name.ends_with("perc") => format!("{name}:0.00\r\n"),
            None => format!("{name}:0\r\n"),
        };
        STATS.iter().map(line).collect()
    }

    fn info_cpu(&self, _: Moment) -> String {
        let line = |name: &&str| format!("used_cpu_{name}:0.000000\r\n");
        CPU.iter().map(line).collect()
    }

    fn info_server(&self, now: Moment) -> String {
        format!(
            "redis_version:7.0.15\r\nredis_mode:standalone\r\nrun_id:{}\r\ntcp_port:{}\r\nuptime_in_seconds:{}\r\n",
            self.run_id,
            self.config.port,
            (now.mono_ms - self.started.mono_ms) / 1000
        )
    }

    fn info_keyspace(&self, _: Moment) -> String {
        let used = self.data.iter().filter(|(_, data)| data.len() > 0);
        used.map(|(db, data)| format!("db{db}:keys={},expires={},avg_ttl=0\r\n", data.len(), data.expiring()))
            .collect()
    }

    fn info_memory(&self, _: Moment) -> String {
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
                put("slave_priority", &options::number(&self.options, "replica-priority"));
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
