//! Runs a script on the real programs: processes on reserved ports of the loopback.

mod start;

use super::{
    Action, Event, Link, Node, Observations, Script, TIMEOUT_MS,
    ask::{ask, inspect, until_writable},
    proxy::{self, Cuts},
};
use crate::{
    port::Port,
    process::{Folder, Process, Unavailable},
};
use seams::Env;
use seams_os::clock::{Stopwatch, wall_ms};
use sim::testbed::signal;
use std::{
    fs, io,
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

/// How long the programs may take to find one another and to leave TILT mode, milliseconds.
const SETTLE_MS_MAX: u64 = 60_000;

/// The address from which Sentinels connect.
const SENTINELS_SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// The address from which each node connects: the proxies know a node by it.
const SOURCES: [Ipv4Addr; 3] = [
    Ipv4Addr::new(127, 0, 0, 11),
    Ipv4Addr::new(127, 0, 0, 12),
    Ipv4Addr::new(127, 0, 0, 13),
];

/// The processes, and the proxies between them.
pub struct RealStack {
    env: Env,
    script: Script,
    /// Where each node listens.
    ports: [u16; 3],
    /// The proxies in front of the nodes.
    public_ports: [u16; 3],
    /// What is cut off from each node.
    cuts: [Cuts; 3],
    nodes: [Option<Process>; 3],
    /// The nodes' files, which outlive their processes.
    folders: [Folder; 3],
    sentinels: Vec<(Process, PathBuf)>,
    sentinel_ports: [u16; 3],
    /// The proxies in front of the Sentinels, for other Sentinels.
    public_sentinel_ports: [u16; 3],
    sentinel_cuts: Cuts,
    _reserved: [[Port; 3]; 4],
}

/// Runs a script. Takes as long as the script, and the time that the programs need to find one another.
///
/// # Errors
/// They are not installed, or do not start, or do not find one another.
pub fn run(script: &Script) -> Result<Observations, Unavailable> {
    let broken = |why: io::Error| Unavailable::broken("redis-sentinel", why);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(broken)?;
    runtime.block_on(async {
        let mut stack = RealStack::start(script).await?;
        stack.settle().await?;
        Ok(stack.run().await)
    })
}

impl RealStack {
    /// Starts all programs that a script needs.
    ///
    /// # Errors
    /// They are not installed, or no port or folder is left.
    pub async fn start(script: &Script) -> Result<RealStack, Unavailable> {
        let broken = |why: io::Error| Unavailable::broken("redis-server", why);
        let port = || Port::reserve().map_err(broken);
        let ports = || Ok([port()?, port()?, port()?]);
        let [nodes, public, sentinels, public_sentinels] = [ports()?, ports()?, ports()?, ports()?];
        let numbers = |ports: &[Port; 3]| ports.each_ref().map(Port::number);
        let folder = |name| Folder::new(name).map_err(broken);
        let mut stack = RealStack {
            env: seams_os::env("stack", IpAddr::V4(Ipv4Addr::LOCALHOST)),
            script: script.clone(),
            ports: numbers(&nodes),
            public_ports: numbers(&public),
            cuts: Default::default(),
            nodes: [None, None, None],
            folders: [folder("master")?, folder("replica")?, folder("second")?],
            sentinels: Vec::new(),
            sentinel_ports: numbers(&sentinels),
            public_sentinel_ports: numbers(&public_sentinels),
            sentinel_cuts: Cuts::default(),
            _reserved: [nodes, public, sentinels, public_sentinels],
        };
        for node in script.nodes().iter().copied() {
            let i = node.index();
            let (env, cuts) = (stack.env.clone(), stack.cuts[i].clone());
            proxy::serve(env, stack.public_ports[i], stack.ports[i], cuts)
                .await
                .map_err(broken)?;
            stack.start_node(node)?;
        }
        for (port, target) in stack.public_sentinel_ports.into_iter().zip(stack.sentinel_ports) {
            let (env, cuts) = (stack.env.clone(), stack.sentinel_cuts.clone());
            proxy::serve(env, port, target, cuts).await.map_err(broken)?;
            stack.start_sentinel()?;
        }
        Ok(stack)
    }

    /// Where a node listens for clients.
    pub fn port(&self, node: Node) -> u16 {
        self.ports[node.index()]
    }

    /// Where the Sentinels listen for clients.
    pub fn sentinel_ports(&self) -> [u16; 3] {
        self.sentinel_ports
    }

    /// Waits until the replicas follow and every Sentinel knows the others and the replicas.
    ///
    /// # Errors
    /// That takes more than a minute.
    pub async fn settle(&self) -> Result<(), Unavailable> {
        let watch = Stopwatch::start();
        let replicas = self.script.replicas.to_string();
        let (wait_for_all, all) = (format!("WAIT {replicas} 500"), format!("slaves={replicas},sentinels=3"));
        loop {
            let wait = ask(
                &self.env,
                "127.0.0.1",
                self.ports[0],
                &["SET settled 1", &wait_for_all],
                1_000,
            )
            .await;
            let mut settled = wait == replicas;
            for port in &self.sentinel_ports {
                let known = self.sentinel_info(*port).await;
                // A Sentinel that got no CPU time while all of them started is in TILT mode for 30 s.
                settled &= known.contains(&all) && known.contains("sentinel_tilt:0");
            }
            if settled {
                // the time that the first INFO of the replica takes to reach the Sentinels
                tokio::time::sleep(Duration::from_millis(1_500)).await;
                return Ok(());
            }
            if watch.elapsed_ms() > SETTLE_MS_MAX {
                let why = format!(
                    "the nodes and Sentinels did not find one another within {} s",
                    SETTLE_MS_MAX / 1000
                );
                return Err(Unavailable::broken("redis-sentinel", why));
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    async fn sentinel_info(&self, port: u16) -> String {
        ask(&self.env, "127.0.0.1", port, &["INFO sentinel"], 1_000).await
    }

    async fn run(&mut self) -> Observations {
        let observed = Arc::<Mutex<Observations>>::default();
        let (began_ms, watch) = (wall_ms(), Stopwatch::start());
        for (at_ms, action) in self.script.actions {
            tokio::time::sleep(Duration::from_millis(at_ms.saturating_sub(watch.elapsed_ms()))).await;
            let (env, shared) = (self.env.clone(), observed.clone());
            match *action {
                Action::Ask(name, node, commands) => {
                    let port = self.ports[node.index()];
                    self.env.spawn(async move {
                        let answer = ask(&env, "127.0.0.1", port, commands, TIMEOUT_MS).await;
                        shared.lock().expect("unpoisoned").answers.insert(name, answer);
                    });
                }
                Action::Watch(node) => {
                    let port = self.ports[node.index()];
                    self.env.spawn(async move {
                        until_writable(&env, "127.0.0.1", port).await;
                        shared.lock().expect("unpoisoned").writable_ms = Some(watch.elapsed_ms() as i64);
                    });
                }
                Action::Inspect => {
                    for (sentinel, port) in self.sentinel_ports.into_iter().enumerate() {
                        let (env, shared) = (env.clone(), shared.clone());
                        self.env.spawn(async move {
                            let seen = |inspection| {
                                let seen = (watch.elapsed_ms() as i64, sentinel, inspection);
                                shared.lock().expect("unpoisoned").inspections.push(seen);
                            };
                            inspect(&env, "127.0.0.1", port, seen).await;
                        });
                    }
                }
                other => self.apply(other),
            }
        }
        let rest_ms = self.script.duration_ms().saturating_sub(watch.elapsed_ms());
        tokio::time::sleep(Duration::from_millis(rest_ms)).await;
        let mut observed = std::mem::take(&mut *observed.lock().expect("unpoisoned"));
        observed.events = self.events(began_ms);
        observed
    }

    /// Does what an action says; those of clients do nothing.
    pub fn apply(&mut self, action: Action) {
        match action {
            Action::Ask(..) | Action::Watch(_) | Action::Inspect => {} // clients do these
            Action::Cut(link) => self.each_end(link, Cuts::cut),
            Action::Mend(link) => self.each_end(link, Cuts::mend),
            Action::Kill(node) => drop(self.nodes[node.index()].take()),
            Action::LosePower(node) => self.lose_power(node),
            Action::Pause(node) => self.signal(node, "STOP"),
            Action::Resume(node) => self.signal(node, "CONT"),
            // If it does not start, the replies show it.
            Action::Start(node) => drop(self.start_node(node)),
            Action::KillSentinels(many) => self
                .sentinels
                .iter_mut()
                .take(many)
                .for_each(|(process, _)| process.kill()),
            Action::PauseSentinels => self.sentinels.iter().for_each(|(process, _)| send(process, "STOP")),
            Action::ResumeSentinels => self.sentinels.iter().for_each(|(process, _)| send(process, "CONT")),
        }
    }

    fn each_end(&self, link: Link, each: fn(&Cuts, IpAddr)) {
        match link {
            Link::Replication(replica) => {
                let (master, replica) = (Node::Master.index(), replica.index());
                each(&self.cuts[master], IpAddr::V4(SOURCES[replica]));
                each(&self.cuts[replica], IpAddr::V4(SOURCES[master]));
            }
            Link::Sentinels(node) => each(&self.cuts[node.index()], SENTINELS_SOURCE),
            Link::AmongSentinels => each(&self.sentinel_cuts, SENTINELS_SOURCE),
        }
    }

    /// Nothing passes from it or to it any more, the end of its connections neither.
    fn lose_power(&mut self, node: Node) {
        let own = node.index();
        self.cuts[own].cut(SENTINELS_SOURCE);
        for other in (0..SOURCES.len()).filter(|other| *other != own) {
            self.cuts[own].cut(IpAddr::V4(SOURCES[other]));
            self.cuts[other].cut(IpAddr::V4(SOURCES[own]));
        }
        drop(self.nodes[own].take());
    }

    fn signal(&self, node: Node, which: &str) {
        if let Some(process) = &self.nodes[node.index()] {
            send(process, which);
        }
    }

    /// What the Sentinels wrote to their logs: `7:X 22 Nov 2026 15:00:00.123 # +sdown master …`.
    fn events(&self, began_ms: i64) -> Vec<Event> {
        let mut events = Vec::new();
        for (sentinel, (_, log)) in self.sentinels.iter().enumerate() {
            let text = fs::read_to_string(log).unwrap_or_default();
            events.extend(text.lines().filter_map(|line| {
                let (head, event) = line.split_once(" # ").or_else(|| line.split_once(" * "))?;
                let when = head.split_once(' ')?.1;
                let at = chrono::NaiveDateTime::parse_from_str(when, "%d %b %Y %H:%M:%S%.3f").ok()?;
                event.starts_with(['+', '-']).then(|| Event {
                    at_ms: at.and_utc().timestamp_millis() - began_ms,
                    sentinel,
                    text: event.to_owned(),
                })
            }));
        }
        events.sort_by_key(|event| event.at_ms);
        events
    }
}

fn send(process: &Process, which: &str) {
    signal(process.id(), which).expect("it is running");
}
