//! A master's side of replication: feeding replicas, counting them and waiting for them.

use super::client::{Client, Waiting};

use super::config::Moment;
use super::keyspace::{Context, NOT_AN_INTEGER, SYNTAX};
use super::node::{ClientId, Node};
use super::replica::replay;
use super::replication::Attached;
use super::resp::{Args, Reply, encode_request, parse_int};
use bytes::BytesMut;

impl Node {
    /// The attached replicas, without one whose connection is being closed (freeClient).
    pub(super) fn replicas(&self) -> impl Iterator<Item = (&Client, &Attached)> {
        self.clients
            .values()
            .filter(|client| !client.closing)
            .filter_map(|client| Some((&**client, client.replica.as_ref()?)))
    }

    /// Appends to the stream, to the backlog and to every replica's output.
    pub(super) fn stream(&mut self, bytes: &[u8]) {
        self.history.push(bytes);
        let attached = |client: &&mut Box<Client>| client.replica.is_some() && !client.closing;
        for client in self.clients.values_mut().filter(attached) {
            client.output.extend_from_slice(bytes);
            client.wake.notify_one();
        }
    }

    /// Replicas that have acknowledged an offset.
    pub(super) fn acknowledged(&self, offset: u64) -> usize {
        self.replicas()
            .filter(|(_, replica)| replica.online && replica.acked >= offset)
            .count()
    }

    /// Checks `min-replicas-to-write`. Redis counts once a second (replicationCron), in whole seconds, from acknowledgements
    /// alone: a master that is cut off accepts writes for about max-lag + 1 s (measured: 2.49 s at max-lag 1, 10.84 s at 10).
    pub(super) fn enough_replicas(&self, now: Moment) -> bool {
        let wanted = self.config.min_replicas_to_write;
        if wanted == 0 {
            return true;
        }
        let into_second = (now.mono_ms - self.started.mono_ms) % 1000;
        let counted_at_s = (now.wall_ms - into_second as i64).div_euclid(1000);
        let max_lag = self.config.min_replicas_max_lag_s as i64;
        self.replicas()
            .filter(|(_, replica)| replica.online && counted_at_s - replica.acked_at_s <= max_lag)
            .count()
            >= wanted
    }

    pub(super) fn psync(&mut self, client: &mut Client, args: &Args, now: Moment) -> Reply {
        let Some(offset) = parse_int(&args[2]) else {
            return Reply::error(NOT_AN_INTEGER);
        };
        if client.replica.is_some() {
            return Reply::Nothing;
        }
        if self.role.link_is_down() {
            return Reply::error("NOMASTERLINK Can't SYNC while not connected with my master");
        }
        let id = String::from_utf8_lossy(&args[1]).into_owned();
        let missing = u64::try_from(offset)
            .ok()
            .and_then(|offset| self.history.missing(&id, offset));
        let partial = missing.is_some();
        match (partial, offset) {
            (true, _) => self.stats.partial_syncs += 1,
            (false, -1) => {}
            // It asked to continue, which is not possible.
            (false, _) => self.stats.refused_partial_syncs += 1,
        }
        self.stats.full_syncs += u64::from(!partial);
        match missing {
            Some(bytes) => {
                client
                    .output
                    .extend_from_slice(format!("+CONTINUE {}\r\n", self.history.id).as_bytes());
                client.output.extend_from_slice(&bytes);
            }
            None => {
                if self.history.backlog.is_none() {
                    // No replica has followed this history, so none can continue it (syncCommand).
                    self.history.id = self.random_id();
                    self.history.id2 = None;
                    self.ensure_backlog();
                }
                let snapshot = self.data.snapshot();
                let head = format!(
                    "+FULLRESYNC {} {}\r\n${}\r\n",
                    self.history.id,
                    self.history.offset,
                    snapshot.len()
                );
                client.output.extend_from_slice(head.as_bytes());
                client.output.extend_from_slice(&snapshot);
            }
        }
        // A replica that starts a full resynchronisation needs SELECT again.
        if !partial {
            self.stream_db = None;
        }
        client.replica = Some(Attached {
            online: partial,
            acked: 0,
            acked_at_s: now.unix_s(),
        });
        self.timers.notify_one();
        Reply::Nothing
    }

    pub(super) fn replconf(&mut self, client: &mut Client, args: &Args, now: Moment) -> Reply {
        if args.len().is_multiple_of(2) {
            return Reply::error(SYNTAX);
        }
        for pair in args[1..].chunks(2) {
            match pair[0].to_ascii_lowercase().as_slice() {
                b"listening-port" => client.announced.1 = parse_int(&pair[1]).unwrap_or(0) as u16,
                b"ip-address" => client.announced.0 = String::from_utf8_lossy(&pair[1]).into_owned(),
                b"capa" => {}
                b"getack" => return Reply::Nothing,
                b"ack" => {
                    let offset = parse_int(&pair[1]).unwrap_or(0) as u64;
                    if let Some(replica) = &mut client.replica {
                        replica.acked = replica.acked.max(offset);
                        replica.acked_at_s = now.unix_s();
                        replica.online = true;
                    }
                    // The client is not in the table while its command runs: count it separately.
                    self.release_waiting(client.replica.as_ref());
                    return Reply::Nothing;
                }
                _ => {
                    return Reply::error(format!(
                        "ERR Unrecognized REPLCONF option: {}",
                        String::from_utf8_lossy(&pair[0])
                    ));
                }
            }
        }
        Reply::OK
    }

