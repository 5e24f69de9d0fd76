//! The real login service and what is around it: processes and sockets of this machine.

use super::{Place, broken};
use crate::{
    exchange,
    login::ClientsTold,
    oddities::Pool,
    real_stack::{names, server::Server},
    vocabulary::{Operators, Plan, Recorder},
    world::{CodeFeed, Inboxes, PeerMode, RelyingPartyOptions, Scene, analytics, directory, hosts, mail},
};
use conformance::{
    Unavailable,
    nginx::{self, Location},
    port::Port,
    process::{Folder, Process},
    stack::{Action, EMPTY_SCRIPT, MASTER_NAME, Node, RealStack},
};
use idp::store::SqliteDirectory;
use seams::Timestamp;
use seams_os::clock::wall_ms;
use sim::operators::without_secrets;
use spec::World;
use std::{
    collections::BTreeMap,
    fs::OpenOptions,
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

/// The longest wait for the directory's lock, which is held for microseconds.
const DIRECTORY_TIMEOUT: Duration = Duration::from_secs(1);
/// How long everybody waits before each request: see [`Scene::pause`]. Timers may be early by less than a millisecond.
const PAUSE: Duration = Duration::from_millis(2);

/// The service, and what belongs to it.
pub(super) struct Service {
    /// What people can reach.
    pub(super) scene: Scene,
    /// The same as the specification reads it.
    pub(super) world: World,
    /// How the mail relay behaves.
    pub(super) mail: PeerMode,
    pub(super) servers: Vec<Server>,
    /// The port for people of each.
    pub(super) people_ports: Vec<u16>,
    _balancer: Option<Process>,
    stack: Option<RealStack>,
    _folder: Folder,
    _reserved: Vec<Port>,
}

/// Ports of the loopback: for people and for operators of each replica, and one for each of the others.
struct Ports {
    reserved: Vec<Port>,
}

impl Ports {
    fn next(&mut self) -> Result<u16, Unavailable> {
        let port = Port::reserve().map_err(broken)?;
        let number = port.number();
        self.reserved.push(port);
        Ok(number)
    }
}

impl Service {
    /// How many keys the master has (`DBSIZE`).
    ///
    /// # Errors
    /// It does not answer, or there is none.
    pub(super) async fn keys_in_redis(&self) -> std::io::Result<u64> {
        let stack = self
            .stack
            .as_ref()
            .ok_or_else(|| std::io::Error::other("there is no Redis"))?;
        let mut connection = TcpStream::connect(("127.0.0.1", stack.port(Node::Master))).await?;
        connection.write_all(b"DBSIZE\r\n").await?;
        let mut says = String::new();
        BufReader::new(connection).read_line(&mut says).await?;
        let number = says.trim().strip_prefix(':').and_then(|number| number.parse().ok());
        number.ok_or_else(|| std::io::Error::other(format!("Redis says {says:?}")))
    }

    /// Starts all of it, with the people of a plan in the directory. `program` is `squall`.
    ///
    /// # Errors
    /// A program is not installed, or something does not start.
    pub(super) async fn start(place: Place, program: &Path, plan: &Plan) -> Result<Service, Unavailable> {
        let stack = match place {
            Place::Dev => None,
            Place::Stack => {
                let stack = RealStack::start(&EMPTY_SCRIPT).await?;
                stack.settle().await?;
                Some(stack)
            }
        };
        let mut ports = Ports { reserved: vec![] };
        let replicas = [hosts::IDP_A, hosts::IDP_B].into_iter().take(plan.world.replicas);
        let (mut replica_ports, mut account_ports) = (vec![], vec![]);
        let mut places: BTreeMap<names::Place, u16> = BTreeMap::new();
        for name in replicas.clone() {
            let [port, account_port, ops_port] = [ports.next()?, ports.next()?, ports.next()?];
            replica_ports.push(port);
            account_ports.push(account_port);
            places.insert((name.to_owned(), hosts::REPLICA_PORT), port);
            places.insert((name.to_owned(), hosts::ACCOUNT_PORT), account_port);
            places.insert((name.to_owned(), hosts::OPS_PORT), ops_port);
        }
        let (relay, hook) = (ports.next()?, ports.next()?);
        let balancer = match &stack {
            Some(_) => {
                let world = &plan.world;
                let port = ports.next()?;
                places.insert((hosts::BALANCER.to_owned(), hosts::BALANCER_PORT), port);
                Some(nginx::Balancer {
                    port,
                    upstreams: vec![account_ports.clone(), replica_ports.clone()],
                    locations: locations(),
                    fail_timeout_s: world.fail_timeout_ms / 1000,
                    read_timeout_s: world.proxy_read_timeout_ms / 1000,
                    non_idempotent: false,
                    keepalive: world.upstream_keepalive,
                })
            }
            None => None,
        };
        let folder = Folder::new("specification").map_err(broken)?;
        let file = folder.path().join("directory.sqlite").display().to_string();
        let (epoch_ms, clock) = clock();
        fill(&file, place, plan, epoch_ms).await?;
        let (recorder, inboxes) = (Recorder::new(clock.clone()), Inboxes::new(clock));
        let (env, mode) = (names::env(hosts::MAIL, &places), PeerMode::default());
        let relaying = mail::serve(env.clone(), relay, mode.clone(), inboxes.clone(), recorder.clone());
        env.spawn(async move { drop(relaying.await) }); // if the port is taken, no mail comes
        let env = names::env(hosts::ANALYTICS, &places);
        let hooked = analytics::serve(
            env.clone(),
            hook,
            hosts::ANALYTICS_PATH,
            PeerMode::default(),
            recorder.clone(),
        );
        env.spawn(async move { drop(hooked.await) }); // if the port is taken, no event comes

        let issuer = match place {
            Place::Dev => format!("http://127.0.0.1:{}", replica_ports[0]),
            Place::Stack => hosts::ISSUER.to_owned(),
        };
        let mut servers = vec![];
        for name in replicas.clone() {
            let port = |port| places[&(name.to_owned(), port)];
            let mut options = vec![
                format!("--port={}", port(hosts::REPLICA_PORT)),
                format!("--account-port={}", port(hosts::ACCOUNT_PORT)),
                format!("--ops-port={}", port(hosts::OPS_PORT)),
                format!("--directory={file}"),
                "--trusted-proxy=127.0.0.0/8".into(),
                format!("--analytics-hook=127.0.0.1:{hook}{}", hosts::ANALYTICS_PATH),
            ];
            match &stack {
                // The specification knows the limits of production.
                None => options.extend(["--dev", "--dev-limits", "--demo-port=0"].map(str::to_owned)),
                Some(stack) => {
                    let sentinels = stack.sentinel_ports().map(|port| format!("127.0.0.1:{port}"));
                    options.extend([
                        format!("--issuer={issuer}"),
                        "--bind=127.0.0.1".into(),
                        format!("--redis-sentinel={}", sentinels.join(",")),
                        format!("--redis-master={MASTER_NAME}"),
                        format!("--mail-relay=127.0.0.1:{relay}"),
                        format!("--mail-from={}", hosts::MAIL_FROM),
                    ]);
                }
            }
            servers.push(Server::start(program, name, folder.path(), &options)?);
        }
        for (server, port) in servers.iter().zip(&replica_ports) {
            server.wait_until_ready(*port)?;
            if place == Place::Dev {
                env.spawn(server.deliver(inboxes.clone(), recorder.clone()));
            }
        }
        let doors: Vec<names::Place> = replicas.map(|name| (name.to_owned(), hosts::REPLICA_PORT)).collect();
        let documents = exchange::world(plan);
        let world = World {
            issuer: issuer.clone(),
            epoch_ms,
            hook: Some(format!("127.0.0.1:{hook}")),
            balancer: documents.balancer.filter(|_| balancer.is_some()),
            prints_mails: place == Place::Dev,
            ..documents
        };
        Ok(Service {
            scene: Scene {
                redis: vec![],
                redis_access: idp::config::RedisAccess::default(),
                env: names::env(hosts::PEOPLE, &places),
                recorder,
                inboxes,
                issuer,
                balancer: match place {
                    Place::Dev => doors[0].clone(),
                    Place::Stack => (hosts::BALANCER.to_owned(), hosts::BALANCER_PORT),
                },
                replicas: doors,
                clients: RelyingPartyOptions::standard(),
                seed: plan.seed,
                codes: CodeFeed::default(),
                directory: folder.path().join("directory.sqlite").display().to_string(),
                odd: None,
                told: ClientsTold::XForwardedFor,
                pool: Pool::default(),
                pause: PAUSE,
            },
            world,
            mail: mode,
            servers,
            people_ports: replica_ports,
            _balancer: balancer.map(|balancer| nginx::start(&balancer)).transpose()?,
            stack,
            _folder: folder,
            _reserved: ports.reserved,
        })
    }

    /// Does something to Redis or its Sentinels.
    ///
    /// # Panics
    /// There are none.
    pub(super) fn apply(&mut self, action: Action) {
        self.stack.as_mut().expect("it has Redis").apply(action);
    }

    /// What operators have of it: its log, without the secrets that anybody has seen, and the references that were given.
    pub(super) fn operators(&self) -> Operators {
        let (errors, secrets) = self.scene.recorder.reported();
        let lines = self.servers.iter().flat_map(|server| server.log(self.world.epoch_ms));
        Operators {
            log: lines.map(|line| without_secrets(line, &secrets)).collect(),
            errors,
        }
    }
}

/// The locations of the simulated world's balancer: the ports for logins are the second `upstream` block, and those for accounts
/// the first one.
fn locations() -> Vec<Location> {
    let number = |port| usize::from(port == hosts::REPLICA_PORT);
    let locations = crate::world::locations().into_iter();
    locations
        .map(|location| Location {
            path: location.path,
            upstream: number(location.port),
            error_page: location.error_page.map(number),
        })
        .collect()
}

/// When the history begins, milliseconds since the Unix epoch; and the time since then, milliseconds. It is the wall clock
/// that the service reads, so that both round in the same way, and it does not go back.
fn clock() -> (u64, impl Fn() -> u64 + Clone + Send + Sync + 'static) {
    let epoch_ms = wall_ms() as u64;
    let latest_ms = Arc::new(AtomicU64::new(0));
    let now_ms = move || {
        let since_ms = (wall_ms() as u64).saturating_sub(epoch_ms);
        latest_ms.fetch_max(since_ms, Ordering::SeqCst).max(since_ms)
    };
    (epoch_ms, now_ms)
}

async fn fill(file: &str, place: Place, plan: &Plan, epoch_ms: u64) -> Result<(), Unavailable> {
    let refused = |failure: seams::Failure| broken(io::Error::other(failure.to_string()));
    private(file).map_err(broken)?;
    let env = names::env("directory", &BTreeMap::new());
    let directory = SqliteDirectory::open(env, file, DIRECTORY_TIMEOUT).await;
    let directory = directory.map_err(|error| broken(io::Error::other(error)))?;
    if place == Place::Dev {
        directory.use_for_development().await.map_err(refused)?;
    }
    let added = directory::add(&directory, plan, Timestamp(epoch_ms)).await;
    added.map_err(refused)
}

/// An empty file that only its owner can read: the service refuses another.
fn private(file: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file).map(|_| ())
}
