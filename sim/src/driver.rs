//! The interface of an engine to the world and the nemesis.
//!
//! It is used a few times in a run: to declare hosts, to inject faults, and for the run itself. Everything that hosts
//! do goes through the seams of their [`Env`], directly to their engine.

use crate::engine::{Caller, Carried, Engine, EngineError, HostId, HostPanic, LinkConfig, Stats};
use seams::{BoxFuture, Env, Probe, Storage};
use std::{net::IpAddr, sync::Arc};

/// The software of a host, called at every boot.
pub(crate) type Main = Box<dyn Fn(Env) -> BoxFuture<'static, ()>>;
/// An action that is scheduled for a simulated time.
pub(crate) type Action = Box<dyn FnOnce(&dyn Simulator)>;
/// The handler of calls from simulated code.
pub(crate) type OnCall = Box<dyn Fn(&dyn Simulator, usize)>;

/// An engine. The methods are those of [`Engine`], where they are documented.
pub(crate) trait Simulator {
    fn add_host(&mut self, name: &str, probe: Arc<dyn Probe>, storage: Arc<dyn Storage>, main: Main) -> HostId;
    fn ip(&self, host: HostId) -> IpAddr;
    fn caller(&self) -> Caller;
    fn on_call(&self, handler: OnCall);
    fn schedule(&self, at_ms: u64, action: Action);

    fn start(&self, host: HostId);
    fn kill(&self, host: HostId);
    fn power_loss(&self, host: HostId);
    fn pause(&self, host: HostId);
    fn resume(&self, host: HostId);
    fn is_up(&self, host: HostId) -> bool;
    fn cut_one_way(&self, from: HostId, to: HostId);
    fn mend_one_way(&self, from: HostId, to: HostId);
    fn link(&self, from: HostId, to: HostId) -> LinkConfig;
    fn set_link(&self, from: HostId, to: HostId, config: LinkConfig);
    fn clock_offset_ms(&self, host: HostId, offset_ms: i64);
    fn clock_jump_ms(&self, host: HostId, by_ms: i64);

    fn run(&self, until_ms: u64) -> Result<Stats, EngineError>;
    fn panics(&self) -> Vec<HostPanic>;
    fn wire_hash(&self) -> u64;
    fn keep_carried(&self);
    fn carried(&self) -> Vec<Carried>;
}

impl dyn Simulator + '_ {
    /// Schedules an action; see [`Engine::at`].
    pub(crate) fn at(&self, at_ms: u64, action: impl FnOnce(&dyn Simulator) + 'static) {
        self.schedule(at_ms, Box::new(action));
    }

    /// Simulated time, milliseconds.
    pub(crate) fn now_ms(&self) -> u64 {
        self.caller().now_ms()
    }

    /// A function that reads simulated time, milliseconds, even while the engine runs.
    pub(crate) fn clock_reader(&self) -> impl Fn() -> u64 + Send + Sync + use<> {
        let caller = self.caller();
        move || caller.now_ms()
    }
}

impl Simulator for Engine {
    fn add_host(&mut self, name: &str, probe: Arc<dyn Probe>, storage: Arc<dyn Storage>, main: Main) -> HostId {
        Engine::add_host(self, name, probe, storage, main)
    }
    fn ip(&self, host: HostId) -> IpAddr {
        Engine::ip(self, host)
    }
    fn caller(&self) -> Caller {
        Engine::caller(self)
    }
    fn on_call(&self, handler: OnCall) {
        Engine::on_call(self, move |engine, number| handler(engine, number));
    }
    fn schedule(&self, at_ms: u64, action: Action) {
        Engine::at(self, at_ms, move |engine| action(engine));
    }

    fn start(&self, host: HostId) {
        Engine::start(self, host);
    }
    fn kill(&self, host: HostId) {
        Engine::kill(self, host);
    }
    fn power_loss(&self, host: HostId) {
        Engine::power_loss(self, host);
    }
    fn pause(&self, host: HostId) {
        Engine::pause(self, host);
    }
    fn resume(&self, host: HostId) {
        Engine::resume(self, host);
    }
    fn is_up(&self, host: HostId) -> bool {
        Engine::is_up(self, host)
    }
    fn cut_one_way(&self, from: HostId, to: HostId) {
        Engine::cut_one_way(self, from, to);
    }
    fn mend_one_way(&self, from: HostId, to: HostId) {
        Engine::mend_one_way(self, from, to);
    }
    fn link(&self, from: HostId, to: HostId) -> LinkConfig {
        Engine::link(self, from, to)
    }
    fn set_link(&self, from: HostId, to: HostId, config: LinkConfig) {
        Engine::set_link(self, from, to, config);
    }
    fn clock_offset_ms(&self, host: HostId, offset_ms: i64) {
        Engine::clock_offset_ms(self, host, offset_ms);
    }
    fn clock_jump_ms(&self, host: HostId, by_ms: i64) {
        Engine::clock_jump_ms(self, host, by_ms);
    }

    fn run(&self, until_ms: u64) -> Result<Stats, EngineError> {
        Engine::run(self, until_ms, || false)
    }
    fn panics(&self) -> Vec<HostPanic> {
        Engine::panics(self)
    }
    fn wire_hash(&self) -> u64 {
        Engine::wire_hash(self)
    }
    fn keep_carried(&self) {
        Engine::keep_carried(self);
    }
    fn carried(&self) -> Vec<Carried> {
        Engine::carried(self)
    }
}
