//! Whatever certainly does not work at a replica is among the reasons of its health, with its part.
//!
//! Source: inventory 26 (a replica says what is wrong with it), 1 and 53 (mail and analytics fail without anybody noticing).
//! Reachable is not usable: a Redis that refuses writes answers `PING`, and a full disk can be read.
//!
//! Fairness. A part certainly does not work if it has been so for [`NOTICED_MS`]: all Redis nodes refuse every write, the
//! directory is full or locked, the replica's disk fails; mails fail while the relay takes none or lets nobody in, and events
//! while the hook takes none, as the replica's own log says. A look at health comes once a second and takes up to its deadline.
//! A relay that refuses a mail for good has answered: with that the trouble with mails ends. A clock that is further from all
//! others than clocks may be is told, if nothing else is wrong with the store that it is compared with.
//!
//! Edges. A replica to which something else happens (it was killed or paused, has no descriptor, or a link) has other
//! things to tell, until the end of that fault and for twice [`NOTICED_MS`], in which it starts. The specification judges the
//! opposite, that nothing is blamed which works.

use super::{
    health_answers::{HealthAnswer, health_answers},
    ok_means_open,
};
use crate::{
    analytics, directory, mail,
    property::{
        spans::{Span, spans},
        stops::stops,
        violation,
    },
    vocabulary::{
        AccessOption, Evidence, Fault, History, Kind, LogLine, Login, Mode, OwnFault, Property, Refusal, Violation,
    },
    world::hosts,
};
use spec::Settings;
use std::collections::BTreeMap;

#[cfg(test)]
mod tests;

/// Property: the health of a replica names every part that does not work. See the module.
pub struct HealthTells;

/// So long something may be broken before it is told, milliseconds.
const NOTICED_MS: u64 = 3_000;

/// So often a replica looks at its health, milliseconds.
const LOOKS_MS: u64 = 1_000;

/// Lines of a replica's log that say that a mail, or an event, was not taken.
const MAIL_FAILED: [&str; 4] = [
    "a mail was not sent",
    "a mail may or may not have been sent",
    "not sent; another try later",
    "may or may not have been sent",
];
const OUTBOX_FULL: &str = ": the outbox queue is full";
const EVENT_LOST: &str = "analytics loses events";
/// What a line says of a mail that the relay has answered, though not taken.
const FOR_GOOD: &str = "refused for good: ";

/// What was broken, from when to when, and at which replica; everywhere, if none is named.
struct Broken<'a> {
    part: &'static str,
    /// What its cause contains.
    cause: &'static str,
    from_ms: u64,
    to_ms: u64,
    host: Option<&'a str>,
}

impl Property<Login> for HealthTells {
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "the health of a replica names every part that does not work".into()
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let spans = spans(evidence.history);
        let broken = broken(evidence, &spans);
        for answer in health_answers(evidence.history) {
            let HealthAnswer {
                asked_ms, at_ms, host, ..
            } = answer;
            let reasons = answer.says["reasons"].as_array().into_iter().flatten();
            let told: Vec<&str> = reasons.filter_map(|reason| reason.as_str()).collect();
            let others = disturbed(&spans, host, asked_ms).then_some("the replica itself was in trouble");
            for broken in &broken {
                let is_here = broken.host.is_none_or(|of| of == host);
                let lasts = broken.from_ms + NOTICED_MS <= asked_ms && at_ms <= broken.to_ms;
                if !is_here || !lasts {
                    continue;
                }
                let names = told.iter().any(|reason| {
                    let cause = reason.strip_prefix(broken.part);
                    cause.is_some_and(|cause| cause.starts_with(": ") && cause.contains(broken.cause))
                });
                if evidence.is_violated(!names, others) {
                    let what = format!(
                        "{host} gives the reasons {told:?}, and \u{201c}{}\u{201d} had not worked since {} ms",
                        broken.part, broken.from_ms
                    );
                    let reason = format!("{}-untold", broken.part);
                    return Err(violation(&self.name(), at_ms, vec![answer.record], what).because(&reason));
                }
            }
        }
        self.leads_by_a_right_clock(evidence, &spans)?;
        ok_means_open::check(&self.name(), evidence)
    }
}

impl HealthTells {
    /// A replica whose clock is too far from Redis's begins to lead at no moment (`core/LIMITS.md`, "Clocks"), also if it has just
    /// started and has told nothing yet.
    fn leads_by_a_right_clock(&self, evidence: &Evidence<'_>, spans: &[Span<'_>]) -> Result<(), Violation> {
        let Some(Broken {
            host, from_ms, to_ms, ..
        }) = clock(spans)
        else {
            return Ok(());
        };
        let lines = evidence.operators.log.iter().map(|written| &written.line);
        let begins = |line: &&LogLine| {
            let noticed_ms = from_ms + NOTICED_MS;
            Some(&*line.host) == host
                && line.text.starts_with("leading epoch=")
                && (noticed_ms..to_ms).contains(&line.at_ms)
        };
        for line in lines.filter(begins) {
            if evidence.is_violated(true, None) {
                let what = format!(
                    "{} begins to lead, and its clock is too far from that of Redis",
                    line.host
                );
                return Err(violation(&self.name(), line.at_ms, vec![], what).because("leads-by-a-wrong-clock"));
            }
        }
        Ok(())
    }
}

