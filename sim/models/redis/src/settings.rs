//! CONFIG: the parameters that the model has, with Redis's names.

use super::client::Client;
use super::config::PersistenceMode;
use super::eviction::Policy;
use super::glob::glob;
use super::keyspace::{Context, SYNTAX};
use super::node::Node;
use super::number::parse_int;
use super::resp::{Args, Reply};
use bytes::Bytes;

pub(super) fn config(node: &mut Node, _: &mut Client, args: &Args, _: Context) -> Reply {
    match args[1].to_ascii_lowercase().as_slice() {
        b"get" => {
            let mut known = node.parameters();
            let mut found = vec![];
            for asked in &args[2..] {
                let pattern = asked.to_ascii_lowercase();
                for (name, value) in known.extract_if(.., |(name, _)| glob(&pattern, name.as_bytes())) {
                    // The reply has a name in the case in which the client wrote it.
                    let name = if pattern == name.as_bytes() {
                        Reply::Bulk(asked.clone())
                    } else {
                        Reply::bulk(name)
                    };
                    found.push((name, Reply::bulk(value)));
                }
            }
            Reply::Map(found)
        }
        b"set" if args.len().is_multiple_of(2) => node.config_set(&args[2..]),
        b"set" => Reply::error(SYNTAX),
        b"rewrite" => {
            node.disk.lock().replica_of = Some(node.role.master_address());
            Reply::OK
        }
        _ => Reply::OK,
    }
}

/// Parameters with a fixed value.
const FIXED: &[(&str, &str)] = &[
    ("appendfilename", "appendonly.aof"),
    ("appendfsync", "everysec"),
    ("databases", "16"),
    ("dbfilename", "dump.rdb"),
    ("hash-max-listpack-entries", "512"),
    ("hash-max-listpack-value", "64"),
    ("hz", "10"),
    ("maxclients", "10000"),
    ("maxmemory-samples", "5"),
    ("proto-max-bulk-len", "536870912"),
    ("replica-priority", "100"),
    ("replica-read-only", "yes"),
    ("set-max-intset-entries", "512"),
    ("slave-read-only", "yes"),
    ("timeout", "0"),
    ("zset-max-listpack-entries", "128"),
    ("zset-max-listpack-value", "64"),
];

impl Node {
    fn parameters(&self) -> Vec<(&'static str, String)> {
        let yes_no = |yes| if yes { "yes" } else { "no" }.to_owned();
        let config = &self.config;
        let save = match config.persistence {
            PersistenceMode::Rdb { after_s, changes } => format!("{after_s} {changes}"),
            PersistenceMode::None | PersistenceMode::Aof => String::new(),
        };
        let (lag, replicas) = (
            config.min_replicas_max_lag_s.to_string(),
            config.min_replicas_to_write.to_string(),
        );
        let mut all = vec![
            ("appendonly", yes_no(config.persistence == PersistenceMode::Aof)),
            ("lua-time-limit", config.lua_time_limit_ms.to_string()),
            ("busy-reply-threshold", config.lua_time_limit_ms.to_string()),
            ("maxmemory", config.maxmemory.to_string()),
            ("maxmemory-policy", config.maxmemory_policy.name().into()),
            ("min-replicas-max-lag", lag.clone()),
            ("min-replicas-to-write", replicas.clone()),
            ("min-slaves-max-lag", lag),
            ("min-slaves-to-write", replicas),
            ("port", config.port.to_string()),
            ("repl-backlog-size", config.repl_backlog_size.to_string()),
            ("repl-ping-replica-period", config.repl_ping_s.to_string()),
            ("repl-timeout", config.repl_timeout_s.to_string()),
            ("replica-announce-ip", config.announce_ip.clone()),
            ("replica-serve-stale-data", yes_no(config.replica_serve_stale_data)),
            ("requirepass", config.requirepass.clone()),
            ("save", save),
            ("slave-serve-stale-data", yes_no(config.replica_serve_stale_data)),
        ];
        all.extend(FIXED.iter().map(|(name, value)| (*name, (*value).to_owned())));
        all.sort_unstable();
        all
    }

