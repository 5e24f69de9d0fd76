//! CONFIG. What matters here is in the node's configuration; all other options are only remembered (`options`).

use super::client::Client;
use super::config::PersistenceMode;
use super::eviction::Policy;
use super::glob::glob;
use super::keyspace::{Context, SYNTAX};
use super::node::Node;
use super::number::parse_int;
use super::options::{self, Kind};
use super::resp::{Args, Reply};
use super::stats::Stats;
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
        _ => {
            node.stats = Stats::default();
            Reply::OK
        }
    }
}

/// The smallest backlog (CONFIG_REPL_BACKLOG_MIN_SIZE).
const BACKLOG_BYTES_MIN: usize = 16 * 1024;

impl Node {
    /// All options and their values, in alphabetical order.
    fn parameters(&self) -> Vec<(&'static str, String)> {
        let value = |(name, ..): &(&'static str, &str, Kind)| (*name, self.value(name));
        options::ALL.iter().map(value).collect()
    }

    /// The value of an option; empty if there is no such option.
    fn value(&self, name: &str) -> String {
        let yes_no = |yes| if yes { "yes" } else { "no" }.to_owned();
        let config = &self.config;
        let save = match config.persistence {
            PersistenceMode::Rdb { after_s, changes } => format!("{after_s} {changes}"),
            PersistenceMode::None | PersistenceMode::Aof => String::new(),
        };
        let Some((name, default, _)) = options::find(name) else {
            return String::new();
        };
        match name {
            "appendonly" => yes_no(config.persistence == PersistenceMode::Aof),
            "busy-reply-threshold" => config.lua_time_limit_ms.to_string(),
            "maxmemory" => config.maxmemory.to_string(),
            "maxmemory-policy" => config.maxmemory_policy.name().into(),
            "min-replicas-max-lag" => config.min_replicas_max_lag_s.to_string(),
            "min-replicas-to-write" => config.min_replicas_to_write.to_string(),
            "port" => config.port.to_string(),
            "repl-backlog-size" => config.repl_backlog_size.to_string(),
            "repl-ping-replica-period" => config.repl_ping_s.to_string(),
            "repl-timeout" => config.repl_timeout_s.to_string(),
            "replica-announce-ip" => config.announce_ip.clone(),
            "replica-serve-stale-data" => yes_no(config.replica_serve_stale_data),
            "replicaof" => match self.role.master_address() {
                Some((host, port)) => format!("{host} {port}"),
                None => String::new(),
            },
            "requirepass" => config.requirepass.clone(),
            "masterauth" => config.masterauth.clone(),
            "save" => save,
            _ => self.options.get(name).cloned().unwrap_or_else(|| default.to_owned()),
        }
    }

    /// Sets all of the pairs, or none of them.
    fn config_set(&mut self, pairs: &[Bytes]) -> Reply {
        let (before, options) = (self.config.clone(), self.options.clone());
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
            (self.config, self.options) = (before, options);
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
        if let Some(backlog) = &mut self.history.backlog {
            backlog.resize(self.config.repl_backlog_size);
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
        let (name, _, kind) = options::find(name).ok_or_else(String::new)?;
        let current = self.value(name);
        let config = &mut self.config;
        match name {
            "min-replicas-to-write" => config.min_replicas_to_write = number(0, most)? as usize,
            "min-replicas-max-lag" => config.min_replicas_max_lag_s = number(0, most)? as u64,
            "replica-serve-stale-data" => config.replica_serve_stale_data = truth()?,
            "repl-timeout" => config.repl_timeout_s = number(1, most)? as u64,
            "repl-ping-replica-period" => config.repl_ping_s = number(1, most)? as u64,
            "busy-reply-threshold" => config.lua_time_limit_ms = number(0, i64::MAX)? as u64,
            "requirepass" => config.requirepass = String::from_utf8_lossy(value).into_owned(),
            "masterauth" => config.masterauth = String::from_utf8_lossy(value).into_owned(),
            "maxmemory" => config.maxmemory = options::memory(value).ok_or("argument must be a memory value")?,
            "maxmemory-policy" => config.maxmemory_policy = Policy::named(value)?,
            "appendonly" => {
                let aof = truth()?;
                self.append_only(aof);
            }
            "save" => self.save_points(value)?,
            "replica-announce-ip" => config.announce_ip = String::from_utf8_lossy(value).into_owned(),
            "repl-backlog-size" => {
                let bytes = options::accept(name, Kind::Memory(1), value, "")?;
                config.repl_backlog_size = bytes.parse::<usize>().unwrap_or(usize::MAX).max(BACKLOG_BYTES_MIN);
            }
            _ => {
                let value = options::accept(name, kind, value, &current)?;
                self.options.insert(name, value);
            }
        }
        Ok(())
    }
}
