//! Builds the hosts of a world and boots them.

use super::{
    EPOCH, Machinery, MarkRecord, Marks, SoundDisk, Start, World,
    host::{Certificates, Machine},
    models::{ATTACH_MS_MAX, Replication},
};
use crate::{
    calls::{CallBook, CallRecord},
    driver::Simulator,
    engine::{EngineConfig, HostId, LinkConfig},
    nemesis::{self, Triggers},
    overheard::OverheardBook,
    plan::Plan,
    recorder::Recorder,
    run::Setup,
    service::Service,
    tls::Certificate,
};
use std::{
    collections::BTreeMap,
    rc::Rc,
    sync::{Arc, OnceLock},
};

/// IP addresses by host name, known once all hosts are prepared and before any boots.
#[derive(Clone, Default)]
pub(crate) struct Addresses(Arc<OnceLock<BTreeMap<String, String>>>);

impl Addresses {
    pub(super) fn of(&self, host: &str) -> String {
        self.known()[host].clone()
    }

    /// The name of the host that has this address.
    pub(super) fn name_of(&self, address: &str) -> Option<&str> {
        let mut known = self.known().iter();
        known.find(|(_, own)| *own == address).map(|(name, _)| name.as_str())
    }

    fn known(&self) -> &BTreeMap<String, String> {
        self.0.get().expect("known before any host boots")
    }
}

/// A world that is ready to run.
pub(crate) struct RunningWorld<S: Service> {
    // The first field, because fields are dropped in order: the engine's tasks may refer to the other fields.
    engine: Box<dyn Simulator>,
    recorder: Recorder<S>,
    marks: Marks,
    triggers: Triggers,
    calls: CallBook,
    overheard: OverheardBook,
    machinery: Rc<Machinery<S>>,
}

impl<S: Service> RunningWorld<S> {
    /// Prepares every host, schedules the faults and boots. The plan must have been checked.
    pub(crate) fn build(world: &World<S>, plan: &Plan<S>, setup: &Setup<S>) -> RunningWorld<S> {
        let mut engine = setup.engine.build(EngineConfig {
            seed: plan.seed,
            epoch: EPOCH,
            latency_ms: world.latency_ms,
            order: plan.order,
            arrival_order: plan.arrival_order,
            ..EngineConfig::default()
        });
        let recorder = Recorder::new(engine.clock_reader());
        let triggers = Triggers::new(&plan.faults, engine.caller());
        if !triggers.is_idle() {
            let triggers = triggers.clone();
            recorder.listen(move |event| triggers.event(event));
        }
        let marks = Marks::new(triggers.clone());
        let calls = CallBook::new(S::CALLS, triggers.clone(), engine.caller());
        let mut start = Start {
            plan,
            epoch: EPOCH,
            now_ms: Arc::new(engine.clock_reader()),
            host: "",
            recorder: &recorder,
            bug: setup.bug.as_ref(),
            people: setup.people.as_ref(),
            shared: None,
            addresses: Addresses::default(),
            marks: &marks,
            triggers: &triggers,
            calls: &calls,
            call_pauses: world.call_pauses,
            caller: engine.caller(),
            number: 0,
            certificates: certificates(world),
            overheard: OverheardBook::default(),
            return_number: 0,
        };
        let (certificates, overheard) = (start.certificates.clone(), start.overheard.clone());
        let shared = S::share(&start);
        start.shared = Some(&shared);
        let mut hosts = vec![];
        for (index, host) in world.hosts.iter().enumerate() {
            (start.host, start.number) = (&host.name, nemesis::call_number(index));
            start.return_number = nemesis::return_number(index);
            let installed = (host.install)(&start);
            let probe = installed.probe.unwrap_or_else(|| Arc::new(marks.clone()));
            let storage = installed
                .storage
                .unwrap_or_else(|| Arc::new(SoundDisk(S::storage_lock(&shared))));
            hosts.push(Machine {
                id: engine.add_host(&host.name, probe, storage, installed.main),
                disk: installed.disk,
                power_loss: installed.power_loss,
                console: installed.console,
                descriptors: installed.descriptors,
                certificate: certificates.get(&host.name).cloned(),
                signals: installed.signals,
            });
        }
        let named = |(index, host): (usize, &super::Host<S>)| (host.name.clone(), index);
        let by_name: BTreeMap<String, usize> = world.hosts.iter().enumerate().map(named).collect();
        let known = by_name
            .iter()
            .map(|(name, index)| (name.clone(), engine.ip(hosts[*index].id).to_string()));
        let known: BTreeMap<String, String> = known.collect();
        for (host, certificate) in &*certificates {
            certificate.add_name(&known[host]);
        }
        let set = start.addresses.0.set(known);
        set.expect("addresses are set once");
        let machinery = Rc::new(Machinery {
            shared: shared.clone(),
            hosts,
            by_name,
        });
        if let Some(replication) = &world.replication {
            attach_quickly(&*engine, world, &machinery, replication);
        }
        nemesis::arm(
            &*engine,
            &plan.faults,
            machinery.clone(),
            &recorder,
            triggers.clone(),
            calls.clone(),
        );
        for (host, machine) in world.hosts.iter().zip(&machinery.hosts) {
            let id = machine.id;
            engine.at(host.boots_at_ms, move |engine| nemesis::start(engine, id));
        }
        RunningWorld {
            engine,
            recorder,
            marks,
            triggers,
            calls,
            overheard,
            machinery,
        }
    }

