//! An operator's commands for people who are locked out, performed by the service's own code on the directory that the replicas
//! use: those of `show-user` and `unlock-user`.

use super::{Observation, Op};
use crate::{
    registry,
    vocabulary::{Event, Observation as AnyObservation, Op as AnyOp, Seen},
    world::Scene,
};
use idp::{
    config::{Config, StateConfig},
    limits::FailureRepository,
    store::SqliteDirectory,
    users::UserRepository,
};
use seams::Failure;
use std::time::Duration;
use tokio::time::sleep;

/// What an operator is told if nobody has an address.
pub(crate) const NOBODY: &str = "nobody has this address";

/// Looks so many times how many wrong codes in a row somebody's address has.
pub(super) async fn watch(scene: &Scene, who: &str, whose: &str, looks: u32, every: Duration) {
    for look in 0..looks {
        if look > 0 {
            sleep(every).await;
        }
        show(scene, who, &address(whose)).await;
    }
}

/// Looks, unlocks the address, which `unlock-user` does only if somebody has it, and looks again.
pub(super) async fn unlock(scene: &Scene, who: &str, whose: &str) {
    let address = address(whose);
    if show(scene, who, &address).await != Seen::Ok {
        return;
    }
    let op = Op::Unlock {
        address: address.clone(),
    };
    let id = scene.recorder.begin(who, AnyOp::Limits(op));
    let seen = match clear(scene, &address).await {
        Ok(()) => Seen::Ok,
        Err(failure) if failure.is_unknown() => Seen::Unknown(failure.cause().to_string()),
        Err(failure) => Seen::Fail(failure.cause().to_string()),
    };
    scene.recorder.end(who, id, seen);
    show(scene, who, &address).await;
}

fn address(whose: &str) -> String {
    format!("{}@example.com", whose.to_lowercase())
}

async fn show(scene: &Scene, who: &str, address: &str) -> Seen {
    let op = Op::ShowFailures {
        address: address.to_owned(),
    };
    let id = scene.recorder.begin(who, AnyOp::Limits(op));
    let seen = match failures(scene, address).await {
        Ok(Some(wrong_codes)) => {
            let shown = Observation::FailuresShown {
                address: address.to_owned(),
                wrong_codes,
                locked: wrong_codes >= failures_max(),
            };
            scene.recorder.note(who, Event::Own(AnyObservation::Limits(shown)));
            Seen::Ok
        }
        Ok(None) => Seen::Fail(NOBODY.to_owned()),
        // A question changes nothing, whatever becomes of it.
        Err(failure) => Seen::Fail(failure.cause().to_string()),
    };
    scene.recorder.end(who, id, seen.clone());
    seen
}

/// How many wrong codes in a row an address has; `None`: nobody has it.
async fn failures(scene: &Scene, address: &str) -> Result<Option<u64>, Failure> {
    let directory = registry::open_in_use(scene).await?;
    match directory.user_by_address(address).await? {
        Some(user) => Ok(Some(directory.failures(&user.address).await?)),
        None => Ok(None),
    }
}

async fn clear(scene: &Scene, address: &str) -> Result<(), Failure> {
    let directory: SqliteDirectory = match registry::open_in_use(scene).await {
        Ok(directory) => directory,
        // Nothing was asked of it yet.
        Err(failure) => return Err(Failure::Fail(failure.cause().clone())),
    };
    directory.clear_failures(address).await
}

/// As the commands know it.
fn failures_max() -> u64 {
    let config = Config::new("idp", "https://login.example", StateConfig::Memory);
    config.limits.consecutive_failures
}
