//! A Sentinel's links to instances: connecting, sending, receiving, replacing.

use super::instance::{Address, Channel, Instance, Kind, Pending};
use super::state::{InstanceId, Opening, Sentinel};
use super::{HELLO_MS, INFO_MS, PING_MS, STALE_LINK_MS};
use bytes::BytesMut;
use model_redis::{Moment, resp::Reply};
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::Notify;

impl Sentinel {
    fn open(&mut self, address: Address, now_ms: u64) -> Channel {
        let (id, wake): (u64, Arc<Notify>) = (self.next_channel, Arc::default());
        self.next_channel += 1;
        self.openings.push(Opening {
            channel: id,
            address,
            wake: wake.clone(),
        });
        Channel {
            id,
            opened_ms: now_ms,
            outbox: BytesMut::new(),
            pending: VecDeque::new(),
            wake,
        }
    }

    pub(super) fn reconnect(&mut self, who: &InstanceId, now_ms: u64) {
        let Some(instance) = self.instance_mut(who) else { return };
        let waited = instance.last_reconnect_ms.is_none_or(|last| now_ms - last >= PING_MS);
        if !instance.disconnected() || !waited {
            return;
        }
        instance.last_reconnect_ms = Some(now_ms);
        let (address, kind) = (instance.address.clone(), instance.kind);
        let (no_command, no_pubsub) = (
            instance.command.is_none(),
            instance.pubsub.is_none() && kind != Kind::Sentinel,
        );
        let name = format!("sentinel-{}", &self.id[..8]);
        // Sentinels that ask for a password have the same one (sentinelSendAuthIfNeeded).
        let passwords = &self.config.passwords;
        let password = match kind {
            Kind::Sentinel => passwords.require.clone(),
            Kind::Master | Kind::Replica => passwords.of_redis.clone(),
        };
        if no_command {
            let channel = self.open(address.clone(), now_ms);
            let instance = self.instance_mut(who).expect("it was there above");
            instance.command = Some(channel);
            if !password.is_empty() {
                instance.send(&["AUTH", &password], Pending::Ignored);
            }
            instance.send(&["CLIENT", "SETNAME", &format!("{name}-cmd")], Pending::Ignored);
            ping(instance, now_ms);
        }
        if no_pubsub {
            let mut channel = self.open(address, now_ms);
            let commands = [vec!["CLIENT", "SETNAME", ""], vec!["SUBSCRIBE", super::HELLO_CHANNEL]];
            let name = format!("{name}-pubsub");
            if !password.is_empty() {
                model_redis::resp::encode_request(&["AUTH", &password], &mut channel.outbox);
            }
            for mut words in commands {
                if words.len() == 3 {
                    words[2] = &name;
                }
                model_redis::resp::encode_request(&words, &mut channel.outbox);
            }
            let instance = self.instance_mut(who).expect("it was there above");
            instance.pubsub = Some(channel);
            instance.pubsub_active_ms = now_ms;
        }
    }

    /// Sends what is due. At most one command of each kind is unanswered at a time. (Real Sentinels repeat them at each tick
    /// until the reply comes; no difference in behaviour was found.)
    pub(super) fn send_periodic(&mut self, who: &InstanceId, now_ms: u64) {
        let Some(info_ms) = self.instance(who).map(|instance| self.info_period_ms(instance)) else {
            return;
        };
        let Some(instance) = self.instance_mut(who) else { return };
        if instance.disconnected() {
            return;
        }
        let redis = instance.kind != Kind::Sentinel;
        if redis && instance.info_at.is_none_or(|at| now_ms - at > info_ms) && !instance.awaits(Pending::Info) {
            instance.send(&["INFO"], Pending::Info);
        }
        let period = instance.ping_period_ms();
        if now_ms - instance.last_pong_ms > period && now_ms.saturating_sub(instance.last_ping_ms) > period / 2 {
            ping(instance, now_ms);
        }
        if now_ms - instance.last_hello_sent_ms > HELLO_MS && !instance.awaits(Pending::Hello) {
            let hello = self.hello();
            if let Some(instance) = self.instance_mut(who) {
                instance.send(&["PUBLISH", super::HELLO_CHANNEL, &hello], Pending::Hello);
            }
        }
    }

    pub(super) fn info_period_ms(&self, instance: &Instance) -> u64 {
        let trouble = self.o_down_since.is_some() || self.failover.in_progress();
        let urgent = instance.kind == Kind::Replica && (trouble || instance.its_link_down_ms != 0);
        if urgent { 1000 } else { INFO_MS }
    }

