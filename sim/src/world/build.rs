//! Draws the topology once and boots it.

use super::{
    CodeFeed, EPOCH, Inboxes, Manners, RelyingPartyOptions,
    declare::{Addresses, Builder},
    directory, hosts,
    machinery::Machinery,
    scene::Inhabitants,
    watch::{Marks, Moment},
};
use crate::{
    engine::{EngineConfig, HostId, LinkConfig},
    nemesis::{self, Lookout},
    plan::Plan,
    recorder::Recorder,
    simulator::{EngineKind, Simulator},
};
use std::{collections::BTreeMap, rc::Rc};

/// What the link between the Redis nodes takes at most while they find each other, milliseconds.
const ATTACH_MS_MAX: u64 = 1;

/// A world, ready to run.
pub(crate) struct World {
    // First, because fields are dropped in order: what the engine's tasks hold goes while the rest
    // is still there.
    engine: Box<dyn Simulator>,
    recorder: Recorder,
    marks: Marks,
    lookout: Lookout,
    _machinery: Rc<Machinery>,
}

impl World {
    /// Draws the topology, arms the nemesis and boots every host. The plan has been checked.
    pub(crate) fn build(kind: EngineKind, plan: &Plan, inhabitants: &Inhabitants<'_>) -> World {
        let mut engine = kind.build(EngineConfig {
            seed: plan.seed,
            epoch: EPOCH,
            latency_ms: (plan.world.latency_ms_min, plan.world.latency_ms_max),
            ..EngineConfig::default()
        });
        let recorder = Recorder::new(engine.clock_reader());
        let lookout = Lookout::new(&plan.faults, engine.caller());
        if !lookout.is_idle() {
            let lookout = lookout.clone();
            recorder.tell(move |event| lookout.event(event));
        }
        let clients = RelyingPartyOptions::standard();
        let mut builder = Builder {
            plan,
            recorder: recorder.clone(),
            inboxes: Inboxes::new(engine.clock_reader()),
            marks: Marks::new(lookout.clone()),
            lookout: lookout.clone(),
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
            let id = builder.declare(&mut *engine, host, inhabitants);
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
        // The replica attaches over a quick link and has attached when the Sentinels boot, whatever the plan says of
        // it: that holds from then on.
        let replication_ms = plan.world.replication_ms;
        set_latency(&*engine, [master, replica], replication_ms.min(ATTACH_MS_MAX));
        engine.at(hosts::boots_at_ms(hosts::SENTINEL_1), move |engine| {
            set_latency(engine, [master, replica], replication_ms);
        });
        let machinery = Rc::new(machinery);
        nemesis::arm(&*engine, &plan.faults, machinery.clone(), &recorder, lookout.clone());
        for host in hosts::ALL {
            let id = machinery.hosts[host];
            engine.at(hosts::boots_at_ms(host), move |engine| nemesis::start(engine, id));
        }
        World {
            engine,
            recorder,
            marks,
            lookout,
            _machinery: machinery,
        }
    }

    /// The engine that runs it.
    pub(crate) fn engine(&self) -> &dyn Simulator {
        &*self.engine
    }

    /// The name of one of its hosts.
    pub(crate) fn host_name(&self, host: HostId) -> &'static str {
        let name = self.engine.name(host);
        (hosts::ALL.into_iter().find(|known| *known == name)).expect("only these hosts are declared")
    }

    /// Its history.
    pub(crate) fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// The marks reached so far, with counts.
    pub(crate) fn marks(&self) -> BTreeMap<&'static str, u64> {
        self.marks.counts()
    }

    /// When each aimed fault struck, by its place in the plan; `None` if it did not.
    pub(crate) fn struck(&self) -> BTreeMap<usize, Option<u64>> {
        self.lookout.struck()
    }

    /// The marks reached so far, with their moments, in order.
    pub(crate) fn moments(&self) -> Vec<Moment> {
        self.marks.moments()
    }
}

/// How long anything takes both ways between two hosts; what a fault has done to their links stays.
fn set_latency(engine: &dyn Simulator, [a, b]: [HostId; 2], ms: u64) {
    for (from, to) in [(a, b), (b, a)] {
        let link = LinkConfig {
            latency_ms: (ms, ms),
            ..engine.link(from, to)
        };
        engine.set_link(from, to, link);
    }
}
