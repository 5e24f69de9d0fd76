//! What analytics is told (inventory 53): each event is one of those that core/MESSAGES.md lists, has happened, is told once,
//! and names no more than it must; while nothing is broken, each that happens is told, if there is a hook at all.

use crate::{
    allowed::Known,
    index::{Flow, Told},
    judge::Judge,
    mailed_code::{address, answered_with},
    messages,
    routes::{Report, Violation},
    seen::{Done, Seen},
    times::Times,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Within this time an event is told when nothing is broken, milliseconds.
const SOON_MS: u64 = 3_000;
/// How long an event may wait to be told, milliseconds: a hook may have hung meanwhile.
const WAITS_MS: u64 = 600_000;

/// An event and its client.
type Of = (&'static str, String);

/// Requests that may have led to events.
#[derive(Default)]
struct Happened {
    /// When each may have happened, at most.
    possible: BTreeMap<Of, Vec<Times>>,
    /// When each certainly had.
    certain: BTreeMap<Of, Vec<u64>>,
}

impl Judge<'_> {
    /// Judges what analytics was told.
    pub(crate) fn analytics(&self, report: &mut Report) {
        let happened = self.happened();
        let mut told: BTreeMap<Of, Vec<u64>> = BTreeMap::new();
        for one in &self.index.told {
            match self.check_told(one) {
                Ok(of) => {
                    let times = told.entry(of.clone()).or_default();
                    times.push(one.at_ms);
                    let possible = happened.possible.get(&of).map_or(&[][..], Vec::as_slice);
                    let possible = possible.iter().filter(|times| times.from_ms <= one.at_ms).count();
                    if times.len() > possible {
                        let why = format!(
                            "of {:?} for {} is the {}th, and {possible} can have happened",
                            of.0,
                            of.1,
                            times.len()
                        );
                        report
                            .violations
                            .push(violation("told-too-often", why, one.at_ms, vec![one.record]));
                    }
                }
                Err(why) => report
                    .violations
                    .push(violation("told-wrongly", why, one.at_ms, vec![one.record])),
            }
        }
        self.connections(report);
        let broke_ms = self.troubles.first_ms().min(self.index.ended_ms());
        let asked_for = happened.certain.iter().filter(|_| self.index.world.hook.is_some());
        for (of, happened) in asked_for {
            let told = told.get(of).map_or(&[][..], Vec::as_slice);
            let due = happened.iter().filter(|ms| **ms + SOON_MS <= broke_ms).count();
            let came = told.iter().filter(|ms| **ms <= broke_ms).count();
            if came < due {
                let why = format!(
                    "of {:?} for {} came {came} times by {broke_ms} ms, and {due} had happened",
                    of.0, of.1
                );
                report.violations.push(violation("not-told", why, broke_ms, vec![]));
            }
        }
    }

    /// Connections are kept: of each replica no more than so many at once, and while nothing is broken no others but in place of
    /// one that was idle for too long.
    fn connections(&self, report: &mut Report) {
        let most = self.setting("events under way") * self.index.world.replicas as u64;
        let broke_ms = self.troubles.first_ms();
        let calm = self.index.told.iter().take_while(|told| told.at_ms < broke_ms);
        let idle_ms = self.setting("idle connection to the hook");
        let mut opened: BTreeMap<u64, u64> = BTreeMap::new();
        for told in calm {
            // Each answer is read a little after the event has come.
            opened.retain(|_, last_ms| told.at_ms < *last_ms + idle_ms);
            opened.insert(told.connection, told.at_ms);
            if opened.len() as u64 > most {
                let why = format!("comes over the {}th connection, and {most} are enough", opened.len());
                report
                    .violations
                    .push(violation("connections-not-kept", why, told.at_ms, vec![told.record]));
                return;
            }
        }
    }

    fn check_told(&self, told: &Told<'_>) -> Result<Of, String> {
        if Some(told.host) != self.index.world.hook.as_deref() {
            return Err(format!("is sent to the host {:?} (RFC 9110 section 7.2)", told.host));
        }
        let Value::Object(says) = told.event else {
            return Err(format!("is {}", told.event));
        };
        let members: Vec<&str> = says.keys().map(String::as_str).collect();
        if members != ["at_ms", "client_id", "event", "subject"] {
            return Err(format!("has the members {members:?}"));
        }
        let event = says["event"].as_str().and_then(messages::event);
        let (event, names_the_person) = event.ok_or_else(|| format!("is called {}", says["event"]))?;
        let clients = &self.index.world.clients;
        let client = clients.iter().find(|client| says["client_id"] == *client.id);
        let client = client.ok_or_else(|| format!("names the client {}", says["client_id"]))?;
        let people = &self.index.world.people;
        let is_person = people.iter().any(|person| says["subject"] == *person.id);
        if (names_the_person && !is_person) || (!names_the_person && !says["subject"].is_null()) {
            return Err(format!("of {event:?} names the person {}", says["subject"]));
        }
        let arrived = Times::new(told.at_ms.saturating_sub(WAITS_MS), told.at_ms);
        let possible = arrived.later(self.index.world.epoch_ms);
        let possible = possible.give_or_take(self.clocks_ms(arrived).saturating_add(1));
        match says["at_ms"].as_u64() {
            Some(ms) if (possible.from_ms..=possible.to_ms).contains(&ms) => Ok((event, client.id.clone())),
            _ => Err(format!("is dated {}", says["at_ms"])),
        }
    }

    /// How many replicas may have performed a request: a balancer repeats a GET at the next one when a replica does not answer
    /// in time, and that one may answer yet (nginx, `proxy_next_upstream`; it repeats no POST that was sent).
    fn replicas_reached(&self, seen: &Seen<'_>) -> usize {
        let silent = self.troubles.any(seen.times.from_ms, seen.times.to_ms, |touches| {
            touches.service || touches.store || touches.directory
        });
        match silent && seen.exchange.request.method == "GET" {
            true => self.index.world.replicas,
            false => 1,
        }
    }

    fn happened(&self) -> Happened {
        let mut happened = Happened::default();
        let index = &self.index;
        let client_of = |flow: &Flow| flow.wanted.client_id.clone();
        for seen in index
            .seen
            .iter()
            // A request by POST begins nothing.
            .filter(|seen| seen.exchange.request.path == "/authorize" && seen.exchange.request.method != "POST")
        {
            let begun = seen.redirected("/login", "flow").is_some();
            let client = seen.params().text("client_id").map(str::to_owned);
            if let (true, Some(client)) = (begun || seen.done() == Done::Maybe, client) {
                for _ in 0..self.replicas_reached(seen) {
                    happened.perhaps("login_started", client.clone(), seen);
                }
                if begun {
                    happened.surely("login_started", client, seen.times.to_ms);
                }
            }
        }
        for flow in index.flows.values() {
            for place in &flow.sends {
                let seen = &index.seen[*place];
                if seen.done() == Done::No {
                    continue;
                }
                happened.perhaps("code_sent", client_of(flow), seen);
                let to = seen.params().text("address").and_then(address).unwrap_or_default();
                let is_first = self.is_repeated(flow, *place, &to) == Known::No;
                if is_first && seen.done() == Done::Yes {
                    happened.surely("code_sent", client_of(flow), seen.times.to_ms);
                }
            }
            let mut wrong = BTreeSet::new();
            for place in &flow.verifies {
                let seen = &index.seen[*place];
                let is_wrong = answered_with(seen, "wrong-code");
                if seen.done() != Done::No {
                    happened.perhaps("login_succeeded", client_of(flow), seen);
                }
                let same = self.same_attempt(flow, *place);
                let is_told_by_another = same.is_some_and(|same| same.first() != Some(place));
                if !is_told_by_another && (is_wrong || seen.done() == Done::Maybe) {
                    happened.perhaps("login_failed", client_of(flow), seen);
                }
                // The same code again within some seconds is the same attempt.
                if is_wrong && wrong.insert(seen.digits) {
                    happened.surely("login_failed", client_of(flow), seen.times.to_ms);
                }
            }
        }
        for session in index.sessions.values() {
            if let Some(flow) = index.flows.get(&session.flow) {
                let opened_ms = session.opened.iter().map(|place| index.seen[*place].times.to_ms).min();
                happened.surely("login_succeeded", client_of(flow), opened_ms.unwrap_or(u64::MAX));
            }
        }
        happened
    }
}

impl Happened {
    fn perhaps(&mut self, event: &'static str, client: String, seen: &Seen<'_>) {
        self.possible.entry((event, client)).or_default().push(seen.effect());
    }

    fn surely(&mut self, event: &'static str, client: String, by_ms: u64) {
        self.certain.entry((event, client)).or_default().push(by_ms);
    }
}

fn violation(reason: &str, why: String, at_ms: u64, evidence: Vec<usize>) -> Violation {
    Violation {
        reason: reason.into(),
        what: format!("an event for analytics {why} (core/MESSAGES.md, \"Analytics\")"),
        at_ms,
        evidence,
    }
}