    /// Processes a reply, or a message of a subscription.
    pub(super) fn received(&mut self, channel: u64, reply: &Reply, now: Moment) {
        let command = |instance: &Instance| instance.command.as_ref().is_some_and(|open| open.id == channel);
        match self.owner(channel) {
            Some(who) if self.instance(&who).is_some_and(command) => self.replied(&who, reply, now),
            Some(who) => self.receive_message(&who, reply, now),
            None => {}
        }
    }

    /// Whether a connection is still wanted.
    pub(super) fn owns(&self, channel: u64) -> bool {
        self.instances().any(|instance| instance.has(channel))
    }

    fn replied(&mut self, who: &InstanceId, reply: &Reply, now: Moment) {
        let Some(instance) = self.instance_mut(who) else { return };
        let Some(pending) = instance
            .command
            .as_mut()
            .and_then(|channel| channel.pending.pop_front())
        else {
            return;
        };
        let now_ms = now.mono_ms;
        match pending {
            Pending::Ping => {
                instance.last_pong_ms = now_ms;
                let healthy = match reply {
                    Reply::Simple(text) => text == "PONG",
                    Reply::Error(text) => text.starts_with("LOADING") || text.starts_with("MASTERDOWN"),
                    _ => false,
                };
                if healthy {
                    instance.last_available_ms = now_ms;
                    instance.unanswered_ping_ms = None;
                    // If the instance was down, the next tick finds it up.
                    let down = instance.s_down_since.is_some();
                    self.tick_pending |= down;
                }
            }
            Pending::Hello if !matches!(reply, Reply::Error(_)) => instance.last_hello_sent_ms = now_ms,
            Pending::Info => {
                if let Some(text) = reply.text() {
                    self.informed(who, &text, now_ms);
                }
            }
            Pending::AskMasterState => self.answered(who, reply, now_ms),
            Pending::Hello | Pending::Ignored => {}
        }
    }

    fn receive_message(&mut self, who: &InstanceId, message: &Reply, now: Moment) {
        if let Some(instance) = self.instance_mut(who) {
            instance.pubsub_active_ms = now.mono_ms;
        }
        if let Reply::Array(parts) = message
            && let [kind, _, text] = &parts[..]
            && kind.text().as_deref() == Some("message")
            && let Some(text) = text.text()
        {
            self.hello_received(&text, now.mono_ms);
        }
    }

    /// Processes a connection that could not be established, or that broke.
    pub(super) fn lost(&mut self, channel: u64) {
        let Some(who) = self.owner(channel) else { return };
        let Some(instance) = self.instance_mut(&who) else {
            return;
        };
        if instance.command.as_ref().is_some_and(|command| command.id == channel) {
            instance.command = None;
        } else {
            instance.pubsub = None;
        }
        self.tick_pending = true;
    }

    fn owner(&self, channel: u64) -> Option<InstanceId> {
        if self.master.has(channel) {
            return Some(InstanceId::Master);
        }
        let replica = self.replicas.iter().find(|(_, replica)| replica.has(channel));
        let sentinel = || self.sentinels.iter().find(|(_, sentinel)| sentinel.has(channel));
        match replica {
            Some((address, _)) => Some(InstanceId::Replica(address.clone())),
            None => sentinel().map(|(id, _)| InstanceId::Sentinel(id.clone())),
        }
    }

    /// The bytes to write to a connection; `None` if it must be closed.
    pub(super) fn take_outbox(&mut self, channel: u64) -> Option<BytesMut> {
        let others = self.replicas.values_mut().chain(self.sentinels.values_mut());
        std::iter::once(&mut self.master)
            .chain(others)
            .flat_map(|instance| [&mut instance.command, &mut instance.pubsub])
            .flatten()
            .find(|open| open.id == channel)
            .map(|open| open.outbox.split())
    }
}

fn ping(instance: &mut Instance, now_ms: u64) {
    instance.send(&["PING"], Pending::Ping);
    instance.last_ping_ms = now_ms;
    instance.unanswered_ping_ms.get_or_insert(now_ms);
}

/// When a link that is connected and does not reply must be replaced.
pub(super) fn stale_command_link_at(instance: &Instance) -> Option<u64> {
    let (channel, since) = (instance.command.as_ref()?, instance.unanswered_ping_ms?);
    let half = instance.down_after_ms / 2;
    Some(
        (channel.opened_ms + STALE_LINK_MS)
            .max(since + half)
            .max(instance.last_pong_ms + half),
    )
}

pub(super) fn stale_pubsub_link_at(instance: &Instance) -> Option<u64> {
    let channel = instance.pubsub.as_ref()?;
    Some((channel.opened_ms + STALE_LINK_MS).max(instance.pubsub_active_ms + HELLO_MS * 3))
}
