//! Processes that were asked to end, and those that have ended by themselves.
//!
//! Their supervisor waits for them, as systemd does (`TimeoutStopSec`, 90 s by default), and then kills them. A process that
//! is to be started while it is still ending is started when it has ended.

use super::Nemesis;
use crate::{
    driver::Simulator,
    engine::HostId,
    history::{Event, INTERRUPTED, RETURNED},
    service::Service,
};
use std::{collections::BTreeMap, rc::Rc};

/// How long a process may take to end after it was asked to, milliseconds.
pub(super) const STOPS_WITHIN_MS: u64 = 90_000;

const BY_DEFAULT: &str = "it does not handle SIGTERM";
const TOO_LATE: &str = "it was killed, for it had not ended 90 s after it was asked to";

/// The processes that were asked to end and have not ended yet.
#[derive(Default)]
pub(super) struct Stops(BTreeMap<HostId, Ending>);

struct Ending {
    killed_ms: u64,
    starts_again: bool,
}

impl Stops {
    /// Whether the process is ending; it is to be started when it has ended.
    pub(super) fn start_later(&mut self, host: HostId) -> bool {
        let ending = self.0.get_mut(&host);
        ending.map(|ending| ending.starts_again = true).is_some()
    }

    /// Forgets a process that is gone.
    pub(super) fn forget(&mut self, host: HostId) {
        self.0.remove(&host);
    }
}

impl<S: Service> Nemesis<S> {
    /// Asks a process to end. Nothing happens if it is down.
    pub(super) fn stop(self: Rc<Self>, engine: &dyn Simulator, host: &str) {
        let index = self.machinery.by_name[host];
        let machine = &self.machinery.hosts[index];
        let signals = machine.signals.as_ref();
        let signals = signals.expect("`check` has refused hosts that are no processes of the service");
        let id = machine.id;
        if !engine.is_up(id) {
            return;
        }
        if !signals.stop() {
            return self.ends(engine, index, BY_DEFAULT);
        }
        let killed_ms = engine.now_ms() + STOPS_WITHIN_MS;
        let ending = Ending {
            killed_ms,
            starts_again: false,
        };
        self.stops.borrow_mut().0.entry(id).or_insert(ending);
        engine.at(killed_ms, move |engine| {
            let is_late = (self.stops.borrow().0.get(&id)).is_some_and(|ending| ending.killed_ms == engine.now_ms());
            if is_late {
                self.ends(engine, index, TOO_LATE);
            }
        });
    }

    /// Called when the main function of a process has returned.
    pub(super) fn returned(&self, engine: &dyn Simulator, index: usize) {
        let machine = &self.machinery.hosts[index];
        // It may have been killed, and started again, in this very millisecond.
        let Some(signals) = machine.signals.as_ref().filter(|signals| signals.has_returned()) else {
            return;
        };
        if engine.is_up(machine.id) {
            let how = if signals.is_interrupted() {
                INTERRUPTED
            } else {
                RETURNED
            };
            self.ends(engine, index, how);
        }
    }

