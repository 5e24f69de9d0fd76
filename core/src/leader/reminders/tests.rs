use super::*;
use crate::{
    config::StateConfig,
    leader::EpochRepository,
    stop::Stopping,
    store::{
        MemoryStore, SqliteDirectory,
        testing::{Fixture, START},
    },
    users::User,
};
use async_trait::async_trait;
use seams::Cause;
use std::{collections::VecDeque, sync::Mutex, time::Duration};

/// Takes every mail and answers as told, then with success.
#[derive(Default)]
struct Relay {
    taken: Mutex<Vec<Mail>>,
    answers: Mutex<VecDeque<Outcome<()>>>,
    takes: Mutex<Duration>,
}

#[async_trait]
impl Mailer for Relay {
    async fn enqueue(&self, _mail: Mail) -> Outcome<()> {
        panic!("a job waits for the relay's word")
    }
    async fn deliver(&self, mail: Mail) -> Outcome<()> {
        let takes = *self.takes.lock().unwrap();
        sleep(takes).await;
        self.taken.lock().unwrap().push(mail);
        self.answers.lock().unwrap().pop_front().unwrap_or(Ok(()))
    }
}

struct Setup {
    fixture: Fixture,
    directory: Arc<SqliteDirectory>,
    relay: Arc<Relay>,
    clocks: Arc<Clocks>,
}

impl Setup {
    /// With one reminder, due ten seconds after the start.
    async fn new(test: &str) -> Setup {
        let fixture = Fixture::new();
        fixture.clock.follow_tokio();
        let location = format!("file:/reminder-{test}?vfs=memdb");
        let wait = Duration::from_secs(1);
        let directory = SqliteDirectory::open(fixture.env("idp-a"), &location, wait).await;
        let directory = directory.expect("it opens");
        let ann = User {
            id: "user-ann".into(),
            address: "ann@example.com".into(),
            name: "Ann".into(),
            ..User::default()
        };
        directory.add_user(&ann).await.unwrap();
        let reminder = Reminder {
            id: "r1".into(),
            user_id: ann.id,
            address: ann.address,
            text: "Water the plants".into(),
            due: START + Duration::from_secs(10),
        };
        directory.add_reminder(reminder).await.unwrap();
        Setup {
            clocks: Clocks::new(&fixture.env("idp-a"), Duration::from_secs(300)),
            fixture,
            directory: Arc::new(directory),
            relay: Arc::default(),
        }
    }

    fn start_job(&self, epoch: LeaderEpoch) {
        self.start_job_until(epoch, Stop::never());
    }

    fn start_job_until(&self, epoch: LeaderEpoch, stop: Stop) {
        let leadership = Leadership {
            epoch,
            valid_until: Duration::from_secs(60),
        };
        let (_, leadership) = watch::channel(Some(leadership));
        let config = Config::new("idp-a", "https://login.example", StateConfig::Memory);
        let env = self.fixture.env("idp-a");
        send_reminders(
            &env,
            &config,
            self.directory.clone(),
            self.relay.clone(),
            (
                leadership,
                Fitness::new(self.fixture.clock.clone()),
                self.clocks.clone(),
            ),
            stop,
        );
    }

    fn mails(&self) -> usize {
        self.relay.taken.lock().unwrap().len()
    }
}

async fn secs(n: u64) {
    sleep(Duration::from_secs(n)).await;
}

#[tokio::test(start_paused = true)]
async fn one_mail_when_due() {
    let setup = Setup::new("due").await;
    let epoch = setup.directory.begin_epoch("a").await.unwrap();
    setup.start_job(epoch);
    secs(9).await;
    assert_eq!(setup.mails(), 0);
    secs(40).await;
    assert_eq!(setup.mails(), 1);
}

