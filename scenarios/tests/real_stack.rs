//! The login service on a real stack: the real Redis and Sentinels, where they are installed.

mod common;

use conformance::{Agreement, Unavailable};
use scenarios::{real_stack, vocabulary::PlantedBug};
use std::path::Path;

/// Inventory 7, 29, 31, 39: a failover of the real Redis brings a code back and gives two replicas the lease; nevertheless no
/// code is redeemed twice and no one is reminded twice. The bugs planted in the simulation are detected here too, by the same
/// properties.
#[test]
fn the_login_service_on_the_real_stack() {
    let (no_ledger, no_fence) = (common::bug("redemption_without_ledger"), common::bug("unfenced_leader"));
    type Compare = fn(Option<&PlantedBug>) -> Result<Agreement, Unavailable>;
    let comparisons: [(Compare, Option<&PlantedBug>); 4] = [
        (real_stack::compare, None),
        (real_stack::compare, Some(&no_ledger)),
        (real_stack::compare_leaders, None),
        (real_stack::compare_leaders, Some(&no_fence)),
    ];
    // All at once: nearly all of the time is waiting.
    let results: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = comparisons
            .iter()
            .map(|(compare, bug)| scope.spawn(|| compare(*bug)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("no panic"))
            .collect()
    });
    let mut all = Agreement::default();
    for result in results {
        match result {
            Ok(agreement) => all = all.and(agreement),
            Err(Unavailable::Missing(program)) => {
                let why = format!("{program} is not installed; ci/test installs it");
                return common::left_out("the login service on a real stack", &why);
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert!(all.compared > 0, "nothing was compared");
    assert!(all.differences.is_empty(), "{}", all.differences.join("\n\n"));
}

/// Inventory 1, 29, 34: both replicas are restarted behind nginx, one after the other, while people log in and mails wait; nothing
/// is lost.
#[test]
fn a_rolling_restart_harms_nobody() {
    match real_stack::specification::judge_restarts(Path::new(env!("CARGO_BIN_EXE_squall"))) {
        Ok(all) => assert!(all.differences.is_empty(), "{}", all.differences.join("\n\n")),
        Err(Unavailable::Missing(program)) => {
            let why = format!("{program} is not installed; ci/test installs it");
            common::left_out("a rolling restart of the real stack", &why);
        }
        Err(error) => panic!("{error}"),
    }
}

/// Inventory 25, 26, 54: Redis is gone; what needs none goes on behind nginx, and whoever wants to log in is told.
#[test]
fn what_needs_no_redis_goes_on_without_it() {
    match real_stack::specification::judge_redis_gone(Path::new(env!("CARGO_BIN_EXE_squall"))) {
        Ok(all) => assert!(all.differences.is_empty(), "{}", all.differences.join("\n\n")),
        Err(Unavailable::Missing(program)) => {
            let why = format!("{program} is not installed; ci/test installs it");
            common::left_out("the real stack without Redis", &why);
        }
        Err(error) => panic!("{error}"),
    }
}

/// Inventory 3, 4, 33: a stranger sends what nginx lets through at its largest, and people leave between two steps of their
/// requests; everybody logs in, and every answer is as specified.
#[test]
fn strangers_and_those_who_leave_harm_nobody() {
    match real_stack::specification::judge_strangers(Path::new(env!("CARGO_BIN_EXE_squall"))) {
        Ok(all) => assert!(all.differences.is_empty(), "{}", all.differences.join("\n\n")),
        Err(Unavailable::Missing(program)) => {
            let why = format!("{program} is not installed; ci/test installs it");
            common::left_out("strangers at the real stack", &why);
        }
        Err(error) => panic!("{error}"),
    }
}
