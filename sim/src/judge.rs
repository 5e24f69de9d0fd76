//! Judging: from a scenario, a plan and possibly a planted bug to a verdict.

use crate::{
    plan::Plan,
    run::{HarnessError, Run, Setup, perform},
    scenario::Scenario,
    service::Service,
    simulator::EngineKind,
    suite::PlantedBug,
};

/// The engine that performs a run, and the data that is kept of the run. The latter does not change the run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JudgeOptions {
    /// The engine.
    pub engine: EngineKind,
    /// Whether to keep the log.
    pub keep_log: bool,
    /// Whether to keep the messages on the wire.
    pub keep_messages: bool,
    /// The log filter, in the syntax of `tracing` filters.
    pub log_filter: Option<String>,
}

/// Performs a plan and judges it by the scenario's properties. If the scenario claims that a changed plan agrees with
/// it, that plan is performed as well. The violations are in the run.
///
/// # Errors
/// The plan cannot be performed, or names a planted bug other than this one, or the harness failed.
pub fn judge<S: Service>(
    scenario: &Scenario<S>,
    plan: &Plan<S>,
    bug: Option<&PlantedBug<S>>,
    options: &JudgeOptions,
) -> Result<Run<S>, HarnessError> {
    let planted = bug.map(|bug| bug.name);
    if let Some(needed) = plan.bug.as_deref().filter(|needed| Some(*needed) != planted) {
        return Err(HarnessError::OtherBug {
            needed: needed.to_owned(),
            planted: planted.unwrap_or("none").to_owned(),
        });
    }
    let setup = Setup {
        engine: options.engine,
        bug: bug.map(|bug| bug.bug.clone()),
        keep_log: options.keep_log,
        keep_messages: options.keep_messages,
        log_filter: options.log_filter.clone(),
        properties: scenario.properties(),
        people: None,
    };
    let mut run = perform(plan, &setup)?;
    // On the classic engine a host that sends more changes the latencies of all hosts, so two runs cannot be compared.
    if let Some(changed) = scenario.twin(plan).filter(|_| options.engine == EngineKind::EventLoop) {
        let setup = Setup {
            keep_log: false,
            keep_messages: false,
            properties: vec![],
            ..setup
        };
        let twin = perform(&changed, &setup)?;
        run.violations.extend(scenario.same(&run, &twin).err());
        run.violations.sort_by_key(|violation| violation.at_ms);
    }
    Ok(run)
}
