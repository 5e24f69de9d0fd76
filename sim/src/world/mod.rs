//! The world: the topology, drawn once, and its hosts.
//!
//! ```text
//! people ───┐                  ┌── idp-a ──┐  ┌── redis-1 ──┐
//!           ├── balancer ──────┤           ├──┤             ├── sentinel-1, -2, -3
//! attackers ┘        (nginx)   └── idp-b ──┘  └── redis-2 ──┘
//!           └──────────────────────┘ └─── mail, analytics, the shared directory
//! ```
//!
//! Attackers and racing relying parties also reach the replicas past the balancer.

pub mod analytics;
pub mod balancer;
mod desk;
pub mod directory;
pub mod hosts;
mod inbox;
pub mod mail;
mod manners;
pub mod redis;
mod replica;
mod scene;
pub mod sentinel;
mod watch;

pub use inbox::{InboxMail, Inboxes};
pub use manners::Manners;
pub use scene::{CodeFeed, RelyingPartyOptions, Rewire, Scene, SeenCode, Workload};

use crate::{
    engine::{Engine, EngineConfig, HostId, LinkConfig},
    history::{Event, Recorder},
    nemesis,
    plan::{Behaviour, Operation, Persistence, Plan},
};
use idp::seams::{BoxFuture, Env, Timestamp};
use std::{
    collections::BTreeMap,
    rc::Rc,
    sync::{Arc, OnceLock},
    time::Duration,
};
use watch::Marks;

/// Wall-clock time at which every run starts, milliseconds since the Unix epoch: 2026-09-21.
pub const EPOCH: Timestamp = Timestamp(1_790_000_000_000);

/// What the nemesis acts on, besides the engine.
pub(crate) struct Machinery {
    pub(crate) hosts: BTreeMap<&'static str, HostId>,
    pub(crate) mail: Manners,
    pub(crate) analytics: Manners,
    pub(crate) directory: directory::SharedDirectory,
    /// The directory's disk, as each replica sees it.
    pub(crate) disks: BTreeMap<&'static str, directory::Disk>,
    /// The disks of the Redis nodes.
    pub(crate) redis_disks: BTreeMap<&'static str, redis::Disk>,
}

/// Who lives in the world.
pub(crate) struct Inhabitants<'a> {
    pub(crate) people: &'a Workload,
    pub(crate) attackers: &'a Workload,
    pub(crate) rewire: Option<&'a Rewire>,
}

/// A world, ready to run.
pub(crate) struct World {
    // First, because fields are dropped in order: what the engine's tasks hold goes while the rest
    // is still there.
    engine: Engine,
    recorder: Recorder,
    marks: Marks,
    _machinery: Rc<Machinery>,
}

/// IP addresses by host name, known once all hosts are declared and before any boots.
type Addresses = Arc<OnceLock<BTreeMap<&'static str, String>>>;

impl World {
    /// Draws the topology, arms the nemesis and boots every host. The plan has been checked.
    pub(crate) fn build(plan: &Plan, inhabitants: &Inhabitants<'_>) -> World {
        let mut engine = Engine::new(EngineConfig {
            seed: plan.seed,
            epoch: EPOCH,
            latency_ms: (plan.world.latency_ms_min, plan.world.latency_ms_max),
            ..EngineConfig::default()
        });
        let recorder = Recorder::new(engine.clock_reader());
        let clients = RelyingPartyOptions::standard();
        let mut builder = Builder {
            plan,
            recorder: recorder.clone(),
            inboxes: Inboxes::new(engine.clock_reader()),
            marks: Marks::default(),
            addresses: Addresses::default(),
            machinery: Machinery {
                hosts: BTreeMap::new(),
                mail: Manners::healthy(),
                analytics: Manners::healthy(),
                directory: directory::SharedDirectory::new(plan, &clients, EPOCH),
                disks: BTreeMap::new(),
                redis_disks: BTreeMap::new(),
            },
            codes: CodeFeed::default(),
            clients,
        };
        for host in hosts::ALL {
            let id = builder.declare(&mut engine, host, inhabitants);
            builder.machinery.hosts.insert(host, id);
        }
        let Builder {
            marks,
            addresses,
            machinery,
            ..
        } = builder;
        let known = machinery
            .hosts
            .iter()
            .map(|(name, id)| (*name, engine.ip(*id).to_string()));
        addresses.set(known.collect()).expect("set once");
        let (master, replica) = (machinery.hosts[hosts::REDIS_1], machinery.hosts[hosts::REDIS_2]);
        for (from, to) in [(master, replica), (replica, master)] {
            let link = LinkConfig {
                latency_ms: (plan.world.replication_ms, plan.world.replication_ms),
                added_ms: 0,
                loss: 0.0,
            };
            engine.set_link(from, to, link);
        }
        let machinery = Rc::new(machinery);
        nemesis::arm(&engine, &plan.faults, machinery.clone(), &recorder);
        for host in hosts::ALL {
            let id = machinery.hosts[host];
            engine.at(hosts::boots_at_ms(host), move |engine| nemesis::start(engine, id));
        }
        World {
            engine,
            recorder,
            marks,
            _machinery: machinery,
        }
    }

