//! One time for all replicas.
//!
//! What one replica dates another one judges: a login in progress, a code of either kind, a session, a token; and a reminder is
//! due for whoever leads. Hosts' clocks may differ by more than a code lives (`core/LIMITS.md`, "disagreement of clocks"). So all
//! replicas go by the clock of the store, which is one for all of them: each asks it for the time at every look at its health,
//! and goes on from there by its monotonic clock, which does not jump.
//!
//! If the two are further apart than clocks may be, one of them is wrong, and it cannot be seen from here which. Then this
//! replica goes by its own clock, as if there were no other: a store whose clock is wrong must not log everybody out. But it does
//! not lead, because the jobs do what cannot be undone: they delete, and send mails. And it says so.

use crate::store::AuthStateStore;
use seams::{Cause, Env, Failure, Outcome, Timestamp};
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;

/// Nearer than this the two clocks are taken for the same: by how much exactly they differ cannot be seen from an answer that
/// was on its way, and each look would come to another result.
const NEAR_MS: i64 = 1000;
/// Times are in whole milliseconds, so what is added up of them is a little early. What is that near to this host's own clock is
/// what that clock shows.
const ROUNDED_MS: u64 = 5;
/// A distance that changes by less is told as before: otherwise one that lies between two seconds would be told anew at each
/// look.
const SAME_MS: u64 = 5000;

/// What time it is for all replicas, as far as this one knows.
pub struct Clocks {
    env: Env,
    slack_ms: i64,
    seen: watch::Sender<Seen>,
}

/// What the last look at the store's clock has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// There was none.
    Nothing,
    /// At this moment of the monotonic clock it was this time.
    Time { at: Duration, is: Timestamp },
    /// This host's clock is ahead of it by more than clocks may differ; negative: behind.
    Apart { ahead_ms: i64 },
}

impl Clocks {
    /// Nothing is known of the store's clock yet. `slack`: by how much clocks may differ.
    pub fn new(env: &Env, slack: Duration) -> Arc<Clocks> {
        Arc::new(Clocks {
            env: env.clone(),
            slack_ms: slack.as_millis() as i64,
            seen: watch::Sender::new(Seen::Nothing),
        })
    }

    /// The same, and the two are the same clock.
    #[cfg(test)]
    pub(crate) fn right(env: &Env, slack: Duration) -> Arc<Clocks> {
        let clocks = Clocks::new(env, slack);
        clocks.seen.send_replace(Seen::Time {
            at: env.clock.monotonic(),
            is: env.now(),
        });
        clocks
    }

    /// Asks the store for the time.
    ///
    /// # Errors
    /// What the store answers if it does not say what time it is. Then the last look counts.
    pub async fn look(&self, store: &dyn AuthStateStore) -> Outcome<()> {
        let asked = self.env.clock.monotonic();
        let theirs = store.time().await?;
        let (at, own) = (self.env.clock.monotonic(), self.env.now());
        // It looked at its clock at some moment between the question and the answer.
        let took = at.saturating_sub(asked);
        let least_ms = own.millis().cast_signed() - theirs.millis().cast_signed() - took.as_millis() as i64;
        let most_ms = own.millis().cast_signed() - theirs.millis().cast_signed();
        let ahead_ms = match (least_ms, most_ms) {
            (1.., _) => least_ms,
            (_, ..=-1) => most_ms,
            _ => 0,
        };
        let before = *self.seen.borrow();
        let seen = match (before, ahead_ms.abs()) {
            (_, ..=NEAR_MS) => Seen::Time { at, is: own },
            (_, distance_ms) if distance_ms <= self.slack_ms => Seen::Time {
                at,
                is: theirs + took / 2,
            },
            (Seen::Apart { ahead_ms: told_ms }, _) if told_ms.abs_diff(ahead_ms) < SAME_MS => before,
            _ => Seen::Apart { ahead_ms },
        };
        if matches!(seen, Seen::Apart { .. }) && !matches!(before, Seen::Apart { .. }) {
            self.env.mark("the clocks disagree");
        }
        self.seen.send_replace(seen);
        Ok(())
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        self.agreed().unwrap_or_else(|_| self.env.now())
    }

