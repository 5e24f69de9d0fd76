mod reference;

use super::*;
use crate::{
    config::StateConfig,
    stop::Stopping,
    store::{
        MemoryStore, SqliteDirectory,
        testing::{Fixture, Flaky},
    },
};
use seams::{Cause, Clock, Outcome};

const KEY: fn() -> Key = || Key::new(LEASE, "jobs");
const SECOND: Duration = Duration::from_secs(1);

struct Pair {
    fixture: Fixture,
    store: Arc<Flaky>,
    directory: Arc<SqliteDirectory>,
    config: Config,
}

impl Pair {
    async fn new(test: &str) -> Pair {
        let fixture = Fixture::new();
        fixture.clock.follow_tokio();
        let location = format!("file:/leader-{test}?vfs=memdb");
        let directory = SqliteDirectory::open(fixture.env("idp-a"), &location, SECOND).await;
        Pair {
            store: Arc::new(Flaky::new(MemoryStore::new(fixture.clock.clone()))),
            directory: Arc::new(directory.expect("it opens")),
            config: Config::new("idp-a", "https://login.example", StateConfig::Memory),
            fixture,
        }
    }

    fn candidate(&self, host: &str) -> (Env, watch::Receiver<Option<Leadership>>) {
        self.candidate_until(host, Stop::never())
    }

    fn candidate_until(&self, host: &str, stop: Stop) -> (Env, watch::Receiver<Option<Leadership>>) {
        self.candidate_with(host, (self.fitness(), self.clocks(host)), stop)
    }

    fn fitness(&self) -> Arc<Fitness> {
        Fitness::new(self.fixture.clock.clone())
    }

    /// Of a host that has looked at the store's clock.
    fn clocks(&self, host: &str) -> Arc<Clocks> {
        Clocks::right(&self.fixture.env(host), self.config.ttl.clock_slack)
    }

    fn candidate_with(
        &self,
        host: &str,
        jobs: (Arc<Fitness>, Arc<Clocks>),
        stop: Stop,
    ) -> (Env, watch::Receiver<Option<Leadership>>) {
        let env = self.fixture.env(host);
        let (store, epochs) = (self.store.clone(), self.directory.clone());
        let leadership = seek_leadership(&env, &self.config, store, epochs, jobs, stop);
        (env, leadership)
    }
}

fn leads((env, leadership): &(Env, watch::Receiver<Option<Leadership>>)) -> bool {
    leadership.borrow().is_some_and(|l| l.is_valid(env))
}

fn unknown() -> Outcome<()> {
    Err(Failure::Unknown(Cause::ConnectionLost("test".into())))
}

#[tokio::test(start_paused = true)]
async fn one_leads_and_goes_on_leading() {
    let pair = Pair::new("one").await;
    let (a, b) = (pair.candidate("idp-a"), pair.candidate("idp-b"));
    for _ in 0..60 {
        sleep(SECOND).await;
        assert!(leads(&a) && !leads(&b));
    }
    assert_eq!(pair.fixture.marks.seen("leader elected"), 1);
}

#[tokio::test(start_paused = true)]
async fn an_unfit_leader_gives_way_and_leads_again_if_nobody_else_does() {
    let pair = Pair::new("unfit").await;
    let fitness = pair.fitness();
    let fails = || fitness.failed(pair.fixture.clock.monotonic(), &Cause::Unreachable("mail".into()));
    let jobs = (fitness.clone(), pair.clocks("idp-a"));
    let a = pair.candidate_with("idp-a", jobs, Stop::never());
    sleep(SECOND).await;
    assert!(leads(&a));
    fails();
    sleep(8 * SECOND).await;
    assert!(leads(&a), "it may pass");
    sleep(5 * SECOND).await;
    assert!(!leads(&a));
    sleep(6 * SECOND).await;
    assert!(leads(&a), "nobody else wanted to");

    let b = pair.candidate("idp-b");
    fails();
    sleep(17 * SECOND).await;
    assert!(!leads(&a) && leads(&b));
    sleep(60 * SECOND).await;
    assert!(!leads(&a) && leads(&b), "for it is fit");
    assert_eq!(pair.fixture.marks.seen("an unfit leader gave way"), 2);
}

#[tokio::test(start_paused = true)]
async fn no_store_no_leader() {
    let pair = Pair::new("none").await;
    pair.store.fail(Err(Failure::Fail(Cause::NoMaster)));
    let a = pair.candidate("idp-a");
    sleep(60 * SECOND).await;
    assert!(!leads(&a));
    pair.store.fail(Ok(()));
    sleep(4 * SECOND).await;
    assert!(leads(&a), "by itself");
}

