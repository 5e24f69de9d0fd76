//! Whatever certainly does not work at a replica is among the reasons of its health, with its part.
//!
//! Source: inventory 26 (a replica says what is wrong with it), 1 and 53 (mail and analytics fail without anybody noticing).
//! Reachable is not usable: a Redis that refuses writes answers `PING`, and a full disk can be read.
//!
//! Fairness. A part certainly does not work if it has been so for [`NOTICED_MS`]: all Redis nodes refuse every write, the
//! directory is full or locked, the replica's disk fails; mails fail while the relay takes none, and events while the hook takes
//! none, as the replica's own log says. A look at health comes once a second and takes up to its deadline.
//!
//! Edges. A replica that was killed, paused or cut off meanwhile has other things to tell. The specification judges the
//! opposite, that nothing is blamed which works.

use crate::{
    analytics, directory, exchange, mail,
    property::{faults, violation},
    vocabulary::{Event, Evidence, Fault, Kind, Login, Mode, Observation, OwnFault, Property, Refusal, Violation},
};
use spec::exchange::{Answered, Body};
use std::collections::BTreeMap;

/// Property: the health of a replica names every part that does not work. See the module.
pub struct HealthTells;

/// So long something may be broken before it is told, milliseconds.
const NOTICED_MS: u64 = 3_000;
/// For how long trouble with mail and analytics is told if nothing more is tried, milliseconds (core/LIMITS.md).
const TOLD_MS: u64 = 60_000;

/// Lines of a replica's log that say that a mail, or an event, was not taken.
const MAIL_FAILED: [&str; 5] = [
    "a mail was not sent",
    "a mail may or may not have been sent",
    "the outbox is full",
    "not sent; another try later",
    "may or may not have been sent",
];
const EVENT_LOST: &str = "analytics loses events";

/// What was broken, from when to when, and at which replica; everywhere, if none is named.
struct Broken<'a> {
    part: &'static str,
    from_ms: u64,
    to_ms: u64,
    host: Option<&'a str>,
}

