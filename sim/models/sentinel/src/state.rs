//! One Sentinel as a state machine: moments and replies in, commands and events out. The order of
//! checks and the conditions are those of sentinel.c 7.0; only ticks at which nothing could happen
//! are left out.

use super::config::{Saved, SentinelConfig, SentinelDisk};
use super::failover::Failover;
use super::instance::{Address, Instance, Kind, Pending};
use super::links::{stale_command_link_at, stale_pubsub_link_at};
use super::{ASK_MS, HELLO_MS, INFO_MS, PING_MS, TILT_MS, TILT_TRIGGER_MS};
use bytes::Bytes;
use model_redis::Moment;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::Notify;

/// Identifies an instance.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum InstanceId {
    Master,
    Replica(Address),
    Sentinel(String),
}

/// A connection to establish.
pub(super) struct Opening {
    pub(super) channel: u64,
    pub(super) address: Address,
    pub(super) wake: Arc<Notify>,
}

/// Delivers an event and its text to the observer and the subscribers.
type Subscriber = Box<dyn FnMut(&str, &str) + Send>;

/// One Sentinel.
pub(super) struct Sentinel {
    pub(super) config: SentinelConfig,
    /// The password of the default user, if clients must give one. A restart keeps it if the configuration file was rewritten
    /// since.
    pub(super) password: Option<Bytes>,
    disk: SentinelDisk,
    pub(super) id: String,
    pub(super) current_epoch: u64,
    pub(super) config_epoch: u64,
    /// The ID that this Sentinel voted for, and the epoch of that vote.
    pub(super) leader: Option<String>,
    pub(super) leader_epoch: u64,
    pub(super) master: Instance,
    pub(super) o_down_since: Option<u64>,
    pub(super) replicas: BTreeMap<Address, Instance>,
    pub(super) sentinels: BTreeMap<String, Instance>,
    pub(super) failover: Failover,
    pub(super) tilt_since: Option<u64>,
    last_tick: Option<Moment>,
    /// Something has arrived that the next tick must process.
    pub(super) tick_pending: bool,
    /// Times of the timer's next ticks, as far as they have been drawn.
    ticks: Vec<u64>,
    pub(super) next_channel: u64,
    pub(super) openings: Vec<Opening>,
    pub(super) random: Box<dyn FnMut() -> u64 + Send>,
    pub(super) observer: Arc<dyn Fn(String) + Send + Sync>,
    pub(super) subscribers: Subscriber,
}

impl Sentinel {
    pub(super) fn boot(
        config: SentinelConfig,
        disk: SentinelDisk,
        now: Moment,
        mut random: impl FnMut() -> u64 + Send + 'static,
        observer: Arc<dyn Fn(String) + Send + Sync>,
    ) -> Sentinel {
        let required = &config.passwords.require;
        let saved = disk.load().unwrap_or_else(|| Saved {
            id: (0..5).map(|_| format!("{:08x}", random() as u32)).collect(),
            current_epoch: 0,
            config_epoch: 0,
            leader_epoch: 0,
            master: config.master.clone(),
            password: (!required.is_empty()).then(|| Bytes::copy_from_slice(required.as_bytes())),
            replicas: Default::default(),
            sentinels: Default::default(),
        });
        let instance = |kind, address: &Address, id: &str| {
            Instance::new(kind, address.clone(), id.to_owned(), config.down_after_ms, now.mono_ms)
        };
        let sentinel = Sentinel {
            master: instance(Kind::Master, &saved.master, ""),
            replicas: saved
                .replicas
                .iter()
                .map(|at| (at.clone(), instance(Kind::Replica, at, "")))
                .collect(),
            sentinels: saved
                .sentinels
                .iter()
                .map(|(id, at)| (id.clone(), instance(Kind::Sentinel, at, id)))
                .collect(),
            id: saved.id,
            current_epoch: saved.current_epoch,
            config_epoch: saved.config_epoch,
            leader: None,
            leader_epoch: saved.leader_epoch,
            o_down_since: None,
            failover: Failover::default(),
            tilt_since: None,
            last_tick: None,
            tick_pending: false,
            password: saved.password,
            ticks: vec![],
            next_channel: 1,
            openings: vec![],
            random: Box::new(random),
            observer,
            subscribers: Box::new(|_, _| {}),
            config,
            disk,
        };
        sentinel.save();
        sentinel
    }