#[tokio::test(start_paused = true)]
async fn two_who_believe_to_lead_send_one() {
    let setup = Setup::new("two").await;
    let old = setup.directory.begin_epoch("a").await.unwrap();
    let new = setup.directory.begin_epoch("b").await.unwrap();
    setup.start_job(old);
    secs(20).await;
    assert_eq!(setup.mails(), 0, "fenced");
    setup.start_job(new);
    secs(20).await;
    assert_eq!(setup.mails(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_ran_out_sends_nothing() {
    let setup = Setup::new("expired").await;
    let epoch = setup.directory.begin_epoch("a").await.unwrap();
    setup.fixture.clock.pass(60_000);
    setup.start_job(epoch);
    secs(20).await;
    assert_eq!(setup.mails(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_definite_failure_is_tried_again_an_unknown_one_never() {
    let setup = Setup::new("outcomes").await;
    let cause = || Cause::ConnectionLost("test".into());
    *setup.relay.answers.lock().unwrap() =
        VecDeque::from([Err(Failure::Fail(cause())), Err(Failure::Unknown(cause()))]);
    let epoch = setup.directory.begin_epoch("a").await.unwrap();
    setup.start_job(epoch);
    secs(50).await;
    assert_eq!(setup.mails(), 2);
    assert_eq!(setup.fixture.marks.seen("reminder given back"), 1);
    assert_eq!(setup.fixture.marks.seen("reminder fate unknown"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_claim_whose_fate_is_unknown_is_given_back() {
    use seams::{StorageFault, StorageMoment};
    let setup = Setup::new("unknown-claim").await;
    let epoch = setup.directory.begin_epoch("a").await.unwrap();
    setup.start_job(epoch);
    // The claim and two tries to give it back are committed, and reported to have failed.
    let storage = &setup.fixture.storage;
    storage.fail(StorageMoment::AfterCommit, StorageFault::Io, 3);
    secs(11).await;
    assert_eq!(setup.mails(), 0);
    secs(30).await;
    assert_eq!(setup.mails(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_job_stops_between_two_reminders() {
    let setup = Setup::new("stops").await;
    let another = Reminder {
        id: "r2".into(),
        user_id: "user-ann".into(),
        address: "ann@example.com".into(),
        text: "Feed the cat".into(),
        due: START + Duration::from_millis(9_500),
    };
    setup.directory.add_reminder(another).await.unwrap();
    *setup.relay.takes.lock().unwrap() = Duration::from_secs(3);
    let stopping = Stopping::new();
    let epoch = setup.directory.begin_epoch("a").await.unwrap();
    setup.start_job_until(epoch, stopping.stop());
    secs(12).await;
    stopping.ask();
    stopping.ended().await;
    assert_eq!(setup.mails(), 1, "the one that was under way");
    assert_eq!(setup.fixture.marks.seen("reminder sent"), 1);
    let next = setup.directory.begin_epoch("b").await.unwrap();
    setup.start_job(next);
    secs(20).await;
    assert_eq!(setup.mails(), 2, "the other one is sent by the next leader");
}

/// By whose clock it is due is decided by the store's, however wrong this host's is.
#[tokio::test(start_paused = true)]
async fn a_clock_that_is_ahead_sends_nothing_early_and_one_that_is_too_far_sends_nothing() {
    let setup = Setup::new("ahead").await;
    let theirs = Fixture::new();
    theirs.clock.follow_tokio();
    let store = MemoryStore::new(theirs.clock.clone());
    let epoch = setup.directory.begin_epoch("a").await.unwrap();
    setup.fixture.clock.pass(301_000);
    setup.clocks.look(&store).await.unwrap();
    let env = setup.fixture.env("idp-a");
    let valid_until = env.clock.monotonic() + Duration::from_secs(60);
    let (_sender, leadership) = watch::channel(Some(Leadership { epoch, valid_until }));
    let config = Config::new("idp-a", "https://login.example", StateConfig::Memory);
    let jobs = (leadership, Fitness::new(env.clock.clone()), setup.clocks.clone());
    send_reminders(
        &env,
        &config,
        setup.directory.clone(),
        setup.relay.clone(),
        jobs,
        Stop::never(),
    );
    secs(5).await;
    assert_eq!(setup.mails(), 0, "nobody knows what time it is");
    theirs.clock.pass(2_000);
    setup.clocks.look(&store).await.unwrap();
    secs(2).await;
    assert_eq!(setup.mails(), 0, "it is due in a second, by the store's clock");
    secs(3).await;
    assert_eq!(setup.mails(), 1);
}
