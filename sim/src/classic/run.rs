//! The run, tick by tick, and the implementation of [`Simulator`].

use super::{Classic, TICK_MS};
use crate::{
    driver::{Action, Main, OnCall, Simulator},
    engine::{Caller, Carried, EngineError, HostId, HostPanic, LinkConfig, Stats, catch},
};
use seams::{Probe, Storage};
use std::{net::IpAddr, rc::Rc, sync::Arc};

/// The place in a panic's message that identifies turmoil's own panics: it panics when a host has no free port or no
/// room for connects. These are not failures of the service.
const TURMOIL_SOURCE: &str = "(turmoil-0.";

impl Classic {
    fn run_ticks(&self, until_ms: u64) -> Result<(), EngineError> {
        self.world.install();
        while self.ticks.get() * TICK_MS < until_ms {
            let now_ms = self.ticks.get() * TICK_MS;
            self.world.tick(now_ms);
            while let Some(action) = self.due_action(now_ms) {
                action(self);
            }
            self.step(now_ms)?;
            self.ticks.set(self.ticks.get() + 1);
            self.world.tick(self.ticks.get() * TICK_MS);
            self.end_panicked()?;
            self.handle_calls();
        }
        Ok(())
    }

    fn step(&self, at_ms: u64) -> Result<(), EngineError> {
        let mut sim = self.sim.borrow_mut();
        let stepped = catch(|| sim.step().map_err(|error| error.to_string()));
        if let Some(livelock) = self.world.livelock(at_ms) {
            return Err(livelock);
        }
        match stepped {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(what)) | Err(what) => Err(EngineError::Turmoil { at_ms, what }),
        }
    }

    /// Ends the processes in which a task has panicked.
    fn end_panicked(&self) -> Result<(), EngineError> {
        for (index, host) in self.hosts.iter().enumerate() {
            while let Some(message) = host.process.take_panic() {
                let at_ms = self.world.now_ms();
                if message.contains(TURMOIL_SOURCE) {
                    return Err(EngineError::Turmoil { at_ms, what: message });
                }
                self.panics.borrow_mut().push(HostPanic {
                    at_ms,
                    host: host.process.name.to_string(),
                    message,
                });
                self.end(HostId(index)); // a destructor may panic here, too
            }
        }
        Ok(())
    }

    fn due_action(&self, now_ms: u64) -> Option<Action> {
        let mut actions = self.actions.borrow_mut();
        let first = actions.first_entry()?;
        (first.key().0 <= now_ms).then(|| first.remove())
    }

    /// Handles the calls of this tick, and schedules those for later.
    fn handle_calls(&self) {
        let calls = self.caller.take();
        let handler = self.on_call.borrow().clone();
        let Some(handler) = handler.filter(|_| !calls.is_empty()) else {
            return;
        };
        for (at_ms, number) in calls {
            if at_ms <= self.world.now_ms() {
                handler(self, number);
            } else {
                let handler = handler.clone();
                self.schedule(at_ms, Box::new(move |engine| handler(engine, number)));
            }
        }
    }
}

impl Simulator for Classic {
    fn add_host(&mut self, name: &str, probe: Arc<dyn Probe>, storage: Arc<dyn Storage>, main: Main) -> HostId {
        self.declare(name, probe, storage, main)
    }
    fn ip(&self, host: HostId) -> IpAddr {
        self.ip_of(host)
    }
    fn caller(&self) -> Caller {
        self.caller.clone()
    }
    fn on_call(&self, handler: OnCall) {
        *self.on_call.borrow_mut() = Some(Rc::new(handler));
    }
    fn schedule(&self, at_ms: u64, action: Action) {
        let order = self.next_action.get();
        self.next_action.set(order + 1);
        self.actions.borrow_mut().insert((at_ms, order), action);
    }

    fn start(&self, host: HostId) {
        self.boot(host);
    }
    fn kill(&self, host: HostId) {
        self.end(host);
    }
    fn power_loss(&self, _: HostId) {
        unreachable!("refused by `fits`");
    }
    fn pause(&self, _: HostId) {
        unreachable!("refused by `fits`");
    }
    fn resume(&self, _: HostId) {}
    fn is_up(&self, host: HostId) -> bool {
        self.host(host).process.is_up()
    }
    fn cut_one_way(&self, from: HostId, to: HostId) {
        self.cut(from, to);
    }
    fn mend_one_way(&self, from: HostId, to: HostId) {
        self.mend(from, to);
    }
    fn link(&self, from: HostId, to: HostId) -> LinkConfig {
        self.link_of(from, to)
    }
    fn set_link(&self, from: HostId, to: HostId, config: LinkConfig) {
        self.change_link(from, to, config);
    }
    fn clock_offset_ms(&self, host: HostId, offset_ms: i64) {
        self.host(host).clock.set_offset_ms(offset_ms);
    }
    fn clock_jump_ms(&self, host: HostId, by_ms: i64) {
        self.host(host).clock.jump_ms(by_ms);
    }

    fn run(&self, until_ms: u64) -> Result<Stats, EngineError> {
        self.run_ticks(until_ms)?;
        Ok(Stats {
            now_ms: self.world.now_ms(),
            instants: self.ticks.get(),
            passes: self.ticks.get(),
            polls: self.world.polls(),
            ..Stats::default()
        })
    }
    fn panics(&self) -> Vec<HostPanic> {
        self.panics.borrow().clone()
    }
    fn wire_hash(&self) -> u64 {
        self.world.wire_hash()
    }
    fn keep_carried(&self) {}
    fn carried(&self) -> Vec<Carried> {
        Vec::new()
    }
}