    /// The engine of the run.
    pub(crate) fn engine(&self) -> &dyn Simulator {
        &*self.engine
    }

    /// The state that its hosts share.
    pub(crate) fn shared(&self) -> &S::Shared {
        &self.machinery.shared
    }

    /// The recorder of its history.
    pub(crate) fn recorder(&self) -> &Recorder<S> {
        &self.recorder
    }

    /// The marks set so far, with counts.
    pub(crate) fn marks(&self) -> BTreeMap<&'static str, u64> {
        self.marks.counts()
    }

    /// When each fault with a trigger was injected, milliseconds, by its position in the plan; `None` if it was not.
    pub(crate) fn triggered(&self) -> BTreeMap<usize, Option<u64>> {
        self.triggers.injected()
    }

    /// The calls of the service's processes so far, in order.
    pub(crate) fn calls(&self) -> Vec<CallRecord> {
        self.calls.records()
    }

    /// What was overheard of the service's processes so far.
    pub(crate) fn overheard(&self) -> &OverheardBook {
        &self.overheard
    }

    /// The marks set so far with their times, in order.
    pub(crate) fn mark_records(&self) -> Vec<MarkRecord> {
        self.marks.records()
    }
}

/// A certificate for each host that is to have one.
fn certificates<S: Service>(world: &World<S>) -> Certificates {
    let with = world.hosts.iter().filter(|host| host.has_certificate);
    let issued = with.map(|host| (host.name.clone(), Certificate::of(&host.name)));
    Arc::new(issued.collect())
}

/// Makes the links between Redis nodes fast until the Sentinels boot, so that replicas have attached by then. The
/// latency of the plan holds from then on.
fn attach_quickly<S: Service>(
    engine: &dyn Simulator,
    world: &World<S>,
    machinery: &Machinery<S>,
    replication: &Replication,
) {
    let ids: Vec<HostId> = replication.nodes.iter().map(|node| machinery.host(node).id).collect();
    let pairs = ids
        .iter()
        .enumerate()
        .flat_map(|(n, a)| ids[n + 1..].iter().map(move |b| [*a, *b]));
    let pairs: Vec<[HostId; 2]> = pairs.collect();
    let ms = replication.ms;
    for pair in &pairs {
        set_latency(engine, *pair, ms.min(ATTACH_MS_MAX));
    }
    let sentinels = world.hosts.iter().filter(|host| host.kind == super::HostKind::Sentinel);
    let attached_ms = sentinels.map(|host| host.boots_at_ms).min().unwrap_or(ATTACHED_MS);
    engine.at(attached_ms, move |engine| {
        for pair in pairs {
            set_latency(engine, pair, ms);
        }
    });
}

/// When replicas have attached if there is no Sentinel, milliseconds.
const ATTACHED_MS: u64 = 100;

/// Sets the one-way latency between two hosts in both directions; other changes by faults are kept.
fn set_latency(engine: &dyn Simulator, [a, b]: [HostId; 2], ms: u64) {
    for (from, to) in [(a, b), (b, a)] {
        let link = LinkConfig {
            latency_ms: (ms, ms),
            ..engine.link(from, to)
        };
        engine.set_link(from, to, link);
    }
}
