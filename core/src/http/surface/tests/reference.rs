//! The surface against reference models: whatever is asked of two replicas, in whatever order, they answer as a few lines
//! of bookkeeping say. One model for the authorization code, one for the limiters. (There is no model of a token family:
//! the service has no refresh tokens.)

use crate::{
    model::hash::sha256_hex,
    store::{AuthStateStore, Key},
    testing::{Bed, Browser, VERIFIER},
};
use proptest::{collection::vec, prelude::*, test_runner::FileFailurePersistence};
use seams::{Cause, Failure};
use std::time::Duration;

fn config(cases: u32) -> ProptestConfig {
    let file = FileFailurePersistence::Direct("proptest-regressions/reference.txt");
    ProptestConfig {
        cases,
        failure_persistence: Some(Box::new(file)),
        ..ProptestConfig::default()
    }
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_time().start_paused(true).build().expect("a runtime");
    runtime.block_on(work)
}

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
    let bed = Bed::new().await;
    let ttl = bed.config.ttl.code;
    let (mut codes, mut now_ms): (Vec<Code>, u64) = (vec![], 0);
    let mut taking: Option<(bool, bool)> = None;
    let key = |code: &str| Key::new(crate::redemption::CODE, sha256_hex(code));
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
                    bed.store.fail("take", crate::redemption::CODE, failure, done);
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

/// What can happen at the limiters of one address.
#[derive(Debug, Clone)]
enum AtLimits {
    /// Somebody begins a login for the address, at a replica.
    Begin { replica: usize },
    /// A wrong code is typed in one of the logins, at a replica.
    Guess { nth: usize, replica: usize },
    /// Time passes, milliseconds.
    Wait(u64),
}

fn at_limits() -> impl Strategy<Value = AtLimits> {
    let replica = || 0..2usize;
    prop_oneof![
        2 => replica().prop_map(|replica| AtLimits::Begin { replica }),
        8 => (0..4usize, replica()).prop_map(|(nth, replica)| AtLimits::Guess { nth, replica }),
        1 => prop::sample::select(vec![1000, 60_000, 150_000, 300_001]).prop_map(AtLimits::Wait),
    ]
}

/// A fixed window, as a counter with a lifetime makes it.
#[derive(Default)]
struct Window {
    count: u64,
    until_ms: u64,
}

impl Window {
    fn count(&mut self, now_ms: u64, window: Duration) -> u64 {
        // Redis's rule: expired when now is past the expiry, strictly.
        if self.count == 0 || now_ms > self.until_ms {
            *self = Window {
                count: 0,
                until_ms: now_ms + window.as_millis() as u64,
            };
        }
        self.count += 1;
        self.count
    }
}

async fn limits_agree(steps: Vec<AtLimits>) -> Result<(), TestCaseError> {
    let bed = Bed::new().await;
    let (limits, ttl) = (bed.config.limits, bed.config.ttl);
    let (mut now_ms, mut guess) = (0, 0u32);
    let (mut at_address, mut mails, mut failures) = (Window::default(), Window::default(), 0);
    let mut logins: Vec<(Browser, String, Window, u64)> = vec![];
    for (at, step) in steps.iter().enumerate() {
        match *step {
            AtLimits::Wait(ms) => {
                bed.fixture.clock.pass(ms);
                now_ms += ms;
            }
            AtLimits::Begin { replica } => {
                let mut browser = Browser {
                    replica,
                    ..Browser::default()
                };
                let flow = browser.begin(&bed).await;
                let seen = browser.ask(&bed, &flow).await;
                if mails.count(now_ms, limits.window) <= limits.sends {
                    prop_assert_eq!(seen.status.as_u16(), 303, "step {}: {}", at, seen.body);
                    let ends_ms = now_ms + ttl.flow.as_millis() as u64;
                    logins.push((browser, flow, Window::default(), ends_ms));
                } else {
                    prop_assert_eq!(seen.page().2, "too-many-mails", "step {}", at);
                }
            }
            AtLimits::Guess { nth, replica } => {
                let Some((browser, flow, in_flow, ends_ms)) = logins.get_mut(nth) else {
                    continue;
                };
                guess += 1;
                let code = format!("{guess:06}");
                if bed.out.codes("ann@example.com").contains(&code) || now_ms > *ends_ms {
                    continue; // a lucky guess, or a login that is over: other tests are about those
                }
                browser.replica = replica;
                let seen = browser.verify(&bed, flow, &code).await;
                let told = if in_flow.count(now_ms, ttl.flow) > limits.verify_attempts {
                    "too-many-attempts"
                } else if at_address.count(now_ms, limits.window) > limits.login_attempts {
                    "too-many-logins"
                } else if failures >= limits.consecutive_failures {
                    "locked"
                } else {
                    failures += 1;
                    "wrong-code"
                };
                prop_assert_eq!(seen.page().2, told, "step {}", at);
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(config(96))]

    /// Issued, validated, taken, entered into the ledger: redeemed once, by whoever has the verifier, in time, also when
    /// the store forgets that it was taken or cannot say.
    #[test]
    fn codes_are_redeemed_as_the_model_says(steps in vec(of_codes(), 1..24)) {
        block_on(codes_agree(steps))?;
    }

    /// Fixed windows, over both replicas: no attempt more, and none less.
    #[test]
    fn limits_are_those_of_the_model(steps in vec(at_limits(), 1..60)) {
        block_on(limits_agree(steps))?;
    }
}