    /// Sets all of the pairs, or none of them.
    fn config_set(&mut self, pairs: &[Bytes]) -> Reply {
        let before = self.config.clone();
        let mut seen = vec![];
        for pair in pairs.chunks(2) {
            let name = String::from_utf8_lossy(&pair[0]).to_ascii_lowercase();
            let failure = if seen.contains(&name) {
                Err("duplicate parameter".to_owned())
            } else {
                self.config_set_one(&name, &pair[1])
            };
            seen.push(name);
            let Err(why) = failure else { continue };
            self.config = before;
            let name = String::from_utf8_lossy(&pair[0]);
            return Reply::error(if why.is_empty() {
                format!("ERR Unknown option or number of arguments for CONFIG SET - '{name}'")
            } else {
                format!("ERR CONFIG SET failed (possibly related to argument '{name}') - {why}")
            });
        }
        if self.config.maxmemory > 0 && before.maxmemory == 0 {
            self.weigh_everything();
        }
        if self.config.requirepass != before.requirepass {
            self.users.require(&self.config.requirepass);
        }
        self.timers.notify_one();
        Reply::OK
    }

    /// An empty error: there is no such parameter.
    fn config_set_one(&mut self, name: &str, value: &Bytes) -> Result<(), String> {
        let number = |low: i64, high: i64| {
            let number = parse_int(value).ok_or("argument couldn't be parsed into an integer")?;
            let inside = (low..=high).contains(&number);
            inside
                .then_some(number)
                .ok_or_else(|| format!("argument must be between {low} and {high} inclusive"))
        };
        let truth = || match value.to_ascii_lowercase().as_slice() {
            b"yes" => Ok(true),
            b"no" => Ok(false),
            _ => Err("argument must be 'yes' or 'no'".to_owned()),
        };
        let most = i64::from(i32::MAX);
        let config = &mut self.config;
        match name {
            "min-replicas-to-write" | "min-slaves-to-write" => config.min_replicas_to_write = number(0, most)? as usize,
            "min-replicas-max-lag" | "min-slaves-max-lag" => config.min_replicas_max_lag_s = number(0, most)? as u64,
            "replica-serve-stale-data" | "slave-serve-stale-data" => config.replica_serve_stale_data = truth()?,
            "repl-timeout" => config.repl_timeout_s = number(1, most)? as u64,
            "repl-ping-replica-period" | "repl-ping-slave-period" => config.repl_ping_s = number(1, most)? as u64,
            "lua-time-limit" | "busy-reply-threshold" => config.lua_time_limit_ms = number(0, i64::MAX)? as u64,
            "requirepass" => config.requirepass = String::from_utf8_lossy(value).into_owned(),
            "maxmemory" => config.maxmemory = memory(value).ok_or("argument must be a memory value")?,
            "maxmemory-policy" => config.maxmemory_policy = Policy::named(value)?,
            "appendonly" => {
                let aof = truth()?;
                self.append_only(aof);
            }
            "save" => self.save_points(value)?,
            "replica-announce-ip" => config.announce_ip = String::from_utf8_lossy(value).into_owned(),
            "databases" | "port" => return Err("can't set immutable config".into()),
            _ if FIXED.iter().any(|(known, _)| *known == name) => return Err("this parameter is fixed here".into()),
            _ => return Err(String::new()),
        }
        Ok(())
    }
}

/// Bytes, with the units of redis.conf: `k` is 1000, `kb` is 1024.
fn memory(text: &[u8]) -> Option<u64> {
    let text = String::from_utf8_lossy(text).to_ascii_lowercase();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" | "b" => 1,
        "k" => 1000,
        "kb" => 1 << 10,
        "m" => 1_000_000,
        "mb" => 1 << 20,
        "g" => 1_000_000_000,
        "gb" => 1 << 30,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}
