//! What the replicas observed of their shared store, and whether one linearizable store explains it.
//!
//! Without a failover of Redis it does. With a failover it may not: replication is asynchronous, so the promoted node
//! may lack writes that were acknowledged (inventory 7). [`Account`] says how many of these losses were observed. The
//! login service is safe all the same, because nothing that must happen at most once depends on this store:
//!
//! - a code that came back is in the ledger of spent codes in the directory;
//! - a lease that was granted twice is fenced by its epoch in the directory;
//! - a flow or a one-time code that was forgotten costs its person one more try;
//! - a counter that went back gives an attacker at most one more limit, up to the hard stop after consecutive failures,
//!   which the directory counts.

mod marks;

pub use marks::{COUNTED_BACK, LEASE_LOST, TAKEN_CAME_BACK, UNEXPLAINED, WRITE_LOST, marks};

use crate::vocabulary::{Fault, Plan, PlantedBug, Run, Setup, Tag};
use async_trait::async_trait;
use idp::{
    limits::{CLIENT_ATTEMPTS, CLIENT_SENDS, LOGIN_ATTEMPTS, LONG_LOGINS, SENDS, VERIFY_ATTEMPTS},
    replica::Wiring,
    store::{AuthStateStore, Key},
};
use seams::{Env, Failure, Outcome, Timestamp};
use sim::{
    linear::{Answer, Call, Ending, Limits, Loss, Operation, Verdicts, When, check},
    run::{HarnessError, perform_and_inspect},
    simulator,
};
use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

/// Records the calls of the replicas to their stores, with the answers. Clones share one record.
#[derive(Clone, Default)]
pub struct StoreRecorder {
    notes: Arc<Mutex<Notes>>,
}

#[derive(Default)]
struct Notes {
    operations: Vec<Operation>,
    seq: u64,
}

impl Notes {
    fn now(&mut self) -> When {
        self.seq += 1;
        When {
            seq: self.seq,
            ms: simulator::current_ms().unwrap_or_default(),
        }
    }
}

impl StoreRecorder {
    /// Records at the store of a replica, outside of a planted bug: it records the answers that the service gets. It
    /// makes no calls and delays nothing, so the run stays the same.
    pub fn listen_at(&self, env: &Env, wiring: Wiring) -> Wiring {
        let store = Arc::new(Recorded {
            inner: wiring.store.clone(),
            client: env.host.to_string(),
            recorder: self.clone(),
        });
        Wiring { store, ..wiring }
    }

    /// The operations recorded so far, in the order of the calls. A call without an answer (its caller was killed or
    /// gave up) has an unknown outcome.
    pub fn operations(&self) -> Vec<Operation> {
        self.with(|notes| notes.operations.clone())
    }

    fn with<R>(&self, f: impl FnOnce(&mut Notes) -> R) -> R {
        f(&mut self.notes.lock().expect("nobody panics while holding the notes"))
    }
}

/// A store that records its calls and answers.
struct Recorded {
    inner: Arc<dyn AuthStateStore>,
    client: String,
    recorder: StoreRecorder,
}

impl Recorded {
    async fn note<T>(
        &self,
        key: &Key,
        call: Call,
        answer: impl FnOnce(&T) -> Answer,
        asked: impl Future<Output = Outcome<T>>,
    ) -> Outcome<T> {
        let index = self.recorder.with(|notes| {
            let began = notes.now();
            notes.operations.push(Operation {
                client: self.client.clone(),
                key: key.to_string(),
                call,
                began,
                ending: Ending::Unknown,
            });
            notes.operations.len() - 1
        });
        let outcome = asked.await;
        self.recorder.with(|notes| {
            let at = notes.now();
            notes.operations[index].ending = match &outcome {
                Ok(value) => Ending::Answered {
                    at,
                    answer: answer(value),
                },
                Err(Failure::Fail(_)) => Ending::NotDone,
                Err(Failure::Unknown(_)) => Ending::Unknown,
            };
        });
        outcome
    }
}

/// A counter in clear, everything else as a stand-in, because values may be secrets.
fn shown(key: &Key, value: &[u8]) -> String {
    match key.namespace {
        LOGIN_ATTEMPTS | VERIFY_ATTEMPTS | SENDS | CLIENT_ATTEMPTS | CLIENT_SENDS | LONG_LOGINS => {
            String::from_utf8_lossy(value).into_owned()
        }
        _ => Tag::of(value).0,
    }
}

fn ms(duration: Duration) -> u64 {
    duration.as_millis() as u64
}

