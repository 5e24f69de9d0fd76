//! CLIENT: information about clients, and control of them.

use super::client::{Client, Replies};
use super::command::flag;
use super::config::Moment;
use super::keyspace::{Context, NOT_AN_INTEGER, SYNTAX, is_one_of};
use super::node::{ClientId, Node};
use super::resp::{Args, Reply, parse_int};
use bytes::Bytes;

/// CLIENT PAUSE: until when commands are held back, and which.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pause {
    pub(super) until_mono_ms: u64,
    /// Only commands that write or publish.
    writes_only: bool,
}

pub(super) fn client(node: &mut Node, client: &mut Client, args: &Args, ctx: Context) -> Reply {
    match args[1].to_ascii_lowercase().as_slice() {
        b"id" => Reply::Int(client.id as i64),
        b"getname" if client.name.is_empty() => Reply::Null,
        b"getname" => Reply::Bulk(client.name.clone()),
        b"setname" => set_name(client, &args[2]).unwrap_or(Reply::OK),
        b"info" => Reply::Text(format!("{}\n", node.describe(client, ctx.now))),
        b"list" => list(node, client, &args[2..], ctx),
        b"kill" => kill(node, client, &args[2..]),
        b"no-evict" if is_one_of(&args[2], &["ON", "OFF"]) => Reply::OK,
        b"reply" => reply(client, &args[2]),
        b"pause" if args.len() <= 4 => pause(node, &args[2..], ctx),
        b"unpause" => {
            node.unpause();
            Reply::OK
        }
        b"unblock" if args.len() <= 4 => unblock(node, &args[2..]),
        b"pause" | b"unblock" => {
            let word = String::from_utf8_lossy(&args[1]);
            Reply::error(format!(
                "ERR unknown subcommand or wrong number of arguments for '{word}'. Try CLIENT HELP."
            ))
        }
        _ => Reply::error(SYNTAX),
    }
}

/// Sets a client's name; an error if it is not a valid name.
pub(super) fn set_name(client: &mut Client, name: &Bytes) -> Option<Reply> {
    if name.iter().any(|byte| !(b'!'..=b'~').contains(byte)) {
        let error = "ERR Client names cannot contain spaces, newlines or special characters.";
        return Some(Reply::error(error));
    }
    client.name = name.clone();
    None
}

fn reply(client: &mut Client, how: &Bytes) -> Reply {
    match how.to_ascii_lowercase().as_slice() {
        b"on" => {
            client.replies = Replies::On;
            Reply::OK
        }
        b"off" => {
            client.replies = Replies::Off;
            Reply::Nothing
        }
        b"skip" => {
            if client.replies != Replies::Off {
                client.replies = Replies::SkipNext;
            }
            Reply::Nothing
        }
        _ => Reply::error(SYNTAX),
    }
}

impl Client {
    /// `normal`, `pubsub` or `replica`, as in CLIENT LIST TYPE and CLIENT KILL TYPE.
    fn kind(&self) -> &'static str {
        match () {
            () if self.replica.is_some() => "replica",
            () if self.subscriptions() + self.shard_channels.len() > 0 => "pubsub",
            () => "normal",
        }
    }
}

/// The type of that name. A master is not one of the clients here: see [`Node::drop_link`].
fn kind(name: &[u8]) -> Result<&'static str, Reply> {
    match name.to_ascii_lowercase().as_slice() {
        b"normal" => Ok("normal"),
        b"pubsub" => Ok("pubsub"),
        b"replica" | b"slave" => Ok("replica"),
        b"master" => Ok("master"),
        _ => {
            let name = String::from_utf8_lossy(name);
            Err(Reply::error(format!("ERR Unknown client type '{name}'")))
        }
    }
}

