//! Which acknowledged writes a failover loses, and what holds: the same scripts on the real programs and in the
//! simulation. Every answer was measured on Redis 7.0.15; each comparison asks the installed version again.

mod data;
mod elections;

use super::{Event, Observations, Script, run_real, run_simulated};
use crate::{Agreement, Unavailable};
use sim::engine::EngineError;

/// All scripts.
pub fn scripts() -> Vec<Script> {
    [data::SCRIPTS, elections::SCRIPTS].concat()
}

/// Seeds of the simulated runs of each script: the answers must not depend on chance.
pub const SEEDS: std::ops::Range<u64> = 1..21;

/// Runs a script on the real programs.
///
/// # Errors
/// They are not installed, or do not work.
pub fn real(script: &Script) -> Result<Agreement, Unavailable> {
    Ok(compare("the real stack", script, &run_real(script)?))
}

/// Runs a script in the simulation, with all [`SEEDS`].
///
/// # Errors
/// The engine's own.
pub fn simulated(script: &Script) -> Result<Agreement, EngineError> {
    SEEDS.clone().try_fold(Agreement::default(), |sum, seed| {
        let observed = run_simulated(script, seed)?;
        Ok(sum.and(compare(&format!("the simulation, seed {seed},"), script, &observed)))
    })
}

/// Compares what was observed on one stack (`who`) with what the script expects.
fn compare(who: &str, script: &Script, observed: &Observations) -> Agreement {
    let name = script.name;
    let answers = script.answers.iter().filter_map(|(question, expected)| {
        let answer = observed.answers.get(question).map_or("nothing", String::as_str);
        (answer != *expected).then(|| {
            let events = observed.events.iter().filter(|event| event.at_ms >= 0);
            let events: Vec<String> = events
                .map(|event| format!("\n    {} ms {}", event.at_ms, event.text))
                .collect();
            format!(
                "{name}, {question:?}: expected {expected}, {who} answers {answer}{}",
                events.concat()
            )
        })
    });
    let events = script.sentinel_events.iter().filter_map(|(begins, must)| {
        let logged = (observed.events.iter()).any(|event| event.at_ms >= 0 && event.text.starts_with(begins));
        let which = if *must { "no Sentinel logs" } else { "a Sentinel logs" };
        (logged != *must).then(|| format!("{name}: {which} {begins} ({who})"))
    });
    let logs = [0, 1, 2].map(|sentinel| expected_events_of(sentinel, script, observed));
    let wrong_order = (logs.iter().flatten()).filter(|logged| !logged.starts_with(script.first_events));
    let wrong_order = wrong_order.map(|logged| {
        format!(
            "{name}: {who} has a Sentinel that logs {logged:?}, not {:?}",
            script.first_events
        )
    });
    // A Sentinel that was killed logs none of them.
    let silent = !script.first_events.is_empty() && logs.iter().all(Option::is_none);
    let silent = silent.then(|| format!("{name}: no Sentinel logs anything ({who})"));
    let order = usize::from(!script.first_events.is_empty());
    Agreement {
        compared: (script.answers.len() + script.sentinel_events.len() + order) as u64,
        differences: answers.chain(events).chain(wrong_order).chain(silent).collect(),
        ..Agreement::default()
    }
}

/// Those of the script's `first_events` that a Sentinel logged, in its order; `None` if it logged none of them.
fn expected_events_of(sentinel: usize, script: &Script, observed: &Observations) -> Option<Vec<&'static str>> {
    let expected = |event: &Event| {
        let mut expected = script.first_events.iter();
        expected.find(|begins| event.text.starts_with(**begins)).copied()
    };
    let own = (observed.events.iter()).filter(|event| event.at_ms >= 0 && event.sentinel == sentinel);
    let logged: Vec<&'static str> = own.filter_map(expected).collect();
    (!logged.is_empty()).then_some(logged)
}

#[cfg(test)]
mod tests {
    use super::{super::Action::Ask, *};

    #[test]
    fn actions_are_in_order_and_every_answer_is_asked_for() {
        for script in scripts() {
            assert!(script.actions.is_sorted_by_key(|(at, _)| at), "{}", script.name);
            let asked = script.actions.iter().filter_map(|(_, action)| match action {
                Ask(name, ..) => Some(*name),
                _ => None,
            });
            let asked: Vec<_> = asked.collect();
            let expected: Vec<_> = script.answers.iter().map(|(name, _)| *name).collect();
            assert_eq!(asked, expected, "{}", script.name);
        }
    }

    #[test]
    fn the_simulation_agrees_with_every_script() {
        for script in scripts() {
            let agreement = simulated(&script).expect("the engine runs");
            assert!(agreement.differences.is_empty(), "{}", agreement.differences[0]);
        }
    }
}
