//! The service's own store, [`RedisStore`], compared with reference models, on simulated nodes under Sentinel: several clients,
//! each with its own connections, make the calls that proptest generates.

mod failing;

use idp::{
    config::{Config, Deadlines, StateConfig},
    redemption::CODE,
    store::{AuthStateStore, Key, MemoryStore, RedisStore, SentinelFinder},
};
use proptest::{collection::vec, prelude::*, sample::select, test_runner::FileFailurePersistence};
use seams::{BoxFuture, Env, Failure, Outcome};
use sim::{
    engine::current_ms,
    linear::{Answer, Call, Ending, Limits, Operation, Verdicts, When, check},
    testbed::{ClusterClient, RedisCluster},
};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

/// Number of clients: the replicas of the service, and one more.
const CLIENTS: usize = 3;
/// When the replica follows and the Sentinels have found each other and it, milliseconds.
const SETTLED_MS: u64 = 12_000;

/// One call of a client, and the pause before it.
#[derive(Debug, Clone)]
struct Step {
    client: usize,
    key: u8,
    call: Call,
    pause_ms: u64,
}

/// The calls of a client. It renews and releases only in its own name, which no other client writes: a holder is one process.
/// (Two concurrent calls of one holder may meet at WATCH, and one of them then returns that it holds nothing.)
fn call(client: usize, ttls: &'static [u64]) -> impl Strategy<Value = Call> {
    let own = format!("client {client}");
    // "7" is a value from which a counter can continue; the others are not numbers.
    let values = vec!["a".to_owned(), "7".to_owned(), own.clone()];
    let (value, ttl) = (move || select(values.clone()), move || select(ttls));
    let holder = own.clone();
    prop_oneof![
        (value(), ttl()).prop_map(|(value, ttl_ms)| Call::Put { value, ttl_ms }),
        (value(), ttl()).prop_map(|(value, ttl_ms)| Call::PutIfAbsent { value, ttl_ms }),
        Just(Call::Get),
        Just(Call::Take),
        ttl().prop_map(|window_ms| Call::Count { window_ms }),
        ttl().prop_map(move |ttl_ms| Call::Renew {
            holder: holder.clone(),
            ttl_ms
        }),
        Just(Call::Release { holder: own }),
    ]
}

fn steps(ttls: &'static [u64], pause_ms_max: u64, most: usize) -> impl Strategy<Value = Vec<Step>> {
    let step = (0..CLIENTS).prop_flat_map(move |client| {
        (0..2u8, call(client, ttls), 0..=pause_ms_max).prop_map(move |(key, call, pause_ms)| Step {
            client,
            key,
            call,
            pause_ms,
        })
    });
    vec(step, 1..most)
}

fn redis(env: &Env, deadlines: Deadlines) -> RedisStore {
    let sentinels = ["sentinel-1", "sentinel-2", "sentinel-3"].map(|host| (host.to_owned(), 26379));
    let finder = SentinelFinder::new(env.clone(), sentinels.to_vec(), "app".into(), deadlines);
    RedisStore::new(env.clone(), Arc::new(finder), deadlines)
}

fn deadlines() -> Deadlines {
    Config::new("test", "https://login.example", StateConfig::Memory).deadlines
}

/// Asks a store.
async fn ask(store: &dyn AuthStateStore, key: u8, call: &Call) -> Outcome<Answer> {
    let (key, ms) = (Key::new(CODE, key.to_string()), Duration::from_millis);
    let value = |value: Option<Vec<u8>>| Answer::Value(value.map(|value| String::from_utf8_lossy(&value).into_owned()));
    Ok(match call {
        Call::Put { value, ttl_ms } => {
            store.put(&key, value.as_bytes(), ms(*ttl_ms)).await?;
            Answer::Done
        }
        Call::PutIfAbsent { value, ttl_ms } => {
            Answer::Flag(store.put_if_absent(&key, value.as_bytes(), ms(*ttl_ms)).await?)
        }
        Call::Get => value(store.get(&key).await?),
        Call::Take => value(store.take(&key).await?),
        Call::Count { window_ms } => Answer::Counted(store.count(&key, ms(*window_ms)).await?),
        Call::Renew { holder, ttl_ms } => Answer::Flag(store.renew(&key, holder.as_bytes(), ms(*ttl_ms)).await?),
        Call::Release { holder } => Answer::Flag(store.release(&key, holder.as_bytes()).await?),
    })
}