fn list(node: &Node, client: &Client, options: &[Bytes], ctx: Context) -> Reply {
    let mut wanted: Filter = Box::new(|_| true);
    match options {
        [] => {}
        [option, name] if is_one_of(option, &["TYPE"]) => match kind(name) {
            Ok(kind) => wanted = Box::new(move |other| other.kind() == kind),
            Err(error) => return error,
        },
        [option, ids @ ..] if is_one_of(option, &["ID"]) && !ids.is_empty() => {
            let ids: Option<Vec<i64>> = ids.iter().map(|id| parse_int(id).filter(|id| *id > 0)).collect();
            match ids {
                Some(ids) => wanted = Box::new(move |other| ids.contains(&(other.id as i64))),
                None => return Reply::error("ERR Invalid client ID"),
            }
        }
        _ => return Reply::error(SYNTAX),
    }
    let mut all: Vec<&Client> = node.clients.values().map(Box::as_ref).chain([client]).collect();
    all.sort_by_key(|client| client.id);
    let lines = all
        .into_iter()
        .filter(|other| wanted(other))
        .map(|other| format!("{}\n", node.describe(other, ctx.now)));
    Reply::Text(lines.collect())
}

impl Node {
    /// A line of CLIENT LIST. The sizes of buffers are not measured; those of an idle client are shown.
    fn describe(&self, client: &Client, now: Moment) -> String {
        let mut flags = String::new();
        for (set, letter) in [
            (client.replica.is_some(), 'S'),
            (client.listens(), 'P'),
            (client.transaction.is_some(), 'x'),
            (client.waiting.is_some() || client.postponed.is_some(), 'b'),
            (client.dirty, 'd'),
        ] {
            flags.extend(set.then_some(letter));
        }
        if flags.is_empty() {
            flags.push('N');
        }
        let s_since = |mono_ms: u64| now.mono_ms.saturating_sub(mono_ms) / 1000;
        let queued = client
            .transaction
            .as_ref()
            .map_or(-1, |transaction| transaction.queued.len() as i64);
        format!(
            "id={} addr={} laddr=127.0.0.1:{} fd={} name={} age={} idle={} flags={flags} db={} sub={} psub={} ssub={} multi={queued} qbuf=0 qbuf-free=20474 argv-mem=0 multi-mem=0 rbs=16384 rbp=16384 obl={} oll=0 omem=0 tot-mem=37658 events=r cmd={} user={} redir=-1 resp={}",
            client.id,
            client.address,
            self.config.port,
            client.id + 5,
            String::from_utf8_lossy(&client.name),
            s_since(client.connected_mono_ms),
            s_since(client.last_mono_ms),
            client.db,
            client.channels.len(),
            client.patterns.len(),
            client.shard_channels.len(),
            client.output.len(),
            client.last_command,
            client
                .user
                .as_ref()
                .map_or("(none)".into(), |user| String::from_utf8_lossy(user)),
            if client.resp3 { 3 } else { 2 },
        )
    }

    /// Closes clients; returns how many.
    pub(super) fn kill(&mut self, which: impl Fn(&Client) -> bool) -> i64 {
        let mut killed = 0;
        for other in self.clients.values_mut().filter(|other| which(other)) {
            other.close_now();
            killed += 1;
        }
        killed
    }

    /// The pause in progress; ends one that is over.
    pub(super) fn paused_at(&mut self, now: Moment) -> Option<Pause> {
        if self.paused?.until_mono_ms <= now.mono_ms {
            self.unpause();
        }
        self.paused
    }

    /// Whether CLIENT PAUSE holds back a command with these flags. A write is held back also where it would only be queued
    /// (processCommand checks before it queues).
    pub(super) fn holds_back(&mut self, client: &Client, flags: u32, now: Moment) -> bool {
        let writes = flags & (flag::WRITE | flag::MAY_REPLICATE) != 0;
        let pause = self.paused_at(now).filter(|_| client.replica.is_none());
        pause.is_some_and(|pause| !pause.writes_only || writes)
    }

    fn unpause(&mut self) {
        self.paused = None;
        self.timers.notify_one(); // expired keys are deleted again
        for id in std::mem::take(&mut self.postponed) {
            if let Some(client) = self.clients.get(&id) {
                client.wake.notify_one();
                self.released.push(id);
            }
        }
    }
}

