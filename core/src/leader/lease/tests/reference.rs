//! Leading against a reference model: two candidates, a store and a directory that fail, forget and come back in any
//! order, and what may be said of it in one line each.

use super::*;
use crate::{
    leader::{Reminder, ReminderClaim, ReminderRepository},
    testing::random::{block_on, cases},
};
use proptest::{collection::vec, prelude::*};
use seams::{StorageFault, StorageMoment};
use std::sync::atomic::{AtomicU64, Ordering};

/// What can happen.
#[derive(Debug, Clone)]
enum Event {
    /// Time passes, milliseconds.
    Wait(u64),
    /// The store is out of reach, or back.
    Store { answers: bool },
    /// The next answer of the store is lost.
    AnswerLost,
    /// A failover of the store forgets the lease.
    LeaseForgotten,
    /// The disk fails under the next transactions.
    DiskFails { times: u64 },
    /// Whoever is told that it leads acts: each claims a reminder.
    Act,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        5 => (1..6000u64).prop_map(Event::Wait),
        2 => any::<bool>().prop_map(|answers| Event::Store { answers }),
        1 => Just(Event::AnswerLost),
        2 => Just(Event::LeaseForgotten),
        1 => (1..3u64).prop_map(|times| Event::DiskFails { times }),
        5 => Just(Event::Act),
    ]
}

async fn walk(name: &str, events: Vec<Event>) -> Result<(), TestCaseError> {
    let pair = Pair::new(name).await;
    let candidates = [pair.candidate("idp-a"), pair.candidate("idp-b")];
    // The model: the newest epoch with which anything was ever done. Nothing may be done with an older one again.
    let (mut newest_acted, mut reminders) = (LeaderEpoch(0), 0);
    for event in events.into_iter().chain([Event::Store { answers: true }]) {
        match event {
            Event::Wait(ms) => sleep(Duration::from_millis(ms)).await,
            Event::Store { answers: true } => pair.store.fail(Ok(())),
            Event::Store { answers: false } => pair.store.fail(Err(Failure::Fail(Cause::NoMaster))),
            Event::AnswerLost => pair.store.lose_next_answer(),
            Event::LeaseForgotten => {
                if let Ok(Some(holder)) = pair.store.get(&KEY()).await {
                    let _ = pair.store.release(&KEY(), &holder).await; // the store may fail: then it is not forgotten
                }
            }
            Event::DiskFails { times } => {
                pair.fixture
                    .storage
                    .fail(StorageMoment::BeforeCommit, StorageFault::Io, times as _);
            }
            Event::Act => {
                for (env, leadership) in &candidates {
                    let Some(leadership) = leadership.borrow().filter(|leadership| leadership.is_valid(env)) else {
                        continue;
                    };
                    reminders += 1;
                    let id = format!("reminder-{reminders}");
                    let reminder = Reminder {
                        id: id.clone(),
                        user_id: "user-ann".into(),
                        address: "ann@example.com".into(),
                        text: "do it".into(),
                        due: env.now(),
                    };
                    if pair.directory.add_reminder(reminder).await.is_err() {
                        continue; // the disk
                    }
                    match pair.directory.claim_reminder(&id, leadership.epoch, env.now()).await {
                        Ok(ReminderClaim::Claimed) => {
                            prop_assert!(
                                leadership.epoch >= newest_acted,
                                "{:?} after {:?}",
                                leadership,
                                newest_acted
                            );
                            newest_acted = leadership.epoch;
                        }
                        Ok(ReminderClaim::Fenced) => {
                            let newest = pair.directory.newest_epoch().await;
                            prop_assert!(newest.is_ok_and(|newest| newest > leadership.epoch), "{:?}", leadership);
                        }
                        Ok(ReminderClaim::Taken) => prop_assert!(false, "nobody else knows of {}", id),
                        Err(_) => {} // the disk
                    }
                }
            }
        }
    }
    // Left in peace, one of them leads within a lease and a round of asking, and may act.
    pair.fixture
        .storage
        .fail(StorageMoment::BeforeCommit, StorageFault::Io, 0);
    sleep(2 * pair.config.leader.lease).await;
    let newest = pair.directory.newest_epoch().await.expect("the disk is sound");
    let able = candidates.iter().filter(|(env, leadership)| {
        leadership
            .borrow()
            .is_some_and(|leadership| leadership.is_valid(env) && leadership.epoch == newest)
    });
    prop_assert_eq!(able.count(), 1, "exactly one leads and may act");
    Ok(())
}

proptest! {
    #![proptest_config(cases(64, "proptest-regressions/leader.txt"))]

    #[test]
    fn whatever_happens_nobody_acts_with_an_older_epoch_and_in_the_end_somebody_leads(events in vec(event(), 0..40)) {
        static WALKS: AtomicU64 = AtomicU64::new(0);
        let name = format!("walk-{}", WALKS.fetch_add(1, Ordering::Relaxed));
        block_on(walk(&name, events))?;
    }
}