    /// Rewrites the configuration file.
    pub(super) fn save(&self) {
        self.disk.save(Saved {
            id: self.id.clone(),
            current_epoch: self.current_epoch,
            config_epoch: self.config_epoch,
            leader_epoch: self.leader_epoch,
            master: self.current_master(),
            password: self.password.clone(),
            replicas: self
                .replicas
                .keys()
                .filter(|at| **at != self.current_master())
                .cloned()
                .collect(),
            sentinels: self
                .sentinels
                .iter()
                .map(|(id, s)| (id.clone(), s.address.clone()))
                .collect(),
        });
    }

    pub(super) fn instance(&self, who: &InstanceId) -> Option<&Instance> {
        match who {
            InstanceId::Master => Some(&self.master),
            InstanceId::Replica(address) => self.replicas.get(address),
            InstanceId::Sentinel(id) => self.sentinels.get(id),
        }
    }

    pub(super) fn instance_mut(&mut self, who: &InstanceId) -> Option<&mut Instance> {
        match who {
            InstanceId::Master => Some(&mut self.master),
            InstanceId::Replica(address) => self.replicas.get_mut(address),
            InstanceId::Sentinel(id) => self.sentinels.get_mut(id),
        }
    }

    pub(super) fn instances(&self) -> impl Iterator<Item = &Instance> {
        let others = self.replicas.values().chain(self.sentinels.values());
        std::iter::once(&self.master).chain(others)
    }

    /// All instances except this Sentinel: the master first.
    pub(super) fn everybody(&self) -> Vec<InstanceId> {
        let replicas = self.replicas.keys().cloned().map(InstanceId::Replica);
        let sentinels = self.sentinels.keys().cloned().map(InstanceId::Sentinel);
        std::iter::once(InstanceId::Master)
            .chain(replicas)
            .chain(sentinels)
            .collect()
    }

    /// `master app 10.0.0.4 6379`, or `slave 10.0.0.5:6379 10.0.0.5 6379 @ app 10.0.0.4 6379`.
    pub(super) fn describe(&self, who: &InstanceId) -> String {
        let Some(instance) = self.instance(who) else {
            return String::new();
        };
        let ((ip, port), name) = (&instance.address, &self.config.master_name);
        let (master_ip, master_port) = &self.master.address;
        match who {
            InstanceId::Master => format!("master {name} {ip} {port}"),
            InstanceId::Replica(_) => format!("slave {ip}:{port} {ip} {port} @ {name} {master_ip} {master_port}"),
            InstanceId::Sentinel(id) => format!("sentinel {id} {ip} {port} @ {name} {master_ip} {master_port}"),
        }
    }

    /// Reports an event to the observer and the subscribers.
    pub(super) fn emit(&mut self, event: &str, text: &str) {
        (self.observer)(format!("{event} {text}"));
        (self.subscribers)(event, text);
    }

    pub(super) fn emit_for(&mut self, event: &str, who: &InstanceId) {
        let text = self.describe(who);
        self.emit(event, &text);
    }

    /// The first tick at or after `due_ms`. What becomes due between two ticks waits for the second one, so a Sentinel's PINGs
    /// go out together.
    pub(super) fn next_turn_ms(&mut self, last_ms: u64, due_ms: u64) -> u64 {
        loop {
            if let Some(tick) = self.ticks.iter().find(|tick| **tick >= due_ms) {
                return *tick;
            }
            let before = self.ticks.last().copied().unwrap_or(last_ms);
            let interval = self.turn_interval_ms();
            self.ticks.push(before + interval);
        }
    }

    /// Redis draws its hz again for each tick, from 10 to 19, so that Sentinels do not run in step.
    fn turn_interval_ms(&mut self) -> u64 {
        1000 / (10 + (self.random)() % 10)
    }

    /// A tick (sentinelTimer). `planned_ms` is when it was due.
    pub(super) fn tick(&mut self, now: Moment, planned_ms: u64) {
        self.tick_pending = false;
        self.ticks.clear();
        self.check_tilt(now, planned_ms);
        for who in self.everybody() {
            self.handle(&who, now.mono_ms);
        }
        self.finish_failover(now.mono_ms);
    }

    /// Enters TILT mode if a tick comes much too late or the clock has jumped: what is known cannot be trusted for a while.
    fn check_tilt(&mut self, now: Moment, planned_ms: u64) {
        if let Some(last) = self.last_tick.replace(now) {
            let passed = now.wall_ms - last.wall_ms;
            let meant = planned_ms.saturating_sub(last.mono_ms) as i64;
            if passed < 0 || passed - meant > TILT_TRIGGER_MS {
                self.tilt_since = Some(now.mono_ms);
                self.emit("+tilt", "#tilt mode entered");
            }
        }
    }

