//! One connection to the current master.
//!
//! Requests share it. Only one attempt to connect runs at a time, in a task of its own, so
//! that a request that gives up does not end the attempt for the others that wait for it.

use super::MasterFinder;
use crate::config::{Deadlines, RedisAccess};
use ::redis::{AsyncConnectionConfig, RedisConnectionInfo, RedisResult, Value, aio::MultiplexedConnection};
use seams::{BoxFuture, Cause, Env, Failure, Outcome, Stream, within};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};
use tokio::sync::watch;

/// A connection that answered ROLE as a master.
#[derive(Clone)]
pub(super) struct Live {
    pub(super) connection: MultiplexedConnection,
    /// Host and port of the node.
    address: (String, u16),
    /// Which attempt made it: a caller forgets only the connection that it used itself.
    generation: u64,
    /// False once the driver has seen the end of the stream.
    up: Arc<AtomicBool>,
}

enum State {
    Down,
    Connecting(watch::Receiver<Option<Outcome<Live>>>),
    Up(Live),
}

pub(super) struct Link {
    env: Env,
    finder: Arc<dyn MasterFinder>,
    deadlines: Deadlines,
    access: RedisAccess,
    state: Mutex<(State, u64)>,
}

impl Link {
    pub(super) fn new(env: Env, finder: Arc<dyn MasterFinder>, deadlines: Deadlines, access: RedisAccess) -> Arc<Link> {
        Arc::new(Link {
            env,
            finder,
            deadlines,
            access,
            state: Mutex::new((State::Down, 0)),
        })
    }

    /// The connection, made if there is none. The caller sets the deadline. Every error is `Fail`:
    /// nothing has been asked of the master yet.
    pub(super) async fn connection(self: &Arc<Self>) -> Outcome<Live> {
        let mut attempt = {
            let mut state = self.state.lock().expect("nobody panics while holding it");
            match &state.0 {
                State::Up(live) if live.up.load(Ordering::Relaxed) => return Ok(live.clone()),
                State::Connecting(attempt) => attempt.clone(),
                State::Up(_) | State::Down => {
                    state.1 += 1;
                    let (done, attempt) = watch::channel(None);
                    state.0 = State::Connecting(attempt.clone());
                    self.env.spawn(attempt_to_connect(self.clone(), state.1, done));
                    attempt
                }
            }
        };
        match attempt.wait_for(Option::is_some).await {
            Ok(result) => result.clone().expect("waited for"),
            Err(_) => Err(Failure::Fail(Cause::ConnectionLost("the attempt ended".into()))),
        }
    }

    /// Forgets a connection on which a call failed, unless a newer one has taken its place.
    pub(super) fn forget(&self, live: &Live) {
        let mut state = self.state.lock().expect("nobody panics while holding it");
        if matches!(&state.0, State::Up(current) if current.generation == live.generation) {
            state.0 = State::Down;
        }
    }

    /// Goes to this node, if there is a connection to another one. It is given up only for one that works as well.
    pub(super) async fn follow(&self, master: &(String, u16)) {
        let Some(live) = self.up() else { return };
        let (host, port) = (master.0.as_str(), master.1);
        if live.address == *master {
            return;
        }
        let generation = {
            let mut state = self.state.lock().expect("nobody panics while holding it");
            state.1 += 1;
            state.1
        };
        let attempt = self.connect_to(host, port, generation);
        let Ok(Ok(next)) = within(self.deadlines.connect, "connecting to the master", attempt).await else {
            return;
        };
        let mut state = self.state.lock().expect("nobody panics while holding it");
        if matches!(&state.0, State::Up(current) if current.generation == live.generation) {
            state.0 = State::Up(next);
            self.env.mark("the master was left for another");
            tracing::warn!(%host, port, "most sentinels name another master: going there");
        }
    }

    /// The connection, if there is one.
    fn up(&self) -> Option<Live> {
        let state = self.state.lock().expect("nobody panics while holding it");
        match &state.0 {
            State::Up(live) if live.up.load(Ordering::Relaxed) => Some(live.clone()),
            _ => None,
        }
    }

