//! What a failover takes back, and what holds: the same stories on the real programs and in the
//! simulation. Every answer was measured on Redis 7.0.15; each is asked anew of what is installed.

mod elections;
mod stories;

use super::{
    Agreement,
    process::Unavailable,
    stack::{Event, Seen, Story, perform_in_simulation, perform_really},
};
use sim::engine::EngineError;

/// The stories.
pub fn stories() -> Vec<Story> {
    [stories::STORIES, elections::STORIES].concat()
}

/// Simulated runs of each story: the answers must not hang on luck.
pub const SEEDS: std::ops::Range<u64> = 1..21;

/// A story on the real programs.
///
/// # Errors
/// They are absent.
pub fn real(story: &Story) -> Result<Agreement, Unavailable> {
    Ok(judge("the real stack", story, &perform_really(story)?))
}

/// A story in the simulation, over [`SEEDS`].
///
/// # Errors
/// The engine's own.
pub fn simulated(story: &Story) -> Result<Agreement, EngineError> {
    SEEDS.clone().try_fold(Agreement::default(), |sum, seed| {
        let seen = perform_in_simulation(story, seed)?;
        Ok(sum.and(judge(&format!("the simulation, seed {seed},"), story, &seen)))
    })
}

fn judge(who: &str, story: &Story, seen: &Seen) -> Agreement {
    let wrong = story.answers.iter().filter_map(|(name, expected)| {
        let answer = seen.answers.get(name).map_or("nothing", String::as_str);
        (answer != *expected).then(|| {
            let events = seen.events.iter().filter(|event| event.at_ms >= 0);
            let events: Vec<String> = events
                .map(|event| format!("\n    {} ms {}", event.at_ms, event.says))
                .collect();
            format!(
                "{}, {name:?}: expected {expected}, {who} answers {answer}{}",
                story.name,
                events.concat()
            )
        })
    });
    let misheard = story.sentinels_say.iter().filter_map(|(says, must)| {
        let heard = (seen.events.iter()).any(|event| event.at_ms >= 0 && event.says.starts_with(says));
        let which = if *must { "no Sentinel says" } else { "a Sentinel says" };
        (heard != *must).then(|| format!("{}: {which} {says} ({who})", story.name))
    });
    let out_of_order =
        (0..3).filter(|sentinel| said_by(*sentinel, story, seen).is_some_and(|said| !said.starts_with(story.in_order)));
    // One that died says nothing in order.
    let nobody = !story.in_order.is_empty() && (0..3).all(|sentinel| said_by(sentinel, story, seen).is_none());
    let out_of_order = out_of_order.map(|sentinel| {
        format!(
            "{}: {who} has a Sentinel that says {:?}, not {:?}",
            story.name,
            said_by(sentinel, story, seen).unwrap_or_default(),
            story.in_order
        )
    });
    let silent = nobody.then(|| format!("{}: no Sentinel says anything ({who})", story.name));
    let in_order = usize::from(!story.in_order.is_empty());
    Agreement {
        compared: (story.answers.len() + story.sentinels_say.len() + in_order) as u64,
        differences: wrong.chain(misheard).chain(out_of_order).chain(silent).collect(),
        ..Agreement::default()
    }
}

/// What a Sentinel said of what is to come in order; nothing if that is not asked for, or if it said none of it.
fn said_by(sentinel: usize, story: &Story, seen: &Seen) -> Option<Vec<&'static str>> {
    let of_it = |event: &Event| {
        story
            .in_order
            .iter()
            .find(|says| event.says.starts_with(**says))
            .copied()
    };
    let own = (seen.events.iter()).filter(|event| event.at_ms >= 0 && event.sentinel == sentinel);
    let said: Vec<&'static str> = own.filter_map(of_it).collect();
    (!said.is_empty()).then_some(said)
}

#[cfg(test)]
mod tests {
    use super::{super::stack::Act::Ask, *};

    #[test]
    fn stories_are_told_in_order_and_every_answer_is_asked_for() {
        for story in stories() {
            assert!(story.acts.is_sorted_by_key(|(at, _)| at), "{}", story.name);
            let asked = story.acts.iter().filter_map(|(_, act)| match act {
                Ask(name, ..) => Some(*name),
                _ => None,
            });
            let asked: Vec<_> = asked.collect();
            let expected: Vec<_> = story.answers.iter().map(|(name, _)| *name).collect();
            assert_eq!(asked, expected, "{}", story.name);
        }
    }

    #[test]
    fn the_simulation_tells_every_story() {
        for story in stories() {
            let agreement = simulated(&story).expect("the engine goes on");
            assert!(agreement.differences.is_empty(), "{}", agreement.differences[0]);
        }
    }
}
