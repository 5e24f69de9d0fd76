//! A replica's side of replication.

use super::backlog::Backlog;
use super::command::{self, Run, flag};
use super::config::{Moment, RedisEvent};
use super::databases::{DATABASES, Databases};
use super::keyspace::{Context, Effect, is_one_of};
use super::node::Node;
use super::replication::{LinkState, Role};
use super::resp::{Args, Request, RequestParser, parse_int};
use bytes::BytesMut;
use std::sync::Arc;
use tokio::sync::Notify;

/// What has come from the master and is not yet applied.
#[derive(Default)]
pub(crate) struct Incoming {
    pub(crate) bytes: BytesMut,
    parser: RequestParser,
    /// How much of it the parser has read.
    read: usize,
    /// A transaction has begun whose end has not come.
    open: bool,
    /// Commands that have been read and are applied with the end of their transaction.
    unit: Vec<Args>,
}

impl Node {
    /// The master to follow, if there is one.
    pub(crate) fn master(&self) -> Option<(String, u16)> {
        self.role.master_address()
    }

    /// Notified when the link must be made again.
    pub(crate) fn relink(&self) -> Arc<Notify> {
        self.relink.clone()
    }

    /// Closes the link to the master, which is made again at once; false if there is none.
    pub(super) fn drop_link(&self) -> bool {
        let follows = matches!(&self.role, Role::Replica { link, .. } if *link == LinkState::Connected);
        if follows {
            self.relink.notify_one();
        }
        follows
    }

    /// Sets the state of the link.
    pub(crate) fn link_is(&mut self, state: LinkState, now: Moment) {
        let mut lost = false;
        if let Role::Replica {
            link,
            down_since_s,
            last_io_s,
            ..
        } = &mut self.role
        {
            if *link == LinkState::Connected && state != LinkState::Connected {
                *down_since_s = now.unix_s();
                lost = true;
            }
            *last_io_s = now.unix_s();
            *link = state;
        }
        if lost {
            self.tell(RedisEvent::LinkDown);
        }
    }

    /// The arguments of PSYNC: the history and the offset of the next byte.
    pub(crate) fn psync_request(&self) -> (String, i64) {
        match self.history.backlog {
            Some(_) => (self.history.id.clone(), self.history.offset as i64 + 1),
            None => ("?".into(), -1),
        }
    }

    /// `+CONTINUE`: nothing was lost; the history may have a new ID.
    pub(crate) fn continue_with(&mut self, id: &str, now: Moment) {
        if id != self.history.id {
            self.history.shift(id.to_owned());
            self.kill(|client| client.replica.is_some());
        }
        self.link_is(LinkState::Connected, now);
        self.tell(RedisEvent::PartialSync);
    }

    /// `+FULLRESYNC`: everything here is discarded, also writes that no other node has.
    pub(crate) fn start_over(&mut self, id: &str, offset: u64, data: Databases, now: Moment) {
        self.kill(|client| client.replica.is_some());
        self.touch_all(|old, db, key| old[db].get(key).is_some() || data[db].get(key).is_some());
        self.data = data;
        self.master_db = 0;
        if self.config.maxmemory > 0 {
            self.weigh_everything();
        }
        self.history = super::backlog::History::new(id.to_owned());
        self.history.offset = offset;
        self.history.backlog = Some(Backlog::new(self.config.repl_backlog_size, offset));
        self.rewrite_disk();
        self.link_is(LinkState::Connected, now);
        self.tell(RedisEvent::FullSync);
    }

    /// Applies the complete commands of the stream; a transaction is applied, and counted, as a whole. Returns the offset to
    /// acknowledge, if the master asked for it: what was applied before it asked (replicationSendAck; the question itself
    /// counts only afterwards).
    ///
    /// # Errors
    /// The stream violates the protocol.
    pub(crate) fn apply(&mut self, stream: &mut Incoming, now: Moment) -> Result<Option<u64>, String> {
        let mut asked_at = None;
        loop {
            let args = match stream.parser.read(&stream.bytes, &mut stream.read, false) {
                Request::Command(args) => args,
                Request::Incomplete => return Ok(asked_at),
                Request::Malformed(error) => return Err(error),
            };
            match args.first().map(|name| name.to_ascii_lowercase()).as_deref() {
                Some(b"multi") => stream.open = true,
                Some(b"exec") => stream.open = false,
                _ => stream.unit.push(args),
            }
            if stream.open {
                continue;
            }
            for args in stream.unit.drain(..) {
                if args.len() == 3 && is_one_of(&args[0], &["replconf"]) && is_one_of(&args[1], &["getack"]) {
                    asked_at = Some(self.offset());
                }
                self.apply_one(&args, now);
            }
            // To the disk, and unchanged to this node's own replicas.
            self.propagate(now);
            let applied = stream.bytes.split_to(std::mem::take(&mut stream.read));
            self.stream(&applied);
        }
    }

    fn apply_one(&mut self, args: &Args, now: Moment) {
        let Some(spec) = args.first().and_then(|name| command::lookup(name)) else {
            return;
        };
        if !spec.takes(args.len()) {
            return;
        }
        match (spec.name, spec.run) {
            ("publish" | "spublish", _) => {
                self.publish(&args[1], &args[2], spec.name == "spublish");
            }
            ("select", _) => {
                let db = parse_int(&args[1]).and_then(|db| u8::try_from(db).ok());
                self.master_db = db.filter(|db| *db < DATABASES).unwrap_or(self.master_db);
            }
            (name, Run::Data(run)) if spec.is(flag::WRITE) => {
                let ctx = Context {
                    now,
                    name,
                    db: self.master_db,
                    from_master: true,
                    nested: false,
                    reads: false,
                };
                // A command that failed at the master fails here too.
                let _reply = run(self, args, ctx);
            }
            _ => {}
        }
    }

    /// The offset that this replica acknowledges.
    pub(crate) fn offset(&self) -> u64 {
        self.history.offset
    }

    /// Bytes have come from the master.
    pub(crate) fn master_spoke(&mut self, now: Moment) {
        if let Role::Replica { last_io_s, .. } = &mut self.role {
            *last_io_s = now.unix_s();
        }
    }

    /// Whether nothing has come from the master for longer than `repl-timeout`.
    pub(crate) fn master_is_silent(&self, now: Moment) -> bool {
        matches!(&self.role, Role::Replica { last_io_s, .. } if now.unix_s() - last_io_s > self.config.repl_timeout_s as i64)
    }
}

/// Applies effects to the data of an append-only file, as loading it does: with the commands' own code, unchecked as from a
/// master, and without a clock.
pub(super) fn replay(data: &mut Databases, effects: &[Effect]) {
    let config = super::config::RedisConfig {
        replica_of: Some((String::new(), 0)),
        ..Default::default()
    };
    let mut loader = Node::boot(
        config,
        super::disk::Disk::new(),
        Moment::default(),
        String::new,
        Arc::new(|_| {}),
    );
    loader.data = std::mem::take(data);
    for effect in effects {
        loader.master_db = effect.db;
        loader.apply_one(&effect.args, Moment::default());
    }
    *data = loader.data;
}