    async fn connect(&self, generation: u64) -> Outcome<Live> {
        let (host, port) = self.finder.find().await?;
        let attempt = self.connect_to(&host, port, generation);
        let result = match within(self.deadlines.connect, "connecting to the master", attempt).await {
            Ok(result) => result,
            Err(cause) => Err(Failure::Fail(cause)),
        };
        if let Err(failure) = &result {
            self.env.mark("master did not hold");
            tracing::warn!(%host, port, cause = %failure.cause(), "the named master cannot be used");
        }
        result
    }

    async fn connect_to(&self, host: &str, port: u16, generation: u64) -> Outcome<Live> {
        let stream = self.env.network.connect(host, port).await;
        let stream = stream.map_err(|e| Failure::Fail(Cause::Unreachable(format!("{host}:{port} ({e})"))))?;
        let stream = match self.access.tls {
            true => self.env.network.secure(stream, host).await,
            false => Ok(stream),
        };
        let no_tls = |error| Failure::Fail(Cause::Refused(format!("{host}:{port}: TLS: {error}")));
        let (mut connection, driver) = speak(stream.map_err(no_tls)?).await.map_err(lost)?;
        let up = Arc::new(AtomicBool::new(true));
        let seen = up.clone();
        self.env.spawn(async move {
            driver.await;
            seen.store(false, Ordering::Relaxed);
        });
        authenticate(&mut connection, &self.access).await.map_err(lost)?;
        let role: Value = ::redis::cmd("ROLE").query_async(&mut connection).await.map_err(lost)?;
        if !is_master(&role) {
            return Err(Failure::Fail(Cause::Refused(format!("{host}:{port} is not a master"))));
        }
        Ok(Live {
            connection,
            address: (host.to_owned(), port),
            generation,
            up,
        })
    }
}

async fn attempt_to_connect(link: Arc<Link>, generation: u64, done: watch::Sender<Option<Outcome<Live>>>) {
    let result = match within(link.deadlines.store, "finding the master", link.connect(generation)).await {
        Ok(result) => result,
        Err(cause) => Err(Failure::Fail(cause)),
    };
    {
        let mut state = link.state.lock().expect("nobody panics while holding it");
        state.0 = match &result {
            Ok(live) => State::Up(live.clone()),
            Err(_) => State::Down,
        };
    }
    let _ = done.send(Some(result)); // nobody may be waiting any more
}

/// Nothing but AUTH and ROLE has been asked: whatever went wrong, nothing was changed.
fn lost(error: ::redis::RedisError) -> Failure {
    match super::classify::classify(&error).failure {
        Failure::Fail(cause) | Failure::Unknown(cause) => Failure::Fail(cause),
    }
}

/// Runs redis-rs over a stream. The driver must be spawned; it ends when all clones of the
/// connection are gone, or with the stream.
pub(super) async fn speak(stream: Stream) -> RedisResult<(MultiplexedConnection, BoxFuture<'static, ()>)> {
    // Deadlines are ours: redis-rs's own would fire first, and could not cover discovery.
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(None)
        .set_response_timeout(None);
    let info = RedisConnectionInfo::default().set_skip_set_lib_name();
    let (connection, driver) = MultiplexedConnection::new_with_config(&info, stream, config).await?;
    Ok((connection, Box::pin(driver)))
}

/// Says who we are, if a password is to be given. Not by redis-rs's own way, which hides what the server answers.
pub(super) async fn authenticate(connection: &mut MultiplexedConnection, access: &RedisAccess) -> RedisResult<()> {
    let Some(password) = &access.password else {
        return Ok(());
    };
    let mut auth = ::redis::cmd("AUTH");
    if let Some(user) = &access.user {
        auth.arg(user);
    }
    auth.arg(password.reveal()).query_async(connection).await
}

/// Whether ROLE's answer is a master's.
pub(super) fn is_master(role: &Value) -> bool {
    matches!(role, Value::Array(parts) if matches!(parts.first(), Some(Value::BulkString(name)) if name == b"master"))
}