fn pause(node: &mut Node, options: &[Bytes], ctx: Context) -> Reply {
    let writes_only = match options.get(1) {
        None => false,
        Some(mode) if is_one_of(mode, &["ALL"]) => false,
        Some(mode) if is_one_of(mode, &["WRITE"]) => true,
        Some(_) => return Reply::error("ERR CLIENT PAUSE mode must be WRITE or ALL"),
    };
    let Some(timeout_ms) = parse_int(&options[0]) else {
        return Reply::error("ERR timeout is not an integer or out of range");
    };
    let Ok(timeout_ms) = u64::try_from(timeout_ms) else {
        return Reply::error("ERR timeout is negative");
    };
    let until_mono_ms = ctx.now.mono_ms + timeout_ms;
    // A pause in progress is neither shortened nor restricted to fewer commands (pauseClients).
    let before = node.paused.filter(|pause| pause.until_mono_ms > ctx.now.mono_ms);
    node.paused = Some(Pause {
        until_mono_ms: before.map_or(until_mono_ms, |pause| pause.until_mono_ms.max(until_mono_ms)),
        writes_only: writes_only && before.is_none_or(|pause| pause.writes_only),
    });
    Reply::OK
}

fn unblock(node: &mut Node, options: &[Bytes]) -> Reply {
    let as_error = match options.get(1) {
        None => false,
        Some(reason) if is_one_of(reason, &["TIMEOUT"]) => false,
        Some(reason) if is_one_of(reason, &["ERROR"]) => true,
        Some(_) => return Reply::error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"),
    };
    let Some(id) = parse_int(&options[0]) else {
        return Reply::error(NOT_AN_INTEGER);
    };
    let id = id as ClientId;
    let Some(waiting) = node.clients.get(&id).and_then(|client| client.waiting.as_ref()) else {
        return Reply::Int(0);
    };
    let reply = if as_error {
        Reply::error("UNBLOCKED client unblocked via CLIENT UNBLOCK")
    } else {
        node.timed_out(waiting)
    };
    node.unblock(id, &reply);
    Reply::Int(1)
}

/// Which clients CLIENT KILL selects.
type Filter = Box<dyn Fn(&Client) -> bool>;

/// The old form has an address and may also close the caller; the new form has filters and by default does not.
fn kill(node: &mut Node, client: &mut Client, options: &[Bytes]) -> Reply {
    let text = |bytes: &Bytes| String::from_utf8_lossy(bytes).into_owned();
    let (mut filters, mut spare_me): (Vec<Filter>, bool) = (vec![], options.len() > 1);
    let old = options.len() == 1;
    if old {
        let address = text(&options[0]);
        filters.push(Box::new(move |other| other.address.to_string() == address));
    }
    for option in options.chunks(2).filter(|_| !old) {
        let [name, value] = option else {
            return Reply::error(SYNTAX);
        };
        let words = text(value);
        match name.to_ascii_lowercase().as_slice() {
            b"id" => match parse_int(value).filter(|id| *id > 0) {
                Some(id) => filters.push(Box::new(move |other| other.id as i64 == id)),
                None => return Reply::error("ERR client-id should be greater than 0"),
            },
            b"type" => match kind(value) {
                Ok(kind) => filters.push(Box::new(move |other| other.kind() == kind)),
                Err(error) => return error,
            },
            b"addr" => filters.push(Box::new(move |other| other.address.to_string() == words)),
            b"laddr" => {
                let own = format!("127.0.0.1:{}", node.config.port);
                filters.push(Box::new(move |_| own == words));
            }
            b"user" if !node.users.has(value) => return Reply::error(format!("ERR No such user '{words}'")),
            b"user" => {
                let user = value.clone();
                filters.push(Box::new(move |other| other.user.as_ref() == Some(&user)));
            }
            b"skipme" if is_one_of(value, &["YES", "NO"]) => spare_me = is_one_of(value, &["YES"]),
            _ => return Reply::error(SYNTAX),
        }
    }
    let which = |other: &Client| filters.iter().all(|filter| filter(other));
    let mut killed = node.kill(which);
    let means_masters = |option: &[Bytes]| match is_one_of(&option[0], &["TYPE"]) {
        true => is_one_of(&option[1], &["MASTER"]),
        false => is_one_of(&option[0], &["SKIPME"]),
    };
    if !old && options.chunks(2).all(means_masters) {
        killed += i64::from(node.drop_link());
    }
    if !spare_me && which(client) {
        client.closing = true;
        killed += 1;
    }
    match (old, killed) {
        (true, 0) => Reply::error("ERR No such client"),
        (true, _) => Reply::OK,
        (false, killed) => Reply::Int(killed),
    }
}
