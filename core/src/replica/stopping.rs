//! How a replica stops: with nothing begun and left undone, as far as the time suffices.
//!
//! 1. `/health` says that it is stopping. Nobody can connect to the port for people any more, so a balancer turns to another
//!    replica; connections that it keeps are of use once more, for a moment. Requests that have begun are answered, also those
//!    whose clients have left.
//! 2. At the same time the jobs end, between two reminders, and the leader gives its lease back, so that another replica
//!    leads after its next question.
//! 3. When the last request has ended, and so no further mail can come: the outbox and the events for analytics are sent.
//!    Mails that wait for their next try are tried at once.
//! 4. What is left then, or when the time is over, is told in the log.
//!
//! The operators' port is open all the while. The directory needs nothing: each transaction is durable when it ends.

use super::Wiring;
use crate::{config::Deadlines, stop::Stopping};
use seams::Env;
use std::pin::Pin;
use tokio::time::{Instant, timeout};

/// Stops a process that was asked to before it had started: nothing has begun that could be finished.
pub fn stop_before_start() {
    tracing::info!("stopping");
    tracing::info!("stopped");
}

/// Stops. `serving` ends when it has been told to, and must be polled until then.
pub(super) async fn stop(
    env: &Env,
    deadlines: &Deadlines,
    wiring: &Wiring,
    stopping: &Stopping,
    serving: Pin<&mut (impl Future<Output = ()> + Send)>,
) {
    tracing::info!("stopping");
    env.mark("stopping");
    let until = Instant::now() + deadlines.stop;
    stopping.ask();
    let work = async {
        serving.await;
        stopping.ended().await;
    };
    if timeout(deadlines.stop_work, work).await.is_err() {
        env.mark("cut off by a stop");
        tracing::error!("requests or jobs did not end in time; they are cut off");
    }
    let left = until.saturating_duration_since(Instant::now());
    let (mails, events) = tokio::join!(wiring.mailer.finish(left), wiring.analytics.finish(left));
    if mails > 0 {
        env.mark("mails left behind by a stop");
        tracing::error!(mails, "mails are lost, or were sent and not answered");
    }
    if events > 0 {
        tracing::warn!(lost = events, "analytics has lost events");
    }
    tracing::info!("stopped");
}
