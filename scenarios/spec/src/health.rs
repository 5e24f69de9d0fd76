//! What operators are told at their own port (inventory 26): whether a replica can do its work, what is wrong and with which
//! part, and who leads. Monitors act on it, so it must not blame what works, nor stay silent about what does not.

use crate::{
    exchange::{Answer, Body},
    judge::Judge,
    routes::{Report, Violation},
    seen::Seen,
    world::Touches,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What can make a part wrong.
type MayBe = fn(&Touches) -> bool;

/// The parts that can be wrong, as reasons name them, what can make them so, and whether the last failure is told for a while:
/// of mail and analytics nothing is known until the next one is tried.
const PARTS: [(&str, MayBe, bool); 7] = [
    ("store: ", |touches| touches.store || touches.service, false),
    ("directory: ", |touches| touches.directory || touches.service, false),
    ("mail: ", |touches| touches.mail || touches.service, true),
    ("analytics: ", |touches| touches.analytics || touches.service, true),
    // What keeps the port for people closed: they cannot be read while the replica starts, or there is no descriptor for it.
    (
        "keys: ",
        |touches| touches.keys || touches.directory || touches.service,
        false,
    ),
    ("port: ", |touches| touches.service, false),
    ("clock: ", |touches| touches.clocks_ms > 0, false),
];

/// Which ports may be closed at once: nobody can log in where there are no accounts; but the two open one after the other.
const PORTS_CLOSED: [&[&str]; 4] = [&[], &["logins"], &["accounts"], &["logins", "accounts"]];

/// The reason of a replica that has not looked at everything yet, or of which nothing is wrong and a port is not open.
const STARTING: &str = "starting";
/// How long after all has settled a replica may still say what was wrong, milliseconds: it looks once a second, and a look may
/// take its deadline.
const NOTICED_MS: u64 = 3_000;
/// How long after the start somebody must lead, in leases: one that was lost at once has to run out.
const LEADS_AFTER_LEASES: u64 = 2;

impl Judge<'_> {
    /// Judges an answer at the operators' port.
    pub(crate) fn health(&self, seen: &Seen<'_>, report: &mut Report) {
        let whole = |touches: &Touches| touches.service || touches.stops;
        let door = seen.exchange.door;
        let is_ours = seen.exchange.request.path == "/health";
        let wrong = match seen.any_answer() {
            Some(answer) if is_ours => self.check_health(seen, answer),
            Some(answer) if answer.status == 404 => Ok(()),
            Some(answer) => Err(("not-health", format!("is {}", answer.describe()))),
            None if self.is_starting(seen) || self.troubles.any(seen.times.from_ms, seen.times.to_ms, whole) => Ok(()),
            None => Err(("no-health", "did not come, although nothing was broken".into())),
        };
        if let Err((reason, why)) = wrong {
            report.violations.push(Violation {
                reason: reason.into(),
                what: format!("the health of {door} {why} (inventory 26)"),
                at_ms: seen.times.to_ms,
                evidence: vec![seen.record],
            });
        }
    }

    fn is_starting(&self, seen: &Seen<'_>) -> bool {
        seen.times.from_ms <= self.troubles.started_ms
    }

    fn check_health(&self, seen: &Seen<'_>, answer: &Answer) -> Result<(), (&'static str, String)> {
        let wrong = |why: String| Err(("health-differs", why));
        let Body::Json(Value::Object(says)) = &answer.body else {
            return wrong(format!("is {}", answer.describe()));
        };
        if answer.headers.get("content-type").map(String::as_str) != Some("application/json") {
            return wrong("is not application/json".into());
        }
        let members: Vec<&str> = says.keys().map(String::as_str).collect();
        if members != ["closed", "leader", "reasons", "replica", "status"] {
            return wrong(format!("has the members {members:?}"));
        }
        let name = seen.exchange.door.split(':').next();
        if says["replica"].as_str() != name || !says["leader"].is_boolean() {
            return wrong(format!("says {}", answer_of(says)));
        }
        let Some(closed) = PORTS_CLOSED.iter().find(|closed| says["closed"] == json!(closed)) else {
            return wrong(format!("says that the ports {} are closed", says["closed"]));
        };
        let fits = match says["status"].as_str() {
            Some("ok") => answer.status == 200 && closed.is_empty(),
            Some("degraded") => answer.status == 503 && !closed.is_empty(),
            Some("stopping") => {
                let is_asked = |touches: &Touches| touches.stops || touches.service;
                answer.status == 503 && self.troubles.any(seen.times.from_ms, seen.times.to_ms, is_asked)
            }
            _ => false,
        };
        if !fits {
            return wrong(format!("says {} with the status {}", says["status"], answer.status));
        }
        let reasons = says["reasons"].as_array().into_iter().flatten();
        let reasons: Option<Vec<&str>> = reasons.map(Value::as_str).collect();
        let reasons = reasons.ok_or(("health-differs", format!("says {}", answer_of(says))))?;
        if says["status"] == "degraded" && reasons.is_empty() {
            return Err(("degraded-without-a-reason", "is degraded, and does not say why".into()));
        }
        if reasons.contains(&STARTING) && says["status"] != "degraded" {
            return wrong(format!("says that it starts, and {}", says["status"]));
        }
        if self.is_starting(seen) {
            return Ok(());
        }
        let needed = |touches: &Touches| touches.directory || touches.service || touches.stops;
        let whole_ms = seen.times.from_ms.saturating_sub(NOTICED_MS);
        if closed.contains(&"accounts") && !self.troubles.any(whole_ms, seen.times.to_ms, needed) {
            return Err((
                "accounts-closed",
                "says that the port for accounts is closed, and what it needs worked".into(),
            ));
        }
        let since_ms = seen.times.from_ms.saturating_sub(NOTICED_MS);
        // A try that began while something was broken takes up to its deadline, and then its failure is told.
        let tried_ms = self.setting("mail relay") + self.setting("trouble with mail or analytics");
        for reason in &reasons {
            let names = |(name, ..): &&(&str, MayBe, bool)| {
                let cause = reason.strip_prefix(*name);
                cause.is_some_and(|cause| !cause.is_empty())
            };
            // A replica that was killed starts anew.
            let (may_be, since_ms) = match PARTS.iter().find(names) {
                Some((_, may_be, true)) => (*may_be, since_ms.saturating_sub(tried_ms)),
                Some((_, may_be, false)) => (*may_be, since_ms),
                None if *reason == STARTING => ((|touches| touches.service || touches.stops) as MayBe, since_ms),
                None => return wrong(format!("gives the reason {reason:?}, which names no part and cause")),
            };
            if !self.troubles.any(since_ms, seen.times.to_ms, may_be) {
                return Err((
                    "blames-what-works",
                    format!("gives the reason {reason:?}, and nothing of the kind was broken"),
                ));
            }
        }
        let broken = self
            .troubles
            .any(since_ms, seen.times.to_ms, |touches| *touches != Touches::default());
        match answer.status == 503 && !broken {
            true => Err(("degraded-for-nothing", "is degraded, and nothing was broken".into())),
            false => Ok(()),
        }
    }

    /// Before anything breaks one replica leads, and goes on leading (inventory 30).
    pub(crate) fn leaders(&self, report: &mut Report) {
        let from_ms = self
            .troubles
            .started_ms
            .saturating_add(LEADS_AFTER_LEASES * self.setting("lease"));
        let mut says: BTreeMap<&str, (bool, usize)> = BTreeMap::new();
        for seen in self.index.seen.iter().filter(|seen| self.is_for_operators(seen)) {
            let body = seen.any_answer().map(|answer| &answer.body);
            let Some(Body::Json(json)) = body else { continue };
            if seen.times.from_ms < from_ms || self.troubles.broke_by(seen.times.to_ms) {
                continue;
            }
            let leads = json["leader"] == true;
            let door = seen.exchange.door;
            let before = says.insert(door, (leads, seen.record));
            let leaders = says.values().filter(|(leads, _)| *leads).count();
            let changed = before.is_some_and(|(before, _)| before != leads);
            let all_said = says.len() == self.index.world.replicas;
            let wrong = match (changed, leaders) {
                (true, _) => Some(("leader-changed", format!("{door} changed its mind about leading"))),
                (_, 2..) => Some(("two-leaders", format!("{leaders} replicas say that they lead"))),
                (_, 0) if all_said => Some(("no-leader", "no replica says that it leads".to_owned())),
                _ => None,
            };
            if let Some((reason, what)) = wrong {
                report.violations.push(Violation {
                    reason: reason.into(),
                    what: format!("{what}, although nothing was broken (inventory 30)"),
                    at_ms: seen.times.to_ms,
                    evidence: says.values().map(|(_, record)| *record).collect(),
                });
                return;
            }
        }
    }

    /// Whether an exchange is one at the operators' port.
    pub(crate) fn is_for_operators(&self, seen: &Seen<'_>) -> bool {
        let port = seen.exchange.door.rsplit_once(':').map(|(_, port)| port);
        port.and_then(|port| port.parse().ok()) == Some(self.index.world.operators_port)
    }
}

fn answer_of(says: &serde_json::Map<String, Value>) -> String {
    Value::Object(says.clone()).to_string()
}