    /// The engine that runs it.
    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Its history.
    pub(crate) fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// The marks reached so far, with counts.
    pub(crate) fn marks(&self) -> BTreeMap<&'static str, u64> {
        self.marks.counts()
    }
}

struct Builder<'a> {
    plan: &'a Plan,
    recorder: Recorder,
    inboxes: Inboxes,
    marks: Marks,
    addresses: Addresses,
    machinery: Machinery,
    codes: CodeFeed,
    clients: Vec<RelyingPartyOptions>,
}

type Main = Box<dyn Fn(Env) -> BoxFuture<'static, ()>>;

impl Builder<'_> {
    fn declare(&mut self, engine: &mut Engine, host: &'static str, inhabitants: &Inhabitants<'_>) -> HostId {
        if hosts::REPLICAS.contains(&host) {
            return self.replica(engine, host, inhabitants.rewire.cloned());
        }
        let main = match host {
            hosts::REDIS_1 | hosts::REDIS_2 => self.redis(host),
            hosts::SENTINEL_1 | hosts::SENTINEL_2 | hosts::SENTINEL_3 => self.sentinel(host),
            hosts::MAIL => self.mail(),
            hosts::ANALYTICS => self.analytics(),
            hosts::BALANCER => self.balancer(),
            hosts::PEOPLE => self.workload(inhabitants.people, |does| !is_attack(does)),
            hosts::ATTACKERS => self.workload(inhabitants.attackers, is_attack),
            _ => unreachable!("every host is declared"),
        };
        engine.add_host(host, Arc::new(self.marks.clone()), Arc::new(SoundDisk), main)
    }

    fn replica(&mut self, engine: &mut Engine, host: &'static str, rewire: Option<Rewire>) -> HostId {
        let disk = directory::Disk::new(engine.clock_reader());
        self.machinery.disks.insert(host, disk.clone());
        let probe = watch::ReplicaProbe {
            marks: self.marks.clone(),
            degraded: Arc::default(),
        };
        let process = Arc::new(replica::Process {
            host,
            config: replica::config(host, &self.plan.world),
            location: self.machinery.directory.location().to_owned(),
            recorder: self.recorder.clone(),
            degraded: probe.degraded.clone(),
            rewire,
        });
        let main = move |env| Box::pin(process.clone().run(env)) as BoxFuture<'static, ()>;
        engine.add_host(host, Arc::new(probe), Arc::new(disk), main)
    }

    fn redis(&mut self, host: &'static str) -> Main {
        let disk = redis::Disk::new();
        self.machinery.redis_disks.insert(host, disk.clone());
        let persistence = match self.plan.world.persistence {
            Persistence::None => redis::PersistenceMode::None,
            Persistence::Aof => redis::PersistenceMode::Aof,
        };
        let (addresses, recorder) = (self.addresses.clone(), self.recorder.clone());
        Box::new(move |env| {
            let addresses = addresses.get().expect("known before any host boots");
            let config = redis::RedisConfig {
                port: hosts::REDIS_PORT,
                replica_of: (host == hosts::REDIS_2).then(|| (addresses[hosts::REDIS_1].clone(), hosts::REDIS_PORT)),
                announce_ip: addresses[host].clone(),
                persistence,
                ..redis::RedisConfig::default()
            };
            let recorder = recorder.clone();
            let observer = move |event| {
                if let redis::RedisEvent::Role { role } = event {
                    let (host, role) = (host.to_owned(), role.to_owned());
                    recorder.note(&host.clone(), Event::Role { host, role });
                }
            };
            Box::pin(redis::serve(env, config, disk.clone(), Arc::new(observer)))
        })
    }

    fn sentinel(&self, host: &'static str) -> Main {
        let disk = sentinel::SentinelDisk::new();
        let (addresses, recorder, world) = (self.addresses.clone(), self.recorder.clone(), self.plan.world.clone());
        Box::new(move |env| {
            let addresses = addresses.get().expect("known before any host boots");
            let config = sentinel::SentinelConfig {
                port: hosts::SENTINEL_PORT,
                announce_ip: addresses[host].clone(),
                master_name: hosts::MASTER_NAME.to_owned(),
                master: (addresses[hosts::REDIS_1].clone(), hosts::REDIS_PORT),
                quorum: world.quorum,
                down_after_ms: world.down_after_ms,
                failover_timeout_ms: world.failover_timeout_ms,
            };
            let recorder = recorder.clone();
            let observer = move |says| {
                let host = host.to_owned();
                recorder.note(&host.clone(), Event::Sentinel { host, says });
            };
            Box::pin(sentinel::serve(env, config, disk.clone(), Arc::new(observer)))
        })
    }

    fn mail(&self) -> Main {
        let (manners, inboxes, recorder) = (self.machinery.mail.clone(), self.inboxes.clone(), self.recorder.clone());
        Box::new(move |env| {
            let serving = mail::serve(
                env,
                hosts::SMTP_PORT,
                manners.clone(),
                inboxes.clone(),
                recorder.clone(),
            );
            Box::pin(async { serving.await.expect("the port is free: nothing else runs on this host") })
        })
    }

    fn analytics(&self) -> Main {
        let (manners, recorder) = (self.machinery.analytics.clone(), self.recorder.clone());
        Box::new(move |env| {
            let (port, path) = (hosts::ANALYTICS_PORT, hosts::ANALYTICS_PATH);
            let serving = analytics::serve(env, port, path, manners.clone(), recorder.clone());
            Box::pin(async { serving.await.expect("the port is free: nothing else runs on this host") })
        })
    }

    fn balancer(&self) -> Main {
        let world = &self.plan.world;
        let upstreams = hosts::REPLICAS.map(|host| (host.to_owned(), hosts::REPLICA_PORT));
        let config = balancer::BalancerConfig {
            fail_timeout: Duration::from_millis(world.fail_timeout_ms),
            connect_timeout: Duration::from_millis(world.proxy_connect_timeout_ms),
            read_timeout: Duration::from_millis(world.proxy_read_timeout_ms),
            ..balancer::BalancerConfig::new(hosts::BALANCER_PORT, upstreams.to_vec())
        };
        let recorder = self.recorder.clone();
        Box::new(move |env| {
            let recorder = recorder.clone();
            let observer = move |says| recorder.note(hosts::BALANCER, Event::Balancer { says });
            let serving = balancer::serve(env, config.clone(), Arc::new(observer));
            Box::pin(async { serving.await.expect("the port is free: nothing else runs on this host") })
        })
    }

    fn workload(&self, workload: &Workload, theirs: fn(&Behaviour) -> bool) -> Main {
        let workload = workload.clone();
        let operations: Vec<Operation> = self
            .plan
            .operations
            .iter()
            .filter(|o| theirs(&o.does))
            .cloned()
            .collect();
        let (recorder, inboxes) = (self.recorder.clone(), self.inboxes.clone());
        let (clients, codes, seed) = (self.clients.clone(), self.codes.clone(), self.plan.seed);
        Box::new(move |env| {
            let scene = Scene {
                env,
                recorder: recorder.clone(),
                inboxes: inboxes.clone(),
                issuer: hosts::ISSUER.to_owned(),
                balancer: (hosts::BALANCER.to_owned(), hosts::BALANCER_PORT),
                replicas: hosts::REPLICAS
                    .map(|host| (host.to_owned(), hosts::REPLICA_PORT))
                    .to_vec(),
                clients: clients.clone(),
                seed,
                codes: codes.clone(),
            };
            workload(scene, operations.clone())
        })
    }
}

fn is_attack(does: &Behaviour) -> bool {
    matches!(
        does,
        Behaviour::StealCodes { .. } | Behaviour::Guess { .. } | Behaviour::Flood { .. }
    )
}

/// The disk of a host that keeps nothing in SQLite.
struct SoundDisk;

impl idp::seams::Storage for SoundDisk {
    fn check(&self, _: idp::seams::StorageMoment) -> Result<(), idp::seams::StorageFault> {
        Ok(())
    }
}
