//! A scene without a world, for tests of the browser and the relying party: every connection gets the next answer of a
//! script.

use crate::{
    vocabulary::{ClientsTold, Recorder},
    world::{CodeFeed, Inboxes, RelyingPartyOptions, Scene},
};
use seams::{
    BoxFuture, Clock, Entropy, Env, Listener, Network, Probe, Storage, StorageFault, StorageMoment, Stream, Tasks,
    Timestamp,
};
use std::{
    collections::VecDeque,
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// The wall-clock time of these tests.
pub(crate) const NOW: Timestamp = Timestamp(1_790_000_000_000);

/// The server of a test: the answers that it gives, and the requests that it received.
#[derive(Clone, Default)]
pub(crate) struct Script {
    answers: Arc<Mutex<VecDeque<String>>>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Script {
    /// Gives these answers in this order, each with its head (status and header lines) and its body, and then refuses.
    pub(crate) fn new(answers: &[(&str, &str)]) -> Script {
        let script = Script::default();
        let whole = |(head, body): &(&str, &str)| {
            let head = head.trim().replace('\n', "\r\n");
            format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        };
        script.answers.lock().unwrap().extend(answers.iter().map(whole));
        script
    }

    /// The requests received so far, as sent.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// A scene in which every host is this server.
    pub(crate) fn scene(&self) -> Scene {
        struct Stopped;
        impl Clock for Stopped {
            fn wall(&self) -> Timestamp {
                NOW
            }
            fn monotonic(&self) -> Duration {
                Duration::ZERO
            }
        }
        #[derive(Default)]
        struct Counting(AtomicU64);
        impl Entropy for Counting {
            fn fill(&self, buffer: &mut [u8]) {
                buffer.fill(self.0.fetch_add(1, Ordering::Relaxed) as u8);
            }
        }
        struct Nothing;
        impl Probe for Nothing {
            fn mark(&self, _: &'static str) {}
        }
        impl Storage for Nothing {
            fn check(&self, _: StorageMoment) -> Result<(), StorageFault> {
                Ok(())
            }
        }
        struct Spawn;
        impl Tasks for Spawn {
            #[expect(clippy::disallowed_methods, reason = "these tests have no engine to spawn with")]
            fn spawn(&self, task: BoxFuture<'static, ()>) {
                tokio::spawn(task);
            }
        }
        let env = Env {
            host: "people".into(),
            clock: Arc::new(Stopped),
            entropy: Arc::new(Counting::default()),
            network: Arc::new(self.clone()),
            tasks: Arc::new(Spawn),
            storage: Arc::new(Nothing),
            probe: Arc::new(Nothing),
        };
        Scene {
            env,
            recorder: Recorder::new(|| 0),
            inboxes: Inboxes::new(|| 0),
            issuer: "https://login.example".into(),
            balancer: ("balancer".into(), 80),
            replicas: vec![("idp-a".into(), 8080), ("idp-b".into(), 8080)],
            redis: vec![],
            redis_access: idp::config::RedisAccess::default(),
            clients: RelyingPartyOptions::standard(),
            seed: 1,
            directory: String::new(),
            codes: CodeFeed::default(),
            odd: None,
            told: ClientsTold::XForwardedFor,
            pool: Default::default(),
            pause: Duration::ZERO,
        }
    }
}

impl Network for Script {
    fn connect<'a>(&'a self, _: &'a str, _: u16) -> BoxFuture<'a, io::Result<Stream>> {
        Box::pin(async move {
            let answer = self.answers.lock().unwrap().pop_front();
            let answer = answer.ok_or_else(|| io::Error::from(io::ErrorKind::ConnectionRefused))?;
            let (ours, mut theirs) = tokio::io::duplex(1 << 16);
            let requests = self.requests.clone();
            let serve = async move {
                // Requests of tests are small, so one read gets the whole request.
                let mut buffer = vec![0; 1 << 16];
                let length = theirs.read(&mut buffer).await.unwrap();
                let request = String::from_utf8_lossy(&buffer[..length]).into_owned();
                requests.lock().unwrap().push(request);
                theirs.write_all(answer.as_bytes()).await.unwrap();
            };
            #[expect(clippy::disallowed_methods, reason = "these tests have no engine to spawn with")]
            tokio::spawn(serve);
            Ok(Stream::new(ours, ([127, 0, 0, 1], 80).into()))
        })
    }

    fn listen(&self, _: u16) -> BoxFuture<'_, io::Result<Box<dyn Listener>>> {
        Box::pin(async { Err(io::ErrorKind::Unsupported.into()) })
    }
}
