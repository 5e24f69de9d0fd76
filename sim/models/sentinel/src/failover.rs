//! The failover: election, promotion, reconfiguration.

use super::instance::{Address, Instance, Kind, Pending, Reconfiguration};
use super::state::{InstanceId, Sentinel};
use super::{DESYNC_MS, ELECTION_MS, INFO_MS, PING_MS, RECONFIGURATION_MS};
use std::collections::BTreeSet;

/// The stage of a failover.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Stage {
    /// There is none.
    #[default]
    None,
    /// Waiting to be elected.
    WaitStart,
    SelectReplica,
    SendReplicaofNoOne,
    WaitPromotion,
    ReconfigureReplicas,
    UpdateConfig,
}

/// The current failover, or the last one.
#[derive(Debug, Clone, Default)]
pub(super) struct Failover {
    pub(super) stage: Stage,
    pub(super) epoch: u64,
    pub(super) started_ms: Option<u64>,
    pub(super) stage_since_ms: u64,
    pub(super) promoted: Option<Address>,
    pub(super) forced: bool,
}

impl Stage {
    /// As in `failover-state` (sentinelFailoverStateStr).
    pub(super) fn name(self) -> &'static str {
        match self {
            Stage::None => "none",
            Stage::WaitStart => "wait_start",
            Stage::SelectReplica => "select_slave",
            Stage::SendReplicaofNoOne => "send_slaveof_noone",
            Stage::WaitPromotion => "wait_promotion",
            Stage::ReconfigureReplicas => "reconf_slaves",
            Stage::UpdateConfig => "update_config",
        }
    }
}

impl Failover {
    pub(super) fn in_progress(&self) -> bool {
        self.stage != Stage::None
    }

    /// Not earlier than twice the failover time-out after the last one, or after a vote for another Sentinel.
    pub(super) fn earliest_start_ms(&self, timeout_ms: u64) -> u64 {
        self.started_ms.map_or(0, |started| started + timeout_ms * 2)
    }

    fn enter(&mut self, stage: Stage, now_ms: u64) {
        self.stage = stage;
        self.stage_since_ms = now_ms;
    }
}

impl Sentinel {
    pub(super) fn desync_ms(&mut self) -> u64 {
        (self.random)() % DESYNC_MS
    }

    pub(super) fn new_epoch(&mut self, epoch: u64) {
        self.current_epoch = epoch;
        self.save();
        self.emit("+new-epoch", &epoch.to_string());
    }

    pub(super) fn start_failover_if_needed(&mut self, now_ms: u64) -> bool {
        let wait_until = self.failover.earliest_start_ms(self.config.failover_timeout_ms);
        if self.o_down_since.is_none() || self.failover.in_progress() || now_ms < wait_until {
            return false;
        }
        self.start_failover(now_ms);
        true
    }

    pub(super) fn start_failover(&mut self, now_ms: u64) {
        // A hello may have brought the largest possible epoch; Redis's own counter then continues at zero.
        self.new_epoch(self.current_epoch.wrapping_add(1));
        self.failover.epoch = self.current_epoch;
        self.failover.enter(Stage::WaitStart, now_ms);
        self.emit_for("+try-failover", &InstanceId::Master);
        self.failover.started_ms = Some(now_ms + self.desync_ms());
    }

    /// Advances the failover by at most one stage a tick (sentinelFailoverStateMachine).
    pub(super) fn failover_step(&mut self, now_ms: u64) {
        let timeout_ms = self.config.failover_timeout_ms;
        match self.failover.stage {
            Stage::None | Stage::UpdateConfig => {}
            Stage::WaitStart => self.wait_start(now_ms),
            Stage::SelectReplica => self.select_replica(now_ms),
            Stage::SendReplicaofNoOne => self.send_replicaof_no_one(now_ms),
            Stage::WaitPromotion => {
                if now_ms - self.failover.stage_since_ms > timeout_ms {
                    self.abort_failover("-failover-abort-slave-timeout", &self.promoted());
                }
            }
            Stage::ReconfigureReplicas => self.reconfigure_replicas(now_ms),
        }
    }

    fn promoted(&self) -> InstanceId {
        self.failover
            .promoted
            .clone()
            .map_or(InstanceId::Master, InstanceId::Replica)
    }

