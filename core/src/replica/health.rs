//! Which part of its work this replica can do. It closes the port for what it cannot do, because a balancer that got a 503 keeps
//! sending (measured on nginx 1.22: a POST is answered with the 503, and the replica is never ejected): that for logins without the
//! store, both without the directory. It recovers by itself (inventory 25, 26), but not at the first answer: what fails most of the time
//! would open and close the port again and again, and each time people would be sent to a replica that fails them.

use super::Wiring;
use crate::{
    clocks::Clocks,
    config::{Config, Deadlines},
    store::DirectoryProbe,
};
use seams::{Cause, Env, Outcome};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{oneshot, watch},
    time::{sleep, timeout},
};

/// The state of the parts that a replica cannot work without.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Health {
    /// Whether the port for people should be open, at which they log in.
    pub ready: bool,
    /// Whether the port for accounts should be open.
    pub accounts: bool,
    /// What is wrong with the store, if anything is.
    pub store: Option<Cause>,
    /// What is wrong, part and cause. May hold something while still `ready`: a failure that may
    /// pass, or one that the port cannot mend by being closed.
    pub reasons: Vec<String>,
}

/// Starts to watch the store, with its clock, and the directory. Not ready until both have answered once; degraded when one has
/// not for [`Deadlines::degraded_after`], until it has answered [`Deadlines::good_looks`] times in a row. The same holds of
/// accounts, but that they need the directory alone.
pub fn watch_health(env: &Env, config: &Config, wiring: &Wiring, clocks: Arc<Clocks>) -> watch::Receiver<Health> {
    let (deadlines, has_account_port) = (config.deadlines, config.account_port.is_some());
    let (announce, health) = watch::channel(Health {
        reasons: vec!["starting".into()],
        ..Health::default()
    });
    let (env, wiring) = (env.clone(), wiring.clone());
    env.clone().spawn_vital("health", async move {
        let mut watched = Watched::default();
        let mut asked = Asked::default();
        loop {
            let store = match wiring.store.health().await {
                // Before the port is opened: whatever is dated must be dated by the time that is one for all.
                Ok(()) => clocks.look(&*wiring.store).await,
                failed => failed,
            };
            let parts = Parts {
                store: store.map_err(|f| f.cause().clone()),
                directory: asked.answer(&env, &deadlines, &wiring.directory.probe).await,
                clock: clocks.apart(),
                mail: wiring.mailer.trouble(),
                analytics: wiring.analytics.trouble(),
            };
            let now = env.clock.monotonic();
            let before = announce.borrow().clone();
            let health = watched.judge(now, &deadlines, parts);
            report(&env, &watched, has_account_port, &before, &health);
            watched.was_ready_once |= health.ready;
            watched.had_accounts_once |= health.accounts;
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

/// A question to the directory that is under way. A disk that hangs keeps its answer for as long as it likes, and the look at health
/// must not wait for it.
#[derive(Default)]
struct Asked {
    answer: Option<oneshot::Receiver<Outcome<()>>>,
    is_late: bool,
}

impl Asked {
    /// What the directory answers, to this question or to an earlier one that it has not answered yet. One that comes too late is as
    /// bad as none: the next commit will take as long.
    async fn answer(
        &mut self,
        env: &Env,
        deadlines: &Deadlines,
        directory: &Arc<dyn DirectoryProbe>,
    ) -> Result<(), Cause> {
        let answer = self.answer.get_or_insert_with(|| {
            let (tell, answer) = oneshot::channel();
            let directory = directory.clone();
            env.spawn(async move { drop(tell.send(directory.probe().await)) });
            answer
        });
        // Waiting for the lock has a deadline of its own; what takes longer is the disk.
        let limit = deadlines.directory * 2;
        let too_long = Cause::Deadline {
            what: "the directory's disk",
            limit_ms: limit.as_millis() as u64,
        };
        let Ok(answered) = timeout(limit, answer).await else {
            self.is_late = true;
            return Err(too_long);
        };
        self.answer = None;
        match answered {
            Ok(Ok(())) if std::mem::take(&mut self.is_late) => Err(too_long),
            Ok(Ok(())) => Ok(()),
            Ok(Err(failure)) => Err(failure.cause().clone()),
            Err(_) => Err(too_long), // its task is gone: the process is about to end
        }
    }
}

fn report(env: &Env, watched: &Watched, has_account_port: bool, before: &Health, now: &Health) {
    let reasons = now.reasons.join("; ");
    match (before.ready, now.ready) {
        (true, false) => {
            env.mark("replica degraded");
            tracing::error!(%reasons, "degraded: closing the port for logins");
        }
        (false, true) if watched.was_ready_once => {
            env.mark("replica recovered");
            tracing::info!("recovered: opening the port for logins again");
        }
        (false, true) => tracing::info!("ready"),
        _ => {}
    }
    match (before.accounts, now.accounts) {
        _ if !has_account_port => {}
        (true, false) => tracing::error!(%reasons, "degraded: closing the port for accounts"),
        (false, true) if watched.had_accounts_once => tracing::info!("recovered: opening the port for accounts again"),
        (false, true) if !now.ready => tracing::info!("ready for accounts, and not for logins"),
        _ => {}
    }
    // What closes a port has been told; something may be wrong with a replica that is ready.
    let is_told = (before.ready && !now.ready) || (has_account_port && before.accounts && !now.accounts);
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
    clock: Option<Cause>,
}

#[derive(Default)]
struct Watched {
    was_ready_once: bool,
    had_accounts_once: bool,
    store: Part,
    directory: Part,
}

/// One part: since when it has not answered.
#[derive(Default)]
struct Part {
    answered_once: bool,
    failing_since: Option<Duration>,
    /// Why it has failed for too long, and how often it has answered since the last failure.
    broken: Option<(Cause, u32)>,
}

impl Part {
    /// Why the part counts as broken, if it does: it has failed for too long, and has not answered often enough since.
    fn judge(&mut self, now: Duration, deadlines: &Deadlines, failed: Option<&Cause>) -> Option<Cause> {
        let Some(cause) = failed else {
            self.answered_once = true;
            self.failing_since = None;
            let once_more = self.broken.take().map(|(cause, answers)| (cause, answers + 1));
            self.broken = once_more.filter(|(_, answers)| *answers < deadlines.good_looks);
            return self.broken.as_ref().map(|(cause, _)| cause.clone());
        };
        let since = *self.failing_since.get_or_insert(now);
        let is_tolerated = now.saturating_sub(since) < deadlines.degraded_after;
        if self.broken.is_some() || (self.answered_once && !is_tolerated) {
            self.broken = Some((cause.clone(), 0));
        }
        (!self.answered_once || self.broken.is_some()).then(|| cause.clone())
    }
}

/// Whether the other replicas have the same trouble with the store, whoever of them is asked.
fn is_refused_to_all(cause: &Cause) -> bool {
    matches!(cause, Cause::WritesRefused(_))
}

/// Whether they have the same trouble with the directory: it is on one disk.
fn is_locked_to_all(cause: &Cause) -> bool {
    matches!(cause, Cause::Busy | Cause::DiskFull | Cause::Deadline { .. })
}

impl Watched {
    fn judge(&mut self, now: Duration, deadlines: &Deadlines, parts: Parts) -> Health {
        // A store that refuses to write refuses the other replicas as well, and so does a directory that is locked or
        // full, or whose disk hangs; both can still be read. Closing all ports would only lock out people who are logged in.
        let of_store = parts.store.as_ref().err().filter(|cause| !is_refused_to_all(cause));
        let of_directory = parts.directory.as_ref().err().filter(|cause| !is_locked_to_all(cause));
        let store = self.store.judge(now, deadlines, of_store);
        let directory = self.directory.judge(now, deadlines, of_directory);
        let accounts = directory.is_none();
        let ready = store.is_none() && accounts;
        // What has failed for too long is told until it counts as working.
        let store = parts.store.err().or(store);
        let reasons = [
            ("store", store.clone()),
            ("directory", parts.directory.err().or(directory)),
            ("mail", parts.mail),
            ("analytics", parts.analytics),
            ("clock", parts.clock),
        ];
        Health {
            ready,
            accounts,
            store,
            reasons: (reasons.into_iter())
                .filter_map(|(part, cause)| cause.map(|cause| format!("{part}: {cause}")))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::StateConfig;

    fn parts(store: Result<(), Cause>, directory: Result<(), Cause>) -> Parts {
        Parts {
            store,
            directory,
            mail: None,
            analytics: None,
            clock: None,
        }
    }

    #[test]
    fn degraded_only_after_a_while_and_recovered_after_some_answers() {
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
        assert!(!ready(17, Ok(()), Ok(())), "one answer is not enough");
        assert!(!ready(17, Ok(()), Ok(())));
        assert!(ready(17, Ok(()), Ok(())));
        let disk = || Err(Cause::Storage("disk I/O error".into()));
        assert!(ready(18, Ok(()), disk()));
        assert!(ready(19, down(), Ok(())), "each part has a tolerance of its own");
        assert!(ready(24, down(), Ok(())));
        assert!(!ready(25, down(), Ok(())));
        assert!(!ready(26, Ok(()), disk()));
        assert!(!ready(32, Ok(()), disk()));
        assert!(!ready(33, Ok(()), Err(Cause::Busy)));
        assert!(!ready(34, Ok(()), Err(Cause::Busy)));
        assert!(ready(35, Ok(()), Err(Cause::Busy)), "it answers");
        assert!(ready(50, Ok(()), Err(Cause::Busy)), "locked is not lost");
        assert!(ready(51, Ok(()), Err(Cause::DiskFull)));
        assert!(ready(60, Ok(()), Err(Cause::DiskFull)), "what is there can be read");
        let hangs = || Cause::Deadline {
            what: "the directory's disk",
            limit_ms: 2000,
        };
        assert!(ready(60, Ok(()), Err(hangs())), "the same");
        let refused = || Err(Cause::WritesRefused("redis: OOM command not allowed".into()));
        assert!(ready(61, refused(), Err(hangs())));
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
                clock: Some(Cause::ClockApart { ahead_ms: -301_000 }),
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
                "clock: this clock is 301 s behind Redis's",
            ]
        );
    }

    /// What fails again and again is closed once, and told for as long as it is closed.
    #[test]
    fn a_port_does_not_flap() {
        let deadlines = Config::new("idp-a", "https://login.example", StateConfig::Memory).deadlines;
        let mut watched = Watched::default();
        let mut look = |at, store| watched.judge(Duration::from_secs(at), &deadlines, parts(store, Ok(())));
        look(0, Ok(()));
        for at in 1..7 {
            assert!(look(at, Err(Cause::NoMaster)).ready);
        }
        for at in (7..60).step_by(3) {
            for (late, store) in [(0, Err(Cause::NoMaster)), (1, Ok(())), (2, Ok(()))] {
                let health = look(at + late, store);
                assert!(!health.ready, "{at} {late}");
                assert_eq!(health.reasons, ["store: no sentinel names a master"]);
            }
        }
        let third = look(61, Ok(()));
        assert!(third.ready && third.reasons.is_empty());
    }

    /// It was never told that it works, so nobody is sent here again and again.
    #[test]
    fn the_first_answer_opens_the_port() {
        let deadlines = Config::new("idp-a", "https://login.example", StateConfig::Memory).deadlines;
        let mut watched = Watched::default();
        let mut ready = |at, store| {
            let health = watched.judge(Duration::from_secs(at), &deadlines, parts(store, Ok(())));
            health.ready
        };
        for at in 0..20 {
            assert!(!ready(at, Err(Cause::NoMaster)));
        }
        assert!(ready(20, Ok(())));
    }
}
