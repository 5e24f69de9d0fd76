//! The calls of a run, and what is to become of the next ones.

use super::{CallFault, CallSite, Moment};
use crate::{engine::Caller, nemesis::Triggers};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};
use tokio::sync::Notify;

/// One call that a process made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRecord {
    /// When it began, milliseconds from the start of the run.
    pub at_ms: u64,
    /// Whose process.
    pub host: Arc<str>,
    /// Which: [`CallSite::name`].
    pub call: &'static str,
    /// The how many-th of its name on that host since the start of the run, from 1.
    pub nth: u32,
    /// The last call that did not come by the clock and that this host had made before, if there was one: the state in which
    /// a call by the clock finds its process.
    pub after: Option<&'static str>,
    /// How it ended; `None` if it did not: its process died, or nobody waited any more.
    pub answered: Option<Answered>,
    /// When it ended, milliseconds from the start of the run.
    pub ended_ms: Option<u64>,
    /// Whether its process waited longer for its dependency than [`CallSite::within_ms`] says. What a plan does to the call
    /// itself does not count.
    pub is_late: bool,
    /// The failure that its process got, as the service would write it, if it got one.
    pub failure: Option<String>,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    /// With an answer.
    Well,
    /// With an error.
    WithError,
}

impl Answered {
    pub(super) fn of<T, E>(result: &Result<T, E>) -> Answered {
        match result {
            Ok(_) => Answered::Well,
            Err(_) => Answered::WithError,
        }
    }
}

/// What all hosts of a run share. Clones share it.
#[derive(Clone)]
pub(crate) struct CallBook {
    sites: &'static [CallSite],
    triggers: Triggers,
    caller: Caller,
    pages: Arc<Mutex<Pages>>,
}

#[derive(Default)]
struct Pages {
    records: Vec<CallRecord>,
    counts: BTreeMap<(Arc<str>, &'static str), u32>,
    /// By host: the last call that did not come by the clock.
    last: BTreeMap<Arc<str>, &'static str>,
    /// What becomes of next calls, in the order in which it was said.
    faults: Vec<CallFault>,
    /// By host, for each time at which its disk is slow: how long it takes for a commit, and until when, milliseconds.
    slow_disks: BTreeMap<String, Vec<(u64, u64)>>,
    /// Calls that stand still until the nemesis has acted.
    stopped: Vec<Arc<Notify>>,
}

impl CallBook {
    pub(crate) fn new(sites: &'static [CallSite], triggers: Triggers, caller: Caller) -> CallBook {
        CallBook {
            sites,
            triggers,
            caller,
            pages: Arc::default(),
        }
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().expect("nobody panics while holding the calls")
    }

    /// What the service says of a call.
    pub(super) fn site(&self, call: &str) -> &'static CallSite {
        let site = self.sites.iter().find(|site| site.name == call);
        site.unwrap_or_else(|| panic!("no call is named {call:?} in Service::CALLS; add it there"))
    }

    /// A call begins; returns its number.
    pub(super) fn begin(&self, host: &Arc<str>, call: &str) -> usize {
        let site = self.site(call);
        let at_ms = self.caller.now_ms();
        let mut pages = self.pages();
        let nth = pages.counts.entry((host.clone(), site.name)).or_default();
        *nth += 1;
        let nth = *nth;
        let after = pages.last.get(host).copied();
        if !site.by_clock {
            pages.last.insert(host.clone(), site.name);
        }
        pages.records.push(CallRecord {
            at_ms,
            host: host.clone(),
            call: site.name,
            nth,
            after,
            answered: None,
            ended_ms: None,
            is_late: false,
            failure: None,
        });
        pages.records.len() - 1
    }

    /// The disk of a host takes so long for a commit that begins before a time, milliseconds.
    pub(crate) fn disk_takes(&self, host: &str, by_ms: u64, until_ms: u64) {
        let mut pages = self.pages();
        pages
            .slow_disks
            .entry(host.to_owned())
            .or_default()
            .push((by_ms, until_ms));
    }

    /// How long the disk of a host takes for a commit if it was slow at some time since a moment, milliseconds: the longest,
    /// because a commit takes what the disk takes as it begins, whatever comes then.
    pub(super) fn disk_ms(&self, host: &str, since_ms: u64) -> u64 {
        let pages = self.pages();
        let slow = pages.slow_disks.get(host).into_iter().flatten();
        let since = slow.filter(|(_, until_ms)| since_ms < *until_ms);
        since.map(|(by_ms, _)| *by_ms).max().unwrap_or(0)
    }

    /// Simulated time, milliseconds from the start of the run.
    pub(super) fn now_ms(&self) -> u64 {
        self.caller.now_ms()
    }

    /// It takes longer than its site promises.
    pub(super) fn is_late(&self, number: usize) {
        self.pages().records[number].is_late = true;
    }

    /// It ends.
    pub(super) fn end(&self, number: usize, answered: Answered, failure: Option<String>) {
        let now_ms = self.caller.now_ms();
        let record = &mut self.pages().records[number];
        record.answered = Some(answered);
        record.ended_ms = Some(now_ms);
        record.failure = failure;
    }

    /// If faults wait for this very moment of a call, stands still until they have been injected.
    pub(super) async fn stop_at(&self, host: &str, call: &str, moment: Moment) {
        if !self.triggers.call(host, call, moment) {
            return;
        }
        let go_on = Arc::new(Notify::new());
        self.pages().stopped.push(go_on.clone());
        go_on.notified().await;
    }

    /// The nemesis has acted: what stood still goes on, if it still exists.
    pub(crate) fn go_on(&self) {
        let stopped = std::mem::take(&mut self.pages().stopped);
        stopped.iter().for_each(|call| call.notify_one());
    }

    /// Says what becomes of a next call.
    pub(crate) fn strike(&self, fault: CallFault) {
        self.pages().faults.push(fault);
    }

    /// What was said and has not happened is taken back.
    pub(crate) fn heal(&self) {
        self.pages().faults.clear();
    }

    /// What becomes of this call, if anything was said; said once, it becomes of one call.
    pub(super) fn fault_of(&self, host: &str, call: &str) -> Option<CallFault> {
        let mut pages = self.pages();
        let is_meant = |fault: &CallFault| fault.host == host && fault.call == call;
        let place = pages.faults.iter().position(is_meant)?;
        Some(pages.faults.remove(place))
    }

    /// The calls so far, in the order in which they began.
    pub(crate) fn records(&self) -> Vec<CallRecord> {
        self.pages().records.clone()
    }
}
