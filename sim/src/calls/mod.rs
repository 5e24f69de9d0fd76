//! The calls that a process makes through its seams: numbered, delayed, failed, or stopped at, one by one.
//!
//! A fault at a random time seldom hits the one call that matters. Where a process meets a dependency, the service's world
//! wraps the call once, in its own code or in a wrapper of its dependency's trait, never in production code:
//!
//! ```text
//! self.calls.around("store take", self.inner.take(key)).await
//! ```
//!
//! and says in [`Service::CALLS`](crate::service::Service::CALLS) which calls there are and how each can fail. From then on
//!
//! - each is an event that any fault may wait for: `desk-1 calls store take`, `desk-1 has called store take`. The call stops
//!   there until the fault has been injected, so that the process is killed, paused or cut off exactly before or after it;
//! - a [`CallFault`] decides what becomes of one call;
//! - a world may have [`CallPauses`]: time passes before a call, so that others can come in between;
//! - [`Run::calls`](crate::run::Run::calls) lists them, and the command `calls` performs a story once for each.
//!
//! Where none of this is asked for, a call takes no time and no draw: the run is the same one as without the wrapper.

mod book;
mod fault;
mod pace;
mod site;
mod story;
#[cfg(test)]
mod tests;

pub(crate) use book::CallBook;
pub use book::{Answered, CallRecord};
pub use fault::{CallFault, CallOutcome};
pub use pace::{CALLS_BY_CLOCK, CALLS_IN_TIME};
pub(crate) use pace::{too_long, too_often};
pub use site::{CallError, CallSite, CallTrouble, Moment};
pub use story::CallStory;

use crate::scenario::Dice;
use seams::{Failure, Outcome};
use std::{
    fmt,
    pin::pin,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::sleep;

/// So much later than promised a call may end: timers count whole milliseconds, and one deadline may come after another.
const SLACK: Duration = Duration::from_millis(5);
/// And so much more with a commit of many rows.
const MANY_ROWS_MS: u64 = 10;

/// How much time passes before the calls of a world's processes: so many of a hundred wait for a drawn time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CallPauses {
    /// How many of a hundred calls wait.
    pub percent: u64,
    /// For how long at most, milliseconds.
    pub ms_max: u64,
}

/// The calls of one host's processes. Clones are the same ones.
#[derive(Clone)]
pub struct Calls {
    host: Arc<str>,
    book: CallBook,
    pauses: CallPauses,
    /// Of its own for each host: how many calls another one makes changes nothing here.
    dice: Arc<Mutex<Dice>>,
}

impl Calls {
    /// The calls of a host in a run with this seed.
    pub(crate) fn new(host: &str, seed: u64, book: CallBook, pauses: CallPauses) -> Calls {
        Calls {
            host: host.into(),
            book,
            pauses,
            dice: Arc::new(Mutex::new(Dice::of(seed, &format!("calls of {host}")))),
        }
    }

    /// Performs a call, or lets happen to it what the plan says. `call` is one of
    /// [`Service::CALLS`](crate::service::Service::CALLS).
    ///
    /// # Errors
    /// The call's own failure, or the one that the plan has for it.
    ///
    /// # Panics
    /// There is no such call among those of the service.
    pub async fn around<T>(&self, call: &str, work: impl Future<Output = Outcome<T>>) -> Outcome<T> {
        self.around_with(call, work, |failure| failure).await
    }

    /// As [`Calls::around`], for a call with an error of its own; `as_error` makes it of a failure, and it reads as the service
    /// would write it.
    ///
    /// # Errors
    /// The call's own, or the one that the plan has for it.
    ///
    /// # Panics
    /// There is no such call among those of the service.
    pub async fn around_with<T, E: fmt::Display>(
        &self,
        call: &str,
        work: impl Future<Output = Result<T, E>>,
        as_error: impl FnOnce(Failure) -> E,
    ) -> Result<T, E> {
        let note = self.book.begin(&self.host, call);
        if let Some(pause) = self.draw_pause() {
            sleep(pause).await;
        }
        self.book.stop_at(&self.host, call, Moment::Before).await;
        let Some(fault) = self.book.fault_of(&self.host, call) else {
            let result = self.in_time(call, note, work).await;
            self.book.stop_at(&self.host, call, Moment::After).await;
            self.end(call, note, &result);
            return result;
        };
        let wait = async || {
            if fault.by_ms > 0 {
                sleep(Duration::from_millis(fault.by_ms)).await;
            }
        };
        let failure = fault.failure(self.book.site(call));
        let result = match (fault.outcome, failure) {
            (CallOutcome::Fails, Some(failure)) => {
                wait().await;
                Err(as_error(failure))
            }
            (CallOutcome::AnswerLost, Some(failure)) => {
                drop(work.await); // done, or not: nobody will know
                wait().await;
                Err(as_error(failure))
            }
            (CallOutcome::Late, _) => {
                wait().await;
                work.await
            }
            _ => {
                let result = work.await;
                wait().await;
                result
            }
        };
        self.book.stop_at(&self.host, call, Moment::After).await;
        self.end(call, note, &result);
        result
    }

    /// Performs a call, and notes if it takes longer than its site promises. Time is that of the process: in one that was
    /// paused, or blocked by its disk, the call's own deadline and this one are over at once. Then the call is asked first, and
    /// after it whoever waits for it.
    async fn in_time<T>(&self, call: &str, note: usize, work: impl Future<Output = T>) -> T {
        let site = self.book.site(call);
        let Some(within_ms) = site.within_ms else {
            return work.await;
        };
        let began_ms = self.book.now_ms();
        let mut work = pin!(work);
        let late = async {
            sleep(Duration::from_millis(within_ms) + SLACK).await;
            if site.commits {
                let commit_ms = self.book.disk_ms(&self.host, began_ms) + MANY_ROWS_MS;
                sleep(Duration::from_millis(commit_ms)).await;
            }
            tokio::task::yield_now().await;
        };
        seams::select! {
            result = work.as_mut() => return result,
            () = late => self.book.is_late(note),
        }
        work.await
    }

    fn end<T, E: fmt::Display>(&self, call: &str, note: usize, result: &Result<T, E>) {
        let failure = result.as_ref().err().map(E::to_string);
        let failed = failure.as_deref();
        tracing::trace!(target: "calls", call, failed);
        self.book.end(note, Answered::of(result), failure);
    }

    fn draw_pause(&self) -> Option<Duration> {
        let CallPauses { percent, ms_max } = self.pauses;
        if percent == 0 || ms_max == 0 {
            return None;
        }
        let mut dice = self.dice.lock().expect("nobody panics while drawing");
        let pause = dice.chance(percent).then(|| dice.between(1, ms_max));
        pause.map(Duration::from_millis)
    }
}