    /// What time it is, for what cannot be undone.
    ///
    /// # Errors
    /// This host's clock and the store's are further apart than clocks may be.
    pub fn agreed(&self) -> Outcome<Timestamp> {
        match *self.seen.borrow() {
            Seen::Nothing => Ok(self.env.now()),
            Seen::Time { at, is } => {
                let (time, own) = (is + self.env.clock.monotonic().saturating_sub(at), self.env.now());
                let is_same = own.millis().abs_diff(time.millis()) <= ROUNDED_MS;
                Ok(if is_same { own } else { time })
            }
            Seen::Apart { ahead_ms } => Err(Failure::Fail(Cause::ClockApart { ahead_ms })),
        }
    }

    /// By how much this clock and the store's are apart, if it is more than clocks may be.
    pub fn apart(&self) -> Option<Cause> {
        self.agreed().err().map(|failure| failure.cause().clone())
    }

    /// Ends when the store has said for the first time what time it is.
    pub(crate) async fn known(&self) {
        let mut seen = self.seen.subscribe();
        // The sender is here: it cannot be gone.
        let _ = seen.wait_for(|seen| *seen != Seen::Nothing).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{MemoryStore, testing::Fixture};

    struct Two {
        ours: Fixture,
        theirs: Fixture,
        clocks: Arc<Clocks>,
        store: MemoryStore,
    }

    impl Two {
        fn new() -> Two {
            let (ours, theirs) = (Fixture::new(), Fixture::new());
            Two {
                clocks: Clocks::new(&ours.env("idp-a"), Duration::from_secs(300)),
                store: MemoryStore::new(theirs.clock.clone()),
                ours,
                theirs,
            }
        }

        async fn look(&self) -> Option<Cause> {
            self.clocks.look(&self.store).await.expect("it is in this process");
            self.clocks.apart()
        }
    }

    fn apart(ahead_ms: i64) -> Option<Cause> {
        Some(Cause::ClockApart { ahead_ms })
    }

    #[tokio::test]
    async fn clocks_may_differ_by_the_slack_and_no_more() {
        let two = Two::new();
        assert_eq!(two.look().await, None);
        two.ours.clock.pass(300_000);
        assert_eq!(two.look().await, None);
        two.ours.clock.pass(1);
        assert_eq!(two.look().await, apart(300_001));
        two.theirs.clock.pass(600_001);
        assert_eq!(two.look().await, None);
        two.theirs.clock.pass(1);
        let Some(cause) = two.look().await else { unreachable!() };
        assert_eq!(cause.to_string(), "this clock is 300 s behind Redis's");
        assert_eq!(two.ours.marks.seen("the clocks disagree"), 2);
    }

    #[tokio::test]
    async fn what_drifts_is_told_once() {
        let two = Two::new();
        two.ours.clock.pass(400_000);
        assert_eq!(two.look().await, apart(400_000));
        two.ours.clock.pass(4_999);
        assert_eq!(two.look().await, apart(400_000));
        two.ours.clock.pass(1);
        assert_eq!(two.look().await, apart(405_000));
        assert_eq!(two.ours.marks.seen("the clocks disagree"), 1);
    }

    #[tokio::test]
    async fn all_go_by_the_stores_clock_unless_it_is_near_or_too_far() {
        let two = Two::new();
        let (own, theirs) = (|| two.ours.env("idp-a").now(), || two.theirs.env("redis").now());
        two.ours.clock.pass(700);
        assert_eq!(two.clocks.now(), own(), "nothing is known yet");
        two.look().await;
        assert_eq!(two.clocks.now(), own(), "they are the same, as far as can be seen");
        two.ours.clock.pass(60_000);
        two.look().await;
        assert_eq!(two.clocks.now(), theirs());
        two.ours.clock.pass(500);
        assert_eq!(two.clocks.now(), theirs() + Duration::from_millis(500), "time goes on");
        two.ours.clock.pass(300_000);
        two.look().await;
        assert_eq!(two.clocks.now(), own());
        assert!(two.clocks.agreed().is_err());
    }

    #[test]
    fn what_is_lost_by_rounding_is_made_good() {
        let two = Two::new();
        let env = two.ours.env("idp-a");
        let told = |late_ms| {
            let is = Timestamp(env.now().millis() - late_ms);
            let at = env.clock.monotonic();
            two.clocks.seen.send_replace(Seen::Time { at, is });
            env.now().millis() - two.clocks.now().millis()
        };
        assert_eq!((told(0), told(5), told(6)), (0, 0, 6));
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_for_the_first_look_is_told_of_it() {
        let two = Two::new();
        let wait = || tokio::time::timeout(Duration::from_secs(1), two.clocks.known());
        assert!(wait().await.is_err());
        two.look().await;
        assert!(wait().await.is_ok());
    }
}