/// The operations of all clients, in the order of their calls.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<(u64, Vec<Operation>)>>);

impl Notes {
    fn with<R>(&self, work: impl FnOnce(When, &mut Vec<Operation>) -> R) -> R {
        let mut notes = self.0.lock().expect("unpoisoned");
        notes.0 += 1;
        let now = When {
            seq: notes.0,
            ms: current_ms().unwrap_or_default(),
        };
        work(now, &mut notes.1)
    }

    async fn take(&self, store: &dyn AuthStateStore, step: &Step) {
        let index = self.with(|began, operations| {
            operations.push(Operation {
                client: step.client.to_string(),
                key: step.key.to_string(),
                call: step.call.clone(),
                began,
                ending: Ending::Unknown,
            });
            operations.len() - 1
        });
        let outcome = ask(store, step.key, &step.call).await;
        self.with(|at, operations| {
            operations[index].ending = match outcome {
                Ok(answer) => Ending::Answered { at, answer },
                Err(Failure::Fail(_)) => Ending::NotDone,
                Err(Failure::Unknown(_)) => Ending::Unknown,
            };
        });
    }

    fn operations(&self) -> Vec<Operation> {
        self.with(|_, operations| operations.clone())
    }
}

/// All clients make their own calls concurrently.
fn overlapping(steps: Vec<Step>, notes: Notes) -> impl Fn(ClusterClient) -> BoxFuture<'static, ()> {
    overlapping_from(SETTLED_MS, steps, notes)
}

fn overlapping_from(from_ms: u64, steps: Vec<Step>, notes: Notes) -> impl Fn(ClusterClient) -> BoxFuture<'static, ()> {
    move |client| {
        let (steps, notes) = (steps.clone(), notes.clone());
        Box::pin(async move {
            client.sleep_until(from_ms).await;
            for number in 0..CLIENTS {
                let own: Vec<Step> = steps.iter().filter(|step| step.client == number).cloned().collect();
                let (store, notes) = (redis(&client.env, deadlines()), notes.clone());
                client.env.spawn(async move {
                    for step in own {
                        tokio::time::sleep(Duration::from_millis(step.pause_ms)).await;
                        notes.take(&store, &step).await;
                    }
                });
            }
        })
    }
}

fn judged(operations: &[Operation]) -> Verdicts {
    check(operations, &Limits::default())
}