#[tokio::test(start_paused = true)]
async fn a_leader_cut_off_stops_no_later_than_its_lease() {
    let pair = Pair::new("cut").await;
    let a = pair.candidate("idp-a");
    sleep(SECOND).await;
    assert!(leads(&a));
    pair.store.fail(unknown());
    sleep(pair.config.leader.lease).await;
    assert!(!leads(&a));
    assert_eq!(pair.fixture.marks.seen("lease lost"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_does_not_prolong_a_lease() {
    let pair = Pair::new("hang").await;
    let a = pair.candidate("idp-a");
    sleep(SECOND).await;
    pair.store.hang();
    sleep(pair.config.leader.lease).await;
    assert!(!leads(&a));
    assert!(a.1.borrow().is_none(), "and says so");
}

#[tokio::test(start_paused = true)]
async fn whoever_takes_over_has_a_higher_epoch() {
    let pair = Pair::new("epoch").await;
    let a = pair.candidate("idp-a");
    sleep(SECOND).await;
    let first = a.1.borrow().expect("leads").epoch;
    // A failover of Redis forgot the lease.
    let holder = pair.store.get(&KEY()).await.unwrap().expect("held");
    pair.store.release(&KEY(), &holder).await.unwrap();
    let b = pair.candidate("idp-b");
    sleep(SECOND / 10).await;
    assert!(leads(&a) && leads(&b), "two, as far as Redis is concerned");
    assert!(
        b.1.borrow().expect("leads").epoch > first,
        "one, as far as the directory is"
    );
    sleep(4 * SECOND).await;
    assert!(!leads(&a), "told when it renews");
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_does_not_lock_the_winner_out() {
    let pair = Pair::new("lost").await;
    pair.store.lose_next_answer();
    let a = pair.candidate("idp-a");
    sleep(SECOND).await;
    assert!(!leads(&a), "not known to be won");
    assert!(pair.store.get(&KEY()).await.unwrap().is_some(), "but won");
    sleep(3 * SECOND).await;
    assert!(leads(&a));
}

#[tokio::test(start_paused = true)]
async fn no_epoch_no_leadership() {
    let pair = Pair::new("no-epoch").await;
    use seams::{StorageFault, StorageMoment};
    pair.fixture
        .storage
        .fail(StorageMoment::BeforeCommit, StorageFault::Io, 1);
    let a = pair.candidate("idp-a");
    sleep(SECOND).await;
    assert!(!leads(&a));
    assert_eq!(pair.store.get(&KEY()).await, Ok(None), "given back at once");
    sleep(3 * SECOND).await;
    assert!(leads(&a));
}

#[tokio::test(start_paused = true)]
async fn whoever_keeps_the_lease_recovers_from_a_newer_epoch() {
    let pair = Pair::new("fenced").await;
    let a = pair.candidate("idp-a");
    sleep(SECOND).await;
    // Somebody led for a moment on a master that was already deposed.
    let newest = pair.directory.begin_epoch("idp-b").await.expect("begun");
    assert!(leads(&a), "it cannot know yet, and its writes are fenced");
    sleep(8 * SECOND).await;
    assert!(leads(&a));
    assert!(a.1.borrow().expect("leads").epoch > newest, "and may act again");
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_stops_lets_another_lead_before_its_lease_is_over() {
    let pair = Pair::new("stops").await;
    let stopping = Stopping::new();
    let a = pair.candidate_until("idp-a", stopping.stop());
    let b = pair.candidate("idp-b");
    sleep(SECOND).await;
    assert!(leads(&a) && !leads(&b));
    stopping.ask();
    stopping.ended().await;
    assert!(!leads(&a));
    assert_eq!(pair.store.get(&KEY()).await, Ok(None));
    sleep(pair.config.leader.renew_every).await;
    assert!(leads(&b));
    assert_eq!(pair.fixture.marks.seen("lease given back"), 1);
}

#[tokio::test(start_paused = true)]
async fn whoever_has_a_wrong_clock_does_not_lead_until_it_is_right() {
    let pair = Pair::new("clock").await;
    let theirs = Fixture::new();
    theirs.clock.follow_tokio();
    let store = MemoryStore::new(theirs.clock.clone());
    let clocks = pair.clocks("idp-a");
    let a = pair.candidate_with("idp-a", (pair.fitness(), clocks.clone()), Stop::never());
    sleep(SECOND).await;
    assert!(leads(&a));
    theirs.clock.pass(301_000);
    clocks.look(&store).await.unwrap();
    sleep(3 * SECOND).await;
    assert!(!leads(&a));
    assert_eq!(pair.store.get(&KEY()).await, Ok(None), "given back at once");
    sleep(30 * SECOND).await;
    assert!(!leads(&a), "nobody leads");
    assert_eq!(pair.fixture.marks.seen("a leader whose clock is wrong gave way"), 1);
    pair.fixture.clock.pass(301_000);
    clocks.look(&store).await.unwrap();
    sleep(4 * SECOND).await;
    assert!(leads(&a), "it is right again");
}

#[tokio::test(start_paused = true)]
async fn nobody_leads_who_has_not_looked_at_the_stores_clock() {
    let pair = Pair::new("no-look").await;
    let clocks = Clocks::new(&pair.fixture.env("idp-a"), pair.config.ttl.clock_slack);
    let a = pair.candidate_with("idp-a", (pair.fitness(), clocks.clone()), Stop::never());
    sleep(20 * SECOND).await;
    assert!(!leads(&a));
    clocks.look(&*pair.store).await.unwrap();
    sleep(SECOND / 10).await;
    assert!(leads(&a));
}
