//! Checks whether a plan can be performed. Plans may be edited by hand.

use crate::{
    fault::Fault,
    plan::{PLAN_VERSION, Plan},
    refusal::Refusal,
    service::{BadValue, Behaviour, Service, ServiceFault, WorldOptions},
    trigger::{Trigger, UnknownEvent, event_names},
    world::{HostKind, World},
};
use thiserror::Error;

impl From<BadValue> for PlanError {
    fn from(BadValue { field, value, must }: BadValue) -> PlanError {
        PlanError::Value { field, value, must }
    }
}

/// A plan that cannot be performed: what is wrong, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PlanError {
    /// A newer build wrote it.
    #[error("the plan has version {found}; this build performs versions up to {PLAN_VERSION}. Use a newer build")]
    TooNew {
        /// Its version.
        found: u32,
    },
    /// A value of the plan or of its world is invalid.
    #[error("{field} is {value}, but {must}. Change it in the plan")]
    Value {
        /// The field.
        field: String,
        /// The value.
        value: String,
        /// The requirement that it violates.
        must: String,
    },
    /// An operation is invalid.
    #[error("operation {number} (of {who:?}, at {at_ms} ms): {what}. Change or remove that `[[operation]]`")]
    Operation {
        /// Its number, counted from 1, as in the file.
        number: usize,
        /// The person or attacker.
        who: String,
        /// Its time, milliseconds.
        at_ms: u64,
        /// What is wrong.
        what: String,
    },
    /// A fault is invalid.
    #[error("fault {number} ({fault}, at {at_ms} ms): {what}. Change or remove that `[[fault]]`")]
    Fault {
        /// Its number, counted from 1, as in the file.
        number: usize,
        /// The fault.
        fault: Box<str>,
        /// Its time, milliseconds.
        at_ms: u64,
        /// What is wrong.
        what: String,
    },
}

/// Checks a plan before its world is built.
///
/// # Errors
/// The first thing that is wrong.
pub fn check<S: Service>(plan: &Plan<S>) -> Result<(), PlanError> {
    if plan.version > PLAN_VERSION {
        return Err(PlanError::TooNew { found: plan.version });
    }
    check_length(plan.lasts_ms)?;
    plan.world.check()?;
    let world = S::world(&plan.world);
    for (index, operation) in plan.operations.iter().enumerate() {
        let wrong = |what: String| PlanError::Operation {
            number: index + 1,
            who: operation.who.clone(),
            at_ms: operation.at_ms,
            what,
        };
        if operation.at_ms > plan.lasts_ms {
            let end = plan.lasts_ms;
            return Err(wrong(format!("it begins after the run has ended, at {end} ms")));
        }
        for name in std::iter::once(operation.who.as_str()).chain(operation.does.others()) {
            if !is_name(name) {
                return Err(wrong(format!(
                    "{name:?} is no name: letters, digits and hyphens, for it becomes part of an address"
                )));
            }
        }
        operation.does.check(&world).map_err(wrong)?;
    }
    let mut events = None;
    for (index, timed) in plan.faults.iter().enumerate() {
        let wrong = |what: String| PlanError::Fault {
            number: index + 1,
            fault: timed.fault.to_string().into(),
            at_ms: timed.at_ms,
            what,
        };
        if timed.at_ms > plan.lasts_ms {
            let end = plan.lasts_ms;
            return Err(wrong(format!("it is injected after the run has ended, at {end} ms")));
        }
        check_fault(&timed.fault, &world).map_err(wrong)?;
        if let Some(trigger) = &timed.after {
            let events = events.get_or_insert_with(|| event_names(&world));
            check_trigger(&timed.fault, trigger, events).map_err(wrong)?;
        }
    }
    Ok(())
}

fn check_length(lasts_ms: u64) -> Result<(), BadValue> {
    let must = match lasts_ms {
        0 => "must be at least 1",
        1..=86_400_000 => return Ok(()),
        _ => "a run lasts a day at most (86400000)",
    };
    Err(BadValue {
        field: "lasts_ms".into(),
        value: lasts_ms.to_string(),
        must: must.into(),
    })
}

/// The longest time that a fault may add to a commit, milliseconds. It bounds the stalls that a slow disk causes.
const COMMIT_MS_MAX: u64 = 10_000;

