//! Whether a plan can be performed at all. Plans are edited by hand.

use crate::{
    aim::Aim,
    fault::Fault,
    plan::{Behaviour, PLAN_VERSION, Plan},
    world::hosts,
};
use thiserror::Error;

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
        field: &'static str,
        /// What it is.
        value: String,
        /// What it must be.
        must: &'static str,
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
pub fn check(plan: &Plan) -> Result<(), PlanError> {
    if plan.version > PLAN_VERSION {
        return Err(PlanError::TooNew { found: plan.version });
    }
    check_values(plan)?;
    for (index, operation) in plan.operations.iter().enumerate() {
        let wrong = |what: String| PlanError::Operation {
            number: index + 1,
            who: operation.who.clone(),
            at_ms: operation.at_ms,
            what,
        };
        if operation.at_ms > plan.lasts_ms {
            return Err(wrong(format!(
                "it begins after the run has ended, at {} ms",
                plan.lasts_ms
            )));
        }
        if let Behaviour::LogInAt { replica } = &operation.does
            && !hosts::REPLICAS.contains(&replica.as_str())
        {
            return Err(wrong(format!(
                "{replica:?} is no replica of the login service; there are {}",
                hosts::REPLICAS.join(" and ")
            )));
        }
        let victim = match &operation.does {
            Behaviour::Guess { victim, .. }
            | Behaviour::Flood { victim, .. }
            | Behaviour::PeekAtMail { victim, .. } => Some(victim),
            _ => None,
        };
        for name in [Some(&operation.who), victim].into_iter().flatten() {
            if !is_name(name) {
                return Err(wrong(format!(
                    "{name:?} is no name: letters, digits and hyphens, for it becomes a mail address"
                )));
            }
        }
    }
    for (index, timed) in plan.faults.iter().enumerate() {
        let wrong = |what: String| PlanError::Fault {
            number: index + 1,
            fault: timed.fault.to_string().into(),
            at_ms: timed.at_ms,
            what,
        };
        if timed.at_ms > plan.lasts_ms {
            return Err(wrong(format!(
                "it strikes after the run has ended, at {} ms",
                plan.lasts_ms
            )));
        }
        check_fault(&timed.fault).map_err(wrong)?;
        if let Some(aim) = &timed.after {
            check_aim(&timed.fault, aim).map_err(wrong)?;
        }
    }
    Ok(())
}

fn check_values(plan: &Plan) -> Result<(), PlanError> {
    let world = &plan.world;
    let at_least_1 = [
        ("lasts_ms", plan.lasts_ms),
        ("world.latency_ms_min", world.latency_ms_min),
        ("world.replication_ms", world.replication_ms),
        ("world.down_after_ms", world.down_after_ms),
        ("world.failover_timeout_ms", world.failover_timeout_ms),
        ("world.proxy_connect_timeout_ms", world.proxy_connect_timeout_ms),
        ("world.proxy_read_timeout_ms", world.proxy_read_timeout_ms),
        ("world.code_ttl_s", world.code_ttl_s),
        ("world.limit_window_s", world.limit_window_s),
    ];
    let value = |field, value: String, must| Err(PlanError::Value { field, value, must });
    for (field, found) in at_least_1 {
        if found == 0 {
            return value(field, "0".into(), "must be at least 1");
        }
    }
    if plan.lasts_ms > 24 * 3600 * 1000 {
        return value(
            "lasts_ms",
            plan.lasts_ms.to_string(),
            "a run lasts a day at most (86400000)",
        );
    }
    if world.latency_ms_max < world.latency_ms_min {
        let found = world.latency_ms_max.to_string();
        return value("world.latency_ms_max", found, "must not be below world.latency_ms_min");
    }
    if world.lease_ms < 1000 {
        return value("world.lease_ms", world.lease_ms.to_string(), "must be at least 1000");
    }
    if !(1..=hosts::SENTINELS.len()).contains(&world.quorum) {
        return value(
            "world.quorum",
            world.quorum.to_string(),
            "must be 1, 2 or 3: there are three Sentinels",
        );
    }
    if world.replication_late_ppm > 1_000_000 {
        let found = world.replication_late_ppm.to_string();
        return value(
            "world.replication_late_ppm",
            found,
            "must be at most 1000000: of a million",
        );
    }
    for reminder in &world.reminders {
        if !is_name(&reminder.who) {
            let found = format!("{:?}", reminder.who);
            return value("world.reminders.who", found, "must be letters, digits and hyphens");
        }
    }
    Ok(())
}

/// The longest that a commit may be made to take, milliseconds: bounded, as the stalls are that come of it.
const COMMIT_MS_MAX: u64 = 10_000;

fn check_fault(fault: &Fault) -> Result<(), String> {
    let named = fault.hosts();
    for host in &named {
        if !hosts::ALL.contains(host) {
            return Err(format!(
                "there is no host {host:?}; there are {}",
                hosts::ALL.join(", ")
            ));
        }
    }
    if let [a, b] = named[..]
        && a == b
    {
        return Err(format!("{a} has no link to itself"));
    }
    match fault {
        Fault::Loss { percent, .. } if *percent > 100 => Err(format!("{percent} % is more than 100 %")),
        Fault::DirectoryIoError { host, .. } | Fault::DirectorySlow { host, .. }
            if !hosts::REPLICAS.contains(&host.as_str()) =>
        {
            Err(format!(
                "{host} does not use the directory; {} do",
                hosts::REPLICAS.join(" and ")
            ))
        }
        Fault::DirectorySlow { by_ms, .. } if *by_ms > COMMIT_MS_MAX => Err(format!(
            "a disk that takes longer than {COMMIT_MS_MAX} ms for a commit has failed; let it fail"
        )),
        Fault::Kill { host } | Fault::PowerLoss { host } | Fault::Pause { host }
            if [hosts::PEOPLE, hosts::ATTACKERS].contains(&host.as_str()) =>
        {
            Err(format!(
                "{host} are who the world is there for; cut their links instead"
            ))
        }
        Fault::ClockOffset { host, .. } | Fault::ClockJump { host, .. } if host == hosts::PEOPLE => {
            Err("the clock of the people's host is what ID tokens are judged by".into())
        }
        _ => Ok(()),
    }
}

fn check_aim(fault: &Fault, aim: &Aim) -> Result<(), String> {
    if *fault == Fault::Heal {
        return Err("what must recover is measured from healing, so that has a time of its own and no aim".into());
    }
    match aim.nth {
        0 => Err("`nth` counts from 1".into()),
        _ => Ok(()),
    }
}

/// A name that can be the local part of a mail address and of an identifier.
fn is_name(name: &str) -> bool {
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
