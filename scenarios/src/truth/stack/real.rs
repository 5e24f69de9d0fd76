//! The story on the real programs: processes on ports of the loopback that nobody else has.

mod start;

use super::{
    super::{
        port::Port,
        process::{Folder, Process, Unavailable},
    },
    Act, Event, Link, Node, PATIENCE_MS, Seen, Story,
    ask::{ask, until_writable},
    proxy::{self, Cuts},
};
use crate::real_clock::{Stopwatch, wall_ms};
use seams::Env;
use std::{
    fs, io,
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    process::Command,
    sync::{Arc, Mutex},
    time::Duration,
};

/// How long they may take to find one another, and to trust their clocks.
const SETTLE_MS_MAX: u64 = 60_000;

/// From where Sentinels connect.
const SENTINELS_SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// From where a node connects to others: by this the proxies tell who it is.
const SOURCES: [Ipv4Addr; 3] = [
    Ipv4Addr::new(127, 0, 0, 11),
    Ipv4Addr::new(127, 0, 0, 12),
    Ipv4Addr::new(127, 0, 0, 13),
];

/// The processes, and what stands between them.
pub(in super::super) struct Stack {
    env: Env,
    story: Story,
    /// Where a node listens.
    pub(in super::super) ports: [u16; 3],
    /// Where others reach it.
    public_ports: [u16; 3],
    /// Who does not reach it.
    cuts: [Cuts; 3],
    nodes: [Option<Process>; 3],
    /// Where a node's files are: they outlive its process.
    folders: [Folder; 3],
    sentinels: Vec<(Process, PathBuf)>,
    pub(in super::super) sentinel_ports: [u16; 3],
    /// Where other Sentinels reach one, and whether they do.
    public_sentinel_ports: [u16; 3],
    sentinel_cuts: Cuts,
    _reserved: [[Port; 3]; 4],
}

/// Performs it. Takes as long as the story, and what the programs need to find one another.
///
/// # Errors
/// They are not installed, or do not start, or do not find one another.
pub fn perform(story: &Story) -> Result<Seen, Unavailable> {
    let broken = |why: io::Error| Unavailable::broken("redis-sentinel", why);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(broken)?;
    runtime.block_on(async {
        let mut stack = Stack::start(story).await?;
        stack.settle().await?;
        Ok(stack.tell().await)
    })
}

