//! How a replica's parts learn that it is to stop, and how it learns that they have ended.

use std::future::pending;
use tokio::sync::watch;

/// Tells a part of a replica that it is to stop. Clones are told as well. Whoever holds one is waited for: it is dropped when
/// its holder has ended.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Never told to anybody, for routers and jobs outside of a replica.
    pub fn never() -> Stop {
        Stop(watch::Sender::new(false).subscribe())
    }

    /// Waits until the replica is to stop.
    pub async fn asked(&mut self) {
        if self.0.wait_for(|asked| *asked).await.is_err() {
            pending().await // nobody is left who could ask
        }
    }

    /// Whether the replica is to stop.
    pub fn is_asked(&self) -> bool {
        *self.0.borrow()
    }
}

/// The other end: asks, and waits.
#[derive(Debug)]
pub(crate) struct Stopping(watch::Sender<bool>);

impl Stopping {
    pub(crate) fn new() -> Stopping {
        Stopping(watch::Sender::new(false))
    }

    /// For a part that is to be told, and waited for.
    pub(crate) fn stop(&self) -> Stop {
        Stop(self.0.subscribe())
    }

    /// Tells all parts.
    pub(crate) fn ask(&self) {
        self.0.send_replace(true);
    }

    /// Waits until all parts have ended.
    pub(crate) async fn ended(&self) {
        self.0.closed().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::timeout;

    const MOMENT: Duration = Duration::from_millis(1);

    #[tokio::test(start_paused = true)]
    async fn whoever_holds_one_is_told_and_waited_for() {
        let stopping = Stopping::new();
        let (mut one, other) = (stopping.stop(), stopping.stop());
        assert!(timeout(MOMENT, one.asked()).await.is_err() && !other.is_asked());
        stopping.ask();
        one.asked().await;
        assert!(other.is_asked());
        drop(one);
        assert!(timeout(MOMENT, stopping.ended()).await.is_err(), "one is left");
        drop(other);
        stopping.ended().await;
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_left_to_ask_is_no_request_to_stop() {
        let mut stop = Stop::never();
        assert!(timeout(MOMENT, stop.asked()).await.is_err() && !stop.is_asked());
    }
}
