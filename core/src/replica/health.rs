//! Whether this replica can do its work. A degraded one closes its port, because a balancer that
//! got a 503 keeps sending (measured on nginx 1.22: a POST is answered with the 503, and the
//! replica is never ejected). It recovers by itself (inventory 25, 26).

use super::Wiring;
use crate::config::Deadlines;
use seams::{Cause, Env};
use std::time::Duration;
use tokio::{sync::watch, time::sleep};

/// The state of the parts that a replica cannot work without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Whether the port for people should be open.
    pub ready: bool,
    /// What is wrong, part and cause. May hold something while still `ready`: a failure that may
    /// pass, or one that the port cannot mend by being closed.
    pub reasons: Vec<String>,
}

/// Starts to watch the store and the directory. Not ready until both have answered once; degraded
/// when one has not for [`Deadlines::degraded_after`].
pub fn watch_health(env: &Env, deadlines: Deadlines, wiring: &Wiring) -> watch::Receiver<Health> {
    let (announce, health) = watch::channel(Health {
        ready: false,
        reasons: vec!["starting".into()],
    });
    let (env, wiring) = (env.clone(), wiring.clone());
    env.clone().spawn_vital("health", async move {
        let mut watched = Watched::default();
        loop {
            let parts = Parts {
                store: wiring.store.health().await.map_err(|f| f.cause().clone()),
                directory: wiring.directory.probe.probe().await.map_err(|f| f.cause().clone()),
                mail: wiring.mailer.trouble(),
                analytics: wiring.analytics.trouble(),
            };
            let now = env.clock.monotonic();
            let before = announce.borrow().clone();
            let health = watched.judge(now, &deadlines, parts);
            report(&env, watched.was_ready_once, &before, &health);
            watched.was_ready_once |= health.ready;
            announce.send_if_modified(|current| {
                let changed = *current != health;
                *current = health;
                changed
            });
            sleep(deadlines.health_every).await;
        }
    });
    health
}

fn report(env: &Env, was_ready_once: bool, before: &Health, now: &Health) {
    let reasons = now.reasons.join("; ");
    match (before.ready, now.ready) {
        (true, false) => {
            env.mark("replica degraded");
            tracing::error!(%reasons, "degraded: closing the port");
        }
        (false, true) if was_ready_once => {
            env.mark("replica recovered");
            tracing::info!("recovered: opening the port again");
        }
        (false, true) => tracing::info!("ready"),
        _ => {}
    }
    // What makes it degraded has been told; something may be wrong with a replica that is ready.
    let is_told = before.ready && !now.ready;
    if !is_told && before.reasons != now.reasons && !now.reasons.is_empty() {
        tracing::warn!(%reasons, ready = now.ready, "something is wrong");
    }
}

/// What a look at all parts found.
struct Parts {
    store: Result<(), Cause>,
    directory: Result<(), Cause>,
    mail: Option<Cause>,
    analytics: Option<Cause>,
}

#[derive(Default)]
struct Watched {
    was_ready_once: bool,
    store: Part,
    directory: Part,
}

/// One part: since when it has not answered.
#[derive(Default)]
struct Part {
    answered_once: bool,
    failing_since: Option<Duration>,
}

impl Part {
    /// Whether the part counts as working: it answers, or has failed for less than `tolerance`.
    fn judge(&mut self, now: Duration, tolerance: Duration, answered: bool) -> bool {
        if answered {
            self.answered_once = true;
            self.failing_since = None;
            return true;
        }
        let since = *self.failing_since.get_or_insert(now);
        self.answered_once && now.saturating_sub(since) < tolerance
    }
}

/// Whether the other replicas have the same trouble, whoever of them is asked.
fn concerns_all(cause: &Cause) -> bool {
    matches!(cause, Cause::Busy | Cause::DiskFull | Cause::WritesRefused(_))
}

