//! A host of a world, and the information that it gets when a run begins.

use super::{Act, Console, Descriptors, Disk, Marks, Signals, build::Addresses};
use crate::{
    calls::{CallBook, CallPauses, Calls},
    driver::Main,
    engine::{Caller, HostId},
    nemesis::Triggers,
    overheard::OverheardBook,
    plan::Plan,
    recorder::Recorder,
    service::Service,
    tls::Certificate,
};
use seams::{Probe, Storage, Timestamp};
use std::{collections::BTreeMap, fmt, sync::Arc};

/// The kind of software that a host runs. Faults, triggers and stories depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum HostKind {
    /// A Redis node.
    Redis,
    /// A Sentinel.
    Sentinel,
    /// A balancer.
    Balancer,
    /// A process of the service under test.
    Service,
    /// A host of people, clients or attackers. Killing it proves nothing.
    People,
    /// A peer of the service: a mail relay, a hook.
    Peer,
}

/// A host of a world: its name, and the software that it runs at each boot.
pub struct Host<S: Service> {
    pub(super) name: String,
    pub(super) kind: HostKind,
    pub(super) boots_at_ms: u64,
    pub(super) has_certificate: bool,
    pub(super) install: Box<Install<S>>,
}

/// Certificates by host name.
pub(crate) type Certificates = Arc<BTreeMap<String, Certificate>>;

/// A function that prepares a host when a run begins.
pub type Install<S> = dyn Fn(&Start<'_, S>) -> Installed;

impl<S: Service> Host<S> {
    /// A host with this name, which consists of letters, digits and hyphens. Several hosts of a group are called
    /// `group-1`, `group-2`.
    ///
    /// Hosts boot at 0 ms, Sentinels at 100 ms, the service's processes at 200 ms, as in a deployment that has settled.
    /// A Sentinel asks for INFO when it boots and then only every 10 s: if it boots before the Redis replica has
    /// attached, it knows of no replica to promote until then.
    pub fn new(
        name: impl Into<String>,
        kind: HostKind,
        install: impl Fn(&Start<'_, S>) -> Installed + 'static,
    ) -> Host<S> {
        Host {
            name: name.into(),
            kind,
            boots_at_ms: match kind {
                HostKind::Sentinel => 100,
                HostKind::Service => 200,
                _ => 0,
            },
            has_certificate: false,
            install: Box::new(install),
        }
    }

    /// Has a certificate, for its name and its address: [`Start::certificate`]. What the service's processes send to it is
    /// overheard on its way: [`crate::overheard`].
    #[must_use]
    pub fn with_certificate(self) -> Host<S> {
        Host {
            has_certificate: true,
            ..self
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its kind.
    pub fn kind(&self) -> HostKind {
        self.kind
    }
}

impl<S: Service> fmt::Debug for Host<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:?})", self.name, self.kind)
    }
}

/// The software of a host, ready for its boots.
pub struct Installed {
    pub(super) main: Main,
    pub(super) probe: Option<Arc<dyn Probe>>,
    pub(super) storage: Option<Arc<dyn Storage>>,
    pub(super) disk: Option<Disk>,
    pub(super) descriptors: Option<Descriptors>,
    pub(super) signals: Option<Signals>,
    pub(super) power_loss: Option<Box<dyn Fn()>>,
    pub(super) console: Option<Console>,
}

impl Installed {
    /// Software that is called at every boot with that boot's seams.
    pub fn new(main: Main) -> Installed {
        Installed {
            main,
            probe: None,
            storage: None,
            disk: None,
            descriptors: None,
            signals: None,
            power_loss: None,
            console: None,
        }
    }

    /// Sets what its disk loses when the host loses power.
    pub fn on_power_loss(self, loses: impl Fn() + 'static) -> Installed {
        Installed {
            power_loss: Some(Box::new(loses)),
            ..self
        }
    }

    /// Has a console.
    pub(super) fn with_console(self, console: Console) -> Installed {
        Installed {
            console: Some(console),
            ..self
        }
    }
}

