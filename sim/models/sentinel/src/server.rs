//! A Sentinel on a network: one task for the timer, one for each connection, incoming or outgoing.

use super::commands::Session;
use super::config::{SentinelConfig, SentinelDisk};
use super::state::{Opening, Sentinel};
use bytes::{Buf, Bytes, BytesMut};
use model_redis::resp::{Reply, Request, RequestParser, parse_reply};
use model_redis::{Moment, sleep_until};
use seams::{Env, Stream};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;

/// Events queued for a subscriber.
struct Subscriber {
    channels: std::collections::BTreeSet<Bytes>,
    messages: Vec<(String, String)>,
    wake: Arc<Notify>,
}

type Subscribers = Arc<Mutex<BTreeMap<u64, Subscriber>>>;

#[derive(Clone)]
struct Shared {
    env: Env,
    sentinel: Arc<Mutex<Sentinel>>,
    subscribers: Subscribers,
    /// Wakes the timer, which computes its next tick again.
    timer_wake: Arc<Notify>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Sentinel> {
        self.sentinel.lock().expect("no code panics while holding the Sentinel")
    }

    fn subscribers(&self) -> MutexGuard<'_, BTreeMap<u64, Subscriber>> {
        self.subscribers
            .lock()
            .expect("no code panics while holding the subscribers")
    }

    /// Runs `work`, which may change when the timer is due, and may open connections.
    fn with<R>(&self, work: impl FnOnce(&mut Sentinel, Moment) -> R) -> R {
        let mut sentinel = self.lock();
        let result = work(&mut sentinel, Moment::of(&self.env));
        if sentinel.tick_pending {
            self.timer_wake.notify_one();
        }
        result
    }
}