fn check_fault<S: Service>(fault: &Fault<S>, world: &World<S>) -> Result<(), String> {
    let named = fault.hosts();
    for host in &named {
        if !world.has(host) {
            let known: Vec<&str> = world.hosts().map(|host| host.name()).collect();
            return Err(format!("there is no host {host:?}; there are {}", known.join(", ")));
        }
    }
    if let [a, b] = named[..]
        && a == b
    {
        return Err(format!("{a} has no link to itself"));
    }
    match fault {
        Fault::Loss { percent, .. } if *percent > 100 => Err(format!("{percent} % is more than 100 %")),
        Fault::DiskError { host, .. } | Fault::DiskSlow { host, .. } if world.kind(host) != Some(HostKind::Service) => {
            let with_disks = world.of_kind(HostKind::Service).join(", ");
            Err(format!(
                "{host} has no database; processes of the service have: {with_disks}"
            ))
        }
        Fault::NoDescriptors { host, .. } | Fault::Stop { host } if world.kind(host) != Some(HostKind::Service) => {
            Err(format!(
                "{host} is no process of the service; those are {}",
                world.of_kind(HostKind::Service).join(", ")
            ))
        }
        Fault::BadCertificate { host, .. } if !world.certified().contains(host) => Err(format!(
            "{host} has no certificate; hosts that have one are {:?}",
            world.certified()
        )),
        Fault::RedisRefuses { host, .. } if world.kind(host) != Some(HostKind::Redis) => {
            let nodes = world.of_kind(HostKind::Redis).join(", ");
            Err(format!("{host} is no Redis node; there are {nodes}"))
        }
        Fault::RedisRefuses {
            why: Refusal::AnotherPassword,
            ..
        } if !world.redis_has_user() => Err("the Redis nodes of this world have no user for the service".into()),
        Fault::SentinelRefuses { host, .. } if world.kind(host) != Some(HostKind::Sentinel) => {
            let sentinels = world.of_kind(HostKind::Sentinel).join(", ");
            Err(format!("{host} is no Sentinel; there are {sentinels}"))
        }
        Fault::DiskSlow { by_ms, .. } if *by_ms > COMMIT_MS_MAX => Err(format!(
            "a disk that takes longer than {COMMIT_MS_MAX} ms for a commit has failed; let it fail"
        )),
        Fault::Kill { host } | Fault::PowerLoss { host } | Fault::Pause { host }
            if world.kind(host) == Some(HostKind::People) =>
        {
            Err(format!(
                "{host} are whom the world is there for; cut their links instead"
            ))
        }
        Fault::ClockOffset { host, .. } | Fault::ClockJump { host, .. }
            if world.kind(host) == Some(HostKind::People) =>
        {
            Err(format!("the clock of {host} is what others are judged by"))
        }
        Fault::Call(call) if world.kind(&call.host) != Some(HostKind::Service) => Err(format!(
            "{} is no process of the service; those are {}",
            call.host,
            world.of_kind(HostKind::Service).join(", ")
        )),
        Fault::Call(call) => call.check(S::CALLS),
        Fault::Own(own) => own.check(world),
        _ => Ok(()),
    }
}

fn check_trigger<S: Service>(fault: &Fault<S>, trigger: &Trigger, known: &[String]) -> Result<(), String> {
    if *fault == Fault::Heal {
        return Err("what must recover is measured from healing, so that has a time of its own and no trigger".into());
    }
    if trigger.nth == 0 {
        return Err("`nth` counts from 1".into());
    }
    match known.contains(&trigger.event) {
        true => Ok(()),
        false => {
            let (name, known) = (trigger.event.clone(), known.to_vec());
            Err(UnknownEvent { name, known }.to_string())
        }
    }
}

