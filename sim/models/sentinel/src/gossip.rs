//! What a Sentinel learns from INFO and from the hellos of other Sentinels, and how it reacts.

use super::failover::{Stage, send_replicaof};
use super::instance::{Address, Instance, Kind, Reconfiguration, Report};
use super::state::{InstanceId, Sentinel};
use super::{HELLO_MS, INFO_MS};

impl Sentinel {
    /// `ip,port,id,current epoch,master name,master ip,master port,configuration epoch`.
    pub(super) fn hello(&self) -> String {
        let (config, (ip, port)) = (&self.config, self.current_master());
        let numbers = [config.port.into(), self.current_epoch, port.into(), self.config_epoch];
        let [own_port, epoch, port, config_epoch] = numbers.map(|n: u64| n.to_string());
        let (own_ip, name) = (config.announce_ip.as_str(), config.master_name.as_str());
        [own_ip, &own_port, &self.id, &epoch, name, &ip, &port, &config_epoch].join(",")
    }

    /// Makes a hello to all instances due at the next tick of the timer (sentinelForceHelloUpdateForMaster).
    pub(super) fn hello_is_due(&mut self) {
        for who in self.everybody() {
            if let Some(instance) = self.instance_mut(&who) {
                instance.last_hello_sent_ms = instance.last_hello_sent_ms.saturating_sub(HELLO_MS + 1);
            }
        }
    }

    /// Processes a hello (sentinelProcessHelloMessage): discovery, epochs; the newest configuration wins.
    pub(super) fn hello_received(&mut self, hello: &str, now_ms: u64) {
        let parts: Vec<&str> = hello.split(',').collect();
        let [ip, port, id, epoch, name, master_ip, master_port, config_epoch] = parts[..] else {
            return;
        };
        let (Ok(port), Ok(epoch), Ok(master_port), Ok(config_epoch)) = (
            port.parse::<u16>(),
            epoch.parse::<u64>(),
            master_port.parse::<u16>(),
            config_epoch.parse::<u64>(),
        ) else {
            return;
        };
        if id == self.id || name != self.config.master_name {
            return;
        }
        self.meet((ip.to_owned(), port), id, now_ms);
        if epoch > self.current_epoch {
            self.new_epoch(epoch);
        }
        if config_epoch > self.config_epoch {
            self.config_epoch = config_epoch;
            let master = (master_ip.to_owned(), master_port);
            if master != self.master.address {
                self.emit_for("+config-update-from", &InstanceId::Sentinel(id.to_owned()));
                self.switch_master(master, now_ms);
            } else {
                self.save();
            }
        }
        if let Some(sentinel) = self.sentinels.get_mut(id) {
            sentinel.last_hello_received_ms = now_ms;
        }
    }

    fn meet(&mut self, address: Address, id: &str, now_ms: u64) {
        let who = InstanceId::Sentinel(id.to_owned());
        let known = self.sentinels.get(id).map(|sentinel| sentinel.address == address);
        if known == Some(true) {
            return;
        }
        // A Sentinel that was known at this address before has been replaced.
        let others = self
            .sentinels
            .iter()
            .filter(|(_, other)| other.address == address)
            .map(|(id, _)| id.clone());
        for other in others.collect::<Vec<_>>() {
            self.emit_for("+sentinel-invalid-addr", &InstanceId::Sentinel(other.clone()));
            self.sentinels.remove(&other);
        }
        let sentinel = Instance::new(
            Kind::Sentinel,
            address,
            id.to_owned(),
            self.config.down_after_ms,
            now_ms,
        );
        self.sentinels.insert(id.to_owned(), sentinel);
        self.emit_for(
            if known.is_some() {
                "+sentinel-address-switch"
            } else {
                "+sentinel"
            },
            &who,
        );
        self.save();
        self.tick_pending = true;
    }