#[async_trait]
impl AuthStateStore for Recorded {
    async fn put(&self, key: &Key, value: &[u8], ttl: Duration) -> Outcome<()> {
        let call = Call::Put {
            value: shown(key, value),
            ttl_ms: ms(ttl),
        };
        let asked = self.inner.put(key, value, ttl);
        self.note(key, call, |()| Answer::Done, asked).await
    }
    async fn put_if_absent(&self, key: &Key, value: &[u8], ttl: Duration) -> Outcome<bool> {
        let call = Call::PutIfAbsent {
            value: shown(key, value),
            ttl_ms: ms(ttl),
        };
        let asked = self.inner.put_if_absent(key, value, ttl);
        self.note(key, call, |done| Answer::Flag(*done), asked).await
    }
    async fn get(&self, key: &Key) -> Outcome<Option<Vec<u8>>> {
        let answer = |value: &Option<Vec<u8>>| Answer::Value(value.as_ref().map(|value| shown(key, value)));
        self.note(key, Call::Get, answer, self.inner.get(key)).await
    }
    async fn take(&self, key: &Key) -> Outcome<Option<Vec<u8>>> {
        let answer = |value: &Option<Vec<u8>>| Answer::Value(value.as_ref().map(|value| shown(key, value)));
        self.note(key, Call::Take, answer, self.inner.take(key)).await
    }
    async fn count(&self, key: &Key, window: Duration) -> Outcome<u64> {
        let call = Call::Count { window_ms: ms(window) };
        let asked = self.inner.count(key, window);
        self.note(key, call, |count| Answer::Counted(*count), asked).await
    }
    async fn renew(&self, key: &Key, holder: &[u8], ttl: Duration) -> Outcome<bool> {
        let call = Call::Renew {
            holder: shown(key, holder),
            ttl_ms: ms(ttl),
        };
        let asked = self.inner.renew(key, holder, ttl);
        self.note(key, call, |done| Answer::Flag(*done), asked).await
    }
    async fn release(&self, key: &Key, holder: &[u8]) -> Outcome<bool> {
        let call = Call::Release {
            holder: shown(key, holder),
        };
        let asked = self.inner.release(key, holder);
        self.note(key, call, |done| Answer::Flag(*done), asked).await
    }
    async fn health(&self) -> Outcome<()> {
        self.inner.health().await
    }
    async fn time(&self) -> Outcome<Timestamp> {
        self.inner.time().await
    }
}

/// The store of one run: the recorded operations and their explanation.
#[derive(Debug, Clone)]
pub struct Account {
    /// The recorded operations, in the order of their calls.
    pub operations: Vec<Operation>,
    /// The verdicts of the linearizability check.
    pub verdicts: Verdicts,
}

impl Account {
    /// Checks the operations that were recorded in a run of a plan.
    pub fn of(operations: Vec<Operation>, plan: &Plan) -> Account {
        let limits = Limits {
            slack_ms: slack_ms(plan),
            ..Limits::default()
        };
        Account {
            verdicts: check(&operations, &limits),
            operations,
        }
    }
}

/// The largest difference between the wall clocks by which Redis expires keys, milliseconds: one for rounding, and the
/// sum of the plan's changes to clocks.
fn slack_ms(plan: &Plan) -> u64 {
    let off = plan.faults.iter().map(|timed| match timed.fault {
        Fault::ClockOffset { offset_ms, .. } => offset_ms.unsigned_abs(),
        Fault::ClockJump { by_ms, .. } => by_ms.unsigned_abs(),
        _ => 0,
    });
    1 + off.sum::<u64>()
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Verdicts {
            operations,
            unknown,
            keys,
        } = &self.verdicts;
        writeln!(
            f,
            "The store: {operations} operations on {} keys, {unknown} of unknown outcome",
            keys.len()
        )?;
        let losses: BTreeMap<Loss, usize> = self.verdicts.losses(&self.operations);
        let said = losses.iter().map(|(loss, count)| {
            let what = match loss {
                Loss::Forgotten => "written and gone",
                Loss::CameBack => "taken and there again",
                Loss::CountedBack => "counted and not counted",
                Loss::Shortened => "prolonged and not prolonged",
            };
            format!("{count} {what}")
        });
        let mut said: Vec<String> = said.collect();
        if self.verdicts.unexplained() > 0 {
            said.push(format!("{} that nothing explains", self.verdicts.unexplained()));
        }
        match said.is_empty() {
            true if self.verdicts.linearizable() => write!(f, "  linearizable")?,
            true => write!(f, "  nothing was taken back as far as it was judged")?,
            false => write!(f, "  not linearizable; taken back, at least: {}", said.join(", "))?,
        }
        match self.verdicts.too_large() {
            0 => Ok(()),
            keys => write!(f, "; {keys} keys have too many overlapping operations to be judged"),
        }
    }
}

/// Performs a plan and records the calls to the store. No property is judged.
///
/// # Errors
/// The plan cannot be performed, or the harness failed.
pub fn listen(plan: &Plan, bug: Option<&PlantedBug>) -> Result<(Run, Account), HarnessError> {
    let setup = Setup {
        bug: bug.map(|bug| bug.bug),
        ..Setup::default()
    };
    let (run, operations) = perform_and_inspect(plan, &setup, |shared| shared.store.operations())?;
    Ok((run, Account::of(operations, plan)))
}