    fn wait_start(&mut self, now_ms: u64) {
        let leader = self.elected(self.failover.epoch, now_ms);
        if leader.as_ref() != Some(&self.id) && !self.failover.forced {
            let patience_ms = ELECTION_MS.min(self.config.failover_timeout_ms);
            if self
                .failover
                .started_ms
                .is_some_and(|started| now_ms.saturating_sub(started) > patience_ms)
            {
                self.abort_failover("-failover-abort-not-elected", &InstanceId::Master);
            }
            return;
        }
        self.emit_for("+elected-leader", &InstanceId::Master);
        self.failover.enter(Stage::SelectReplica, now_ms);
        self.emit_for("+failover-state-select-slave", &InstanceId::Master);
    }

    fn select_replica(&mut self, now_ms: u64) {
        let Some(address) = self.best_replica(now_ms) else {
            return self.abort_failover("-failover-abort-no-good-slave", &InstanceId::Master);
        };
        let who = InstanceId::Replica(address.clone());
        self.emit_for("+selected-slave", &who);
        if let Some(replica) = self.replicas.get_mut(&address) {
            replica.promoted = true;
        }
        self.failover.promoted = Some(address);
        self.failover.enter(Stage::SendReplicaofNoOne, now_ms);
        self.emit_for("+failover-state-send-slaveof-noone", &who);
    }

    /// The replica to promote (sentinelSelectSlave): it is up, has replied recently, and was not disconnected from the master
    /// for too long; among those by priority, by offset *as in the last INFO*, by run ID.
    pub(super) fn best_replica(&self, now_ms: u64) -> Option<Address> {
        let since_down = self.master.s_down_since.map(|since| now_ms - since);
        let max_link_down_ms = self.config.down_after_ms * 10 + since_down.unwrap_or(0);
        let max_info_age_ms = if since_down.is_some() { PING_MS * 5 } else { INFO_MS * 3 };
        let eligible = |replica: &&Instance| {
            replica.s_down_since.is_none()
                && !replica.disconnected()
                && now_ms - replica.last_available_ms <= PING_MS * 5
                && replica.priority != 0
                && replica.info_at.is_some_and(|at| now_ms - at <= max_info_age_ms)
                && replica.its_link_down_ms <= max_link_down_ms as i64
        };
        let replicas = self.replicas.values().filter(eligible);
        replicas
            .min_by_key(|r| (r.priority, u64::MAX - r.offset, r.run_id.clone()))
            .map(|r| r.address.clone())
    }

    fn send_replicaof_no_one(&mut self, now_ms: u64) {
        let who = self.promoted();
        let Some(replica) = self.instance_mut(&who) else { return };
        if replica.disconnected() {
            if now_ms - self.failover.stage_since_ms > self.config.failover_timeout_ms {
                self.abort_failover("-failover-abort-slave-timeout", &who);
            }
            return;
        }
        send_replicaof(replica, None);
        self.failover.enter(Stage::WaitPromotion, now_ms);
        self.emit_for("+failover-state-wait-promotion", &who);
    }

    /// The promoted replica has reported that it is a master.
    pub(super) fn promotion_seen(&mut self, now_ms: u64) {
        let who = self.promoted();
        self.config_epoch = self.failover.epoch;
        self.failover.enter(Stage::ReconfigureReplicas, now_ms);
        self.save();
        self.emit_for("+promoted-slave", &who);
        self.emit_for("+failover-state-reconf-slaves", &InstanceId::Master);
        self.hello_is_due();
    }

    fn reconfigure_replicas(&mut self, now_ms: u64) {
        let master = self.failover.promoted.clone().unwrap_or_default();
        for address in self.replicas.keys().cloned().collect::<Vec<_>>() {
            let who = InstanceId::Replica(address.clone());
            let busy = self
                .replicas
                .values()
                .filter(|r| matches!(r.reconfiguration, Reconfiguration::Sent | Reconfiguration::InProgress));
            let (room, Some(replica)) = (busy.count() == 0, self.replicas.get_mut(&address)) else {
                continue;
            };
            if replica.promoted || replica.reconfiguration == Reconfiguration::Done {
                continue;
            }
            if replica.reconfiguration == Reconfiguration::Sent
                && now_ms - replica.reconfiguration_sent_at > RECONFIGURATION_MS
            {
                replica.reconfiguration = Reconfiguration::Done;
                self.emit_for("-slave-reconf-sent-timeout", &who);
                continue;
            }
            // parallel-syncs is 1.
            if room && replica.reconfiguration == Reconfiguration::None && !replica.disconnected() {
                send_replicaof(replica, Some(&master));
                replica.reconfiguration = Reconfiguration::Sent;
                replica.reconfiguration_sent_at = now_ms;
                self.emit_for("+slave-reconf-sent", &who);
            }
        }
        self.detect_end(&master, now_ms);
    }