/// Runs a Sentinel until its host dies. `observer` is called with its events as Sentinel writes them:
/// `+switch-master app 10.0.0.4 6379 10.0.0.5 6379`. Returns only if the port is taken, which is logged.
pub async fn serve(env: Env, config: SentinelConfig, disk: SentinelDisk, observer: Arc<dyn Fn(String) + Send + Sync>) {
    let port = config.port;
    let listener = match env.network.listen(port).await {
        Ok(listener) => listener,
        Err(error) => return tracing::error!(port, %error, "the sentinel cannot listen"),
    };
    let entropy = env.entropy.clone();
    let random = move || {
        let mut bytes = [0; 8];
        entropy.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    };
    let mut sentinel = Sentinel::boot(config, disk, Moment::of(&env), random, observer);
    let subscribers: Subscribers = Arc::default();
    let receivers = subscribers.clone();
    sentinel.subscribers = Box::new(move |event, text| {
        let mut receivers = receivers.lock().expect("no code panics while holding the subscribers");
        for subscriber in receivers.values_mut().filter(|s| s.channels.contains(event.as_bytes())) {
            subscriber.messages.push((event.to_owned(), text.to_owned()));
            subscriber.wake.notify_one();
        }
    });
    let shared = Shared {
        env: env.clone(),
        sentinel: Arc::new(Mutex::new(sentinel)),
        subscribers,
        timer_wake: Arc::default(),
    };
    env.spawn(keep_time(shared.clone()));
    let mut next_client = 3;
    loop {
        match listener.accept().await {
            Ok(stream) => {
                env.spawn(serve_client(shared.clone(), stream, next_client));
                next_client += 1;
            }
            Err(error) => {
                tracing::warn!(%error, "the sentinel cannot accept");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// The timer. Ticks at which nothing can happen are skipped; the others are at the times of the real Sentinel's.
async fn keep_time(shared: Shared) {
    let mut planned_ms = Moment::of(&shared.env).mono_ms;
    loop {
        let now = Moment::of(&shared.env);
        let last_ms = now.mono_ms;
        let openings = {
            let mut sentinel = shared.lock();
            sentinel.tick(now, planned_ms);
            std::mem::take(&mut sentinel.openings)
        };
        for opening in openings {
            shared.env.spawn(converse(shared.clone(), opening));
        }
        planned_ms = loop {
            let now = Moment::of(&shared.env);
            let planned_ms = {
                let mut sentinel = shared.lock();
                let due_ms = sentinel.next_due_ms(now.mono_ms);
                sentinel.next_turn_ms(last_ms, due_ms.max(now.mono_ms))
            };
            seams::select! {
                () = sleep_until(Some(planned_ms), now) => break planned_ms,
                () = shared.timer_wake.notified() => {}
            }
        };
    }
}

/// One connection to an instance: commands and replies, or a subscription.
async fn converse(shared: Shared, opening: Opening) {
    let Opening {
        channel,
        address: (host, port),
        wake,
    } = opening;
    let stream = seams::select! {
        stream = shared.env.network.connect(&host, port) => stream,
        () = given_up(&shared, channel, &wake) => return,
    };
    if let Ok(stream) = stream {
        exchange(&shared, channel, &wake, stream).await;
    }
    shared.with(|sentinel, _| sentinel.lost(channel));
}

/// Returns when the Sentinel no longer wants this connection.
async fn given_up(shared: &Shared, channel: u64, wake: &Notify) {
    while shared.lock().owns(channel) {
        wake.notified().await;
    }
}

async fn exchange(shared: &Shared, channel: u64, wake: &Notify, stream: Stream) {
    let (mut reader, mut writer) = tokio::io::split(stream);
    let (mut input, mut output) = (BytesMut::new(), BytesMut::new());
    loop {
        match shared.lock().take_outbox(channel) {
            Some(more) => output.unsplit(more),
            None => return,
        }
        input.reserve(4096);
        seams::select! {
            written = writer.write(&output), if !output.is_empty() => match written {
                Ok(n) if n > 0 => output.advance(n),
                _ => return,
            },
            () = wake.notified() => {}
            read = reader.read_buf(&mut input) => match read {
                Ok(n) if n > 0 => {}
                _ => return,
            },
        }
        loop {
            match parse_reply(&input) {
                Ok(Some((reply, used))) => {
                    input.advance(used);
                    shared.with(|sentinel, now| sentinel.received(channel, &reply, now));
                }
                Ok(None) => break,
                Err(_) => return,
            }
        }
    }
}

/// Serves one client.
async fn serve_client(shared: Shared, stream: Stream, id: u64) {
    let wake: Arc<Notify> = Arc::default();
    let mut session = Session {
        id,
        must_authenticate: shared.lock().password.is_some(),
        ..Session::default()
    };
    converse_with_client(&shared, stream, &mut session, &wake).await;
    shared.subscribers().remove(&id);
}

async fn converse_with_client(shared: &Shared, stream: Stream, session: &mut Session, wake: &Arc<Notify>) {
    let (mut reader, mut writer) = tokio::io::split(stream);
    let (mut input, mut output) = (Input::default(), BytesMut::new());
    loop {
        if session.closing && output.is_empty() {
            return;
        }
        input.bytes.reserve(1024);
        seams::select! {
            written = writer.write(&output), if !output.is_empty() => match written {
                Ok(n) if n > 0 => output.advance(n),
                _ => return,
            },
            () = wake.notified() => {
                let mut subscribers = shared.subscribers();
                let messages = subscribers.get_mut(&session.id).map(|s| std::mem::take(&mut s.messages));
                for (event, text) in messages.unwrap_or_default() {
                    let parts = vec![Reply::bulk("message"), Reply::bulk(event), Reply::bulk(text)];
                    Reply::Push(parts).encode(session.resp3, &mut output);
                }
            }
            read = reader.read_buf(&mut input.bytes) => match read {
                Ok(n) if n > 0 => answer(shared, session, wake, &mut input, &mut output),
                _ => return,
            },
        }
    }
}

/// What a client has sent and is not yet read.
#[derive(Default)]
struct Input {
    bytes: BytesMut,
    parser: RequestParser,
}

impl Input {
    fn request(&mut self) -> Request {
        let mut at = 0;
        let request = self.parser.read(&self.bytes, &mut at, false);
        self.bytes.advance(at);
        request
    }
}

/// Executes the complete requests in the input.
fn answer(shared: &Shared, session: &mut Session, wake: &Arc<Notify>, input: &mut Input, output: &mut BytesMut) {
    while !session.closing {
        match input.request() {
            Request::Incomplete => return,
            Request::Malformed(error) => {
                Reply::error(error).encode(session.resp3, output);
                session.closing = true;
            }
            Request::Command(args) => {
                if args.is_empty() {
                    continue;
                }
                let replies = shared.with(|sentinel, now| sentinel.execute(session, &args, now.mono_ms));
                replies.iter().for_each(|reply| reply.encode(session.resp3, output));
                let mut subscribers = shared.subscribers();
                if session.channels.is_empty() {
                    subscribers.remove(&session.id);
                } else {
                    let fresh = || Subscriber {
                        channels: Default::default(),
                        messages: vec![],
                        wake: wake.clone(),
                    };
                    let subscriber = subscribers.entry(session.id).or_insert_with(fresh);
                    subscriber.channels.clone_from(&session.channels);
                }
            }
        }
    }
}
