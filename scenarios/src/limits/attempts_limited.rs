//! Wrong codes are limited over both replicas together.
//!
//! Source: SP 800-63B-4 section 3.2.2 (rate limiting; at most 100 consecutive failures), inventory 18, 20, 24.
//!
//! Edges. An attempt counts if it is an admitted failure: the service looked at the code and said that it is wrong. The
//! same code typed twice in one flow is one attempt, because it tells the attacker nothing new (inventory 4). Windows
//! are fixed and begin with an attempt, so N attempts at the end of one window and N at the start of the next are
//! within the limit (inventory 24). Each state of Redis has counters of its own: a failover forgets counts that were
//! not replicated, and a node that starts empty forgets all (measured: a counter went back from 8 to 3).
//!
//! Consecutive failures are counted in the directory, which forgets nothing, and before the code is looked at; there the bound
//! is exact, also for attempts in flight together. A success resets the count. An attempt of unknown outcome may reset it
//! at any later time, but only if its code was mailed; no other code can succeed. So does an operator who unlocks the
//! address, when they do; if the outcome is unknown they may have.
//!
//! What the owner of an address tries in a browser that has logged in before is counted there, and not at the address. Each
//! login of theirs may have made one more browser known. So their own attempts are counted apart from those of others, with the
//! limit once for each of these browsers, and in a row only those of others are counted. The specification is exact about the
//! owner's as well.

use crate::{
    limits, mailed_code,
    property::{
        invocations,
        reading::{Invocation, mails},
        violation,
        windows::{admitted_max, redis_states},
    },
    vocabulary::{Behaviour, Evidence, Kind, Login, Op, Plan, Property, Seen, Tag, Violation},
};
use std::collections::{BTreeMap, BTreeSet};

/// The error code with which the service refuses a wrong code.
pub(crate) const WRONG_CODE: &str = "wrong-code";

/// Property: wrong codes are limited per address and window, per flow, and in a row. See the module.
pub struct AttemptsLimited;

/// The failures of an address or a flow so far.
#[derive(Default)]
struct Count {
    first_ms: u64,
    codes: BTreeSet<(Tag, Tag)>,
    records: Vec<usize>,
}

impl Count {
    /// Counts a failure; returns the number of different codes so far.
    fn one_more(&mut self, invocation: &Invocation<'_>, flow: &Tag, code: &Tag) -> u64 {
        self.codes.insert((flow.clone(), code.clone()));
        self.records.extend(invocation.records());
        self.codes.len() as u64
    }
}

/// The attempts at one address, for counting failures in a row.
#[derive(Default)]
struct Row {
    /// Begin and answer of each attempt that succeeded or may have succeeded, milliseconds.
    successes_ms: Vec<(u64, u64)>,
    /// Begin and answer of each time an operator unlocked it or may have done so, milliseconds.
    unlocks_ms: Vec<(u64, u64)>,
    /// Begin of each failure of others than the owner, milliseconds.
    failures_ms: Vec<u64>,
}

impl Row {
    /// The number of failures in a row that were looked at before an attempt with this answer.
    fn before(&self, ended_ms: u64) -> u64 {
        let resets = self.successes_ms.iter().chain(&self.unlocks_ms);
        let earlier = resets.filter(|(began, _)| *began <= ended_ms);
        let forgotten_ms = earlier.map(|(_, answered)| *answered).max();
        let is_counted = |began: &&u64| forgotten_ms.is_none_or(|forgotten| forgotten < **began);
        self.failures_ms.iter().filter(is_counted).count() as u64
    }
}

/// As whom somebody is known in their browser: as themselves, unless it is somebody else's.
fn known_as<'a>(plan: &'a Plan, who: &'a str) -> &'a str {
    let mut known = plan.operations.iter().filter_map(|operation| match &operation.does {
        Behaviour::Limits(limits::Behaviour::Guess {
            known_as: Some(known_as),
            ..
        }) if operation.who == who => Some(known_as.as_str()),
        _ => None,
    });
    known.next().unwrap_or(who)
}

/// The rows of the addresses that operators unlocked, or may have.
fn unlocks<'a>(invocations: &[Invocation<'a>]) -> BTreeMap<&'a str, Row> {
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    for invocation in invocations {
        if let Op::Limits(limits::Op::Unlock { address }) = invocation.op
            && invocation.failure().is_none()
        {
            let unlocked_ms = (invocation.began_ms, invocation.ended_ms());
            rows.entry(address).or_default().unlocks_ms.push(unlocked_ms);
        }
    }
    rows
}

