//! The leader is stopped past its lease while Redis fails over, and then continues.
//!
//! 1. A leads and is sending a mail.
//! 2. A is stopped; the master dies.
//! 3. The lease expires, and B gets it from the new master.
//! 4. B sends what is due.
//! 5. A continues.
//!
//! Inventory 29, 31: nobody is reminded twice, because of the epoch in the directory.

use super::{Deployment, PlantedBug, REMINDERS, agreement, broken, replica, runtime};
use crate::{
    property::RemindersOnce,
    vocabulary::{Evidence, History, Mode, Operators, Property},
    world::hosts,
};
use conformance::{
    Agreement, Unavailable,
    process::Folder,
    stack::{
        Action::Kill,
        EMPTY_SCRIPT,
        Node::{Master, Replica},
        RealStack, ask,
    },
};
use idp::{
    leader::{self, EpochRepository, LeaderEpoch},
    store::{Key, SqliteDirectory},
};
use std::{io, time::Duration};
use tokio::time::{Instant, sleep};

const LEASE: Duration = Duration::from_secs(4);
/// Longer than the lease, the failover and the mails together.
const TIMEOUT: Duration = Duration::from_secs(25);
/// When all reminders are due, counted from the time when the directory was filled: by then both replicas are up and
/// one of them is the leader.
const DUE: Duration = Duration::from_secs(8);
/// How long the relay takes for a mail, milliseconds: long enough that the leader is nearly always sending one.
const MAIL_MS: u64 = 400;

/// The observations of one run.
struct Observed {
    /// The history that the property judges.
    history: History,
    /// The newest epoch when the leader was stopped, and at the end.
    epochs: [LeaderEpoch; 2],
    /// Number of mails before the leader was stopped, until it was resumed, and at the end.
    mailed: [usize; 3],
    /// The role of Redis's replica at the end.
    role: String,
}

/// Checks the leader on the real stack with the property that also judges the simulation: it holds for the service as
/// it is, and is violated without the fence. Takes about 25 s.
///
/// # Errors
/// The real programs are not installed, or something does not start.
pub fn compare(bug: Option<&PlantedBug>) -> Result<Agreement, Unavailable> {
    let seen = run(bug)?;
    let scenario = crate::suite()
        .find_scenario("leader_pauses")
        .map_err(|error| broken(io::Error::other(error)))?
        .clone();
    let plan = scenario.plan(1); // the property reads only the history
    let operators = Operators::default(); // the real log is not read here
    let judged = RemindersOnce.check(&Evidence::new(&plan, &seen.history, &operators));
    let [before, meanwhile, at_the_end] = seen.mailed;
    let expectations = [
        (
            "the leader stopped in the middle of its mails",
            before < REMINDERS as usize,
        ),
        ("Redis failed over meanwhile", seen.role == "master"),
        ("another replica led after it", seen.epochs[1] > seen.epochs[0]),
        ("the other replica sent mails", meanwhile > before + 1),
        ("the property decides as expected", judged.is_ok() == bug.is_none()),
        // Without the bug, no other replica repeats the mail that the leader was sending.
        (
            "every mail came once",
            at_the_end == REMINDERS as usize || bug.is_some(),
        ),
    ];
    let seen = format!("epochs {:?}, mails {:?}", seen.epochs, seen.mailed);
    Ok(agreement(&expectations, bug, &seen))
}

fn run(bug: Option<&PlantedBug>) -> Result<Observed, Unavailable> {
    runtime()?.block_on(async {
        let mut stack = RealStack::start(&EMPTY_SCRIPT).await?;
        stack.settle().await?;
        let folder = Folder::new("deployment").map_err(broken)?;
        let due = [DUE; REMINDERS as usize];
        let deployment = Deployment::start(&stack, folder.path(), bug, LEASE, &due)
            .await
            .map_err(broken)?;
        deployment.relay.set(Mode::Slow { by_ms: MAIL_MS });
        let env = replica::env("observer");
        let directory = SqliteDirectory::open(env.clone(), &deployment.directory, TIMEOUT).await;
        let directory = directory.map_err(|error| broken(io::Error::other(error)))?;
        let newest = async || {
            directory
                .newest_epoch()
                .await
                .map_err(|error| broken(io::Error::other(error)))
        };
        let mailed = || {
            (0..REMINDERS)
                .map(|n| deployment.scene.inboxes.count(&replica::reminded_address(n)))
                .sum::<usize>()
        };
        until(TIMEOUT, || mailed() > 0).await;
        sleep(Duration::from_millis(MAIL_MS / 2)).await; // then the leader is sending the next mail
        let leader = leader(&stack, &deployment).await?;
        leader.stop();
        sleep(Duration::from_millis(2 * MAIL_MS)).await; // the mail that the leader was sending arrives
        let (first, before) = (newest().await?, mailed());
        stack.apply(Kill(Master));
        let waited = Instant::now() + TIMEOUT;
        while newest().await? == first && Instant::now() < waited {
            sleep(Duration::from_millis(100)).await;
        }
        // The mail that the leader was sending may be counted as one of the other replica.
        until(Duration::from_secs(12), || mailed() >= REMINDERS as usize).await;
        let meanwhile = mailed();
        leader.resume();
        sleep(Duration::from_millis(5 * MAIL_MS)).await; // time for a duplicate mail to arrive
        let role = ask(&env, "redis", stack.port(Replica), &["ROLE"], 1_000).await;
        Ok(Observed {
            history: deployment.scene.recorder.history(),
            epochs: [first, newest().await?],
            mailed: [before, meanwhile, mailed()],
            role,
        })
    })
}

/// The replica that holds the lease.
async fn leader<'d>(stack: &RealStack, deployment: &'d Deployment) -> Result<&'d replica::Replica, Unavailable> {
    let lease = format!("GET {}", Key::new(leader::LEASE, "jobs"));
    let holder = ask(&replica::env("observer"), "redis", stack.port(Master), &[&lease], 1_000).await;
    let place = [hosts::IDP_A, hosts::IDP_B]
        .iter()
        .position(|name| holder.starts_with(name));
    let place = place.ok_or_else(|| broken(io::Error::other(format!("no replica leads: {holder:?}"))))?;
    Ok(&deployment.replicas[place])
}

async fn until(limit: Duration, reached: impl Fn() -> bool) {
    let end = Instant::now() + limit;
    while !reached() && Instant::now() < end {
        sleep(Duration::from_millis(20)).await;
    }
}