    /// Processes INFO (sentinelRefreshInstanceInfo).
    pub(super) fn informed(&mut self, who: &InstanceId, info: &str, now_ms: u64) {
        let Some(report) = Report::parse(info) else { return };
        let Some(instance) = self.instance_mut(who) else { return };
        if !instance.run_id.is_empty() && instance.run_id != report.run_id {
            instance.run_id = report.run_id.clone();
            self.emit_for("+reboot", who);
        }
        let role = if report.is_master { Kind::Master } else { Kind::Replica };
        let Some(instance) = self.instance_mut(who) else { return };
        instance.run_id = report.run_id;
        instance.info_at = Some(now_ms);
        instance.its_link_down_ms = 0;
        if !report.is_master {
            instance.its_link_down_ms = report.link_down_ms;
            instance.its_link_is_up = report.link_is_up;
            instance.priority = report.priority;
            instance.offset = report.offset;
            if instance.its_master != report.master {
                instance.its_master = report.master;
                instance.its_master_changed_at = now_ms;
            }
        }
        let changed = instance.role_reported != role;
        if changed {
            instance.role_reported = role;
            instance.role_reported_at = now_ms;
            if role == Kind::Replica {
                instance.its_master_changed_at = now_ms;
            }
            let expected = instance.kind == role;
            let text = format!("{} new reported role is {}", self.describe(who), role.word());
            self.emit(if expected { "+role-change" } else { "-role-change" }, &text);
        }
        if *who == InstanceId::Master && report.is_master {
            for address in report.replicas {
                if !self.replicas.contains_key(&address) && address != self.master.address {
                    self.add_replica(address, now_ms);
                    self.save();
                    self.tick_pending = true;
                }
            }
        }
        if self.tilt_since.is_some() {
            return;
        }
        if let InstanceId::Replica(address) = who {
            match role {
                Kind::Master => self.replica_says_master(address, now_ms),
                _ => self.replica_says_replica(address, now_ms),
            }
        }
    }

    fn replica_says_master(&mut self, address: &Address, now_ms: u64) {
        let Some(replica) = self.replicas.get(address) else {
            return;
        };
        if replica.promoted && self.failover.stage == Stage::WaitPromotion {
            return self.promotion_seen(now_ms);
        }
        // An old master has come back. Other Sentinels may have a newer configuration: wait for their hellos before
        // demoting it (measured: it stays a writable master for 10.0 to 10.2 s).
        let wait_ms = HELLO_MS * 4;
        let settled = replica.up_for(wait_ms, now_ms) && now_ms - replica.role_reported_at > wait_ms;
        if !replica.promoted && settled && self.master_looks_sane(now_ms) {
            self.demote(address, "+convert-to-slave");
        }
    }

    fn replica_says_replica(&mut self, address: &Address, now_ms: u64) {
        let (current, timeout_ms) = (self.master.address.clone(), self.config.failover_timeout_ms);
        let promoted = self.failover.promoted.clone();
        let sane = self.master_looks_sane(now_ms);
        let Some(replica) = self.replicas.get_mut(address) else {
            return;
        };
        let who = InstanceId::Replica(address.clone());
        // The replica was sent the new master: whether it has accepted it, and whether it is in sync.
        if replica.reconfiguration == Reconfiguration::Sent && replica.its_master == promoted {
            replica.reconfiguration = Reconfiguration::InProgress;
            return self.emit_for("+slave-reconf-inprog", &who);
        }
        if replica.reconfiguration == Reconfiguration::InProgress && replica.its_link_is_up {
            replica.reconfiguration = Reconfiguration::Done;
            return self.emit_for("+slave-reconf-done", &who);
        }
        let wrong = replica.its_master.as_ref().is_some_and(|master| *master != current);
        let settled = replica.up_for(timeout_ms, now_ms) && now_ms - replica.its_master_changed_at > timeout_ms;
        if wrong && settled && sane {
            self.demote(address, "+fix-slave-config");
        }
    }

    fn demote(&mut self, address: &Address, event: &str) {
        let master = self.master.address.clone();
        let Some(replica) = self.replicas.get_mut(address) else {
            return;
        };
        if !replica.disconnected() {
            send_replicaof(replica, Some(&master));
            self.emit_for(event, &InstanceId::Replica(address.clone()));
        }
    }

    fn master_looks_sane(&self, now_ms: u64) -> bool {
        let master = &self.master;
        master.role_reported == Kind::Master
            && master.s_down_since.is_none()
            && self.o_down_since.is_none()
            && master.info_at.is_some_and(|at| now_ms - at < INFO_MS * 2)
    }
}
