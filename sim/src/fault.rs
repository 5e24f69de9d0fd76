//! Faults as data: those of any world, and those of the service.

use crate::{
    calls::CallFault,
    refusal::Refusal,
    service::{Service, ServiceFault, tag_of},
    tls::Defect,
    trigger::Trigger,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::fmt;

/// The name of a host in its world.
pub type HostName = String;

/// A fault, or the end of one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(
    remote = "Self",
    tag = "fault",
    rename_all = "kebab-case",
    deny_unknown_fields,
    bound = ""
)]
pub enum Fault<S: Service> {
    /// Kills a process (SIGKILL): it is gone at once; its kernel closes its sockets, and peers keep the data that they
    /// have buffered.
    Kill {
        /// The host of the process.
        host: HostName,
    },
    /// Asks a process of the service to end (SIGTERM). It works until it has ended by itself; after 90 s it is killed, as by
    /// a supervisor (systemd's `TimeoutStopSec`). One that does not handle the signal ends at once. If it is started before
    /// it has ended, it starts when it has.
    Stop {
        /// The host of the process.
        host: HostName,
    },
    /// Cuts a host's power: it sends nothing more, and forgets everything that was not on disk.
    PowerLoss {
        /// The host.
        host: HostName,
    },
    /// Starts a host that was killed or stopped, or lost power. Nothing happens if it is up.
    Start {
        /// The host.
        host: HostName,
    },
    /// Pauses a process (SIGSTOP); its kernel goes on acknowledging and buffering.
    Pause {
        /// The host of the process.
        host: HostName,
    },
    /// Resumes a process (SIGCONT).
    Resume {
        /// The host of the process.
        host: HostName,
    },
    /// Cuts the link between two hosts in both directions.
    Cut {
        /// One end.
        a: HostName,
        /// The other end.
        b: HostName,
    },
    /// Cuts the link from one host to another; the other direction stays open.
    CutOneWay {
        /// The host whose packets are lost.
        from: HostName,
        /// The host that does not receive them.
        to: HostName,
    },
    /// Undoes cuts between two hosts, in both directions.
    Mend {
        /// One end.
        a: HostName,
        /// The other end.
        b: HostName,
    },
    /// Packets between two hosts are lost with a probability; 0 ends the fault.
    Loss {
        /// One end.
        a: HostName,
        /// The other end.
        b: HostName,
        /// Percentage of packets lost, in each direction.
        percent: u8,
    },
    /// Packets between two hosts take longer; 0 ends the fault.
    Latency {
        /// One end.
        a: HostName,
        /// The other end.
        b: HostName,
        /// Latency added to each packet, milliseconds.
        added_ms: u64,
    },
    /// As [`Fault::Latency`], but the fault ends by itself.
    LatencySpike {
        /// One end.
        a: HostName,
        /// The other end.
        b: HostName,
        /// Latency added to each packet, milliseconds.
        added_ms: u64,
        /// Duration of the fault, milliseconds.
        lasts_ms: u64,
    },
    /// Sets the wall clock of a host wrong from now on; 0 ends the fault.
    ClockOffset {
        /// The host of the clock.
        host: HostName,
        /// Offset from the true time, milliseconds.
        offset_ms: i64,
    },
    /// Moves the wall clock of a host from its current time.
    ClockJump {
        /// The host of the clock.
        host: HostName,
        /// By how much, milliseconds.
        by_ms: i64,
    },
    /// The disk under a host's database fails, before the commit or after it; in the latter case only the
    /// acknowledgement is lost.
    #[serde(alias = "directory-io-error")]
    DiskError {
        /// The host of the disk.
        host: HostName,
        /// Whether the commit is durable although it is reported as failed.
        after_commit: bool,
        /// Duration of the fault, milliseconds.
        lasts_ms: u64,
    },
    /// A Sentinel asks for a password that its clients do not have, because somebody has configured it so, at a console on
    /// its machine. That is in its configuration file: it asks also after a restart, until the fault ends.
    SentinelRefuses {
        /// The Sentinel.
        host: HostName,
        /// Duration of the fault, milliseconds.
        lasts_ms: u64,
    },
    /// A Redis node refuses commands, because somebody has configured it so, at a console on its machine. What was
    /// configured is gone after a restart.
    RedisRefuses {
        /// The node.
        host: HostName,
        /// The reason.
        why: Refusal,
        /// Duration of the fault, milliseconds.
        lasts_ms: u64,
    },
    /// The disk under a host's database is slow: each commit that writes something takes longer, and the database stays locked.
    /// A process that commits inline ([`seams::Storage::synced`]) is blocked meanwhile; one that commits on a thread of its own
    /// ([`seams::Storage::syncing`]) goes on.
    #[serde(alias = "directory-slow")]
    DiskSlow {
        /// The host of the disk.
        host: HostName,
        /// How much longer a commit takes, milliseconds.
        by_ms: u64,
        /// Duration of the fault, milliseconds.
        lasts_ms: u64,
    },
    /// A process has no file descriptor left (`EMFILE`): it can accept no connection, make none and open no port. What is
    /// open stays open, and whoever connects waits in the backlog of the port. A process that is started again has a
    /// table of its own.
    NoDescriptors {
        /// The host of the process.
        host: String,
        /// Duration of the fault, milliseconds.
        lasts_ms: u64,
    },
    /// Whoever connects to a host anew is shown a certificate that it should not believe. Connections that are there stay.
    BadCertificate {
        /// The host, which has a certificate.
        host: HostName,
        /// What is wrong with it.
        why: Defect,
        /// Duration of the fault, milliseconds.
        lasts_ms: u64,
    },
    /// One call that a process makes through its seams fails, or loses its answer, or is late.
    Call(CallFault),
    /// Repairs everything: hosts are started and resumed, links, clocks and disks are restored, and the service's own
    /// faults are ended. Liveness is measured from this moment on.
    Heal,
    /// A fault that only this service has.
    #[serde(skip)] // (de)serialized by the two functions below
    Own(S::Fault),
}