fn config(cases: u32) -> ProptestConfig {
    let file = FileFailurePersistence::Direct(concat!(env!("CARGO_MANIFEST_DIR"), "/regressions/proptest.txt"));
    ProptestConfig {
        cases,
        failure_persistence: Some(Box::new(file)),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config(24))]

    /// One call after the other: the clients get the same answers as from the store in memory, which has a reference model of
    /// its own.
    #[test]
    fn in_turn_all_clients_see_what_memory_would_say(seed: u64, steps in steps(&[150, 350, 60_000], 0, 60)) {
        let answers: Arc<Mutex<Vec<[Outcome<Answer>; 2]>>> = Arc::default();
        let noted = answers.clone();
        let count = steps.len();
        let cluster = RedisCluster::new(seed, |_| {}, move |client| {
            let (steps, noted) = (steps.clone(), noted.clone());
            Box::pin(async move {
                let stores: Vec<RedisStore> = (0..CLIENTS).map(|_| redis(&client.env, deadlines())).collect();
                let memory = MemoryStore::new(client.env.clock.clone());
                for (turn, step) in steps.iter().enumerate() {
                    // Calls begin at multiples of 100 ms, and lifetimes end halfway between: the duration of a call does
                    // not decide what has expired.
                    client.sleep_until(SETTLED_MS + 100 * turn as u64).await;
                    let expected = ask(&memory, step.key, &step.call).await;
                    let answer = ask(&stores[step.client], step.key, &step.call).await;
                    noted.lock().expect("unpoisoned").push([answer, expected]);
                }
            })
        });
        cluster.run(SETTLED_MS + 100 * count as u64 + 1000);
        let answers = answers.lock().expect("unpoisoned");
        prop_assert_eq!(answers.len(), count);
        for (turn, [answer, expected]) in answers.iter().enumerate() {
            match expected {
                Ok(expected) => prop_assert_eq!(answer.as_ref(), Ok(expected), "step {}", turn),
                Err(_) => prop_assert!(matches!(answer, Err(Failure::Fail(_))), "step {}: {:?}", turn, answer),
            }
        }
    }

    /// All concurrently, without faults: every outcome is known, and one sequential store explains every answer.
    #[test]
    fn at_once_one_store_explains_all_answers(seed: u64, steps in steps(&[30, 400, 60_000], 40, 80)) {
        let notes = Notes::default();
        let count = steps.len();
        RedisCluster::new(seed, |_| {}, overlapping(steps, notes.clone())).run(SETTLED_MS + 10_000);
        let operations = notes.operations();
        prop_assert_eq!(operations.len(), count);
        let verdicts = judged(&operations);
        prop_assert!(verdicts.linearizable() && verdicts.unknown == 0, "{:?} {:?}", verdicts, operations);
    }
}

/// The tests above can fail: if take is a get and a delete, two clients can take one value.
#[test]
fn a_take_in_two_steps_is_not_explained() {
    struct TwoSteps(RedisStore);
    impl TwoSteps {
        async fn take(&self, notes: &Notes, client: usize) {
            let step = Step {
                client,
                key: 0,
                call: Call::Take,
                pause_ms: 0,
            };
            let index = notes.with(|began, operations| {
                operations.push(Operation {
                    client: client.to_string(),
                    key: "0".into(),
                    call: step.call.clone(),
                    began,
                    ending: Ending::Unknown,
                });
                operations.len() - 1
            });
            let answer = ask(&self.0, 0, &Call::Get).await.expect("nothing is broken");
            ask(&self.0, 0, &Call::Take).await.expect("nothing is broken");
            notes.with(|at, operations| operations[index].ending = Ending::Answered { at, answer });
        }
    }
    let notes = Notes::default();
    let noted = notes.clone();
    let cluster = RedisCluster::new(
        1,
        |_| {},
        move |client| {
            let notes = noted.clone();
            Box::pin(async move {
                client.sleep_until(SETTLED_MS).await;
                let put = Step {
                    client: 0,
                    key: 0,
                    call: Call::Put {
                        value: "a".into(),
                        ttl_ms: 60_000,
                    },
                    pause_ms: 0,
                };
                notes.take(&redis(&client.env, deadlines()), &put).await;
                // All are connected before the first one takes it.
                let mut stores = vec![];
                for _ in 0..CLIENTS {
                    let store = redis(&client.env, deadlines());
                    ask(&store, 1, &Call::Get).await.expect("nothing is broken");
                    stores.push(TwoSteps(store));
                }
                for (number, store) in stores.into_iter().enumerate() {
                    let notes = notes.clone();
                    client.env.spawn(async move { store.take(&notes, number).await });
                }
            })
        },
    );
    cluster.run(SETTLED_MS + 5000);
    let operations = notes.operations();
    assert_eq!(operations.len(), 1 + CLIENTS);
    assert!(!judged(&operations).linearizable(), "{operations:?}");
}
