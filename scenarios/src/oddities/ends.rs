//! People who come just before and just after the end of a lifetime or window: exactly one answer is allowed to each, but
//! for the few milliseconds of the edge itself.

use super::Behaviour;
use crate::{
    limits,
    vocabulary::{Behaviour as AnyBehaviour, Operation, WorldOptions},
};
use sim::scenario::Dice;

/// As documented (core/LIMITS.md): the same attempt.
const TWIN_S: u64 = 5;
/// How near to an edge people come, milliseconds: nearer than a boundary moved by a second, farther than a request takes.
const NEAR_MS: u64 = 350;
/// What people need besides waiting, seconds: they log in before, and are patient for a minute.
const BESIDES_S: u64 = 90;

/// Somebody who waits for the end of something.
pub(crate) struct Waiting {
    /// How long what they wait for lasts, seconds.
    pub(crate) ends_s: u64,
    /// What they do.
    pub(crate) does: Behaviour,
}

/// Two for the end of each lifetime and window of a world: one comes just before it, the other one just after it.
pub(crate) fn waiting(world: &WorldOptions) -> Vec<Waiting> {
    let mut waiting = vec![];
    for (before, ends_s, back_ms) in [
        ("/login/send", world.flow_ttl_s, 1_500),
        ("/login/verify", world.email_code_ttl_s, 1_800),
        ("/token", world.code_ttl_s, 300),
        ("/userinfo", world.access_token_ttl_s, 300),
        ("/", world.session_ttl_s, 1_200),
    ] {
        // What has passed since the lifetime began is taken off.
        let early_ms = ends_s * 1000 - NEAR_MS - back_ms;
        let late_ms = ends_s * 1000 + NEAR_MS - back_ms.min(NEAR_MS);
        waiting.extend([early_ms, late_ms].map(|wait_ms| Waiting {
            ends_s,
            does: Behaviour::Dawdle {
                before: before.to_owned(),
                wait_ms,
            },
        }));
    }
    for (with, ends_s) in [
        ("/login/send", world.send_once_s),
        ("/login/verify", TWIN_S),
        ("/login/verify", world.session_ttl_s),
        ("/token", world.code_ttl_s),
        ("/userinfo", world.access_token_ttl_s),
        ("/login/continue", world.flow_ttl_s),
        ("/", world.session_ttl_s),
    ] {
        let near_ms = [ends_s * 1000 - NEAR_MS, ends_s * 1000 + NEAR_MS];
        waiting.extend(near_ms.map(|after_ms| Waiting {
            ends_s,
            does: Behaviour::ComeAgain {
                with: with.to_owned(),
                after_ms,
                and_after_ms: 0,
            },
        }));
    }
    // Coming back early does not put off the end.
    for (with, ends_s) in [("/login/send", world.send_once_s), ("/login/verify", TWIN_S)] {
        waiting.push(Waiting {
            ends_s,
            does: Behaviour::ComeAgain {
                with: with.to_owned(),
                after_ms: ends_s * 500,
                and_after_ms: ends_s * 1000 + NEAR_MS,
            },
        });
    }
    waiting
}

/// Those of [`waiting`] for whom there is time, each at some time of a run that lasts so long.
pub(crate) fn spread(world: &WorldOptions, lasts_s: u64, dice: &mut Dice) -> Vec<Operation> {
    coming(waiting(world), dice, |one| {
        let last_s = lasts_s.checked_sub(one.ends_s + BESIDES_S)?;
        Some((1_000, 1_000 + last_s * 1000))
    })
}

/// Somebody for each of those who wait, at some time between two, milliseconds; `None`: there is no time for them.
pub(crate) fn coming(
    waiting: impl IntoIterator<Item = Waiting>,
    dice: &mut Dice,
    between_ms: impl Fn(&Waiting) -> Option<(u64, u64)>,
) -> Vec<Operation> {
    let mut operations = vec![];
    for (n, one) in waiting.into_iter().enumerate() {
        if let Some((from_ms, to_ms)) = between_ms(&one) {
            operations.push(Operation {
                at_ms: dice.between(from_ms, to_ms),
                who: format!("odd-{}", n + 1),
                does: one.does.into(),
            });
        }
    }
    operations
}

/// Attackers whose first attempt over a limit comes just before the end of its window, or just after it, each with a victim
/// of their own. The limits are those of core/LIMITS.md: five mails and ten attempts in a window, five attempts in a login.
pub(crate) fn around_a_window(world: &WorldOptions, from_ms: u64) -> Vec<Operation> {
    let window_ms = world.limit_window_s * 1000;
    let flood = |victim: &str, every_ms| limits::Behaviour::Flood {
        victim: victim.into(),
        sends: 8,
        every_ms,
        in_one_place: false,
    };
    let guess = |victim: &str, guesses, every_ms| limits::Behaviour::Guess {
        victim: victim.into(),
        guesses,
        every_ms,
        in_one_place: false,
        known_as: None,
    };
    // The sixth mail. And of thirteen guesses the eleventh that is counted at the address: every sixth one meets the limit
    // of its login. A guess waits for the answers to the one before.
    let acts: [AnyBehaviour; 6] = [
        flood("mail-early", window_ms / 5 - NEAR_MS / 5).into(),
        flood("mail-late", window_ms / 5 + NEAR_MS / 5).into(),
        guess("guess-early", 15, window_ms / 12 - 70).into(),
        guess("guess-late", 15, window_ms / 12 + 10).into(),
        // In one login, past the windows of its address: the sixth attempt is one too many as long as the login lasts.
        guess("guess-slowly", 7, world.flow_ttl_s * 1000 / 6).into(),
        flood("pressed-again", 1_000).into(),
    ];
    // Somebody who has had too many mails is told so each time that they press the button, and not that one is on its way.
    let pressed_again = Behaviour::ComeAgain {
        with: "/login/send".into(),
        after_ms: 4_000,
        and_after_ms: 0,
    };
    let operations = acts.into_iter().enumerate().map(|(n, does)| Operation {
        at_ms: from_ms + n as u64 * 700,
        who: format!("attacker-{}", n + 1),
        does,
    });
    let pressed_again = Operation {
        at_ms: from_ms + 14_000,
        who: "pressed-again".into(),
        does: pressed_again.into(),
    };
    operations.chain([pressed_again]).collect()
}
