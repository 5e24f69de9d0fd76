//! Blocked clients, which wait for replicas (WAIT) or for keys (BLPOP and similar), and what unblocks them.

use super::client::Waiting;
use super::config::Moment;
use super::keyspace::Context;
use super::node::{ClientId, Node};
use super::resp::Reply;
use bytes::Bytes;

impl Node {
    /// The first run of the cron at or after a moment.
    pub(super) fn cron_turn_after(&self, mono_ms: u64) -> u64 {
        // ten times a second (`hz`); time-outs are rounded up to that
        let cron_ms = 1000 / super::options::number(&self.options, "hz") as u64;
        self.started.mono_ms + (mono_ms - self.started.mono_ms).next_multiple_of(cron_ms)
    }

    /// A key for which clients wait now exists: they are served when the execution unit is over.
    pub(super) fn signal_ready(&mut self, db: u8, key: &Bytes) {
        let ready = (db, key.clone());
        if self.waiters.contains_key(&ready) && !self.ready.contains(&ready) {
            self.ready.push(ready);
        }
    }

    /// All keys of a database for which clients wait have changed.
    pub(super) fn signal_all(&mut self, db: u8) {
        let keys: Vec<Bytes> = self
            .waiters
            .keys()
            .filter(|(d, _)| *d == db)
            .map(|(_, key)| key.clone())
            .collect();
        keys.iter().for_each(|key| self.signal_ready(db, key));
    }

    /// Serves the clients that wait for keys: keys in the order in which they changed, the clients of one key in the order
    /// of arrival (handleClientsBlockedOnKeys). Each pop is an execution unit of its own.
    pub(super) fn serve_waiting(&mut self, now: Moment) {
        while !self.ready.is_empty() {
            let (db, key) = self.ready.remove(0);
            let ctx = Context {
                now,
                name: "",
                db,
                from_master: false,
                nested: false,
                reads: false,
            };
            for id in self.waiters.get(&(db, key.clone())).cloned().unwrap_or_default() {
                let client = self.clients.get(&id).filter(|client| !client.closing);
                let waiting = client.and_then(|client| client.waiting.as_ref());
                let Some(Waiting::Keys { want, .. }) = waiting else {
                    continue;
                };
                let want = want.clone();
                match self.lookup(&key, ctx) {
                    None => break,
                    Some(entry) if !want.suits(&entry.value) => continue,
                    Some(_) => {}
                }
                let reply = self.take_from(&want, &key, ctx);
                self.propagate(now);
                self.unblock(
                    id,
                    &reply.map_or_else(Reply::Error, |reply| reply.expect("the key is there")),
                );
            }
            self.propagate(now);
        }
    }

    /// Unblocks a client.
    pub(super) fn unblock(&mut self, id: ClientId, reply: &Reply) {
        self.forget_waiter(id);
        let offset = self.history.offset;
        if let Some(client) = self.clients.get_mut(&id) {
            // A pop has written; WAIT has not.
            if let Some(Waiting::Keys { .. }) = client.waiting.take() {
                client.written_offset = offset;
            }
            client.push(reply);
            if let Reply::Error(text) = reply {
                self.stats.error(text);
            }
            self.released.push(id);
        }
    }

    /// Takes a client out of all queues.
    pub(super) fn forget_waiter(&mut self, id: ClientId) {
        self.waiters.retain(|_, queue| {
            queue.retain(|other| *other != id);
            !queue.is_empty()
        });
    }

    /// Closes blocked clients when the role has changed: what they wait for can no longer happen here
    /// (disconnectAllBlockedClients).
    pub(super) fn unblock_all(&mut self) {
        let blocked: Vec<ClientId> = self
            .clients
            .values()
            .filter(|client| client.waiting.is_some())
            .map(|client| client.id)
            .collect();
        for id in blocked {
            let error = "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)";
            self.unblock(id, &Reply::error(error));
            if let Some(client) = self.clients.get_mut(&id) {
                client.closing = true;
            }
        }
    }

    /// The reply to a client whose time-out has passed.
    pub(super) fn timed_out(&self, waiting: &Waiting) -> Reply {
        match waiting {
            Waiting::Replicas { offset, .. } => Reply::Int(self.acknowledged(*offset) as i64),
            Waiting::Keys { .. } => Reply::NullArray,
        }
    }

    /// When the client's time-out passes, or when the pause ends that holds back its commands.
    pub(crate) fn wait_until(&self, id: ClientId) -> Option<u64> {
        let client = self.clients.get(&id)?;
        match &client.waiting {
            Some(waiting) => waiting.until_mono_ms(),
            None if client.postponed.is_some() => self.paused.map(|pause| pause.until_mono_ms),
            None => None,
        }
    }

    /// Checks whether a client's time-out has passed.
    pub(crate) fn wait_expired(&mut self, id: ClientId, now: Moment) {
        let waiting = self.clients.get(&id).and_then(|client| client.waiting.as_ref());
        let due = waiting.filter(|waiting| waiting.until_mono_ms().is_some_and(|until| now.mono_ms >= until));
        if let Some(reply) = due.map(|waiting| self.timed_out(waiting)) {
            self.unblock(id, &reply);
        }
    }
}
