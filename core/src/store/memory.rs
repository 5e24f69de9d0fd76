//! Short-lived state in this process: development with a single replica only (inventory 6, 25).

use crate::store::{AuthStateStore, Key};
use async_trait::async_trait;
use seams::{Cause, Clock, Failure, Outcome, Timestamp};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

/// The same semantics as Redis, without the sharing: what is put here is lost with the process and
/// unknown to every other replica. Never a fall-back for an unreachable Redis.
pub struct MemoryStore {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

/// Every operation first forgets what has expired; so all that is here is live.
#[derive(Default)]
struct State {
    entries: BTreeMap<Key, Entry>,
    /// When each of them expires.
    ends: BTreeSet<(Timestamp, Key)>,
}

struct Entry {
    value: Vec<u8>,
    expires_at: Timestamp,
}

impl State {
    /// Redis's rule: expired when now > expiry, strictly.
    fn forget_expired(&mut self, now: Timestamp) {
        while self.ends.first().is_some_and(|(at, _)| now > *at) {
            let (_, key) = self.ends.pop_first().expect("there is a first");
            self.entries.remove(&key);
        }
    }

    fn put(&mut self, key: &Key, value: Vec<u8>, expires_at: Timestamp) {
        self.remove(key);
        self.entries.insert(key.clone(), Entry { value, expires_at });
        self.ends.insert((expires_at, key.clone()));
    }

    fn remove(&mut self, key: &Key) -> Option<Vec<u8>> {
        let (key, entry) = self.entries.remove_entry(key)?;
        self.ends.remove(&(entry.expires_at, key));
        Some(entry.value)
    }

    fn holds(&self, key: &Key, holder: &[u8]) -> bool {
        self.entries.get(key).is_some_and(|e| e.value == holder)
    }
}

/// Redis refuses a lifetime of nothing.
fn end(now: Timestamp, ttl: Duration) -> Timestamp {
    now + ttl.max(Duration::from_millis(1))
}

impl MemoryStore {
    /// An empty store that expires by the wall clock, as Redis does.
    pub fn new(clock: Arc<dyn Clock>) -> MemoryStore {
        MemoryStore {
            clock,
            state: Mutex::default(),
        }
    }

    fn with<R>(&self, f: impl FnOnce(&mut State, Timestamp) -> R) -> R {
        let mut state = self.state.lock().expect("nobody panics while holding it");
        let now = self.clock.wall();
        state.forget_expired(now);
        f(&mut state, now)
    }
}

#[async_trait]
impl AuthStateStore for MemoryStore {
    async fn put(&self, key: &Key, value: &[u8], ttl: Duration) -> Outcome<()> {
        self.with(|s, now| s.put(key, value.to_vec(), end(now, ttl)));
        Ok(())
    }

    async fn put_if_absent(&self, key: &Key, value: &[u8], ttl: Duration) -> Outcome<bool> {
        Ok(self.with(|s, now| {
            let absent = !s.entries.contains_key(key);
            if absent {
                s.put(key, value.to_vec(), end(now, ttl));
            }
            absent
        }))
    }

    async fn get(&self, key: &Key) -> Outcome<Option<Vec<u8>>> {
        Ok(self.with(|s, _| s.entries.get(key).map(|e| e.value.clone())))
    }

    async fn take(&self, key: &Key) -> Outcome<Option<Vec<u8>>> {
        Ok(self.with(|s, _| s.remove(key)))
    }

    async fn count(&self, key: &Key, window: Duration) -> Outcome<u64> {
        self.with(|s, now| {
            let Some(entry) = s.entries.get_mut(key) else {
                s.put(key, b"1".to_vec(), end(now, window));
                return Ok(1);
            };
            let count = str::from_utf8(&entry.value).ok().and_then(|v| v.parse::<u64>().ok());
            let Some(count) = count.and_then(|c| c.checked_add(1)) else {
                return Err(Failure::Fail(Cause::Protocol("the value is not a counter".into())));
            };
            entry.value = count.to_string().into_bytes();
            Ok(count)
        })
    }

    async fn renew(&self, key: &Key, holder: &[u8], ttl: Duration) -> Outcome<bool> {
        Ok(self.with(|s, now| {
            let held = s.holds(key, holder);
            if held {
                s.put(key, holder.to_vec(), end(now, ttl));
            }
            held
        }))
    }

    async fn release(&self, key: &Key, holder: &[u8]) -> Outcome<bool> {
        Ok(self.with(|s, _| {
            let held = s.holds(key, holder);
            if held {
                s.remove(key);
            }
            held
        }))
    }

    async fn health(&self) -> Outcome<()> {
        Ok(())
    }
    async fn time(&self) -> Outcome<Timestamp> {
        Ok(self.clock.wall())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        store::{Namespace, testing::Fixture},
        testing::random::{block_on, cases},
    };
    use proptest::prelude::*;

    #[derive(Debug, Clone)]
    enum Op {
        Put(u8, u8, u64),
        PutIfAbsent(u8, u8, u64),
        Get(u8),
        Take(u8),
        Count(u8, u64),
        Renew(u8, u8, u64),
        Release(u8, u8),
        Wait(u64),
    }

    #[derive(Debug, PartialEq)]
    enum Seen {
        Done,
        Flag(bool),
        Value(Option<Vec<u8>>),
        Count(Option<u64>),
    }

    /// The reference: a list of what was written, newest last, searched each time.
    #[derive(Default)]
    struct Model {
        written: Vec<(u8, Option<Vec<u8>>, u64)>,
        now: u64,
    }

