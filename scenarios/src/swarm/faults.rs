//! The login service's own faults in a run.

use crate::{
    login::Login,
    scenario::{analytics, directory_busy, directory_full, mail, ms, power_loss, start},
    world::Mode,
};
use sim::{
    scenario::{Dice, DrawFaults},
    world::HostKind,
};

/// Kinds of faults that only the login service's world has. One line for each kind.
pub(super) const KINDS: &[DrawFaults<Login>] = &[
    |dice, _| vec![(mail(mode(dice)), Some(mail(Mode::Healthy)))],
    |dice, _| vec![(analytics(mode(dice)), Some(analytics(Mode::Healthy)))],
    |dice, _| vec![(directory_busy(ms(dice.between(200, 5000))), None)],
    |dice, _| vec![(directory_full(ms(dice.between(200, 5000))), None)],
    // The machine of the directory, and so all replicas.
    |_, world| {
        let replicas = world.of_kind(HostKind::Service).into_iter();
        replicas.map(|host| (power_loss(&host), Some(start(&host)))).collect()
    },
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
