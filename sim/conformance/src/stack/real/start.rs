//! Configures and starts the processes.

use super::{
    super::{DOWN_AFTER_MS, MASTER_NAME, Node, clock},
    RealStack, SOURCES,
};
use crate::process::{Process, Unavailable};
use model_redis::PersistenceMode;
use std::{fs, path::PathBuf};

impl RealStack {
    pub(super) fn start_node(&mut self, node: Node) -> Result<(), Unavailable> {
        let i = node.index();
        let (append, save) = match self.script.persistence {
            PersistenceMode::None => ("no", "\"\"".to_owned()),
            PersistenceMode::Aof => ("yes", "\"\"".to_owned()),
            PersistenceMode::Rdb { after_s, changes } => ("no", format!("{after_s} {changes}")),
        };
        let mut lines = vec![
            format!("port {}", self.ports[i]),
            "bind 127.0.0.1".to_owned(),
            format!("bind-source-addr {}", SOURCES[i]),
            "replica-announce-ip 127.0.0.1".to_owned(),
            format!("replica-announce-port {}", self.public_ports[i]),
            format!("save {save}"),
            format!("appendonly {append}"),
            "repl-diskless-sync-delay 0".to_owned(),
            format!("min-replicas-to-write {}", self.script.min_replicas_to_write),
            "min-replicas-max-lag 1".to_owned(),
        ];
        if node != Node::Master {
            lines.push(format!(
                "replicaof 127.0.0.1 {}",
                self.public_ports[Node::Master.index()]
            ));
        }
        let file = self.folders[i].path().join("redis.conf");
        if !file.exists() {
            // the node rewrites it when Sentinel asks for that, and the next start reads the new contents
            fs::write(&file, lines.join("\n") + "\n").map_err(|why| Unavailable::broken("redis-server", why))?;
        }
        let folder = self.folders[i].path().to_owned();
        let skewed = match self.script.clocks_ms[i] {
            0 => None,
            offset_ms => Some((clock::compile(&folder)?, offset_ms)),
        };
        self.nodes[i] = Some(Process::start("redis-server", |command, _| {
            command.arg(&file).arg("--dir").arg(&folder);
            if let Some((library, offset_ms)) = &skewed {
                clock::skew(command, library, *offset_ms);
            }
        })?);
        Ok(())
    }

    pub(super) fn start_sentinel(&mut self) -> Result<(), Unavailable> {
        let (port, public) = (
            self.sentinel_ports[self.sentinels.len()],
            self.public_sentinel_ports[self.sentinels.len()],
        );
        let (quorum, failover_timeout_ms) = (self.script.quorum, self.script.failover_timeout_ms);
        let master = self.public_ports[Node::Master.index()];
        let mut log = PathBuf::new();
        let process = Process::start("redis-sentinel", |command, folder| {
            log = folder.join("sentinel.log");
            let file = folder.join("sentinel.conf");
            let text = format!(
                "port {port}\nbind 127.0.0.1\nlogfile {}\nsentinel monitor {MASTER_NAME} 127.0.0.1 {master} {quorum}\n\
                 sentinel down-after-milliseconds {MASTER_NAME} {DOWN_AFTER_MS}\n\
                 sentinel failover-timeout {MASTER_NAME} {failover_timeout_ms}\n\
                 sentinel announce-ip 127.0.0.1\nsentinel announce-port {public}\n",
                log.display()
            );
            // If it cannot be written, Sentinel does not start, and `settle` fails.
            let _ = fs::write(&file, text);
            command.arg(file).env("TZ", "UTC");
        })?;
        self.sentinels.push((process, log));
        Ok(())
    }
}