    pub(super) fn wait(&mut self, client: &mut Client, args: &Args, ctx: Context) -> Reply {
        if !self.role.is_master() {
            return Reply::error(
                "ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a replica is configured to be writable (which is not the default) writes to replicas are just local and are not propagated.",
            );
        }
        let Some(replicas) = parse_int(&args[1]) else {
            return Reply::error(NOT_AN_INTEGER);
        };
        let Some(timeout) = parse_int(&args[2]) else {
            return Reply::error("ERR timeout is not an integer or out of range");
        };
        if timeout < 0 {
            return Reply::error("ERR timeout is negative");
        }
        let acknowledged = self.acknowledged(client.written_offset);
        // Nothing can block inside a transaction.
        if acknowledged as i64 >= replicas || ctx.nested {
            return Reply::Int(acknowledged as i64);
        }
        let until_mono_ms = (timeout > 0).then(|| self.cron_turn_after(ctx.now.mono_ms + timeout as u64));
        client.waiting = Some(Waiting::Replicas {
            replicas: replicas as usize,
            offset: client.written_offset,
            until_mono_ms,
        });
        client.wake.notify_one();
        self.wants_acks = true;
        if self.paused.is_some() {
            self.timers.notify_one(); // it is asked when the pause ends
        }
        Reply::Nothing
    }

    /// Asks the replicas to acknowledge if a client waits for that, after its command (replicationRequestAckFromSlaves): the
    /// question is part of the stream and moves the offset, but this command does not wait for it. During a pause nothing is
    /// asked; it is asked when the pause is over, after the writes that the pause has held back (beforeSleep).
    pub(super) fn ask_for_acks(&mut self, now: Moment) {
        if !self.wants_acks || self.paused_at(now).is_some() {
            return;
        }
        let held_back = |id| self.clients.get(id).is_some_and(|client| client.postponed.is_some());
        if self.released.iter().any(held_back) {
            return;
        }
        self.wants_acks = false;
        if self.role.is_master() && (self.history.backlog.is_some() || self.replicas().next().is_some()) {
            let mut ask = BytesMut::new();
            encode_request(&["REPLCONF", "GETACK", "*"], &mut ask);
            self.stream(&ask);
        }
    }

    fn release_waiting(&mut self, speaking: Option<&Attached>) {
        let counts: Vec<(ClientId, usize)> = self
            .clients
            .values()
            .filter_map(|client| {
                let Some(Waiting::Replicas { replicas, offset, .. }) = &client.waiting else {
                    return None;
                };
                let also = speaking.is_some_and(|replica| replica.acked >= *offset) as usize;
                let count = self.acknowledged(*offset) + also;
                (count >= *replicas).then_some((client.id, count))
            })
            .collect();
        for (id, count) in counts {
            self.unblock(id, &Reply::Int(count as i64));
        }
    }

    /// Does what is due by the clock: expiry, PING to replicas, closing replicas that have timed out, the disk. Returns when
    /// it must run again.
    pub(crate) fn cron(&mut self, now: Moment) -> Option<u64> {
        self.latest = now;
        let mut due: Option<u64> = None;
        let mut at = |mono_ms: u64| due = Some(due.map_or(mono_ms, |other| other.min(mono_ms)));
        if self.role.is_master() {
            let pause = self.paused_at(now);
            self.ask_for_acks(now);
            while pause.is_none()
                && let Some((db, key)) = self.data.first_expired(now.wall_ms)
            {
                self.expire(db, &key);
                self.propagate(now);
            }
            if let Some(pause) = pause {
                at(pause.until_mono_ms);
            } else if let Some(expiry) = self.data.next_expiry_ms() {
                // Checked again after a second at the latest, because the wall clock may jump.
                let left = (expiry + 1 - now.wall_ms).clamp(1, 1000) as u64;
                at((now.mono_ms + left).next_multiple_of(100));
            }
            let timeout = self.config.repl_timeout_s as i64;
            let silent = |client: &Client| {
                client
                    .replica
                    .as_ref()
                    .is_some_and(|replica| now.unix_s() - replica.acked_at_s > timeout)
            };
            self.kill(silent);
            if self.replicas().next().is_some() {
                if now.mono_ms >= self.next_ping_mono_ms {
                    self.next_ping_mono_ms = now.mono_ms + self.config.repl_ping_s * 1000;
                    let mut ping = BytesMut::new();
                    encode_request(&["PING"], &mut ping);
                    self.stream(&ping);
                }
                at(self.next_ping_mono_ms);
            }
        }
        if let Some(save) = self.save_if_due(now) {
            at(save);
        }
        if let Some(sync) = self.sync_due_mono_ms {
            if now.mono_ms >= sync {
                self.sync_due_mono_ms = None;
                let mut disk = self.disk.lock();
                let written = std::mem::take(&mut disk.written);
                replay(&mut disk.durable, &written);
            } else {
                at(sync);
            }
        }
        self.cron_due_mono_ms = due;
        due
    }
}
