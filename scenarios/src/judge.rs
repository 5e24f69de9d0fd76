//! From a scenario, a plan and perhaps a planted bug to a verdict.

use crate::{
    planted::Planted,
    scenario::Scenario,
    store_history::{self, StoreRecorder},
    workload,
};
use sim::{
    plan::Plan,
    run::{HarnessError, Run, Setup, perform},
    simulator::EngineKind,
    world::Rewire,
};
use std::sync::Arc;

/// What performs a run, and how it is watched; the latter changes nothing in the run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JudgeOptions {
    /// Which engine.
    pub engine: EngineKind,
    /// Whether to keep the log.
    pub keep_log: bool,
    /// Whether to keep what went over the wire.
    pub keep_messages: bool,
    /// What to log, as `tracing` filters are written.
    pub log_filter: Option<String>,
}

/// Performs a plan and judges it by the scenario's properties; where the scenario claims that a
/// changed plan agrees with it, that plan is performed as well. The violations are in the run, and among its marks what
/// the store took back (see [`store_history::marks`]).
///
/// # Errors
/// The plan cannot be performed, or the harness broke.
pub fn judge(
    scenario: &Scenario,
    plan: &Plan,
    plant: Option<&Planted>,
    options: &JudgeOptions,
) -> Result<Run, HarnessError> {
    let store = StoreRecorder::default();
    let plant = plant.map(|plant| Arc::new(plant.rewire) as Rewire);
    let setup = Setup {
        engine: options.engine,
        people: workload::people(),
        attackers: workload::attackers(),
        rewire: Some(store.around(plant.clone())),
        keep_log: options.keep_log,
        keep_messages: options.keep_messages,
        log_filter: options.log_filter.clone(),
        properties: scenario.properties(),
    };
    let mut run = perform(plan, &setup)?;
    run.marks.extend(store_history::marks(&store.operations(), plan));
    // On the classic engine whoever says more changes everybody's latencies: two runs agree in nothing.
    if let Some(changed) = scenario.twin(plan).filter(|_| options.engine == EngineKind::EventLoop) {
        let setup = Setup {
            keep_log: false,
            keep_messages: false,
            properties: vec![],
            rewire: plant,
            ..setup
        };
        let twin = perform(&changed, &setup)?;
        run.violations.extend(scenario.same(&run, &twin).err());
        run.violations.sort_by_key(|violation| violation.at_ms);
    }
    Ok(run)
}