/// The state of a run at its beginning, before any host has booted.
pub struct Start<'a, S: Service> {
    /// The plan to be performed.
    pub plan: &'a Plan<S>,
    /// Wall-clock time at the beginning.
    pub epoch: Timestamp,
    /// Returns simulated time, milliseconds from the start of the run.
    pub now_ms: Arc<dyn Fn() -> u64 + Send + Sync>,
    /// The host that is being prepared; empty in [`Service::share`].
    pub host: &'a str,
    /// The recorder of the run.
    pub recorder: &'a Recorder<S>,
    /// The planted bug, if there is one.
    pub bug: Option<&'a S::Bug>,
    pub(crate) people: Option<&'a Arc<Act<S>>>,
    pub(crate) shared: Option<&'a S::Shared>,
    pub(crate) addresses: Addresses,
    pub(crate) marks: &'a Marks,
    pub(crate) triggers: &'a Triggers,
    pub(crate) calls: &'a CallBook,
    pub(crate) call_pauses: CallPauses,
    pub(crate) caller: Caller,
    pub(crate) number: usize,
    /// The certificates of the hosts that have one.
    pub(crate) certificates: Certificates,
    pub(crate) overheard: OverheardBook,
    pub(crate) return_number: usize,
}

impl<S: Service> Start<'_, S> {
    /// The state that the hosts share.
    ///
    /// # Panics
    /// In [`Service::share`], which makes it.
    pub fn shared(&self) -> &S::Shared {
        self.shared.expect("hosts are prepared after what they share")
    }

    /// The certificate of the host that is being prepared.
    ///
    /// # Panics
    /// It has none: see [`Host::with_certificate`].
    pub fn certificate(&self) -> Certificate {
        let own = self.certificates.get(self.host);
        own.expect("the host was declared with a certificate").clone()
    }

    /// The data for a process of the service on this host.
    pub fn process(&self) -> Process<S> {
        Process {
            host: self.host.to_owned(),
            options: self.plan.world.clone(),
            bug: self.bug.cloned(),
            shared: self.shared().clone(),
            recorder: self.recorder.clone(),
            signals: Signals::default(),
            calls: Calls::new(self.host, self.plan.seed, self.calls.clone(), self.call_pauses),
        }
    }
}

/// The data that all boots of one process of the service have in common.
#[derive(Clone)]
pub struct Process<S: Service> {
    /// Its host.
    pub host: String,
    /// The options of the world.
    pub options: S::World,
    /// The planted bug, if there is one.
    pub bug: Option<S::Bug>,
    /// The state that the hosts share.
    pub shared: S::Shared,
    /// The recorder of the run.
    pub recorder: Recorder<S>,
    /// How it is asked to end.
    pub signals: Signals,
    /// Its calls: see [`crate::calls`].
    pub calls: Calls,
}

/// The parts of a world that the nemesis acts on, besides the engine.
pub(crate) struct Machinery<S: Service> {
    pub(crate) shared: S::Shared,
    /// In the order of declaration.
    pub(crate) hosts: Vec<Machine>,
    pub(crate) by_name: BTreeMap<String, usize>,
}

/// The parts of a host that the nemesis acts on.
pub(crate) struct Machine {
    pub(crate) id: HostId,
    pub(crate) disk: Option<Disk>,
    pub(crate) power_loss: Option<Box<dyn Fn()>>,
    pub(crate) console: Option<Console>,
    /// The table of file descriptors of a process of the service.
    pub(crate) descriptors: Option<Descriptors>,
    pub(crate) certificate: Option<Certificate>,
    /// The signals of a process of the service.
    pub(crate) signals: Option<Signals>,
}

impl<S: Service> Machinery<S> {
    /// The host of this name, which must exist: plans have been checked.
    pub(crate) fn host(&self, name: &str) -> &Machine {
        &self.hosts[self.by_name[name]]
    }
}
