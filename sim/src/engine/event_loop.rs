//! The event loop: it processes one instant after the other.

use super::{Engine, EngineError};
use std::{future::poll_fn, pin::pin, sync::atomic::Ordering, task::Poll, time::Duration};
use tokio::time::Instant;

/// Thirty years, milliseconds: about the longest time that tokio's timers support.
const TIME_MAX_MS: u64 = 30 * 365 * 86_400_000;

/// Counters of an engine since its creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Simulated time, milliseconds.
    pub now_ms: u64,
    /// Instants at which the engine did something.
    pub instants: u64,
    /// How often the kernels were polled for packets.
    pub passes: u64,
    /// Number of polls of tasks.
    pub polls: u64,
    /// Packets sent, retransmissions included.
    pub packets_sent: u64,
    /// Packets lost, by chance, by a cut, or because the receiver had no power.
    pub packets_lost: u64,
    /// Packets retransmitted.
    pub packets_repeated: u64,
    /// Packets delivered.
    pub packets_delivered: u64,
}

impl Engine {
    /// Runs until simulated time `until_ms`, or until `stop` returns true. `stop` is called after every instant. May be
    /// called again to continue.
    ///
    /// # Errors
    /// The simulated code did something that cannot be simulated; see [`EngineError`].
    ///
    /// # Panics
    /// If it is called from inside a run.
    pub fn run(&self, until_ms: u64, stop: impl Fn() -> bool) -> Result<Stats, EngineError> {
        self.enter();
        let done = self.runtime.block_on(self.run_instants(until_ms, stop));
        self.cluster.executor.set_awake(true);
        done.map(|()| self.stats())
    }

    /// Installs the engine on this thread.
    pub(super) fn enter(&self) {
        let is_entered = self.cluster.wire.borrow().is_entered();
        if !is_entered {
            self.cluster.install();
            self.cluster.wire.borrow_mut().enter();
        }
    }

    async fn run_instants(&self, until_ms: u64, stop: impl Fn() -> bool) -> Result<(), EngineError> {
        let executor = &self.cluster.executor;
        let mut alarm = pin!(tokio::time::sleep_until(self.start));
        let mut alarm_ms = 0;
        loop {
            executor.set_awake(true);
            let now_ms = self.read_clock();
            self.run_instant(now_ms)?;
            if now_ms >= until_ms || stop() {
                // The runtime wakes a task that has called yield_now here at the earliest.
                tokio::task::yield_now().await;
                if executor.is_idle() {
                    return Ok(());
                }
                continue;
            }
            let next_ms = self.next_event_ms(now_ms).min(until_ms).min(TIME_MAX_MS);
            if next_ms != alarm_ms {
                alarm.as_mut().reset(self.start + Duration::from_millis(next_ms));
                alarm_ms = next_ms;
            }
            executor.set_awake(false);
            // `Pending` parks the runtime, and its paused clock jumps to the next timer. This may be the alarm or a
            // timer of a task, so idle time is skipped although the engine does not know what tasks wait for.
            poll_fn(|cx| {
                executor.set_root(cx.waker());
                if executor.is_idle() {
                    alarm.as_mut().poll(cx)
                } else {
                    Poll::Ready(())
                }
            })
            .await;
        }
    }

    /// Processes one instant: actions, then arrivals, then tasks and what they send, until nothing is left to do (in turn
    /// with the rest of the arrivals, if the order of arrivals says so); then the calls for this instant, and what follows
    /// from them.
    fn run_instant(&self, now_ms: u64) -> Result<(), EngineError> {
        self.instants.set(self.instants.get() + 1);
        while let Some(action) = self.due_action(now_ms) {
            action(self);
            self.cluster.wire.borrow_mut().pending_egress = true;
        }
        self.cluster.wire.borrow_mut().begin_instant(now_ms);
        loop {
            let more_arrives = self.cluster.wire.borrow_mut().deliver_due(now_ms);
            self.run_tasks(now_ms)?;
            if !more_arrives {
                break;
            }
        }
        while self.handle_calls(now_ms) {
            self.send(now_ms);
            self.run_tasks(now_ms)?;
        }
        Ok(())
    }

    /// Polls tasks and sends what they have written, until no task can run and no kernel has anything to send.
    fn run_tasks(&self, now_ms: u64) -> Result<(), EngineError> {
        loop {
            self.cluster.poll_ready()?;
            // A pass polls the kernels of all hosts, so it is skipped if no kernel has anything to send.
            if !self.cluster.wire.borrow().pending_egress {
                return Ok(());
            }
            self.send(now_ms);
            // Traffic within a host may have woken a task: check again.
        }
    }

    fn send(&self, now_ms: u64) {
        self.passes.set(self.passes.get() + 1);
        self.cluster.wire.borrow_mut().egress(now_ms);
    }

    fn due_action(&self, now_ms: u64) -> Option<super::Action> {
        let mut actions = self.actions.borrow_mut();
        let first = actions.first_entry()?;
        (first.key().0 <= now_ms).then(|| first.remove())
    }

    fn read_clock(&self) -> u64 {
        let now_ms = Instant::now().duration_since(self.start).as_millis() as u64;
        if self.cluster.now_ms.swap(now_ms, Ordering::Relaxed) != now_ms {
            self.cluster.polls_this_instant.set(0);
        }
        now_ms
    }

    fn next_event_ms(&self, now_ms: u64) -> u64 {
        let tick = if self.config.skip_idle { None } else { Some(now_ms + 1) };
        let packet = self.cluster.wire.borrow().next_event_ms();
        let action = self.actions.borrow().first_key_value().map(|(key, _)| key.0);
        let next = [tick, packet, action].into_iter().flatten().min().unwrap_or(u64::MAX);
        next.max(now_ms + 1)
    }

    fn stats(&self) -> Stats {
        let wire = self.cluster.wire.borrow();
        Stats {
            now_ms: self.now_ms(),
            instants: self.instants.get(),
            passes: self.passes.get(),
            polls: self.cluster.polls.get(),
            packets_sent: wire.sent,
            packets_lost: wire.lost,
            packets_repeated: wire.repeated,
            packets_delivered: wire.delivered,
        }
    }
}