/// Whether a replica itself was in trouble, by a fault of another kind than those that it has to tell of, within the time in
/// which it had to notice.
fn disturbed(spans: &[Span<'_>], host: &str, at_ms: u64) -> bool {
    spans.iter().any(|span| {
        let is_its = match span.fault {
            Fault::DiskError { .. } | Fault::DiskSlow { .. } | Fault::Own(_) | Fault::RedisRefuses { .. } => false,
            Fault::ClockOffset { .. } | Fault::ClockJump { .. } => false,
            fault => fault.hosts().contains(&host),
        };
        is_its && (span.from_ms..=span.to_ms.saturating_add(2 * NOTICED_MS)).contains(&at_ms)
    })
}

fn broken<'a>(evidence: &'a Evidence<'_>, spans: &[Span<'a>]) -> Vec<Broken<'a>> {
    let mut broken = store(evidence, spans);
    broken.extend(clock(spans));
    for Span { from_ms, to_ms, fault } in spans {
        let (from_ms, to_ms) = (*from_ms, *to_ms);
        let directory = |host| Broken {
            part: "directory",
            cause: "",
            from_ms,
            to_ms,
            host,
        };
        match fault {
            Fault::Own(OwnFault::Directory(
                directory::Fault::DirectoryFull { .. } | directory::Fault::DirectoryBusy { .. },
            )) => broken.push(directory(None)),
            // Everybody who has the files open that were deleted, until it starts again.
            Fault::Own(OwnFault::Directory(directory::Fault::DirectoryLogDeleted {})) => {
                broken.extend(spans.iter().filter_map(|span| {
                    let to_ms = span.from_ms;
                    let ends = matches!(
                        span.fault,
                        Fault::Kill { .. } | Fault::Stop { .. } | Fault::PowerLoss { .. }
                    );
                    let host = span.fault.hosts().first().copied();
                    (ends && to_ms > from_ms).then_some(Broken {
                        to_ms,
                        ..directory(host)
                    })
                }));
            }
            Fault::Own(OwnFault::Directory(directory::Fault::SigningKeyDamaged { damage, .. })) => {
                broken.extend(keys(evidence.history, spans, (from_ms, to_ms), *damage));
            }
            Fault::DiskError {
                host,
                after_commit: false,
                ..
            } => broken.push(directory(Some(host))),
            // A commit begins with the next look, and the last one that began ends later.
            Fault::DiskSlow { host, by_ms, .. } if *by_ms > LOOKS_MS + NOTICED_MS => broken.push(Broken {
                from_ms: from_ms + LOOKS_MS,
                ..directory(Some(host))
            }),
            fault if takes_no_mail(fault, evidence.plan.world.access) => {
                let failed = |text: &str| {
                    let is_one = MAIL_FAILED.iter().any(|says| text.starts_with(says)) || text.ends_with(OUTBOX_FULL);
                    is_one && !text.contains(FOR_GOOD)
                };
                broken.extend(told(evidence, "mail", (from_ms, to_ms), failed));
            }
            Fault::Own(OwnFault::Analytics(analytics::Fault::Analytics { mode })) if takes_nothing(*mode) => {
                let failed = |text: &str| text.starts_with(EVENT_LOST);
                broken.extend(told(evidence, "analytics", (from_ms, to_ms), failed));
            }
            _ => {}
        }
    }
    broken
}

/// From the start of each replica that starts while a key is damaged.
fn keys<'a>(
    history: &'a History,
    spans: &[Span<'a>],
    (from_ms, to_ms): (u64, u64),
    damage: directory::Damage,
) -> Vec<Broken<'a>> {
    let cause = match damage {
        directory::Damage::Es256 => "is not PKCS#8 of a P-256 key",
        directory::Damage::Rs256 => "is not PKCS#8 of an RSA key of 2048 to 4096 bits",
        directory::Damage::Unknown => "is no signature algorithm",
    };
    // What is to start a process that is still stopping starts it when that has ended.
    let stopped = stops(history)
        .into_iter()
        .map(|stop| (stop.started_ms, Some(stop.host)));
    let died = spans
        .iter()
        .filter(|span| matches!(span.fault, Fault::Kill { .. } | Fault::PowerLoss { .. }));
    let died = died.map(|span| (span.to_ms, span.fault.hosts().first().copied()));
    let starts = stopped
        .chain(died)
        .filter(|(at_ms, _)| (from_ms..to_ms).contains(at_ms));
    starts
        .map(|(from_ms, host)| Broken {
            part: "keys",
            cause,
            from_ms,
            to_ms,
            host,
        })
        .collect()
}