    fn detect_end(&mut self, master: &Address, now_ms: u64) {
        if self
            .replicas
            .get(master)
            .is_none_or(|promoted| promoted.s_down_since.is_some())
        {
            return;
        }
        let waiting =
            |r: &&mut Instance| !r.promoted && r.reconfiguration != Reconfiguration::Done && r.s_down_since.is_none();
        let timed_out = now_ms - self.failover.stage_since_ms > self.config.failover_timeout_ms;
        if self.replicas.values_mut().filter(waiting).count() > 0 {
            if !timed_out {
                return;
            }
            self.emit_for("+failover-end-for-timeout", &InstanceId::Master);
            for replica in self.replicas.values_mut().filter(waiting) {
                if !replica.disconnected() && replica.reconfiguration != Reconfiguration::Sent {
                    send_replicaof(replica, Some(master));
                    replica.reconfiguration = Reconfiguration::Sent;
                }
            }
        }
        self.emit_for("+failover-end", &InstanceId::Master);
        self.failover.enter(Stage::UpdateConfig, now_ms);
    }

    /// sentinelFailoverSwitchToPromotedSlave, at the end of a tick.
    pub(super) fn finish_failover(&mut self, now_ms: u64) {
        if self.failover.stage == Stage::UpdateConfig
            && let Some(master) = self.failover.promoted.clone()
        {
            self.switch_master(master, now_ms);
        }
    }

    fn abort_failover(&mut self, event: &str, who: &InstanceId) {
        self.emit_for(event, who);
        self.failover.stage = Stage::None;
        self.failover.forced = false;
        if let Some(address) = self.failover.promoted.take()
            && let Some(replica) = self.replicas.get_mut(&address)
        {
            replica.promoted = false;
        }
    }

    /// Switches to the new master: `+switch-master`, then all state about the old one is reset
    /// (sentinelResetMasterAndChangeAddress). The old master is a replica from now on, and is demoted when it comes back.
    pub(super) fn switch_master(&mut self, master: Address, now_ms: u64) {
        let (old, name) = (self.master.address.clone(), self.config.master_name.clone());
        self.emit(
            "+switch-master",
            &format!("{name} {} {} {} {}", old.0, old.1, master.0, master.1),
        );
        let mut replicas: BTreeSet<Address> = self.replicas.keys().cloned().collect();
        replicas.insert(old);
        replicas.remove(&master);
        let down_after_ms = self.config.down_after_ms;
        let mut next = Instance::new(Kind::Master, master, String::new(), down_after_ms, now_ms);
        // It is the same instance with another address (sentinelResetMaster): when it last tried to connect, sent a hello and
        // got INFO remains. After a kill it has just tried to reach the old master, so it is `disconnected` for most of a
        // second (measured: 0.74 to 0.91 s).
        next.last_reconnect_ms = self.master.last_reconnect_ms;
        next.last_hello_sent_ms = self.master.last_hello_sent_ms;
        next.info_at = self.master.info_at;
        self.master = next;
        self.o_down_since = None;
        self.leader = None;
        self.failover = Failover::default();
        self.replicas.clear();
        for address in replicas {
            self.add_replica(address, now_ms);
        }
        self.save();
        self.tick_pending = true;
    }

    pub(super) fn add_replica(&mut self, address: Address, now_ms: u64) {
        let replica = Instance::new(
            Kind::Replica,
            address.clone(),
            String::new(),
            self.config.down_after_ms,
            now_ms,
        );
        self.replicas.insert(address.clone(), replica);
        self.emit_for("+slave", &InstanceId::Replica(address));
    }

    /// The master's address for clients and for hellos: that of the promoted replica as soon as it is promoted.
    pub(super) fn current_master(&self) -> Address {
        let switched = matches!(self.failover.stage, Stage::ReconfigureReplicas | Stage::UpdateConfig);
        match &self.failover.promoted {
            Some(promoted) if switched => promoted.clone(),
            _ => self.master.address.clone(),
        }
    }
}

/// sentinelSendSlaveOf: one transaction that changes the role, rewrites the configuration and closes all clients, so that
/// they ask for the master again.
pub(super) fn send_replicaof(instance: &mut Instance, master: Option<&Address>) {
    let (host, port) = master.map_or(("NO".to_owned(), "ONE".to_owned()), |(ip, port)| {
        (ip.clone(), port.to_string())
    });
    for words in [
        &["MULTI"][..],
        &["SLAVEOF", &host, &port],
        &["CONFIG", "REWRITE"],
        &["CLIENT", "KILL", "TYPE", "normal"],
        &["CLIENT", "KILL", "TYPE", "pubsub"],
        &["EXEC"],
    ] {
        instance.send(words, Pending::Ignored);
    }
}