/// The excuse of a number of attempts that only a new state of Redis explains.
fn new_state(admitted: u64, first_state: u64, most: u64) -> Option<&'static str> {
    (first_state < admitted && admitted <= most).then_some("a new state of Redis has counters of its own")
}

impl Property<Login> for AttemptsLimited {
    fn name(&self) -> String {
        "AttemptsLimited".into()
    }
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "wrong codes are limited per address and window, per flow, and in a row, over both replicas".into()
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let limits = crate::property::limits();
        let states = redis_states(evidence);
        let only_first = states.only_first();
        let window_ms = evidence.plan.world.limit_window_s * 1000;
        let mut attempts: Vec<(&Invocation<'_>, &Tag, &str, &Tag)> = vec![];
        let invocations = invocations(evidence.history);
        for invocation in &invocations {
            if let Op::MailedCode(mailed_code::Op::VerifyCode { flow, address, code }) = invocation.op {
                attempts.push((invocation, flow, address, code));
            }
        }
        let (mut addresses, mut flows) = (BTreeMap::new(), BTreeMap::new());
        let mut rows = unlocks(&invocations);
        let mailed: BTreeSet<_> = mails(evidence.history)
            .map(|(_, _, address, code)| (address, code))
            .collect();
        for (invocation, flow, address, code) in &attempts {
            let fresh = || Count {
                first_ms: invocation.began_ms,
                ..Count::default()
            };
            // Whoever tries first begins the window, for both.
            for is_owner in [false, true] {
                addresses.entry((*address, is_owner)).or_insert_with(fresh);
            }
            flows.entry(*flow).or_insert_with(fresh);
            let row = rows.entry(*address).or_default();
            match invocation.end.map(|end| end.seen) {
                Some(Seen::Fail(_)) => {}
                Some(Seen::Ok) => row.successes_ms.push((invocation.began_ms, invocation.ended_ms())),
                Some(Seen::Unknown(_)) | None if mailed.contains(&(*address, *code)) => {
                    row.successes_ms.push((invocation.began_ms, u64::MAX));
                }
                Some(Seen::Unknown(_)) | None => {}
            }
        }
        attempts.sort_by_key(|(invocation, ..)| invocation.ended_ms());
        for (invocation, flow, address, code) in attempts {
            if invocation.failure() != Some(WRONG_CODE) {
                continue;
            }
            let now_ms = invocation.ended_ms();
            let exceeded = |count: &Count, of: &str, most: u64, reason: &str| {
                let admitted = count.codes.len();
                let what = format!("{admitted} wrong codes were looked at for {of}; at most {most} are admitted");
                Err(violation(&self.name(), now_ms, count.records.clone(), what).because(reason))
            };
            let who = known_as(evidence.plan, invocation.who);
            let is_owner = format!("{who}@example.com") == *address;
            let row = rows.get_mut(address).expect("entered above");
            // Browsers that may be known, and those that are not, together.
            let logins = row.successes_ms.iter().filter(|(began, _)| *began <= now_ms).count() as u64;
            let browsers = if is_owner { 1 + logins } else { 1 };
            let by_address = addresses.get_mut(&(address, is_owner)).expect("entered above");
            let admitted = by_address.one_more(invocation, flow, code);
            let first_ms = by_address.first_ms;
            let limit = limits.login_attempts * browsers;
            let most = admitted_max(limit, window_ms, &states, first_ms, now_ms);
            let first_state = admitted_max(limit, window_ms, &only_first, first_ms, now_ms);
            if evidence.is_violated(admitted > first_state, new_state(admitted, first_state, most)) {
                return exceeded(by_address, address, most, "too-many-at-an-address");
            }
            let by_flow = flows.get_mut(flow).expect("entered above");
            let admitted = by_flow.one_more(invocation, flow, code);
            let first_ms = by_flow.first_ms;
            let most = admitted_max(limits.verify_attempts, u64::MAX, &states, first_ms, now_ms);
            let first_state = admitted_max(limits.verify_attempts, u64::MAX, &only_first, first_ms, now_ms);
            if evidence.is_violated(admitted > first_state, new_state(admitted, first_state, most)) {
                return exceeded(by_flow, &format!("the flow {}", flow.0), most, "too-many-in-a-flow");
            }
            if is_owner {
                continue;
            }
            let row = rows.get_mut(address).expect("entered above");
            let before = row.before(now_ms);
            if evidence.is_violated(before >= limits.consecutive_failures, None) {
                let what = format!("a code was looked at for {address} after {before} wrong codes in a row");
                return Err(violation(&self.name(), now_ms, invocation.records(), what).because("too-many-in-a-row"));
            }
            row.failures_ms.push(invocation.began_ms);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