impl<S: Service> Serialize for Fault<S> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        match self {
            Fault::Own(own) => own.serialize(serializer),
            _ => Fault::serialize(self, serializer), // the derived function
        }
    }
}

impl<'de, S: Service> Deserialize<'de> for Fault<S> {
    /// The kind decides whether the fault is the service's own, so that an error is about the right type.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Fault<S>, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        let is_own = value["fault"]
            .as_str()
            .is_some_and(|kind| S::Fault::KINDS.contains(&kind));
        if is_own {
            return serde_json::from_value(value).map(Fault::Own).map_err(D::Error::custom);
        }
        // the derived function
        Fault::deserialize(value).map_err(|error: serde_json::Error| {
            let own: Vec<String> = S::Fault::KINDS.iter().map(|kind| format!("`{kind}`")).collect();
            match error.to_string() {
                text if text.starts_with("unknown variant") && !own.is_empty() => {
                    D::Error::custom(format!("{text}, {}", own.join(", ")))
                }
                text => D::Error::custom(text),
            }
        })
    }
}

/// A fault and its time, or its trigger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct TimedFault<S: Service> {
    /// When it is injected, milliseconds from the start of the run. With a trigger: the time from which the trigger's
    /// event counts.
    pub at_ms: u64,
    /// The fault to inject.
    #[serde(flatten)]
    pub fault: Fault<S>,
    /// The event that triggers the fault. If the event does not happen, or everything heals before, the fault is not
    /// injected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Trigger>,
}

impl<S: Service> TimedFault<S> {
    /// A fault at a time, milliseconds from the start of the run.
    pub fn at(at_ms: u64, fault: Fault<S>) -> TimedFault<S> {
        let after = None;
        TimedFault { at_ms, fault, after }
    }
}

impl<S: Service> Fault<S> {
    /// The hosts that it names.
    pub fn hosts(&self) -> Vec<&str> {
        match self {
            Fault::Kill { host }
            | Fault::Stop { host }
            | Fault::PowerLoss { host }
            | Fault::Start { host }
            | Fault::Pause { host }
            | Fault::Resume { host }
            | Fault::ClockOffset { host, .. }
            | Fault::ClockJump { host, .. }
            | Fault::DiskError { host, .. }
            | Fault::RedisRefuses { host, .. }
            | Fault::SentinelRefuses { host, .. }
            | Fault::NoDescriptors { host, .. }
            | Fault::BadCertificate { host, .. }
            | Fault::DiskSlow { host, .. } => vec![host],
            Fault::Cut { a, b }
            | Fault::Mend { a, b }
            | Fault::Loss { a, b, .. }
            | Fault::Latency { a, b, .. }
            | Fault::LatencySpike { a, b, .. } => vec![a, b],
            Fault::CutOneWay { from, to } => vec![from, to],
            Fault::Call(CallFault { host, .. }) => vec![host],
            Fault::Heal => vec![],
            Fault::Own(own) => own.hosts(),
        }
    }

    /// Whether it ends a fault rather than being one.
    pub fn repairs(&self) -> bool {
        match self {
            Fault::Start { .. } | Fault::Resume { .. } | Fault::Mend { .. } | Fault::Heal => true,
            Fault::Loss { percent, .. } => *percent == 0,
            Fault::Latency { added_ms, .. } => *added_ms == 0,
            Fault::ClockOffset { offset_ms, .. } => *offset_ms == 0,
            Fault::Own(own) => own.repairs(),
            _ => false,
        }
    }

