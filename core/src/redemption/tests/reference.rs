//! Authorization codes against a reference model: whatever is asked of two replicas, in whatever order, they answer as a
//! few lines of bookkeeping say.

use crate::{
    hash::sha256_hex,
    redemption::CODE,
    store::{AuthStateStore, Key},
    testing::{
        Browser, TestBed, VERIFIER,
        random::{block_on, cases},
    },
};
use proptest::{collection::vec, prelude::*};
use seams::{Cause, Failure};
use std::time::Duration;

/// What can happen to authorization codes.
#[derive(Debug, Clone)]
enum OfCodes {
    /// Somebody logs in and gets one.
    Issue,
    /// One is presented, at a replica, with the right verifier or another.
    Present { nth: usize, replica: usize, right: bool },
    /// The next taking from the store ends like this: surely not done, or in doubt and done or not.
    TakingFails { unknown: bool, done: bool },
    /// A failover forgets that it was taken: it is in the store again.
    ComesBack { nth: usize },
    /// A failover forgets that it was written.
    IsForgotten { nth: usize },
    /// Time passes, milliseconds.
    Wait(u64),
}

/// What is known of one code.
#[derive(Debug, Clone)]
struct Code {
    code: String,
    /// As the store kept it, to bring it back.
    record: Vec<u8>,
    expires_at_ms: u64,
    in_store: bool,
    spent: bool,
}

fn of_codes() -> impl Strategy<Value = OfCodes> {
    let replica = 0..2usize;
    prop_oneof![
        2 => Just(OfCodes::Issue),
        6 => (0..4usize, replica, prop::bool::weighted(0.7))
            .prop_map(|(nth, replica, right)| OfCodes::Present { nth, replica, right }),
        1 => (any::<bool>(), any::<bool>()).prop_map(|(unknown, done)| OfCodes::TakingFails { unknown, done: unknown && done }),
        2 => (0..4usize).prop_map(|nth| OfCodes::ComesBack { nth }),
        1 => (0..4usize).prop_map(|nth| OfCodes::IsForgotten { nth }),
        2 => (1..40_000u64).prop_map(OfCodes::Wait),
    ]
}

async fn codes_agree(steps: Vec<OfCodes>) -> Result<(), TestCaseError> {
    let bed = TestBed::new().await;
    let ttl = bed.config.ttl.code;
    let (mut codes, mut now_ms): (Vec<Code>, u64) = (vec![], 0);
    let mut taking: Option<(bool, bool)> = None;
    let key = |code: &str| Key::new(CODE, sha256_hex(code));
    for (at, step) in steps.iter().enumerate() {
        match *step {
            OfCodes::Issue => {
                // Somebody else each time, as far as the limiters can see.
                bed.fixture.clock.pass(301_000);
                now_ms += 301_000;
                let code = Browser::default().log_in(&bed).await;
                let record = bed
                    .store
                    .get(&key(&code))
                    .await
                    .expect("memory answers")
                    .expect("it was issued");
                codes.push(Code {
                    code,
                    record,
                    expires_at_ms: now_ms + ttl.as_millis() as u64,
                    in_store: true,
                    spent: false,
                });
            }
            OfCodes::Wait(ms) => {
                bed.fixture.clock.pass(ms);
                now_ms += ms;
            }
            OfCodes::TakingFails { unknown, done } => {
                if taking.is_none() {
                    let cause = Cause::ConnectionLost("test".into());
                    let failure = if unknown {
                        Failure::Unknown(cause)
                    } else {
                        Failure::Fail(cause)
                    };
                    bed.store.fail("take", CODE, failure, done);
                    taking = Some((unknown, done));
                }
            }
            OfCodes::ComesBack { nth } => {
                if let Some(code) = codes.get_mut(nth) {
                    // A node of the store whose clock is late keeps it longer than it lives.
                    let put = bed
                        .store
                        .put(&key(&code.code), &code.record, Duration::from_secs(3600))
                        .await;
                    put.expect("memory answers");
                    code.in_store = true;
                }
            }
            OfCodes::IsForgotten { nth } => {
                if let Some(code) = codes.get_mut(nth).filter(|_| taking.is_none()) {
                    bed.store.take(&key(&code.code)).await.expect("memory answers");
                    code.in_store = false;
                }
            }
            OfCodes::Present { nth, replica, right } => {
                let Some(code) = codes.get_mut(nth) else { continue };
                let verifier = if right {
                    VERIFIER
                } else {
                    "another-verifier-that-is-long-enough-to-be-one-of-them"
                };
                let seen = bed.redeem(replica, &code.code, verifier).await;
                let live = code.in_store && now_ms < code.expires_at_ms;
                let redeemed = live && right && !code.spent;
                if live && right {
                    let (_, done) = taking.take().unwrap_or((false, true));
                    code.in_store = !done;
                    code.spent = true;
                }
                match redeemed {
                    true => prop_assert_eq!(seen.status.as_u16(), 200, "step {}: {}", at, seen.body),
                    false => prop_assert_eq!(seen.error(), (400, "invalid_grant".to_owned()), "step {}", at),
                }
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(96, "proptest-regressions/redemption.txt"))]

    /// Issued, validated, taken, entered into the ledger: redeemed once, by whoever has the verifier, in time, also when
    /// the store forgets that it was taken or cannot say.
    #[test]
    fn codes_are_redeemed_as_the_model_says(steps in vec(of_codes(), 1..24)) {
        block_on(codes_agree(steps))?;
    }
}
