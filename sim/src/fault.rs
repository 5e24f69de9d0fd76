//! Faults as data: those that any world has, and those of the service.

use crate::{
    calls::CallFault,
    service::{Service, ServiceFault, tag_of},
    trigger::Trigger,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::fmt;

/// A host's name, as the world declares it.
pub type HostName = String;

/// One fault, or the end of one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(
    remote = "Self",
    tag = "fault",
    rename_all = "kebab-case",
    deny_unknown_fields,
    bound = ""
)]
pub enum Fault<S: Service> {
    /// SIGKILL: the process is gone at once, its kernel closes its sockets and keeps what peers
    /// have buffered.
    Kill {
        /// Whose process.
        host: HostName,
    },
    /// The host goes silent and forgets everything that was not on disk.
    PowerLoss {
        /// Which host.
        host: HostName,
    },
    /// Starts a host that was killed or lost power. Nothing happens if it is up.
    Start {
        /// Which host.
        host: HostName,
    },
    /// SIGSTOP: the process stops, its kernel goes on acknowledging and buffering.
    Pause {
        /// Whose process.
        host: HostName,
    },
    /// SIGCONT.
    Resume {
        /// Whose process.
        host: HostName,
    },
    /// Nothing passes between two hosts, either way.
    Cut {
        /// One end.
        a: HostName,
        /// The other end.
        b: HostName,
    },
    /// Nothing passes from one host to another; the way back is open.
    CutOneWay {
        /// Whose packets are lost.
        from: HostName,
        /// Who does not get them.
        to: HostName,
    },
    /// Undoes cuts between two hosts, in both directions.
    Mend {
        /// One end.
        a: HostName,
        /// The other end.
        b: HostName,
    },
    /// Packets between two hosts are lost with a probability; 0 ends it.
    Loss {
        /// One end.
        a: HostName,
        /// The other end.
        b: HostName,
        /// Per cent of packets, each way.
        percent: u8,
    },
    /// Packets between two hosts take longer; 0 ends it.
    Latency {
        /// One end.
        a: HostName,
        /// The other end.
        b: HostName,
        /// Added to each packet, milliseconds.
        added_ms: u64,
    },
    /// As [`Fault::Latency`], and it ends by itself.
    LatencySpike {
        /// One end.
        a: HostName,
        /// The other end.
        b: HostName,
        /// Added to each packet, milliseconds.
        added_ms: u64,
        /// For how long, milliseconds.
        lasts_ms: u64,
    },
    /// The wall clock of a host is off by this much from now on; 0 ends it.
    ClockOffset {
        /// Whose clock.
        host: HostName,
        /// Offset from the true time, milliseconds.
        offset_ms: i64,
    },
    /// The wall clock of a host jumps by this much from where it is.
    ClockJump {
        /// Whose clock.
        host: HostName,
        /// How far, milliseconds.
        by_ms: i64,
    },
    /// The disk under a host's database fails: before the commit, or after it, when the acknowledgement is lost.
    #[serde(alias = "directory-io-error")]
    DiskError {
        /// Whose disk.
        host: HostName,
        /// Whether the commit is durable although it was reported to have failed.
        after_commit: bool,
        /// For how long, milliseconds.
        lasts_ms: u64,
    },
    /// The disk under a host's database is slow: each commit that writes something takes so much longer. The process is
    /// blocked in that call, and keeps what locks it has.
    #[serde(alias = "directory-slow")]
    DiskSlow {
        /// Whose disk.
        host: HostName,
        /// How much longer a commit takes, milliseconds.
        by_ms: u64,
        /// For how long, milliseconds.
        lasts_ms: u64,
    },
    /// Something becomes of one call that a process makes through its seams.
    Call(CallFault),
    /// Everything is repaired: hosts started and resumed, links, clocks and disks restored, and what the service's own
    /// faults did undone. What liveness is measured from.
    Heal,
    /// A fault of the service's own.
    #[serde(skip)] // the two functions below do it
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
    /// The kind decides whose fault it is, so that an error says what is wrong with that one.
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
    /// When it is injected, milliseconds from the start of the run; with a trigger, from when on the trigger's event counts.
    pub at_ms: u64,
    /// What is injected.
    #[serde(flatten)]
    pub fault: Fault<S>,
    /// Relative to what it is injected. If that does not happen, or everything heals before, the fault is not injected at
    /// all.
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
    /// The hosts it names.
    pub fn hosts(&self) -> Vec<&str> {
        match self {
            Fault::Kill { host }
            | Fault::PowerLoss { host }
            | Fault::Start { host }
            | Fault::Pause { host }
            | Fault::Resume { host }
            | Fault::ClockOffset { host, .. }
            | Fault::ClockJump { host, .. }
            | Fault::DiskError { host, .. }
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

    /// Whether it ends trouble rather than making it.
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
                (Fault::Kill { .. } | Fault::PowerLoss { .. }, Fault::Start { .. })
                | (Fault::Pause { .. }, Fault::Resume { .. })
                | (Fault::Cut { .. } | Fault::CutOneWay { .. }, Fault::Mend { .. })
                | (Fault::Loss { .. }, Fault::Loss { .. })
                | (Fault::Latency { .. }, Fault::Latency { .. })
                | (Fault::ClockOffset { .. } | Fault::ClockJump { .. }, Fault::ClockOffset { .. }) => true,
                (Fault::Own(own), Fault::Own(end)) => own.is_ended_by(end),
                _ => false,
            }
    }

    /// How long it lasts if nothing ends it before, milliseconds.
    pub fn lasts_ms(&self) -> Option<u64> {
        match self {
            Fault::LatencySpike { lasts_ms, .. }
            | Fault::DiskError { lasts_ms, .. }
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

    /// Its kind and the kinds of its hosts, without numbers: `kill redis`. Failures whose small plans have the same shapes
    /// are one bug.
    pub fn shape(&self) -> String {
        if let Fault::Own(own) = self {
            return own.shape();
        }
        // `web-a` and `redis-2` are a web and a redis
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
            Fault::DiskSlow { host, by_ms, lasts_ms } => {
                write!(f, "the disk under {host} is {by_ms} ms slower for {lasts_ms} ms")
            }
            Fault::Call(call) => call.fmt(f),
            Fault::Heal => f.write_str("everything heals"),
            Fault::Own(own) => own.fmt(f),
        }
    }
}
