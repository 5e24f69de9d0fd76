//! Whom the Sentinels name, and when the store goes there.

use super::*;
use crate::store::SentinelFinder;

const HOSTS: [&str; 3] = ["sentinel-1", "sentinel-2", "sentinel-3"];

fn deadlines() -> Deadlines {
    Config::new("idp-a", "https://login.example", StateConfig::Memory).deadlines
}

/// Serves a Sentinel that names this node, `redis-1` for 1, in a configuration of this epoch.
fn sentinel(fixture: &Fixture, asked: &Arc<Mutex<Vec<String>>>, host: &str, named: fn() -> (u8, u64)) {
    serve(fixture.network.serve(host), asked.clone(), move |command| {
        let (node, epoch) = named();
        match command {
            "SENTINEL get-master-addr-by-name auth" => Say(match node {
                1 => "*2\r\n$7\r\nredis-1\r\n$4\r\n6379\r\n",
                2 => "*2\r\n$7\r\nredis-2\r\n$4\r\n6379\r\n",
                _ => "*-1\r\n", // unknown name
            }),
            "SENTINEL master auth" => Say(match epoch {
                0 => "-NOPERM this user has no permissions to run the 'sentinel|master' command\r\n",
                1 => "*4\r\n$4\r\nname\r\n$4\r\nauth\r\n$12\r\nconfig-epoch\r\n$1\r\n1\r\n",
                _ => "*4\r\n$4\r\nname\r\n$4\r\nauth\r\n$12\r\nconfig-epoch\r\n$2\r\n10\r\n",
            }),
            _ => HangUp,
        }
    });
}

fn finder(fixture: &Fixture) -> SentinelFinder {
    let sentinels = HOSTS.map(|host| (host.to_owned(), 26379));
    SentinelFinder::new(fixture.env("idp-a"), sentinels.into(), "auth".into(), deadlines())
}

fn redis(n: u8) -> (String, u16) {
    (format!("redis-{n}"), 6379)
}

#[tokio::test(start_paused = true)]
async fn most_sentinels_are_believed_and_nobody_waits_for_the_others() {
    let (fixture, asked) = (Fixture::new(), Arc::default());
    let _silent = fixture.network.serve(HOSTS[0]);
    sentinel(&fixture, &asked, HOSTS[1], || (2, 1));
    sentinel(&fixture, &asked, HOSTS[2], || (2, 1));
    let (finder, began) = (finder(&fixture), Instant::now());
    assert_eq!(finder.find().await, Ok(redis(2)));
    assert_eq!(finder.elected().await, Some(redis(2)));
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn of_sentinels_that_disagree_the_newest_configuration_is_right() {
    for (first, second, right) in [
        ((|| (1, 1)) as fn() -> (u8, u64), (|| (2, 10)) as fn() -> (u8, u64), 2),
        (|| (1, 10), || (2, 1), 1),
        (|| (1, 0), || (2, 1), 2),
        (|| (3, 0), || (2, 0), 2),
    ] {
        let (fixture, asked) = (Fixture::new(), Arc::default());
        sentinel(&fixture, &asked, HOSTS[0], first);
        sentinel(&fixture, &asked, HOSTS[1], second);
        let _silent = fixture.network.serve(HOSTS[2]);
        let (finder, began) = (finder(&fixture), Instant::now());
        assert_eq!(finder.find().await, Ok(redis(right)));
        assert_eq!(began.elapsed(), deadlines().connect, "for the third might decide");
        assert_eq!(finder.elected().await, None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_sentinel_that_is_left_alone_is_believed_by_whoever_has_no_master() {
    let (fixture, asked) = (Fixture::new(), Arc::default());
    sentinel(&fixture, &asked, HOSTS[1], || (1, 1));
    let finder = finder(&fixture);
    assert_eq!(finder.find().await, Ok(redis(1)));
    assert_eq!(finder.elected().await, None, "which is no reason to leave another");
}

#[tokio::test(start_paused = true)]
async fn no_sentinel_no_master() {
    let (fixture, asked) = (Fixture::new(), Arc::default());
    sentinel(&fixture, &asked, HOSTS[0], || (3, 0));
    assert_eq!(finder(&fixture).find().await, Err(Failure::Fail(Cause::NoMaster)));
}

/// The Sentinels elect `redis-2`, and `redis-1` works on.
struct Elected(AtomicUsize);

#[async_trait]
impl MasterFinder for Elected {
    async fn find(&self) -> Outcome<(String, u16)> {
        Ok(redis(1))
    }
    async fn elected(&self) -> Option<(String, u16)> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Some(redis(2))
    }
}

#[tokio::test(start_paused = true)]
async fn a_master_that_works_is_left_for_the_one_that_was_elected_if_that_works_too() {
    for (works, expected) in [(true, Some(b"2".to_vec())), (false, Some(b"1".to_vec()))] {
        let (fixture, asked) = (Fixture::new(), Arc::<Mutex<Vec<String>>>::default());
        fixture.clock.follow_tokio();
        let says = |reply: &'static str, role: &'static str| {
            move |command: &str| match command {
                "ROLE" => Say(role),
                _ if command.starts_with("GET") => Say(reply),
                _ => Say("+OK\r\n"),
            }
        };
        serve(
            fixture.network.serve("redis-1"),
            asked.clone(),
            says("$1\r\n1\r\n", MASTER),
        );
        let role = if works { MASTER } else { REPLICA };
        serve(
            fixture.network.serve("redis-2"),
            asked.clone(),
            says("$1\r\n2\r\n", role),
        );
        let finder = Arc::new(Elected(AtomicUsize::new(0)));
        let store = RedisStore::new(fixture.env("idp-a"), finder.clone(), deadlines());
        store.health().await.expect("it works");
        assert_eq!(store.get(&key()).await, Ok(Some(b"1".to_vec())), "until it has looked");
        tokio::time::sleep(Duration::from_secs(1)).await;
        store.health().await.expect("it works");
        assert_eq!(finder.0.load(Ordering::Relaxed), 1, "it looks every five seconds");
        tokio::time::sleep(deadlines().look_at_sentinels).await;
        store.health().await.expect("it works");
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(finder.0.load(Ordering::Relaxed), 2);
        assert_eq!(store.get(&key()).await, Ok(expected), "works: {works}");
        assert_eq!(
            fixture.marks.seen("the master was left for another"),
            usize::from(works)
        );
    }
}