    /// Whether another fault is the end of this one.
    pub fn is_ended_by(&self, end: &Fault<S>) -> bool {
        if self.repairs() || !end.repairs() {
            return false;
        }
        let same_hosts = {
            let (mut of, mut by) = (self.hosts(), end.hosts());
            of.sort_unstable();
            by.sort_unstable();
            of == by
        };
        same_hosts
            && match (self, end) {
                (Fault::Kill { .. } | Fault::Stop { .. } | Fault::PowerLoss { .. }, Fault::Start { .. })
                | (Fault::Pause { .. }, Fault::Resume { .. })
                | (Fault::Cut { .. } | Fault::CutOneWay { .. }, Fault::Mend { .. })
                | (Fault::Loss { .. }, Fault::Loss { .. })
                | (Fault::Latency { .. }, Fault::Latency { .. })
                | (Fault::ClockOffset { .. } | Fault::ClockJump { .. }, Fault::ClockOffset { .. }) => true,
                (Fault::Own(own), Fault::Own(end)) => own.is_ended_by(end),
                _ => false,
            }
    }

    /// Its duration if nothing ends it before, milliseconds.
    pub fn lasts_ms(&self) -> Option<u64> {
        match self {
            Fault::LatencySpike { lasts_ms, .. }
            | Fault::DiskError { lasts_ms, .. }
            | Fault::RedisRefuses { lasts_ms, .. }
            | Fault::SentinelRefuses { lasts_ms, .. }
            | Fault::NoDescriptors { lasts_ms, .. }
            | Fault::BadCertificate { lasts_ms, .. }
            | Fault::DiskSlow { lasts_ms, .. } => Some(*lasts_ms),
            Fault::Call(call) => Some(call.by_ms),
            Fault::Own(own) => own.lasts_ms(),
            _ => None,
        }
    }

    /// Its kind, as in a plan file.
    pub fn kind(&self) -> String {
        tag_of(self, "fault")
    }

    /// Its kind and the kinds of its hosts, without numbers: `kill redis`. Failures whose small plans have the same
    /// shapes count as one bug.
    pub fn shape(&self) -> String {
        if let Fault::Own(own) = self {
            return own.shape();
        }
        // `web-a` and `redis-2` are a web host and a redis host.
        let group = |host: &&str| host.rsplit_once('-').map_or(*host, |(group, _)| group).to_owned();
        let mut words: Vec<String> = self.hosts().iter().map(group).collect();
        words.insert(0, self.kind());
        if let Fault::Call(CallFault { call, .. }) = self {
            words.push(call.clone());
        }
        words.join(" ")
    }
}

impl<S: Service> fmt::Display for Fault<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Kill { host } => write!(f, "{host} is killed"),
            Fault::Stop { host } => write!(f, "{host} is asked to end"),
            Fault::PowerLoss { host } => write!(f, "{host} loses power"),
            Fault::Start { host } => write!(f, "{host} starts"),
            Fault::Pause { host } => write!(f, "{host} is paused"),
            Fault::Resume { host } => write!(f, "{host} resumes"),
            Fault::Cut { a, b } => write!(f, "the link {a} - {b} is cut"),
            Fault::CutOneWay { from, to } => write!(f, "the link {from} > {to} is cut, one way"),
            Fault::Mend { a, b } => write!(f, "the link {a} - {b} is mended"),
            Fault::Loss { a, b, percent } => write!(f, "the link {a} - {b} loses {percent} % of its packets"),
            Fault::Latency { a, b, added_ms } => write!(f, "the link {a} - {b} is {added_ms} ms slower"),
            Fault::LatencySpike {
                a,
                b,
                added_ms,
                lasts_ms,
            } => {
                write!(f, "the link {a} - {b} is {added_ms} ms slower for {lasts_ms} ms")
            }
            Fault::ClockOffset { host, offset_ms } => write!(f, "the clock of {host} is {offset_ms:+} ms off"),
            Fault::ClockJump { host, by_ms } => write!(f, "the clock of {host} jumps by {by_ms:+} ms"),
            Fault::DiskError {
                host,
                after_commit,
                lasts_ms,
            } => write!(
                f,
                "the disk fails under {host} {} its commits for {lasts_ms} ms",
                if *after_commit { "after" } else { "before" }
            ),
            Fault::RedisRefuses { host, why, lasts_ms } => write!(f, "{host} {why} for {lasts_ms} ms"),
            Fault::SentinelRefuses { host, lasts_ms } => write!(f, "{host} asks for a password for {lasts_ms} ms"),
            Fault::DiskSlow { host, by_ms, lasts_ms } => {
                write!(f, "the disk under {host} is {by_ms} ms slower for {lasts_ms} ms")
            }
            Fault::NoDescriptors { host, lasts_ms } => {
                write!(f, "{host} has no file descriptor left for {lasts_ms} ms")
            }
            Fault::BadCertificate { host, why, lasts_ms } => {
                write!(f, "{host} presents a certificate {why} for {lasts_ms} ms")
            }
            Fault::Call(call) => call.fmt(f),
            Fault::Heal => f.write_str("everything heals"),
            Fault::Own(own) => own.fmt(f),
        }
    }
}
