//! Whether a plan can be performed at all. Plans are edited by hand.

use crate::{
    fault::Fault,
    plan::{PLAN_VERSION, Plan},
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
    /// Written by a newer build.
    #[error("the plan has version {found}; this build performs versions up to {PLAN_VERSION}. Use a newer build")]
    TooNew {
        /// Its version.
        found: u32,
    },
    /// A value of the plan or of its world makes no sense.
    #[error("{field} is {value}, but {must}. Change it in the plan")]
    Value {
        /// Which.
        field: String,
        /// What it is.
        value: String,
        /// What it must be.
        must: String,
    },
    /// An operation makes no sense.
    #[error("operation {number} (of {who:?}, at {at_ms} ms): {what}. Change or remove that `[[operation]]`")]
    Operation {
        /// Counted from 1, as in the file.
        number: usize,
        /// Whose.
        who: String,
        /// When.
        at_ms: u64,
        /// What is wrong.
        what: String,
    },
    /// A fault makes no sense.
    #[error("fault {number} ({fault}, at {at_ms} ms): {what}. Change or remove that `[[fault]]`")]
    Fault {
        /// Counted from 1, as in the file.
        number: usize,
        /// Which.
        fault: Box<str>,
        /// When.
        at_ms: u64,
        /// What is wrong.
        what: String,
    },
}

/// Checks a plan before anything is built.
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

/// The longest that a commit may be made to take, milliseconds: bounded, as the stalls are that come of it.
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

/// A name that can be part of an address and of an identifier.
pub fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 40 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fault::TimedFault,
        plan::{Operation, WorldOptions},
    };

    fn plan() -> Plan {
        Plan {
            version: PLAN_VERSION,
            scenario: "test".into(),
            seed: 1,
            lasts_ms: 10_000,
            world: WorldOptions::default(),
            operations: vec![],
            faults: vec![],
        }
    }

    #[test]
    fn a_sound_plan_is_accepted() {
        let mut plan = plan();
        plan.faults = vec![
            TimedFault::at(1, Fault::Kill { host: "redis-1".into() }),
            TimedFault::at(10_000, Fault::Heal),
        ];
        assert_eq!(check(&plan), Ok(()));
    }

    #[test]
    fn every_unsound_plan_is_refused_with_its_reason() {
        let loss = |a: &str, b: &str, percent| Fault::Loss {
            a: a.into(),
            b: b.into(),
            percent,
        };
        let rows = [
            (1, loss("idp-a", "redis-9", 5), "there is no host \"redis-9\""),
            (1, loss("idp-a", "redis-1", 101), "more than 100 %"),
            (1, loss("idp-a", "idp-a", 5), "no link to itself"),
            (10_001, Fault::Heal, "after the run has ended"),
            (1, Fault::Kill { host: "people".into() }, "cut their links instead"),
            (
                1,
                Fault::DirectoryIoError {
                    host: "mail".into(),
                    after_commit: true,
                    lasts_ms: 1,
                },
                "does not use the directory",
            ),
            (
                1,
                Fault::DirectorySlow {
                    host: "idp-a".into(),
                    by_ms: 10_001,
                    lasts_ms: 1,
                },
                "has failed",
            ),
        ];
        for (at_ms, fault, expected) in rows {
            let mut plan = plan();
            plan.faults = vec![TimedFault::at(at_ms, fault)];
            let error = check(&plan).expect_err(expected).to_string();
            assert!(error.contains("fault 1 ("), "{error}");
            assert!(error.contains(expected), "{expected:?} is not in {error:?}");
        }
    }

    #[test]
    fn aims_are_checked() {
        let aimed = |fault: Fault, nth| {
            let mut plan = plan();
            let aim = Aim::at("lease renewed").unwrap();
            let after = Some(Aim { nth, ..aim });
            plan.faults = vec![TimedFault { at_ms: 1, fault, after }];
            check(&plan).map_err(|error| error.to_string())
        };
        let kill = Fault::Kill { host: "redis-1".into() };
        assert_eq!(aimed(kill.clone(), 1), Ok(()));
        assert!(aimed(kill, 0).unwrap_err().contains("counts from 1"));
        assert!(aimed(Fault::Heal, 1).unwrap_err().contains("no aim"));
    }

    #[test]
    fn values_and_names_are_checked() {
        let refused = |change: fn(&mut Plan)| {
            let mut plan = plan();
            change(&mut plan);
            check(&plan).expect_err("unsound").to_string()
        };
        assert!(refused(|p| p.version = 9).contains("version 9"));
        assert!(refused(|p| p.world.quorum = 4).contains("world.quorum is 4"));
        assert!(refused(|p| p.world.latency_ms_max = 0).contains("below world.latency_ms_min"));
        assert!(refused(|p| p.lasts_ms = 0).contains("lasts_ms is 0"));
        let who = refused(|p| {
            p.operations = vec![Operation {
                at_ms: 0,
                who: "ann@x\r\n".into(),
                does: Behaviour::LogIn,
            }];
        });
        assert!(who.contains("is no name"), "{who}");
    }
}
