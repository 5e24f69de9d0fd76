//! All options of CONFIG in 7.0.15, with their defaults and what they accept (measured: `CONFIG GET *`, and `CONFIG SET` of each
//! with wrong values). Most do not matter here; they are accepted and remembered, as client libraries and test suites expect.

use super::number::parse_int;
use std::collections::BTreeMap;

/// What an option accepts.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    YesNo,
    /// From, to.
    Number(i64, i64),
    /// Bytes, at least so many.
    Memory(i64),
    OneOf(&'static [&'static str]),
    Text,
    /// `client-output-buffer-limit`: a class of clients and three limits, for each class that is to change.
    BufferLimits,
    /// `latency-tracking-info-percentiles`.
    Percentiles,
    /// The same option under its older name.
    Alias(&'static str),
    /// The node's own configuration has it.
    Own,
    /// It would matter here, and the model has only the default.
    Fixed,
    /// Redis itself refuses to change it.
    Immutable,
    Protected,
}
use Kind::{Alias, BufferLimits, Fixed, Immutable, Memory, Number, OneOf, Own, Percentiles, Protected, Text, YesNo};

const INT: i64 = i32::MAX as i64;

/// The options that have been changed, and their values.
pub(super) type Options = BTreeMap<&'static str, String>;

/// The name of an option without aliases, its default and its kind.
pub(super) fn find(name: &str) -> Option<(&'static str, &'static str, Kind)> {
    let at = ALL.binary_search_by(|(known, ..)| known.cmp(&name)).ok()?;
    match ALL[at] {
        (_, _, Alias(name)) => find(name),
        row => Some(row),
    }
}

/// The current value of an option that is a number.
pub(super) fn number(options: &Options, name: &str) -> i64 {
    let (name, default, _) = find(name).expect("an option of 7.0");
    let value = options.get(name).map_or(default, String::as_str);
    parse_int(value.as_bytes()).unwrap_or(0)
}

/// The value as CONFIG GET will show it, or Redis's error.
pub(super) fn accept(name: &str, kind: Kind, value: &[u8], before: &str) -> Result<String, String> {
    let text = String::from_utf8_lossy(value).into_owned();
    let within = |number: i64, low: i64, high: i64| match (low..=high).contains(&number) {
        true => Ok(number),
        false => Err(format!("argument must be between {low} and {high} inclusive")),
    };
    match kind {
        YesNo => match text.to_ascii_lowercase().as_str() {
            word @ ("yes" | "no") => Ok(word.to_owned()),
            _ => Err("argument must be 'yes' or 'no'".into()),
        },
        Number(low, high) => {
            let number = parse_int(value).ok_or("argument couldn't be parsed into an integer")?;
            let number = within(number, low, high)?;
            // "hz" is brought into its range (CONFIG_MIN_HZ, CONFIG_MAX_HZ)
            Ok(if name == "hz" { number.clamp(1, 500) } else { number }.to_string())
        }
        Memory(low) => {
            let bytes = memory(value).ok_or("argument must be a memory value")?;
            Ok(within(i64::try_from(bytes).unwrap_or(-1), low, i64::MAX)?.to_string())
        }
        OneOf(words) => match words.iter().find(|word| word.eq_ignore_ascii_case(&text)) {
            Some(word) => Ok((*word).to_owned()),
            None => Err(format!(
                "argument(s) must be one of the following: {}",
                words.join(", ")
            )),
        },
        Text => Ok(text),
        BufferLimits => buffer_limits(&text, before),
        Percentiles => {
            let numbers: Option<Vec<f64>> = text.split_ascii_whitespace().map(|word| word.parse().ok()).collect();
            let numbers = numbers.ok_or("Invalid latency-tracking-info-percentiles parameters")?;
            match numbers.iter().all(|number| (0.0..=100.0).contains(number)) {
                true => Ok(text),
                false => Err("latency-tracking-info-percentiles parameters should sit between [0.0,100.0]".into()),
            }
        }
        Immutable => Err("can't set immutable config".into()),
        Protected => Err("can't set protected config".into()),
        Fixed if text == before => Ok(text),
        Fixed | Own | Alias(_) => Err("this parameter is fixed here".into()),
    }
}