    /// Handles one instance (sentinelHandleRedisInstance).
    fn handle(&mut self, who: &InstanceId, now_ms: u64) {
        self.reconnect(who, now_ms);
        self.send_periodic(who, now_ms);
        if let Some(since) = self.tilt_since {
            if now_ms - since < TILT_MS {
                return;
            }
            self.tilt_since = None;
            self.emit("-tilt", "#tilt mode exited");
        }
        self.check_subjectively_down(who, now_ms);
        if *who == InstanceId::Master {
            self.check_objectively_down(now_ms);
            if self.start_failover_if_needed(now_ms) {
                self.ask_for_master_state(true, now_ms);
            }
            self.failover_step(now_ms);
            self.ask_for_master_state(false, now_ms);
        }
    }

    fn check_subjectively_down(&mut self, who: &InstanceId, now_ms: u64) {
        let Some(instance) = self.instance_mut(who) else { return };
        let elapsed = match instance.unanswered_ping_ms {
            Some(since) => now_ms - since,
            None if instance.disconnected() => now_ms - instance.last_available_ms,
            None => 0,
        };
        if stale_command_link_at(instance).is_some_and(|at| now_ms > at) {
            instance.command = None;
        }
        if stale_pubsub_link_at(instance).is_some_and(|at| now_ms > at) {
            instance.pubsub = None;
        }
        let says_replica = instance.kind == Kind::Master
            && instance.role_reported == Kind::Replica
            && now_ms - instance.role_reported_at > instance.down_after_ms + INFO_MS * 2;
        let down = elapsed > instance.down_after_ms || says_replica;
        match (down, instance.s_down_since) {
            (true, None) => {
                instance.s_down_since = Some(now_ms);
                self.emit_for("+sdown", who);
            }
            (false, Some(_)) => {
                instance.s_down_since = None;
                self.emit_for("-sdown", who);
            }
            _ => {}
        }
    }

    fn check_objectively_down(&mut self, now_ms: u64) {
        let agree = 1 + self
            .sentinels
            .values()
            .filter(|sentinel| sentinel.finds_master_down)
            .count();
        let down = self.master.s_down_since.is_some() && agree >= self.config.quorum;
        match (down, self.o_down_since) {
            (true, None) => {
                self.o_down_since = Some(now_ms);
                let text = format!(
                    "{} #quorum {agree}/{}",
                    self.describe(&InstanceId::Master),
                    self.config.quorum
                );
                self.emit("+odown", &text);
            }
            (false, Some(_)) => {
                self.o_down_since = None;
                self.emit_for("-odown", &InstanceId::Master);
            }
            _ => {}
        }
    }

    /// The earliest moment at which a tick can do something.
    pub(super) fn next_due_ms(&self, now_ms: u64) -> u64 {
        if self.tick_pending || self.failover.in_progress() {
            return now_ms;
        }
        let mut due = now_ms + HELLO_MS;
        let mut at = |ms: Option<u64>| due = due.min(ms.unwrap_or(u64::MAX));
        for instance in self.instances() {
            if instance.disconnected() {
                at(Some(instance.last_reconnect_ms.map_or(now_ms, |last| last + PING_MS)));
            } else {
                let period = instance.ping_period_ms();
                at(Some(
                    (instance.last_pong_ms + period + 1).max(instance.last_ping_ms + period / 2 + 1),
                ));
                if instance.kind != Kind::Sentinel && !instance.awaits(Pending::Info) {
                    at(Some(
                        instance
                            .info_at
                            .map_or(now_ms, |last| last + self.info_period_ms(instance) + 1),
                    ));
                }
                if !instance.awaits(Pending::Hello) {
                    at(Some(instance.last_hello_sent_ms + HELLO_MS + 1));
                }
            }
            if instance.s_down_since.is_none() {
                let since = instance
                    .unanswered_ping_ms
                    .or(instance.disconnected().then_some(instance.last_available_ms));
                at(since.map(|since| since + instance.down_after_ms + 1));
            }
            at(stale_command_link_at(instance).map(|ms| ms + 1));
            at(stale_pubsub_link_at(instance).map(|ms| ms + 1));
        }
        if self.master.s_down_since.is_some() {
            for sentinel in self
                .sentinels
                .values()
                .filter(|s| !s.disconnected() && !s.awaits(Pending::AskMasterState))
            {
                at(Some(sentinel.answered_at.map_or(now_ms, |last| last + ASK_MS)));
            }
        }
        if self.o_down_since.is_some() {
            at(Some(self.failover.earliest_start_ms(self.config.failover_timeout_ms)));
        }
        at(self.tilt_since.map(|since| since + TILT_MS));
        due
    }

    /// Number of Sentinels, this one included.
    pub(super) fn voters(&self) -> usize {
        self.sentinels.len() + 1
    }
}
