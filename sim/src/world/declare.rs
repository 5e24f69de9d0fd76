//! The declaration of a world.

use super::{
    Act, Host, HostKind, Process, Scene,
    balancer::{self, NginxOptions},
    models::{self, RedisOptions, SentinelOptions},
    people,
    port::service_main,
};
use crate::{
    calls::CallPauses,
    service::{Behaviour, Service},
};
use seams::Env;
use std::{fmt, sync::Arc};

/// A declared world: its hosts and its links.
pub struct World<S: Service> {
    pub(super) latency_ms: (u64, u64),
    pub(super) call_pauses: CallPauses,
    pub(super) hosts: Vec<Host<S>>,
    links: Vec<(String, String)>,
    pub(super) replication: Option<models::Replication>,
    redis_has_user: bool,
}

impl<S: Service> Default for World<S> {
    fn default() -> World<S> {
        World::new()
    }
}

impl<S: Service> World<S> {
    /// A world without hosts, with links of 1 to 5 ms one way.
    pub fn new() -> World<S> {
        World {
            latency_ms: (1, 5),
            call_pauses: CallPauses::default(),
            hosts: vec![],
            links: vec![],
            replication: None,
            redis_has_user: false,
        }
    }

    /// Sets the shortest and longest one-way latency of a healthy link, milliseconds.
    pub fn latency_ms(mut self, shortest: u64, longest: u64) -> World<S> {
        self.latency_ms = (shortest, longest);
        self
    }

    /// Sets the pauses before calls of the service's processes; there are none by default. Without a pause between two
    /// calls to the database, nothing can happen between them.
    pub fn call_pauses(mut self, pauses: CallPauses) -> World<S> {
        self.call_pauses = pauses;
        self
    }

    /// Adds a host.
    ///
    /// # Panics
    /// The name is taken.
    pub fn host(mut self, host: Host<S>) -> World<S> {
        assert!(!self.has(&host.name), "there is a host called {} already", host.name);
        self.hosts.push(host);
        self
    }

    /// Adds Redis nodes `NAME-1`, `NAME-2`, …: the first one is the master when the run begins, the others replicate
    /// it.
    pub fn redis(mut self, name: &str, options: &RedisOptions) -> World<S> {
        let nodes: Vec<String> = (1..=1 + options.replicas).map(|n| format!("{name}-{n}")).collect();
        self.replication = Some(models::Replication {
            nodes: nodes.clone(),
            ms: options.replication_ms,
        });
        self.redis_has_user = options.passwords.is_some();
        for (index, node) in nodes.iter().enumerate() {
            let master = (index > 0).then(|| nodes[0].clone());
            self = self.host(models::redis(node, master, options));
        }
        self.linked_all(&nodes, &nodes)
    }

    /// Adds Sentinels `NAME-1`, `NAME-2`, …, which watch the Redis nodes called `redis` and know their master as
    /// `master_name`.
    pub fn sentinels(
        mut self,
        name: &str,
        count: usize,
        redis: &str,
        master_name: &str,
        options: &SentinelOptions,
    ) -> World<S> {
        let sentinels: Vec<String> = (1..=count).map(|n| format!("{name}-{n}")).collect();
        for sentinel in &sentinels {
            self = self.host(models::sentinel(sentinel, &format!("{redis}-1"), master_name, options));
        }
        let nodes = self.group(redis);
        self.linked_all(&sentinels, &nodes).linked_all(&sentinels, &sentinels)
    }

