//! The login service's own faults in a run.

use crate::{
    directory::Damage,
    login::Login,
    mail::Barred,
    scenario::{
        analytics, clear_behind_starttls, directory_busy, directory_full, directory_log_deleted, disk_slow, kill, mail,
        ms, no_starttls, power_loss, relay_bars, relay_password, secs, signing_key_damaged, start, stop,
    },
    world::Mode,
};
use sim::{
    fault::TimedFault,
    scenario::{Dice, DrawFaults},
    world::{HostKind, World},
};
use spec::Settings;

/// Kinds of faults that only the login service's world has. One line for each kind.
pub(super) const KINDS: &[DrawFaults<Login>] = &[
    |dice, _| vec![(mail(mode(dice)), Some(mail(Mode::Healthy)))],
    |dice, _| vec![(analytics(mode(dice)), Some(analytics(Mode::Healthy)))],
    |dice, _| vec![(directory_busy(ms(dice.between(200, 5000))), None)],
    |dice, _| vec![(directory_full(ms(dice.between(200, 5000))), None)],
    |dice, _| {
        let damage = dice.pick(&[Damage::Es256, Damage::Rs256, Damage::Unknown]);
        vec![(signing_key_damaged(damage, ms(dice.between(2_000, 9_000))), None)]
    },
    |dice, _| {
        let what = dice.pick(&[Barred::Sender, Barred::Recipient, Barred::Content]);
        vec![(relay_bars(what, ms(dice.between(500, 9_000))), None)]
    },
    // The machine of the directory, and so all replicas.
    |_, world| {
        let replicas = world.of_kind(HostKind::Service).into_iter();
        replicas.map(|host| (power_loss(&host), Some(start(&host)))).collect()
    },
    // Their disk hangs: one disk, for whoever commits.
    |dice, world| {
        let (by, lasts) = (ms(dice.between(1_500, 8_000)), secs(dice.between(1, 5)));
        let replicas = world.of_kind(HostKind::Service).into_iter();
        replicas.map(|host| (disk_slow(&host, by, lasts), None)).collect()
    },
];

/// Kinds of faults that concern how replicas get in at the relay. One line for each kind.
pub(super) const OF_ACCESS: &[DrawFaults<Login>] = &[
    |dice, _| vec![(no_starttls(ms(dice.between(200, 6000))), None)],
    |dice, _| vec![(clear_behind_starttls(ms(dice.between(200, 6000))), None)],
    |dice, _| vec![(relay_password(ms(dice.between(200, 6000))), None)],
];

/// Somebody deletes the log of the directory, and only then the replicas are restarted, one after the other: each is killed or
/// asked to end. All are done with it before everything heals.
pub(super) fn log_deleted(dice: &mut Dice, world: &World<Login>, heals_at_ms: u64) -> Vec<TimedFault<Login>> {
    const BEGINS_MS: u64 = 3_000;
    let replicas = world.of_kind(HostKind::Service);
    // The last one may take as long to stop as it may.
    let time_ms = heals_at_ms - BEGINS_MS - Settings::default().get("stop");
    let each_ms = (time_ms / replicas.len() as u64).min(4_500);
    let (between_ms, away_ms) = (each_ms * 2 / 3, each_ms / 3);
    let mut at_ms = BEGINS_MS + dice.between(0, time_ms - each_ms * replicas.len() as u64);
    let mut faults = vec![TimedFault::at(at_ms, directory_log_deleted())];
    for replica in &replicas {
        at_ms += dice.between(500, between_ms);
        let ends = if dice.chance(50) { kill(replica) } else { stop(replica) };
        let starts_ms = at_ms + dice.between(50, away_ms);
        faults.extend([TimedFault::at(at_ms, ends), TimedFault::at(starts_ms, start(replica))]);
    }
    faults
}

fn mode(dice: &mut Dice) -> Mode {
    dice.pick(&[
        Mode::Hanging,
        Mode::Failing,
        Mode::Garbage,
        Mode::Slow { by_ms: 400 },
        Mode::Slow { by_ms: 6000 },
    ])
}