/// The time in which the clock of a replica is too far from all others, if it is the only one that is wrong, and once.
fn clock<'a>(spans: &[Span<'a>]) -> Option<Broken<'a>> {
    let is_of_store = |span: &Span<'_>| {
        let mut hosts = span.fault.hosts().into_iter();
        hosts.any(|host| host.starts_with(hosts::REDIS) || host.starts_with(hosts::SENTINEL))
    };
    let mut wrong = spans.iter().filter_map(|span| match span.fault {
        Fault::ClockOffset { host, offset_ms: by_ms } | Fault::ClockJump { host, by_ms } => Some((span, host, *by_ms)),
        _ => None,
    });
    let (Some((span, host, by_ms)), None) = (wrong.next(), wrong.next()) else {
        return None;
    };
    let slack_ms = Settings::default().get("disagreement of clocks") + NOTICED_MS;
    let is_told = host.starts_with("idp-") && by_ms.unsigned_abs() > slack_ms && !spans.iter().any(is_of_store);
    is_told.then_some(Broken {
        part: "clock",
        cause: "",
        from_ms: span.from_ms,
        to_ms: span.to_ms,
        host: Some(host),
    })
}

/// Times in which every node refuses every write.
fn store<'a>(evidence: &Evidence<'_>, spans: &[Span<'a>]) -> Vec<Broken<'a>> {
    let nodes = evidence.plan.world.redis_hosts();
    let mut refusals: BTreeMap<&str, Vec<(u64, u64)>> = BTreeMap::new();
    for span in spans {
        if let Fault::RedisRefuses { host, why, .. } = span.fault
            && matches!(why, Refusal::OutOfMemory | Refusal::TooFewReplicas)
        {
            refusals.entry(host).or_default().push((span.from_ms, span.to_ms));
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
            cause: "",
            from_ms: times.iter().map(|(from, _)| *from).max().unwrap_or(*from_ms),
            to_ms: times.iter().map(|(_, to)| *to).min().unwrap_or(*to_ms),
            host: None,
        })
    };
    of_first.filter_map(by_all).collect()
}

/// From what a replica's log says of a part while a fault lasts: since then it does not work there, until the peer answers, or
/// until the last failure is no longer told (`core/LIMITS.md`: trouble with mail or analytics).
fn told<'a>(
    evidence: &'a Evidence<'_>,
    part: &'static str,
    (from_ms, to_ms): (u64, u64),
    says_so: impl Fn(&str) -> bool,
) -> Vec<Broken<'a>> {
    let told_ms = Settings::default().get("trouble with mail or analytics");
    let lines = || evidence.operators.log.iter().map(|written| &written.line);
    let answered_ms = |host: &str, after_ms: u64| {
        let mut answers = lines().filter(|line| line.host == host && line.at_ms >= after_ms);
        let answer = answers.find(|line| line.text.contains(FOR_GOOD));
        answer.map_or(u64::MAX, |line| line.at_ms)
    };
    lines()
        .filter(|line| (from_ms..to_ms).contains(&line.at_ms) && says_so(&line.text))
        .map(|line| Broken {
            part,
            cause: "",
            from_ms: line.at_ms,
            to_ms: to_ms.min(line.at_ms + told_ms).min(answered_ms(&line.host, line.at_ms)),
            host: Some(&line.host),
        })
        .collect()
}

/// Whether the relay takes no mail of anybody, or no client can authenticate there.
fn takes_no_mail(fault: &Fault, access: AccessOption) -> bool {
    match fault {
        Fault::Own(OwnFault::Mail(mail::Fault::Mail { mode })) => takes_nothing(*mode),
        Fault::Own(OwnFault::Mail(mail::Fault::NoStarttls { .. } | mail::Fault::ClearBehindStarttls { .. })) => {
            access == AccessOption::Guarded
        }
        Fault::Own(OwnFault::Mail(mail::Fault::RelayPassword { .. })) => access.is_guarded(),
        Fault::Own(OwnFault::Mail(mail::Fault::RelayBars { .. })) => true,
        Fault::BadCertificate { host, .. } => host == hosts::MAIL,
        _ => false,
    }
}

/// Whether a peer takes nothing at all.
fn takes_nothing(mode: Mode) -> bool {
    match mode {
        Mode::Hanging | Mode::Failing | Mode::Garbage | Mode::Dropping => true,
        Mode::Slow { .. } | Mode::Healthy => false,
    }
}
