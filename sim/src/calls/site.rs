//! What a service says of its calls.

use crate::{fault::Fault, service::Service};
use seams::Failure;

/// One kind of call that processes of a service make through their seams.
#[derive(Debug, Clone, Copy)]
pub struct CallSite {
    /// Its name, as plans say it: what is asked and for what, `store take code`.
    pub name: &'static str,
    /// How it can fail: what the real dependency answers there.
    pub errors: &'static [CallError],
    /// Whether it comes again and again with the clock: a renewal, a check of health. A sweep takes one for each state of
    /// its process, rather than each.
    pub by_clock: bool,
    /// How often it may come at most, if that is promised: once in so many milliseconds.
    pub every_ms: Option<u64>,
    /// Within how long it ends at most, if that is promised, milliseconds.
    pub within_ms: Option<u64>,
    /// Whether it ends with a commit, which takes as long as the disk does.
    pub commits: bool,
    /// Why no story of the sweep reaches it, if none does.
    pub unreached: Option<&'static str>,
}

impl CallSite {
    /// A call by its name, and how it can fail.
    pub const fn new(name: &'static str, errors: &'static [CallError]) -> CallSite {
        CallSite {
            name,
            errors,
            by_clock: false,
            every_ms: None,
            within_ms: None,
            commits: false,
            unreached: None,
        }
    }

    /// It comes again and again with the clock.
    pub const fn by_clock(self) -> CallSite {
        CallSite { by_clock: true, ..self }
    }

    /// It comes with the clock, once in so many milliseconds: a run in which a process makes it much more often violates
    /// `CallsByClock`. Idle work is not free: it costs every replica, and what they all depend on.
    pub const fn every_ms(self, ms: u64) -> CallSite {
        CallSite {
            by_clock: true,
            every_ms: Some(ms),
            ..self
        }
    }

    /// It ends within so many milliseconds of its process's time, whatever its dependency does: a run in which a process waits
    /// longer violates `CallsInTime`. Whoever waits without end for a dependency has its outages.
    pub const fn within_ms(self, ms: u64) -> CallSite {
        CallSite {
            within_ms: Some(ms),
            ..self
        }
    }

    /// It ends with a commit: [`CallSite::within_ms`] says how long it takes until that begins.
    pub const fn commits(self) -> CallSite {
        CallSite { commits: true, ..self }
    }

    /// Why no story of the sweep reaches it.
    pub const fn unreached(self, why: &'static str) -> CallSite {
        CallSite {
            unreached: Some(why),
            ..self
        }
    }

    /// The error of a name.
    pub fn error(&self, name: &str) -> Option<&CallError> {
        self.errors.iter().find(|error| error.name == name)
    }
}

/// One way in which a dependency fails: an answer that it gives, or that none comes.
#[derive(Debug, Clone, Copy)]
pub struct CallError {
    /// Its name, as plans say it, and where possible as the dependency does: `READONLY`.
    pub name: &'static str,
    /// What the caller gets. `Unknown` where the caller cannot tell whether the call was done: such an error may come of a
    /// call that was done, as of one that was not.
    pub failure: fn() -> Failure,
    /// After how long, milliseconds: a deadline passes, an answer is there at once.
    pub after_ms: u64,
}

/// On which side of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// Nothing has been asked yet.
    Before,
    /// The answer is there, and nothing has been done with it.
    After,
}

impl Moment {
    /// The event of a call at this moment, as triggers name it.
    pub fn event(self, host: &str, call: &str) -> String {
        format!("{host} {} {call}", self.verb())
    }

    pub(crate) fn verb(self) -> &'static str {
        match self {
            Moment::Before => "calls",
            Moment::After => "has called",
        }
    }
}

/// Trouble that only this service's world has at a call: a peer that answers with an error, a link that is slow. See
/// [`Service::troubles_of_call`].
pub struct CallTrouble<S: Service> {
    /// Its name, in a few words: `the relay answers 421`.
    pub name: &'static str,
    /// On which side of the call it begins.
    pub moment: Moment,
    /// What is injected, and how long after that moment, milliseconds.
    pub faults: Vec<(u64, Fault<S>)>,
}
