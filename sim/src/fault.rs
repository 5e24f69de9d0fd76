//! What befalls the world, as data.

use crate::aim::Aim;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A host's name, as in [`crate::world::hosts`].
pub type HostName = String;

/// One fault, or the end of one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fault {
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
    /// SIGSTOP: the process stands still, its kernel goes on acknowledging and buffering.
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
    /// The mail relay changes its manners.
    Mail {
        /// How it behaves from now on.
        manner: Manner,
    },
    /// The analytics hook changes its manners.
    Analytics {
        /// How it behaves from now on.
        manner: Manner,
    },
    /// Somebody else holds the directory's write lock (`SQLITE_BUSY`).
    DirectoryBusy {
        /// For how long, milliseconds.
        lasts_ms: u64,
    },
    /// The disk under the directory fails for one replica (`SQLITE_IOERR`): before the commit, or
    /// after it, when the acknowledgement is lost.
    DirectoryIoError {
        /// Whose view of the disk.
        host: HostName,
        /// Whether the commit is durable although it was reported to have failed.
        after_commit: bool,
        /// For how long, milliseconds.
        lasts_ms: u64,
    },
    /// The disk under the directory is slow for one replica: each of its commits that writes something takes so much
    /// longer. The process stands still in that call, and has the write lock meanwhile.
    DirectorySlow {
        /// Whose view of the disk.
        host: HostName,
        /// How much longer a commit takes, milliseconds.
        by_ms: u64,
        /// For how long, milliseconds.
        lasts_ms: u64,
    },
    /// Everything is repaired: hosts started and resumed, links and clocks restored, relay and hook
    /// healthy, locks released. What liveness is measured from.
    Heal,
}

/// How a peer answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Manner {
    /// As it should.
    Healthy,
    /// As it should, but late.
    Slow {
        /// How late, milliseconds.
        by_ms: u64,
    },
    /// It accepts the connection and never answers.
    Hanging,
    /// It answers with an error.
    Erring,
    /// It answers with bytes that the protocol does not allow.
    Garbage,
}

/// A fault and its time, or its aim.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TimedFault {
    /// When it strikes, milliseconds from the start of the run; with an aim, from when on its event
    /// counts.
    pub at_ms: u64,
    /// What strikes.
    #[serde(flatten)]
    pub fault: Fault,
    /// Relative to what it strikes. If that does not come, or everything heals before, it does not
    /// strike at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Aim>,
}

impl TimedFault {
    /// A fault at a time, milliseconds from the start of the run.
    pub fn at(at_ms: u64, fault: Fault) -> TimedFault {
        let after = None;
        TimedFault { at_ms, fault, after }
    }
}

impl Fault {
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
            | Fault::DirectoryIoError { host, .. }
            | Fault::DirectorySlow { host, .. } => vec![host],
            Fault::Cut { a, b }
            | Fault::Mend { a, b }
            | Fault::Loss { a, b, .. }
            | Fault::Latency { a, b, .. }
            | Fault::LatencySpike { a, b, .. } => vec![a, b],
            Fault::CutOneWay { from, to } => vec![from, to],
            Fault::Mail { .. } => vec!["mail"],
            Fault::Analytics { .. } => vec!["analytics"],
            Fault::DirectoryBusy { .. } | Fault::Heal => vec![],
        }
    }

    /// Whether it ends trouble rather than making it.
    pub fn repairs(&self) -> bool {
        match self {
            Fault::Start { .. } | Fault::Resume { .. } | Fault::Mend { .. } | Fault::Heal => true,
            Fault::Loss { percent, .. } => *percent == 0,
            Fault::Latency { added_ms, .. } => *added_ms == 0,
            Fault::ClockOffset { offset_ms, .. } => *offset_ms == 0,
            Fault::Mail { manner } | Fault::Analytics { manner } => *manner == Manner::Healthy,
            _ => false,
        }
    }
}

impl Fault {
    /// Whether another fault is the end of this one.
    pub fn ended_by(&self, end: &Fault) -> bool {
        use Fault::{Analytics, ClockJump, ClockOffset, Cut, CutOneWay, Kill, Latency, Loss, Mail, Mend, Pause};
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
            && match self {
                Kill { .. } | Fault::PowerLoss { .. } => matches!(end, Fault::Start { .. }),
                Pause { .. } => matches!(end, Fault::Resume { .. }),
                Cut { .. } | CutOneWay { .. } => matches!(end, Mend { .. }),
                Loss { .. } => matches!(end, Loss { .. }),
                Latency { .. } => matches!(end, Latency { .. }),
                ClockOffset { .. } | ClockJump { .. } => matches!(end, ClockOffset { .. }),
                Mail { .. } => matches!(end, Mail { .. }),
                Analytics { .. } => matches!(end, Analytics { .. }),
                _ => false,
            }
    }
}

impl fmt::Display for Fault {
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
            Fault::Mail { manner } => write!(f, "the mail relay is {manner}"),
            Fault::Analytics { manner } => write!(f, "the analytics hook is {manner}"),
            Fault::DirectoryBusy { lasts_ms } => write!(f, "the directory is locked for {lasts_ms} ms"),
            Fault::DirectoryIoError {
                host,
                after_commit,
                lasts_ms,
            } => write!(
                f,
                "the disk fails under {host} {} its commits for {lasts_ms} ms",
                if *after_commit { "after" } else { "before" }
            ),
            Fault::DirectorySlow { host, by_ms, lasts_ms } => {
                write!(f, "the disk under {host} is {by_ms} ms slower for {lasts_ms} ms")
            }
            Fault::Heal => f.write_str("everything heals"),
        }
    }
}

impl fmt::Display for Manner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Manner::Healthy => f.write_str("healthy"),
            Manner::Slow { by_ms } => write!(f, "{by_ms} ms slow"),
            Manner::Hanging => f.write_str("hanging"),
            Manner::Erring => f.write_str("answering with errors"),
            Manner::Garbage => f.write_str("answering garbage"),
        }
    }
}