    impl Model {
        fn live(&self, key: u8) -> Option<(Vec<u8>, u64)> {
            let (_, value, until) = self.written.iter().rev().find(|w| w.0 == key)?;
            (self.now <= *until).then(|| Some((value.clone()?, *until)))?
        }

        fn write(&mut self, key: u8, value: Option<Vec<u8>>, until: u64) {
            self.written.push((key, value, until));
        }

        fn perform(&mut self, op: &Op) -> Seen {
            match *op {
                Op::Put(key, value, ttl) => {
                    self.write(key, Some(vec![value]), self.now + ttl);
                    Seen::Done
                }
                Op::PutIfAbsent(key, value, ttl) => {
                    let absent = self.live(key).is_none();
                    if absent {
                        self.write(key, Some(vec![value]), self.now + ttl);
                    }
                    Seen::Flag(absent)
                }
                Op::Get(key) => Seen::Value(self.live(key).map(|l| l.0)),
                Op::Take(key) => {
                    let value = self.live(key).map(|l| l.0);
                    self.write(key, None, u64::MAX);
                    Seen::Value(value)
                }
                Op::Count(key, window) => match self.live(key) {
                    None => {
                        self.write(key, Some(b"1".to_vec()), self.now + window);
                        Seen::Count(Some(1))
                    }
                    Some((value, until)) => match String::from_utf8(value).unwrap().parse::<u64>() {
                        Ok(count) => {
                            self.write(key, Some((count + 1).to_string().into_bytes()), until);
                            Seen::Count(Some(count + 1))
                        }
                        Err(_) => Seen::Count(None),
                    },
                },
                Op::Renew(key, holder, ttl) => {
                    let held = self.live(key).is_some_and(|l| l.0 == [holder]);
                    if held {
                        self.write(key, Some(vec![holder]), self.now + ttl);
                    }
                    Seen::Flag(held)
                }
                Op::Release(key, holder) => {
                    let held = self.live(key).is_some_and(|l| l.0 == [holder]);
                    if held {
                        self.write(key, None, u64::MAX);
                    }
                    Seen::Flag(held)
                }
                Op::Wait(ms) => {
                    self.now += ms;
                    Seen::Done
                }
            }
        }
    }

    async fn perform(store: &MemoryStore, fixture: &Fixture, op: &Op) -> Seen {
        let key = |k: u8| Key::new(Namespace::new("auth:oidc:code"), k.to_string());
        let ms = Duration::from_millis;
        match *op {
            Op::Put(k, v, ttl) => store.put(&key(k), &[v], ms(ttl)).await.map(|()| Seen::Done).unwrap(),
            Op::PutIfAbsent(k, v, ttl) => Seen::Flag(store.put_if_absent(&key(k), &[v], ms(ttl)).await.unwrap()),
            Op::Get(k) => Seen::Value(store.get(&key(k)).await.unwrap()),
            Op::Take(k) => Seen::Value(store.take(&key(k)).await.unwrap()),
            Op::Count(k, window) => Seen::Count(store.count(&key(k), ms(window)).await.ok()),
            Op::Renew(k, v, ttl) => Seen::Flag(store.renew(&key(k), &[v], ms(ttl)).await.unwrap()),
            Op::Release(k, v) => Seen::Flag(store.release(&key(k), &[v]).await.unwrap()),
            Op::Wait(by) => {
                fixture.clock.pass(by);
                Seen::Done
            }
        }
    }

    fn op() -> impl Strategy<Value = Op> {
        let (key, value, ttl) = (0..3u8, prop::sample::select(b"ab7".to_vec()), 1..20u64);
        prop_oneof![
            (key.clone(), value.clone(), ttl.clone()).prop_map(|(k, v, t)| Op::Put(k, v, t)),
            (key.clone(), value.clone(), ttl.clone()).prop_map(|(k, v, t)| Op::PutIfAbsent(k, v, t)),
            key.clone().prop_map(Op::Get),
            key.clone().prop_map(Op::Take),
            (key.clone(), ttl.clone()).prop_map(|(k, w)| Op::Count(k, w)),
            (key.clone(), value.clone(), ttl.clone()).prop_map(|(k, v, t)| Op::Renew(k, v, t)),
            (key, value).prop_map(|(k, v)| Op::Release(k, v)),
            ttl.prop_map(Op::Wait),
        ]
    }

    proptest! {
        #![proptest_config(cases(256, "proptest-regressions/store-memory.txt"))]

        #[test]
        fn agrees_with_the_reference(ops in prop::collection::vec(op(), 1..60)) {
            let fixture = Fixture::new();
            let store = MemoryStore::new(fixture.clock.clone());
            let mut model = Model::default();
            for op in &ops {
                let seen = block_on(perform(&store, &fixture, op));
                prop_assert_eq!(seen, model.perform(op), "{:?}", op);
            }
        }
    }

    #[tokio::test]
    async fn expired_entries_do_not_pile_up() {
        let fixture = Fixture::new();
        let store = MemoryStore::new(fixture.clock.clone());
        for i in 0..1000 {
            let key = Key::new(Namespace::new("auth:oidc:flow"), i.to_string());
            store.put(&key, b"v", Duration::from_millis(5)).await.unwrap();
            fixture.clock.pass(1);
        }
        let state = store.state.lock().unwrap();
        assert_eq!(
            (state.entries.len(), state.ends.len()),
            (6, 6),
            "those of the last 5 ms"
        );
    }
}
