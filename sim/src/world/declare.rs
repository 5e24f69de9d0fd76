//! Which software each host runs.

use super::{
    CodeFeed, Inboxes, RelyingPartyOptions, Rewire, Scene, Workload, analytics,
    disk::Disk,
    hosts,
    machinery::Machinery,
    mail, replica,
    scene::Inhabitants,
    watch::{Marks, ReplicaProbe},
};
use crate::{
    engine::HostId,
    history::Event,
    nemesis::{self, Lookout},
    plan::{Behaviour, Operation, Persistence, Plan},
    recorder::Recorder,
    simulator::{Main, Simulator},
};
use model_nginx as balancer;
use model_redis as redis;
use model_sentinel as sentinel;
use seams::{BoxFuture, Storage, StorageFault, StorageMoment};
use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
    time::Duration,
};

/// IP addresses by host name, known once all hosts are declared and before any boots.
pub(super) type Addresses = Arc<OnceLock<BTreeMap<&'static str, String>>>;

/// What the hosts have in common while they are declared.
pub(super) struct Builder<'a> {
    pub(super) plan: &'a Plan,
    pub(super) recorder: Recorder,
    pub(super) inboxes: Inboxes,
    pub(super) marks: Marks,
    pub(super) lookout: Lookout,
    pub(super) addresses: Addresses,
    pub(super) machinery: Machinery,
    pub(super) codes: CodeFeed,
    pub(super) clients: Vec<RelyingPartyOptions>,
}

impl Builder<'_> {
    /// Declares a host with the software that it runs at each boot.
    pub(super) fn declare(
        &mut self,
        engine: &mut dyn Simulator,
        host: &'static str,
        inhabitants: &Inhabitants<'_>,
    ) -> HostId {
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

    fn replica(&mut self, engine: &mut dyn Simulator, host: &'static str, rewire: Option<Rewire>) -> HostId {
        let disk = Disk::new(
            engine.caller(),
            nemesis::stall_of(host),
            self.machinery.directory.lock(),
        );
        self.machinery.disks.insert(host, disk.clone());
        let probe = ReplicaProbe {
            marks: self.marks.clone(),
            degraded: Arc::default(),
        };
        let process = Arc::new(replica::Process {
            host,
            config: replica::config(host, self.machinery.directory.location(), &self.plan.world),
            recorder: self.recorder.clone(),
            degraded: probe.degraded.clone(),
            rewire,
        });
        let main = move |env| Box::pin(process.clone().run(env)) as BoxFuture<'static, ()>;
        engine.add_host(host, Arc::new(probe), Arc::new(disk), Box::new(main))
    }

    fn redis(&mut self, host: &'static str) -> Main {
        let disk = redis::Disk::new();
        self.machinery.redis_disks.insert(host, disk.clone());
        let persistence = match self.plan.world.persistence {
            Persistence::None => redis::PersistenceMode::None,
            Persistence::Aof => redis::PersistenceMode::Aof,
        };
        let replication_late_ppm = self.plan.world.replication_late_ppm;
        let (addresses, recorder, lookout) = (self.addresses.clone(), self.recorder.clone(), self.lookout.clone());
        Box::new(move |env| {
            let addresses = addresses.get().expect("known before any host boots");
            let config = redis::RedisConfig {
                port: hosts::REDIS_PORT,
                replica_of: (host == hosts::REDIS_2).then(|| (addresses[hosts::REDIS_1].clone(), hosts::REDIS_PORT)),
                announce_ip: addresses[host].clone(),
                persistence,
                replication_late_ppm,
                ..redis::RedisConfig::default()
            };
            let (recorder, lookout) = (recorder.clone(), lookout.clone());
            let observer = move |event| match event {
                redis::RedisEvent::Role { role } => {
                    let (host, role) = (host.to_owned(), role.to_owned());
                    recorder.note(&host.clone(), Event::Role { host, role });
                }
                redis::RedisEvent::Wrote { command, key } => lookout.write(&command, &key),
                _ => {}
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
        let config = balancer::NginxConfig {
            fail_timeout: Duration::from_millis(world.fail_timeout_ms),
            keepalive: world.upstream_keepalive as usize,
            connect_timeout: Duration::from_millis(world.proxy_connect_timeout_ms),
            read_timeout: Duration::from_millis(world.proxy_read_timeout_ms),
            ..balancer::NginxConfig::new(hosts::BALANCER_PORT, upstreams.to_vec())
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
        Behaviour::StealCodes { .. } | Behaviour::Guess { .. } | Behaviour::Flood { .. } | Behaviour::PeekAtMail { .. }
    )
}

/// The disk of a host that keeps nothing in SQLite.
pub(crate) struct SoundDisk;

impl Storage for SoundDisk {
    fn check(&self, _: StorageMoment) -> Result<(), StorageFault> {
        Ok(())
    }
}