/// Whether a name can be part of an address and of an identifier.
pub fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 40 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fault::TimedFault,
        plan::Operation,
        testing::{Does, Shop, plan},
        tls::Defect,
    };

    #[test]
    fn a_sound_plan_is_accepted() {
        let mut plan = plan(10_000);
        plan.faults = vec![
            TimedFault::at(1, Fault::Kill { host: "redis-1".into() }),
            TimedFault::at(10_000, Fault::Heal),
        ];
        assert_eq!(check(&plan), Ok(()));
    }

    #[test]
    fn every_unsound_fault_is_refused_with_its_reason() {
        let loss = |a: &str, b: &str, percent| Fault::Loss {
            a: a.into(),
            b: b.into(),
            percent,
        };
        let disk_error = |host: &str| Fault::DiskError {
            host: host.into(),
            after_commit: true,
            lasts_ms: 1,
        };
        let disk_slow = |by_ms| Fault::DiskSlow {
            host: "shop-1".into(),
            by_ms,
            lasts_ms: 1,
        };
        let jump = Fault::ClockJump {
            host: "attackers".into(),
            by_ms: 1,
        };
        let no_certificate = Fault::BadCertificate {
            host: "redis-1".into(),
            why: Defect::Expired,
            lasts_ms: 1,
        };
        let no_user = Fault::RedisRefuses {
            host: "redis-1".into(),
            why: Refusal::AnotherPassword,
            lasts_ms: 1,
        };
        let rows = [
            (1, loss("shop-1", "redis-9", 5), "there is no host \"redis-9\""),
            (1, loss("shop-1", "redis-1", 101), "more than 100 %"),
            (1, loss("shop-1", "shop-1", 5), "no link to itself"),
            (10_001, Fault::Heal, "after the run has ended"),
            (1, Fault::Kill { host: "people".into() }, "cut their links instead"),
            (
                1,
                Fault::Stop { host: "redis-1".into() },
                "redis-1 is no process of the service",
            ),
            (1, jump, "what others are judged by"),
            (1, disk_error("printer"), "has no database"),
            (1, disk_slow(10_001), "has failed"),
            (1, no_certificate, "redis-1 has no certificate"),
            (1, no_user, "no user for the service"),
        ];
        for (at_ms, fault, expected) in rows {
            let mut plan = plan(10_000);
            plan.faults = vec![TimedFault::at(at_ms, fault)];
            let error = check(&plan).expect_err(expected).to_string();
            assert!(error.contains("fault 1 ("), "{error}");
            assert!(error.contains(expected), "{expected:?} is not in {error:?}");
        }
    }

    #[test]
    fn triggers_are_checked() {
        let triggered = |fault: Fault<Shop>, event: &str, nth| {
            let mut plan = plan(10_000);
            let trigger = Trigger::at(event);
            let after = Some(Trigger { nth, ..trigger });
            plan.faults = vec![TimedFault { at_ms: 1, fault, after }];
            check(&plan).map_err(|error| error.to_string())
        };
        let kill = || Fault::Kill { host: "redis-1".into() };
        assert_eq!(triggered(kill(), "seat stored", 1), Ok(()));
        let refused = triggered(kill(), "seat store", 1).unwrap_err();
        assert!(refused.contains("near it are \"seat stored\""), "{refused}");
        assert!(
            triggered(kill(), "seat stored", 0)
                .unwrap_err()
                .contains("counts from 1")
        );
        let refused = triggered(Fault::Heal, "seat stored", 1).unwrap_err();
        assert!(refused.contains("no trigger"), "{refused}");
    }

    #[test]
    fn values_and_names_are_checked() {
        let refused = |change: fn(&mut Plan<Shop>)| {
            let mut plan = plan(10_000);
            change(&mut plan);
            check(&plan).expect_err("unsound").to_string()
        };
        let does = |who: &str, does| Operation {
            at_ms: 0,
            who: who.into(),
            does,
        };
        assert!(refused(|plan| plan.version = 9).contains("version 9"));
        assert!(refused(|plan| plan.world.quorum = 4).contains("world.quorum is 4"));
        assert!(refused(|plan| plan.lasts_ms = 0).contains("lasts_ms is 0"));
        for (who, victim) in [("ann@x\r\n", "ben"), ("ann", "ben@x")] {
            let (victim, after_ms) = (victim.to_owned(), vec![]);
            let mut plan = plan(10_000);
            plan.operations = vec![does(who, Does::Snipe { victim, after_ms })];
            let error = check(&plan).expect_err("unsound").to_string();
            assert!(error.contains("is no name"), "{error}");
        }
        let late = refused(|plan| plan.lasts_ms = 86_400_001);
        assert!(late.contains("a day at most"), "{late}");
    }
}
