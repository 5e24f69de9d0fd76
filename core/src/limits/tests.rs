//! The limiters against a reference model: whatever is asked of two replicas, in whatever order, they answer as a few
//! lines of bookkeeping say.

use crate::testing::{
    Browser, TestBed,
    random::{block_on, cases},
};
use proptest::{collection::vec, prelude::*};
use std::time::Duration;

/// What can happen at the limiters of one address.
#[derive(Debug, Clone)]
enum AtLimits {
    /// Somebody begins a login for the address, at a replica.
    Begin { replica: usize, client: u8 },
    /// A wrong code is typed in one of the logins, at a replica.
    Guess { nth: usize, replica: usize },
    /// Time passes, milliseconds.
    Wait(u64),
}

fn at_limits() -> impl Strategy<Value = AtLimits> {
    let replica = || 0..2usize;
    prop_oneof![
        2 => (replica(), 0..3u8).prop_map(|(replica, client)| AtLimits::Begin { replica, client }),
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

/// What a client may do at the address.
#[derive(Default)]
struct ClientWindows {
    attempts: Window,
    mails: Window,
}

async fn limits_agree(steps: Vec<AtLimits>) -> Result<(), TestCaseError> {
    let bed = TestBed::new().await;
    let (limits, ttl) = (bed.config.limits, bed.config.ttl);
    let (mut now_ms, mut guess) = (0, 0u32);
    let (mut at_address, mut mails, mut failures) = (Window::default(), Window::default(), 0);
    let mut clients: [ClientWindows; 3] = Default::default();
    let mut logins: Vec<(Browser, String, Window, u64)> = vec![];
    for (at, step) in steps.iter().enumerate() {
        match *step {
            AtLimits::Wait(ms) => {
                bed.fixture.clock.pass(ms);
                now_ms += ms;
            }
            AtLimits::Begin { replica, client } => {
                let mut browser = Browser {
                    replica,
                    client,
                    ..Browser::default()
                };
                let flow = browser.begin(&bed).await;
                let seen = browser.ask(&bed, &flow).await;
                let own = &mut clients[usize::from(client)];
                if own.mails.count(now_ms, limits.window) > limits.client_sends {
                    prop_assert_eq!(seen.page().2, "too-many-from-here", "step {}", at);
                } else if mails.count(now_ms, limits.window) <= limits.sends {
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
                let code = format!("{guess:08}");
                if bed.out.codes("ann@example.com").contains(&code) || now_ms > *ends_ms {
                    continue; // a lucky guess, or a login that is over: other tests are about those
                }
                browser.replica = replica;
                let seen = browser.verify(&bed, flow, &code).await;
                let own = &mut clients[usize::from(browser.client)];
                let told = if in_flow.count(now_ms, ttl.flow) > limits.verify_attempts {
                    "too-many-attempts"
                } else if own.attempts.count(now_ms, limits.window) > limits.client_login_attempts {
                    "too-many-from-here"
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
    #![proptest_config(cases(96, "proptest-regressions/limits.txt"))]

    /// Fixed windows, over both replicas: no attempt more, and none less.
    #[test]
    fn limits_are_those_of_the_model(steps in vec(at_limits(), 1..60)) {
        block_on(limits_agree(steps))?;
    }
}
