//! The leader stands still past its lease while Redis fails over, and then goes on where it was.
//!
//! 1. A leads and is in the middle of a mail.
//! 2. A stands still; the master dies.
//! 3. The lease runs out, and B leads by the grace of the new master.
//! 4. B sends what is due.
//! 5. A goes on.
//!
//! Inventory 29, 31: nobody is reminded twice, because of the epoch in the directory.

use super::{House, Planted, REMINDERS, broken, judged_by, rooms, runtime};
use crate::{
    catalogue,
    property::RemindersOnce,
    truth::{
        Agreement, Unavailable,
        process::Folder,
        stack::{
            Act::Kill,
            Node::{Master, Replica},
            PLAIN,
            ask::ask,
            real::Stack,
        },
    },
};
use idp::{
    leader::{self, EpochRepository, LeaderEpoch},
    store::{Key, SqliteDirectory},
};
use sim::{
    fault::Manner,
    history::History,
    operators::Operators,
    property::{Evidence, Property},
    world::hosts,
};
use std::{io, time::Duration};
use tokio::time::{Instant, sleep};

const LEASE: Duration = Duration::from_secs(4);
/// Longer than the lease, the failover and the mails.
const PATIENCE: Duration = Duration::from_secs(25);
/// When all reminders fall due, after the house was furnished: both replicas are up by then, and one of them leads.
const DUE: Duration = Duration::from_secs(8);
/// How long the relay takes for a mail: the leader is in the middle of one nearly all the time.
const MAIL_MS: u64 = 400;

/// What came of it.
struct Story {
    /// What everybody saw, for the property.
    history: History,
    /// The newest epoch when the leader stopped, and at the end.
    epochs: [LeaderEpoch; 2],
    /// Mails before the leader stopped, until it was resumed, and at the end.
    mailed: [usize; 3],
    /// The role of Redis's replica at the end.
    role: String,
}

/// What the service claims of its leader, on the real stack: it holds as it is, and without the fence it does not, as
/// the same property says that judges the simulation. Takes some 25 s.
///
/// # Errors
/// The real programs are absent, or the house does not stand.
pub fn compare(bug: Option<&Planted>) -> Result<Agreement, Unavailable> {
    let seen = live_through(bug)?;
    let scenario = catalogue::find("leader_pauses").map_err(|error| broken(io::Error::other(error)))?;
    let plan = scenario.plan(1); // the property looks at the history alone
    let judged = RemindersOnce.check(&Evidence {
        plan: &plan,
        history: &seen.history,
        operators: &Operators::default(), // the real log is not read here
    });
    let [before, meanwhile, at_the_end] = seen.mailed;
    let expectations = [
        (
            "the leader stopped in the middle of its mails",
            before < REMINDERS as usize,
        ),
        ("Redis failed over meanwhile", seen.role == "master"),
        ("another led after it", seen.epochs[1] > seen.epochs[0]),
        ("the other one sent mails", meanwhile > before + 1),
        ("the property says so", judged.is_ok() == bug.is_none()),
        // As it is, the mail that the leader was sending is nobody else's business.
        (
            "as many mails came as must",
            at_the_end == REMINDERS as usize || bug.is_some(),
        ),
    ];
    let seen = format!("epochs {:?}, mails {:?}", seen.epochs, seen.mailed);
    Ok(judged_by(&expectations, bug, &seen))
}

fn live_through(bug: Option<&Planted>) -> Result<Story, Unavailable> {
    runtime()?.block_on(async {
        let mut stack = Stack::start(&PLAIN).await?;
        stack.settle().await?;
        let folder = Folder::new("house").map_err(broken)?;
        let due = [DUE; REMINDERS as usize];
        let house = House::open(&stack, folder.path(), bug, LEASE, &due)
            .await
            .map_err(broken)?;
        house.relay.set(Manner::Slow { by_ms: MAIL_MS });
        let env = rooms::env("judge");
        let directory = SqliteDirectory::open(env.clone(), &house.directory, PATIENCE).await;
        let directory = directory.map_err(|error| broken(io::Error::other(error)))?;
        let newest = async || {
            directory
                .newest_epoch()
                .await
                .map_err(|error| broken(io::Error::other(error)))
        };
        let mailed = || {
            (0..REMINDERS)
                .map(|n| house.scene.inboxes.count(&rooms::sleeper(n)))
                .sum::<usize>()
        };
        until(PATIENCE, || mailed() > 0).await;
        sleep(Duration::from_millis(MAIL_MS / 2)).await; // into the next one
        let leader = leader(&stack, &house).await?;
        leader.stop();
        sleep(Duration::from_millis(2 * MAIL_MS)).await; // the mail that was under way arrives
        let (first, before) = (newest().await?, mailed());
        stack.befall(Kill(Master));
        let waited = Instant::now() + PATIENCE;
        while newest().await? == first && Instant::now() < waited {
            sleep(Duration::from_millis(100)).await;
        }
        // As it is, the mail that was under way may be another's.
        until(Duration::from_secs(12), || mailed() >= REMINDERS as usize).await;
        let meanwhile = mailed();
        leader.resume();
        sleep(Duration::from_millis(5 * MAIL_MS)).await; // for one mail too many
        let role = ask(&env, "redis", stack.ports[Replica as usize], &["ROLE"], 1_000).await;
        Ok(Story {
            history: house.scene.recorder.history(),
            epochs: [first, newest().await?],
            mailed: [before, meanwhile, mailed()],
            role,
        })
    })
}

/// Whoever has the lease.
async fn leader<'h>(stack: &Stack, house: &'h House) -> Result<&'h rooms::Replica, Unavailable> {
    let lease = format!("GET {}", Key::new(leader::LEASE, "jobs"));
    let holder = ask(
        &rooms::env("judge"),
        "redis",
        stack.ports[Master as usize],
        &[&lease],
        1_000,
    )
    .await;
    let place = hosts::REPLICAS.iter().position(|name| holder.starts_with(name));
    let place = place.ok_or_else(|| broken(io::Error::other(format!("nobody leads: {holder:?}"))))?;
    Ok(&house.replicas[place])
}

async fn until(patience: Duration, reached: impl Fn() -> bool) {
    let end = Instant::now() + patience;
    while !reached() && Instant::now() < end {
        sleep(Duration::from_millis(20)).await;
    }
}
