//! Performs many runs on several threads. Each run is single-threaded and self-contained; only results move between
//! threads.

use std::{
    sync::{Mutex, mpsc},
    time::Duration,
};

/// Interval of the calls of `on_result` while there is no result.
const TICK: Duration = Duration::from_millis(200);

/// Performs every job that `next` returns, on `threads` threads. `on_result` is called on the calling thread with each
/// result, in no particular order, and with `None` at intervals while there is none.
pub(crate) fn in_parallel<J, R: Send>(
    threads: usize,
    next: impl FnMut() -> Option<J> + Send,
    work: impl Fn(J) -> R + Sync,
    mut on_result: impl FnMut(Option<R>),
) {
    let next = Mutex::new(next);
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let sender = sender.clone();
            let (next, work) = (&next, &work);
            scope.spawn(move || {
                loop {
                    let job = (next.lock().expect("handing out jobs does not panic"))();
                    let Some(job) = job else { return };
                    if sender.send(work(job)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        loop {
            match receiver.recv_timeout(TICK) {
                Ok(result) => on_result(Some(result)),
                Err(mpsc::RecvTimeoutError::Timeout) => on_result(None),
                Err(mpsc::RecvTimeoutError::Disconnected) => return,
            }
        }
    });
}

/// The number of threads to use: the requested number, or one for each core.
pub(crate) fn threads(asked: Option<usize>) -> usize {
    asked.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_job_is_done_once() {
        for threads in [1, 4] {
            let mut jobs = 0..100;
            let mut done = vec![];
            in_parallel(threads, || jobs.next(), |n| n * 2, |result| done.extend(result));
            done.sort_unstable();
            assert_eq!(done, (0..100).map(|n| n * 2).collect::<Vec<_>>());
        }
    }
}
