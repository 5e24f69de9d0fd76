//! What a failover takes back, and what holds: the same stories on the real programs and in the
//! simulation. Every answer was measured on Redis 7.0.15; each is asked anew of what is installed.

mod stories;

pub use stories::STORIES;

use super::{
    Agreement,
    process::Unavailable,
    stack::{Seen, Story, perform_in_simulation, perform_really},
};
use sim::{engine::EngineError, world::redis::PersistenceMode};

/// Nothing happens yet.
pub(super) const PLAIN: Story = Story {
    name: "",
    claim: "",
    persistence: PersistenceMode::None,
    replicas: 1,
    min_replicas_to_write: 0,
    acts: &[],
    answers: &[],
    sentinels_say: &[],
};

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
    Agreement {
        compared: (story.answers.len() + story.sentinels_say.len()) as u64,
        differences: wrong.chain(misheard).collect(),
        ..Agreement::default()
    }
}

#[cfg(test)]
mod tests {
    use super::{super::stack::Act::Ask, *};

    #[test]
    fn stories_are_told_in_order_and_every_answer_is_asked_for() {
        for story in STORIES {
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
        for story in STORIES {
            let agreement = simulated(story).expect("the engine goes on");
            assert!(agreement.differences.is_empty(), "{}", agreement.differences[0]);
        }
    }
}