impl Stack {
    pub(in super::super) async fn start(story: &Story) -> Result<Stack, Unavailable> {
        let broken = |why: io::Error| Unavailable::broken("redis-server", why);
        let port = || Port::reserve().map_err(broken);
        let ports = || Ok([port()?, port()?, port()?]);
        let [nodes, public, sentinels, public_sentinels] = [ports()?, ports()?, ports()?, ports()?];
        let numbers = |ports: &[Port; 3]| ports.each_ref().map(Port::number);
        let folder = |name| Folder::new(name).map_err(broken);
        let mut stack = Stack {
            env: seams_os::env("stack", IpAddr::V4(Ipv4Addr::LOCALHOST)),
            story: story.clone(),
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
        for node in story.nodes().iter().copied() {
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

    /// Waits until the replica follows and every Sentinel knows the others and the replica.
    pub(in super::super) async fn settle(&self) -> Result<(), Unavailable> {
        let watch = Stopwatch::start();
        let replicas = self.story.replicas.to_string();
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
                let known = self.sentinel_says(*port).await;
                // One that was kept waiting while all of them started trusts its clock no more, for 30 s (+tilt).
                settled &= known.contains(&all) && known.contains("sentinel_tilt:0");
            }
            if settled {
                // As long again as the replica's first INFO to the Sentinels takes.
                tokio::time::sleep(Duration::from_millis(1_500)).await;
                return Ok(());
            }
            if watch.elapsed_ms() > SETTLE_MS_MAX {
                let why = format!("the stack did not find itself within {} s", SETTLE_MS_MAX / 1000);
                return Err(Unavailable::broken("redis-sentinel", why));
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    async fn sentinel_says(&self, port: u16) -> String {
        ask(&self.env, "127.0.0.1", port, &["INFO sentinel"], 1_000).await
    }

    async fn tell(&mut self) -> Seen {
        let seen = Arc::<Mutex<Seen>>::default();
        let (began_ms, watch) = (wall_ms(), Stopwatch::start());
        for (at_ms, act) in self.story.acts {
            tokio::time::sleep(Duration::from_millis(at_ms.saturating_sub(watch.elapsed_ms()))).await;
            let (env, shared) = (self.env.clone(), seen.clone());
            match *act {
                Act::Ask(name, node, commands) => {
                    let port = self.ports[node.index()];
                    self.env.spawn(async move {
                        let answer = ask(&env, "127.0.0.1", port, commands, PATIENCE_MS).await;
                        shared.lock().expect("unpoisoned").answers.insert(name, answer);
                    });
                }
                Act::Watch(node) => {
                    let port = self.ports[node.index()];
                    self.env.spawn(async move {
                        until_writable(&env, "127.0.0.1", port).await;
                        shared.lock().expect("unpoisoned").writable_ms = Some(watch.elapsed_ms() as i64);
                    });
                }
                other => self.befall(other),
            }
        }
        let rest_ms = self.story.lasts_ms().saturating_sub(watch.elapsed_ms());
        tokio::time::sleep(Duration::from_millis(rest_ms)).await;
        let mut seen = std::mem::take(&mut *seen.lock().expect("unpoisoned"));
        seen.events = self.events(began_ms);
        seen
    }

    pub(in super::super) fn befall(&mut self, act: Act) {
        match act {
            Act::Ask(..) | Act::Watch(_) => {} // a client's business
            Act::Cut(link) => self.each_end(link, Cuts::cut),
            Act::Mend(link) => self.each_end(link, Cuts::mend),
            Act::Kill(node) => drop(self.nodes[node.index()].take()),
            Act::LosePower(node) => self.lose_power(node),
            Act::Pause(node) => self.signal(node, "-STOP"),
            Act::Resume(node) => self.signal(node, "-CONT"),
            // One that does not start is heard of in the answers.
            Act::Start(node) => drop(self.start_node(node)),
            Act::KillSentinels(many) => self
                .sentinels
                .iter_mut()
                .take(many)
                .for_each(|(process, _)| process.kill()),
            Act::PauseSentinels => self.sentinels.iter().for_each(|(process, _)| signal(process, "-STOP")),
            Act::ResumeSentinels => self.sentinels.iter().for_each(|(process, _)| signal(process, "-CONT")),
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

    /// Nothing of it and to it passes any more, least of all that its connections end.
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
            signal(process, which);
        }
    }

    /// What the Sentinels wrote into their logs: `7:X 22 Nov 2026 15:00:00.123 # +sdown master …`.
    fn events(&self, began_ms: i64) -> Vec<Event> {
        let mut events = Vec::new();
        for (sentinel, (_, log)) in self.sentinels.iter().enumerate() {
            let text = fs::read_to_string(log).unwrap_or_default();
            events.extend(text.lines().filter_map(|line| {
                let (head, says) = line.split_once(" # ").or_else(|| line.split_once(" * "))?;
                let when = head.split_once(' ')?.1;
                let at = chrono::NaiveDateTime::parse_from_str(when, "%d %b %Y %H:%M:%S%.3f").ok()?;
                says.starts_with(['+', '-']).then(|| Event {
                    at_ms: at.and_utc().timestamp_millis() - began_ms,
                    sentinel,
                    says: says.to_owned(),
                })
            }));
        }
        events.sort_by_key(|event| event.at_ms);
        events
    }
}

fn signal(process: &Process, signal: &str) {
    let sent = Command::new("kill").args([signal, &process.id().to_string()]).status();
    assert!(
        sent.is_ok_and(|status| status.success()),
        "kill {signal} {}",
        process.id()
    );
}