impl Property<Login> for HealthTells {
    fn name(&self) -> String {
        "HealthTells".into()
    }
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "the health of a replica names every part that does not work".into()
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let broken = broken(evidence);
        let mut asked: BTreeMap<u64, (u64, &str)> = BTreeMap::new();
        for (index, record) in evidence.history.records.iter().enumerate() {
            let Event::Own(Observation::Exchange(seen)) = &record.event else {
                continue;
            };
            match seen {
                exchange::Observation::Asked { number, door, request } if request.path == "/health" => {
                    asked.insert(*number, (record.at_ms, door));
                }
                exchange::Observation::Answered {
                    number,
                    answer: Answered::With(answer),
                } => {
                    let Some((asked_ms, door)) = asked.remove(number) else {
                        continue;
                    };
                    let Body::Json(says) = &answer.body else { continue };
                    let host = door.split(':').next().unwrap_or_default();
                    let reasons = says["reasons"].as_array().into_iter().flatten();
                    let told: Vec<&str> = reasons.filter_map(|reason| reason.as_str()).collect();
                    let others = disturbed(evidence, host, asked_ms).then_some("the replica itself was in trouble");
                    for broken in &broken {
                        let is_here = broken.host.is_none_or(|of| of == host);
                        let lasts = broken.from_ms + NOTICED_MS <= asked_ms && record.at_ms <= broken.to_ms;
                        if !is_here || !lasts {
                            continue;
                        }
                        let names = told.iter().any(|reason| reason.starts_with(broken.part));
                        if evidence.is_violated(!names, others) {
                            let what = format!(
                                "{host} gives the reasons {told:?}, and \u{201c}{}\u{201d} had not worked since {} ms",
                                broken.part, broken.from_ms
                            );
                            let reason = format!("{}-untold", broken.part);
                            return Err(violation(&self.name(), record.at_ms, vec![index], what).because(&reason));
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Whether a replica was killed, paused or cut off, or its clock was moved, within the time in which it had to notice.
fn disturbed(evidence: &Evidence<'_>, host: &str, at_ms: u64) -> bool {
    let heals = healed_ms(evidence);
    faults(evidence.history).any(|(from_ms, _, fault)| {
        let is_its = match fault {
            Fault::DiskError { .. } | Fault::Own(_) | Fault::RedisRefuses { .. } => false,
            fault => fault.hosts().contains(&host),
        };
        is_its && from_ms <= at_ms && at_ms <= heals + 2 * NOTICED_MS
    })
}

/// When everything heals.
fn healed_ms(evidence: &Evidence<'_>) -> u64 {
    let heals = faults(evidence.history).filter(|(.., fault)| **fault == Fault::Heal);
    heals.map(|(at_ms, ..)| at_ms).next().unwrap_or(u64::MAX / 2)
}

fn broken<'a>(evidence: &'a Evidence<'_>) -> Vec<Broken<'a>> {
    let heals_ms = healed_ms(evidence);
    let all: Vec<(u64, &Fault)> = faults(evidence.history)
        .map(|(at_ms, _, fault)| (at_ms, fault))
        .collect();
    let ends_ms = |at_ms: u64, fault: &Fault| {
        let by_itself = fault.lasts_ms().map_or(u64::MAX / 2, |lasts_ms| at_ms + lasts_ms);
        let ended = all
            .iter()
            .filter(|(end_ms, end)| *end_ms >= at_ms && fault.is_ended_by(end));
        let ended = ended.map(|(end_ms, _)| *end_ms).min().unwrap_or(u64::MAX / 2);
        by_itself.min(ended).min(heals_ms)
    };
    let mut broken = store(evidence, &all, &ends_ms);
    for (at_ms, fault) in &all {
        let to_ms = ends_ms(*at_ms, fault);
        match fault {
            Fault::Own(OwnFault::Directory(
                directory::Fault::DirectoryFull { .. } | directory::Fault::DirectoryBusy { .. },
            )) => broken.push(Broken {
                part: "directory",
                from_ms: *at_ms,
                to_ms,
                host: None,
            }),
            Fault::DiskError {
                host,
                after_commit: false,
                ..
            } => broken.push(Broken {
                part: "directory",
                from_ms: *at_ms,
                to_ms,
                host: Some(host),
            }),
            Fault::Own(OwnFault::Mail(mail::Fault::Mail { mode })) if takes_nothing(*mode) => {
                let failed = |text: &str| MAIL_FAILED.iter().any(|says| text.starts_with(says));
                broken.extend(told(evidence, "mail", (*at_ms, to_ms), failed));
            }
            Fault::Own(OwnFault::Analytics(analytics::Fault::Analytics { mode })) if takes_nothing(*mode) => {
                let failed = |text: &str| text.starts_with(EVENT_LOST);
                broken.extend(told(evidence, "analytics", (*at_ms, to_ms), failed));
            }
            _ => {}
        }
    }
    broken
}

/// Times in which every node refuses every write.
fn store<'a>(evidence: &Evidence<'_>, all: &[(u64, &Fault)], ends_ms: &dyn Fn(u64, &Fault) -> u64) -> Vec<Broken<'a>> {
    let nodes = evidence.plan.world.redis_hosts();
    let mut refusals: BTreeMap<&str, Vec<(u64, u64)>> = BTreeMap::new();
    for (at_ms, fault) in all {
        if let Fault::RedisRefuses { host, why, .. } = fault
            && matches!(why, Refusal::OutOfMemory | Refusal::TooFewReplicas)
        {
            refusals.entry(host).or_default().push((*at_ms, ends_ms(*at_ms, fault)));
        }
    }
    let first = refusals.get(nodes.first().map(String::as_str).unwrap_or_default());
    let of_first = first.into_iter().flatten();
    let by_all = |(from_ms, to_ms): &(u64, u64)| {
        let times = nodes.iter().map(|node| {
            let of_node = refusals.get(node.as_str()).into_iter().flatten();
            let mut both = of_node.filter(|(from, to)| from < to_ms && from_ms < to);
            both.next().copied()
        });
        let times: Option<Vec<(u64, u64)>> = times.collect();
        times.map(|times| Broken {
            part: "store",
            from_ms: times.iter().map(|(from, _)| *from).max().unwrap_or(*from_ms),
            to_ms: times.iter().map(|(_, to)| *to).min().unwrap_or(*to_ms),
            host: None,
        })
    };
    of_first.filter_map(by_all).collect()
}

/// From what a replica's log says of a part while a fault lasts: since then it does not work there.
fn told<'a>(
    evidence: &'a Evidence<'_>,
    part: &'static str,
    (from_ms, to_ms): (u64, u64),
    says_so: impl Fn(&str) -> bool,
) -> Vec<Broken<'a>> {
    let lines = evidence.operators.log.iter().map(|written| &written.line);
    lines
        .filter(|line| (from_ms..to_ms).contains(&line.at_ms) && says_so(&line.text))
        .map(|line| Broken {
            part,
            from_ms: line.at_ms,
            to_ms: to_ms.min(line.at_ms + TOLD_MS),
            host: Some(&line.host),
        })
        .collect()
}

/// Whether a peer takes nothing at all.
fn takes_nothing(mode: Mode) -> bool {
    match mode {
        Mode::Hanging | Mode::Failing | Mode::Garbage | Mode::Dropping => true,
        Mode::Slow { .. } | Mode::Healthy => false,
    }
}