fn buffer_limits(text: &str, before: &str) -> Result<String, String> {
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let mut limits: Vec<String> = before.split(' ').map(str::to_owned).collect();
    if words.is_empty() || !words.len().is_multiple_of(4) {
        return Err("Wrong number of arguments in buffer limit configuration.".into());
    }
    for group in words.chunks(4) {
        let class = match group[0].to_ascii_lowercase().as_str() {
            "normal" => 0,
            "slave" | "replica" => 1,
            "pubsub" => 2,
            _ => return Err("Invalid client class specified in buffer limit configuration.".into()),
        };
        let numbers = [
            memory(group[1].as_bytes()),
            memory(group[2].as_bytes()),
            group[3].parse().ok(),
        ];
        for (nth, number) in numbers.into_iter().enumerate() {
            let wrong = "Error in hard, soft or soft_seconds setting in buffer limit configuration.";
            limits[class * 4 + 1 + nth] = number.ok_or(wrong)?.to_string();
        }
    }
    Ok(limits.join(" "))
}

/// Bytes, with the units of redis.conf: `k` is 1000, `kb` is 1024.
pub(super) fn memory(text: &[u8]) -> Option<u64> {
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

/// In alphabetical order.
#[rustfmt::skip]
pub(super) const ALL: &[(&str, &str, Kind)] = &[
    ("acl-pubsub-default", "resetchannels", Fixed),
    ("aclfile", "", Immutable),
    ("acllog-max-len", "128", Number(0, i64::MAX)),
    ("active-defrag-cycle-max", "25", Number(1, 99)),
    ("active-defrag-cycle-min", "1", Number(1, 99)),
    ("active-defrag-ignore-bytes", "104857600", Memory(1)),
    ("active-defrag-max-scan-fields", "1000", Number(1, i64::MAX)),
    ("active-defrag-threshold-lower", "10", Number(0, 1000)),
    ("active-defrag-threshold-upper", "100", Number(0, 1000)),
    ("active-expire-effort", "1", Number(1, 10)),
    ("activedefrag", "no", Fixed),
    ("activerehashing", "yes", YesNo),
    ("always-show-logo", "no", Immutable),
    ("aof-disable-auto-gc", "no", YesNo),
    ("aof-load-truncated", "yes", YesNo),
    ("aof-rewrite-incremental-fsync", "yes", YesNo),
    ("aof-timestamp-enabled", "no", YesNo),
    ("aof-use-rdb-preamble", "yes", YesNo),
    ("aof_rewrite_cpulist", "", Immutable),
    ("appenddirname", "appendonlydir", Immutable),
    ("appendfilename", "appendonly.aof", Immutable),
    ("appendfsync", "everysec", Fixed),
    ("appendonly", "", Own),
    ("auto-aof-rewrite-min-size", "67108864", Memory(0)),
    ("auto-aof-rewrite-percentage", "100", Number(0, INT)),
    ("bgsave_cpulist", "", Immutable),
    ("bind", "* -::*", Fixed),
    ("bind-source-addr", "", Text),
    ("bio_cpulist", "", Immutable),
    ("busy-reply-threshold", "", Own),
    ("client-output-buffer-limit", "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60", BufferLimits),
    ("client-query-buffer-limit", "1073741824", Memory(1048576)),
    ("cluster-allow-pubsubshard-when-down", "yes", YesNo),
    ("cluster-allow-reads-when-down", "no", YesNo),
    ("cluster-allow-replica-migration", "yes", YesNo),
    ("cluster-announce-bus-port", "0", Number(0, 65535)),
    ("cluster-announce-hostname", "", Text),
    ("cluster-announce-ip", "", Text),
    ("cluster-announce-port", "0", Number(0, 65535)),
    ("cluster-announce-tls-port", "0", Number(0, 65535)),
    ("cluster-config-file", "nodes.conf", Immutable),
    ("cluster-enabled", "no", Immutable),
    ("cluster-link-sendbuf-limit", "0", Memory(0)),
    ("cluster-migration-barrier", "1", Number(0, INT)),
    ("cluster-node-timeout", "15000", Number(0, i64::MAX)),
    ("cluster-port", "0", Immutable),
    ("cluster-preferred-endpoint-type", "ip", OneOf(&["ip", "hostname", "unknown-endpoint"])),
    ("cluster-replica-no-failover", "no", YesNo),
    ("cluster-replica-validity-factor", "10", Number(0, INT)),
    ("cluster-require-full-coverage", "yes", YesNo),
    ("cluster-slave-no-failover", "", Alias("cluster-replica-no-failover")),
    ("cluster-slave-validity-factor", "", Alias("cluster-replica-validity-factor")),
    ("crash-log-enabled", "yes", YesNo),
    ("crash-memcheck-enabled", "yes", YesNo),
    ("daemonize", "no", Immutable),
    ("databases", "16", Immutable),
    ("dbfilename", "dump.rdb", Protected),
    ("dir", "/", Protected),
    ("disable-thp", "yes", Immutable),
    ("dynamic-hz", "yes", YesNo),
    ("enable-debug-command", "no", Immutable),
    ("enable-module-command", "no", Immutable),
    ("enable-protected-configs", "no", Immutable),
    ("hash-max-listpack-entries", "512", Number(0, i64::MAX)),
    ("hash-max-listpack-value", "64", Memory(0)),
    ("hash-max-ziplist-entries", "", Alias("hash-max-listpack-entries")),
    ("hash-max-ziplist-value", "", Alias("hash-max-listpack-value")),
    ("hll-sparse-max-bytes", "3000", Memory(0)),
    ("hz", "10", Number(0, INT)),
    ("ignore-warnings", "", Text),
    ("io-threads", "1", Immutable),
    ("io-threads-do-reads", "no", Immutable),
    ("jemalloc-bg-thread", "yes", YesNo),
    ("latency-monitor-threshold", "0", Number(0, i64::MAX)),
    ("latency-tracking", "yes", YesNo),
    ("latency-tracking-info-percentiles", "50 99 99.9", Percentiles),
    ("lazyfree-lazy-eviction", "no", YesNo),
    ("lazyfree-lazy-expire", "no", YesNo),
    ("lazyfree-lazy-server-del", "no", YesNo),
    ("lazyfree-lazy-user-del", "no", YesNo),
    ("lazyfree-lazy-user-flush", "no", YesNo),
    ("lfu-decay-time", "1", Number(0, INT)),
    ("lfu-log-factor", "10", Number(0, INT)),
    ("list-compress-depth", "0", Number(0, INT)),
    ("list-max-listpack-size", "-2", Number(-INT - 1, INT)),
    ("list-max-ziplist-size", "", Alias("list-max-listpack-size")),
    ("logfile", "", Immutable),
    ("loglevel", "notice", OneOf(&["debug", "verbose", "notice", "warning"])),
    ("lua-time-limit", "", Alias("busy-reply-threshold")),
    ("masterauth", "", Own),
    ("masteruser", "", Fixed),
    ("maxclients", "10000", Fixed),
    ("maxmemory", "", Own),
    ("maxmemory-clients", "0", Fixed),
    ("maxmemory-eviction-tenacity", "10", Number(0, 100)),
    ("maxmemory-policy", "", Own),
    ("maxmemory-samples", "5", Number(1, INT)),
    ("min-replicas-max-lag", "", Own),
    ("min-replicas-to-write", "", Own),
    ("min-slaves-max-lag", "", Alias("min-replicas-max-lag")),
    ("min-slaves-to-write", "", Alias("min-replicas-to-write")),
    ("no-appendfsync-on-rewrite", "no", YesNo),
    ("notify-keyspace-events", "", Fixed),
    ("oom-score-adj", "no", OneOf(&["no", "yes", "relative", "absolute"])),
    ("oom-score-adj-values", "0 200 800", Fixed),
    ("pidfile", "", Immutable),
    ("port", "6379", Fixed),
    ("proc-title-template", "{title} {listen-addr} {server-mode}", Text),
    ("propagation-error-behavior", "ignore", OneOf(&["ignore", "panic", "panic-on-replicas"])),
    ("protected-mode", "yes", YesNo),
    ("proto-max-bulk-len", "536870912", Fixed),
    ("rdb-del-sync-files", "no", YesNo),
    ("rdb-save-incremental-fsync", "yes", YesNo),
    ("rdbchecksum", "yes", Immutable),
    ("rdbcompression", "yes", YesNo),
    ("repl-backlog-size", "", Own),
    ("repl-backlog-ttl", "3600", Number(0, i64::MAX)),
    ("repl-disable-tcp-nodelay", "no", YesNo),
    ("repl-diskless-load", "disabled", OneOf(&["disabled", "on-empty-db", "swapdb"])),
    ("repl-diskless-sync", "yes", YesNo),
    ("repl-diskless-sync-delay", "5", Number(0, INT)),
    ("repl-diskless-sync-max-replicas", "0", Number(0, INT)),
    ("repl-ping-replica-period", "", Own),
    ("repl-ping-slave-period", "", Alias("repl-ping-replica-period")),
    ("repl-timeout", "", Own),
    ("replica-announce-ip", "", Own),
    ("replica-announce-port", "0", Fixed),
    ("replica-announced", "yes", Fixed),
    ("replica-ignore-disk-write-errors", "no", YesNo),
    ("replica-ignore-maxmemory", "yes", Fixed),
    ("replica-lazy-flush", "no", YesNo),
    ("replica-priority", "100", Number(0, INT)),
    ("replica-read-only", "yes", Fixed),
    ("replica-serve-stale-data", "", Own),
    ("replicaof", "", Immutable),
    ("requirepass", "", Own),
    ("sanitize-dump-payload", "no", OneOf(&["no", "yes", "clients"])),
    ("save", "", Own),
    ("server_cpulist", "", Immutable),
    ("set-max-intset-entries", "512", Number(0, i64::MAX)),
    ("set-proc-title", "yes", Immutable),
    ("shutdown-on-sigint", "default", OneOf(&["default", "save", "nosave", "now", "force"])),
    ("shutdown-on-sigterm", "default", OneOf(&["default", "save", "nosave", "now", "force"])),
    ("shutdown-timeout", "10", Number(0, INT)),
    ("slave-announce-ip", "", Alias("replica-announce-ip")),
    ("slave-announce-port", "", Alias("replica-announce-port")),
    ("slave-ignore-maxmemory", "", Alias("replica-ignore-maxmemory")),
    ("slave-lazy-flush", "", Alias("replica-lazy-flush")),
    ("slave-priority", "", Alias("replica-priority")),
    ("slave-read-only", "", Alias("replica-read-only")),
    ("slave-serve-stale-data", "", Alias("replica-serve-stale-data")),
    ("slaveof", "", Alias("replicaof")),
    ("slowlog-log-slower-than", "10000", Number(-1, i64::MAX)),
    ("slowlog-max-len", "128", Number(0, i64::MAX)),
    ("socket-mark-id", "0", Immutable),
    ("stop-writes-on-bgsave-error", "yes", YesNo),
    ("stream-node-max-bytes", "4096", Memory(0)),
    ("stream-node-max-entries", "100", Number(0, i64::MAX)),
    ("supervised", "no", Immutable),
    ("syslog-enabled", "no", Immutable),
    ("syslog-facility", "local0", Immutable),
    ("syslog-ident", "redis", Immutable),
    ("tcp-backlog", "511", Immutable),
    ("tcp-keepalive", "300", Number(0, INT)),
    ("timeout", "0", Fixed),
    ("tls-auth-clients", "yes", OneOf(&["no", "yes", "optional"])),
    ("tls-ca-cert-dir", "", Text),
    ("tls-ca-cert-file", "", Text),
    ("tls-cert-file", "", Text),
    ("tls-ciphers", "", Text),
    ("tls-ciphersuites", "", Text),
    ("tls-client-cert-file", "", Text),
    ("tls-client-key-file", "", Text),
    ("tls-client-key-file-pass", "", Text),
    ("tls-cluster", "no", YesNo),
    ("tls-dh-params-file", "", Text),
    ("tls-key-file", "", Text),
    ("tls-key-file-pass", "", Text),
    ("tls-port", "0", Fixed),
    ("tls-prefer-server-ciphers", "no", YesNo),
    ("tls-protocols", "", Text),
    ("tls-replication", "no", YesNo),
    ("tls-session-cache-size", "20480", Number(0, INT)),
    ("tls-session-cache-timeout", "300", Number(0, INT)),
    ("tls-session-caching", "yes", YesNo),
    ("tracking-table-max-keys", "1000000", Number(0, i64::MAX)),
    ("unixsocket", "", Immutable),
    ("unixsocketperm", "0", Immutable),
    ("zset-max-listpack-entries", "128", Number(0, i64::MAX)),
    ("zset-max-listpack-value", "64", Memory(0)),
    ("zset-max-ziplist-entries", "", Alias("zset-max-listpack-entries")),
    ("zset-max-ziplist-value", "", Alias("zset-max-listpack-value")),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_options_are_in_order_and_no_alias_leads_nowhere() {
        assert!(ALL.is_sorted_by(|(one, ..), (other, ..)| one < other));
        assert!(ALL.iter().all(|(name, ..)| find(name).is_some()));
    }

    #[test]
    fn every_default_is_a_value_that_the_option_accepts() {
        for (name, default, kind) in ALL {
            if let YesNo | Number(..) | Memory(_) | OneOf(_) | BufferLimits | Percentiles = kind {
                assert_eq!(
                    accept(name, *kind, default.as_bytes(), default),
                    Ok((*default).to_owned()),
                    "{name}"
                );
            }
        }
    }
}