    /// Adds a process of the service on each of these hosts, with a port for a balancer. `run` is called at every boot.
    pub fn service<F: Future<Output = ()> + Send + 'static>(
        mut self,
        hosts: impl IntoIterator<Item = impl Into<String>>,
        port: u16,
        run: impl Fn(Process<S>, Env) -> F + Clone + Send + Sync + 'static,
    ) -> World<S> {
        let hosts: Vec<String> = hosts.into_iter().map(Into::into).collect();
        for host in &hosts {
            let run = run.clone();
            self = self.host(Host::new(host, HostKind::Service, move |start| {
                service_main(start, port, run.clone())
            }));
        }
        let nodes = self.of_kind(HostKind::Redis);
        self.linked_all(&hosts, &nodes)
    }

    /// Adds a balancer that behaves as nginx does, in front of the service's processes `GROUP-…`. All requests go to their
    /// `upstream_port`, but for those that have a location ([`NginxOptions::locations`]).
    pub fn nginx(self, name: &str, port: u16, group: &str, upstream_port: u16, options: &NginxOptions) -> World<S> {
        let upstreams = self.group(group);
        let host = balancer::nginx(name, port, &upstreams, upstream_port, options);
        self.host(host).linked_all(&[name.to_owned()], &upstreams)
    }

    /// Adds a host of people, who perform the operations of the plan, each at its time.
    pub fn people<F: Future<Output = ()> + Send + 'static>(
        self,
        name: &str,
        act: impl Fn(Scene<S>, String, S::Behaviour) -> F + Send + Sync + 'static,
    ) -> World<S> {
        self.host(people::host(name, |_| true, boxed(act)))
    }

    /// Adds two hosts: one of people, and one of those whose behaviour is an attack.
    pub fn people_and_attackers<F: Future<Output = ()> + Send + 'static>(
        self,
        people: &str,
        attackers: &str,
        act: impl Fn(Scene<S>, String, S::Behaviour) -> F + Send + Sync + 'static,
    ) -> World<S> {
        let (act, attack) = (boxed(act), |does: &S::Behaviour| does.is_attack());
        self.host(people::host(people, move |does| !attack(does), act.clone()))
            .host(people::host(attackers, attack, act))
    }

    /// Declares that two hosts communicate: the swarm breaks such links.
    ///
    /// # Panics
    /// There is no such host.
    pub fn linked(mut self, a: &str, b: &str) -> World<S> {
        for host in [a, b] {
            assert!(self.has(host), "there is no host called {host}");
        }
        self.links.push((a.to_owned(), b.to_owned()));
        self
    }

    fn linked_all(mut self, these: &[String], those: &[String]) -> World<S> {
        for a in these {
            for b in those.iter().filter(|b| *b != a) {
                let known = |(c, d): &(String, String)| (c == a && d == b) || (c == b && d == a);
                if !self.links.iter().any(known) {
                    self.links.push((a.clone(), b.clone()));
                }
            }
        }
        self
    }

    /// All hosts, in the order of declaration.
    pub fn hosts(&self) -> impl Iterator<Item = &Host<S>> {
        self.hosts.iter()
    }

    /// Links between hosts that communicate all the time.
    pub fn links(&self) -> &[(String, String)] {
        &self.links
    }

    /// Whether there is such a host.
    pub fn has(&self, name: &str) -> bool {
        self.hosts.iter().any(|host| host.name == name)
    }

    /// The names of the hosts that have a certificate.
    pub fn certified(&self) -> Vec<String> {
        let hosts = self.hosts.iter().filter(|host| host.has_certificate);
        hosts.map(|host| host.name.clone()).collect()
    }

    /// Whether the Redis nodes have a user for the service's processes.
    pub fn redis_has_user(&self) -> bool {
        self.redis_has_user
    }

    /// The kind of a host; `None` if there is no such host.
    pub fn kind(&self, name: &str) -> Option<HostKind> {
        let host = self.hosts.iter().find(|host| host.name == name);
        host.map(Host::kind)
    }

    /// The names of all hosts of a kind.
    pub fn of_kind(&self, kind: HostKind) -> Vec<String> {
        let hosts = self.hosts.iter().filter(|host| host.kind == kind);
        hosts.map(|host| host.name.clone()).collect()
    }

    /// The names of the hosts `GROUP-…`.
    pub fn group(&self, group: &str) -> Vec<String> {
        let is_of = |name: &str| name.rsplit_once('-').is_some_and(|(of, _)| of == group);
        let names = self.hosts.iter().map(|host| host.name.as_str());
        names.filter(|name| is_of(name)).map(str::to_owned).collect()
    }
}

fn boxed<S: Service, F: Future<Output = ()> + Send + 'static>(
    act: impl Fn(Scene<S>, String, S::Behaviour) -> F + Send + Sync + 'static,
) -> Arc<Act<S>> {
    Arc::new(move |scene, who, does| Box::pin(act(scene, who, does)))
}

impl<S: Service> fmt::Debug for World<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("latency_ms", &self.latency_ms)
            .field("hosts", &self.hosts)
            .field("links", &self.links)
            .finish_non_exhaustive()
    }
}