impl Watched {
    fn judge(&mut self, now: Duration, deadlines: &Deadlines, parts: Parts) -> Health {
        let tolerance = deadlines.degraded_after;
        // A store that refuses to write refuses the other replicas as well, and so does a directory that is locked or
        // full; both can still be read. Closing all ports would only lock out people who are logged in.
        let answers = |part: &Result<(), Cause>| part.as_ref().err().is_none_or(concerns_all);
        let store_works = self.store.judge(now, tolerance, answers(&parts.store));
        let directory_works = self.directory.judge(now, tolerance, answers(&parts.directory));
        let reasons = [
            ("store", parts.store.err()),
            ("directory", parts.directory.err()),
            ("mail", parts.mail),
            ("analytics", parts.analytics),
        ];
        Health {
            ready: store_works && directory_works,
            reasons: (reasons.into_iter())
                .filter_map(|(part, cause)| cause.map(|cause| format!("{part}: {cause}")))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, StateConfig};

    fn parts(store: Result<(), Cause>, directory: Result<(), Cause>) -> Parts {
        Parts {
            store,
            directory,
            mail: None,
            analytics: None,
        }
    }

    #[test]
    fn degraded_only_after_a_while_and_recovered_at_once() {
        let deadlines = Config::new("idp-a", "https://login.example", StateConfig::Memory).deadlines;
        let secs = Duration::from_secs;
        let down = || Err(Cause::NoMaster);
        let mut watched = Watched::default();
        let mut ready = |at, store, directory| watched.judge(secs(at), &deadlines, parts(store, directory)).ready;
        assert!(!ready(0, down(), Ok(())), "never answered yet");
        assert!(ready(1, Ok(()), Ok(())));
        assert!(ready(10, down(), Ok(())), "a failover, perhaps");
        assert!(ready(15, down(), Ok(())));
        assert!(!ready(16, down(), Ok(())), "six seconds without a master");
        assert!(ready(17, Ok(()), Ok(())));
        let disk = || Err(Cause::Storage("disk I/O error".into()));
        assert!(ready(18, Ok(()), disk()));
        assert!(ready(19, down(), Ok(())), "each part has a tolerance of its own");
        assert!(ready(24, down(), Ok(())));
        assert!(!ready(25, down(), Ok(())));
        assert!(ready(26, Ok(()), disk()));
        assert!(!ready(32, Ok(()), disk()));
        assert!(ready(33, Ok(()), Err(Cause::Busy)));
        assert!(ready(50, Ok(()), Err(Cause::Busy)), "locked is not lost");
        assert!(ready(51, Ok(()), Err(Cause::DiskFull)));
        assert!(ready(60, Ok(()), Err(Cause::DiskFull)), "what is there can be read");
        let refused = || Err(Cause::WritesRefused("redis: OOM command not allowed".into()));
        assert!(ready(61, refused(), Ok(())));
        assert!(ready(69, refused(), Ok(())), "the other replica is refused as well");
        let demoted = || {
            Err(Cause::Refused(
                "redis: READONLY You can't write against a read only replica.".into(),
            ))
        };
        assert!(ready(80, demoted(), Ok(())));
        assert!(!ready(86, demoted(), Ok(())), "another replica may reach the master");
    }

    #[test]
    fn reasons_are_given_before_the_replica_degrades() {
        let deadlines = Config::new("idp-a", "https://login.example", StateConfig::Memory).deadlines;
        let mut watched = Watched::default();
        watched.judge(Duration::ZERO, &deadlines, parts(Ok(()), Ok(())));
        let health = watched.judge(
            Duration::from_secs(1),
            &deadlines,
            Parts {
                store: Err(Cause::NoMaster),
                directory: Err(Cause::Busy),
                mail: Some(Cause::Full("outbox")),
                analytics: Some(Cause::Full("analytics")),
            },
        );
        assert!(health.ready);
        assert_eq!(
            health.reasons,
            [
                "store: no sentinel names a master",
                "directory: the directory is locked",
                "mail: the outbox queue is full",
                "analytics: the analytics queue is full",
            ]
        );
    }
}