    /// A process ends; its kernel closes what it had open.
    fn ends(&self, engine: &dyn Simulator, index: usize, how: &str) {
        let machine = &self.machinery.hosts[index];
        let mut names = self.machinery.by_name.iter();
        let name = names
            .find(|(_, of)| **of == index)
            .map_or("", |(name, _)| name.as_str());
        let (host, how) = (name.to_owned(), how.to_owned());
        engine.kill(machine.id);
        self.paused.borrow_mut().forget(machine);
        self.recorder.note(name, Event::Exit { host, how });
        let ending = self.stops.borrow_mut().0.remove(&machine.id);
        if ending.is_some_and(|ending| ending.starts_again) {
            super::start(engine, machine.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        engine::current_ms,
        fault::{Fault, TimedFault},
        history::{Event, INTERRUPTED, RETURNED},
        run::Setup,
        testing::{Shop, plan},
        world::{Host, HostKind, Installed, Process, RunningWorld, World},
    };
    use seams::{BoxFuture, Env};
    use std::{
        sync::{Arc, Mutex},
        time::Duration,
    };
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        time::{sleep, timeout},
    };

    type Run = fn(Process<Shop>, Env) -> BoxFuture<'static, ()>;

    /// How long an orderly process takes to end.
    const ENDS_AFTER: Duration = Duration::from_secs(2);

    async fn greet(env: Env) {
        let listener = env.network.listen(8080).await.expect("the port is free");
        while let Ok(mut stream) = listener.accept().await {
            let _ = stream.write_all(b"up").await;
        }
    }

    fn orderly(process: Process<Shop>, env: Env) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let mut stop = process.signals.on_stop();
            env.spawn(greet(env.clone())); // it ends with the process
            stop.next().await;
            sleep(ENDS_AFTER).await;
        })
    }

    /// It ends at once when it is asked once more.
    fn impatient(process: Process<Shop>, env: Env) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let mut stop = process.signals.on_stop();
            env.spawn(greet(env.clone()));
            stop.next().await;
            seams::select! {
                () = sleep(ENDS_AFTER) => {}
                () = stop.next() => process.signals.interrupt(),
            }
        })
    }

    fn stubborn(process: Process<Shop>, env: Env) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let _ignored = process.signals.on_stop();
            greet(env).await;
        })
    }

    fn unaware(_: Process<Shop>, env: Env) -> BoxFuture<'static, ()> {
        Box::pin(greet(env))
    }

    /// Notes a word, unless that was the last one.
    fn note(notes: &Mutex<Vec<(u64, &'static str)>>, word: &'static str) {
        let mut notes = notes.lock().expect("unpoisoned");
        if notes.last().is_none_or(|(_, last)| *last != word) {
            notes.push((current_ms().expect("it is running"), word));
        }
    }

    /// When a process ended, and how.
    type End = (u64, String);

    /// What a client notes that connects every 10 ms: when `up` and `down` begin; and the ends of the process, with their times.
    fn performed(
        run: Run,
        faults: impl IntoIterator<Item = (u64, Fault<Shop>)>,
    ) -> (Vec<(u64, &'static str)>, Vec<End>) {
        let told = Arc::<Mutex<Vec<(u64, &'static str)>>>::default();
        let notes = told.clone();
        let client = Host::new("client", HostKind::Peer, move |_| {
            let notes = notes.clone();
            Installed::new(Box::new(move |env| {
                let notes = notes.clone();
                Box::pin(async move {
                    sleep(Duration::from_secs(1)).await;
                    loop {
                        let asked = async {
                            let mut stream = env.network.connect("shop-1", 8080).await.ok()?;
                            let mut word = [0; 2];
                            stream.read_exact(&mut word).await.ok()
                        };
                        let is_up = timeout(Duration::from_millis(100), asked)
                            .await
                            .ok()
                            .flatten()
                            .is_some();
                        let word = if is_up { "up" } else { "down" };
                        note(&notes, word);
                        sleep(Duration::from_millis(10)).await;
                    }
                })
            }))
        });
        let mut plan = plan(120_000);
        plan.faults = (faults.into_iter())
            .map(|(at_ms, fault)| TimedFault::at(at_ms, fault))
            .collect();
        let world = World::new().service(["shop-1"], 8080, run).host(client);
        let running = RunningWorld::build(&world, &plan, &Setup::default());
        let exits = Arc::<Mutex<Vec<End>>>::default();
        let noted = exits.clone();
        running.recorder().listen(move |event| {
            if let Event::Exit { how, .. } = event {
                let at_ms = current_ms().expect("it is running");
                noted.lock().expect("unpoisoned").push((at_ms, how.clone()));
            }
        });
        running.engine().run(plan.lasts_ms).expect("the engine runs");
        (
            told.lock().expect("unpoisoned").clone(),
            exits.lock().expect("unpoisoned").clone(),
        )
    }

    fn stop() -> Fault<Shop> {
        crate::scenario::stop("shop-1")
    }

    fn start() -> Fault<Shop> {
        crate::scenario::start("shop-1")
    }

    #[track_caller]
    fn check(
        run: Run,
        faults: impl IntoIterator<Item = (u64, Fault<Shop>)>,
        words: &[(u64, &str)],
        exits: &[(u64, &str)],
    ) {
        let (told, ended) = performed(run, faults);
        let near = |(at_ms, word): (u64, &str), (wanted_ms, wanted): (u64, &str)| {
            word == wanted && (wanted_ms..wanted_ms + 150).contains(&at_ms)
        };
        let agree = told.len() == words.len() && told.iter().zip(words).all(|(told, word)| near(*told, *word));
        assert!(agree, "{told:?} is not {words:?}");
        let ended: Vec<(u64, &str)> = ended.iter().map(|(at_ms, how)| (*at_ms, how.as_str())).collect();
        assert_eq!(ended, exits);
    }

    #[test]
    fn a_process_that_handles_the_signal_works_until_it_returns() {
        let up = [(1_000, "up"), (12_000, "down"), (20_000, "up")];
        let returned = [(12_000, RETURNED)];
        check(orderly, [(10_000, stop()), (20_000, start())], &up, &returned);
        check(orderly, [(10_000, stop()), (20_000, Fault::Heal)], &up, &returned);
    }

    #[test]
    fn a_process_that_is_asked_once_more_may_leave_its_end_unfinished() {
        let up = [(1_000, "up"), (11_000, "down"), (20_000, "up")];
        let twice = [(10_000, stop()), (11_000, stop()), (20_000, start())];
        check(impatient, twice, &up, &[(11_000, INTERRUPTED)]);
        let once = [(10_000, stop()), (20_000, start())];
        let up = [(1_000, "up"), (12_000, "down"), (20_000, "up")];
        check(impatient, once, &up, &[(12_000, RETURNED)]);
    }

    #[test]
    fn a_process_that_does_not_ends_at_once() {
        let up = [(1_000, "up"), (10_000, "down"), (20_000, "up")];
        let ended = [(10_000, super::BY_DEFAULT)];
        check(unaware, [(10_000, stop()), (20_000, start())], &up, &ended);
    }

    #[test]
    fn a_process_that_does_not_end_is_killed() {
        let up = [(1_000, "up"), (100_000, "down")];
        check(stubborn, [(10_000, stop())], &up, &[(100_000, super::TOO_LATE)]);
    }

    #[test]
    fn a_process_that_is_to_start_while_it_ends_starts_when_it_has_ended() {
        for again in [start(), Fault::Heal] {
            let (told, ended) = performed(orderly, [(10_000, stop()), (11_000, again)]);
            assert_eq!(ended, [(12_000, RETURNED.to_owned())]);
            assert_eq!(told.last().map(|(_, word)| *word), Some("up"), "{told:?}");
        }
    }

    #[test]
    fn a_process_that_is_killed_while_it_ends_is_not_killed_again_later() {
        let kill = crate::scenario::kill("shop-1");
        let up = [(1_000, "up"), (11_000, "down"), (13_000, "up")];
        check(orderly, [(10_000, stop()), (11_000, kill), (13_000, start())], &up, &[]);
    }

    #[test]
    fn nobody_who_is_down_is_stopped() {
        let kill = crate::scenario::kill("shop-1");
        let up = [(1_000, "up"), (9_000, "down"), (13_000, "up")];
        check(orderly, [(9_000, kill), (10_000, stop()), (13_000, start())], &up, &[]);
    }
}
