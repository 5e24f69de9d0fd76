//! The login service's own faults in a run.

use crate::{
    login::Login,
    scenario::{analytics, directory_busy, mail, ms},
    world::Mode,
};
use sim::scenario::{Dice, DrawFaults};

/// Kinds of faults that only the login service's world has. One line for each kind.
pub(super) const KINDS: &[DrawFaults<Login>] = &[
    |dice, _| vec![(mail(mode(dice)), Some(mail(Mode::Healthy)))],
    |dice, _| vec![(analytics(mode(dice)), Some(analytics(Mode::Healthy)))],
    |dice, _| vec![(directory_busy(ms(dice.between(200, 5000))), None)],
];

fn mode(dice: &mut Dice) -> Mode {
    dice.pick(&[
        Mode::Hanging,
        Mode::Failing,
        Mode::Garbage,
        Mode::Slow { by_ms: 400 },
        Mode::Slow { by_ms: 6000 },
    ])
}
