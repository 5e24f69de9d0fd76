//! Replication: what a promotion loses, and what a node that comes back keeps.

use model_redis::PersistenceMode;
use sim::testbed::RedisCluster;

#[test]
fn a_promotion_loses_what_the_replica_never_received() {
    let cluster = RedisCluster::new(
        1,
        |_| {},
        |client| {
            Box::pin(async move {
                client.sleep_until(10_000).await;
                let mut master = client.connect("redis-1").await;
                master.ask("SET item secret PX 600000").await;
                for _ in 0..2 {
                    master.ask("INCR counter").await;
                }
                client.note("replicated", master.ask("WAIT 1 1000").await);
                client.sleep_until(20_500).await; // the link was cut at 20 s
                client.note("taken", master.ask("GETDEL item").await);
                client.note("gone", master.ask("GETDEL item").await);
                client.note("leader A", master.ask("SET lease A NX PX 30000").await);
                client.note("counted", master.ask("INCR counter").await);
                client.sleep_until(25_000).await; // the master was killed at 21 s
                let mut promoted = client.connect("redis-2").await;
                client.note("taken again", promoted.ask("GETDEL item").await);
                client.note("leader B", promoted.ask("SET lease B NX PX 30000").await);
                client.note("counted again", promoted.ask("INCR counter").await);
            })
        },
    );
    cluster.at(20_000, |engine| RedisCluster::cut(engine, "redis-1", "redis-2"));
    cluster.at(21_000, |engine| engine.kill(RedisCluster::host(engine, "redis-1")));
    cluster.run(30_000);
    let values = [
        "replicated",
        "taken",
        "gone",
        "leader A",
        "counted",
        "taken again",
        "leader B",
        "counted again",
    ];
    let values = values.map(|name| cluster.value(name));
    assert_eq!(
        values,
        [":1", "$6|secret", "$-1", "+OK", ":3", "$6|secret", "+OK", ":3"]
    );
}

#[test]
fn wait_returns_how_many_replicas_have_the_write() {
    let cluster = RedisCluster::new(
        2,
        |_| {},
        |client| {
            Box::pin(async move {
                client.sleep_until(10_000).await;
                let mut master = client.connect("redis-1").await;
                client.note(
                    "fresh",
                    client
                        .ask_once("redis-1", 6379, "WAIT 1 1000")
                        .await
                        .unwrap_or_default(),
                );
                master.ask("SET k v").await;
                client.note("healthy", master.ask("WAIT 1 1000").await);
                client.sleep_until(20_500).await;
                master.ask("SET k w").await;
                let before = client.env.clock.monotonic();
                client.note("cut", master.ask("WAIT 1 1").await);
                client.note("took", (client.env.clock.monotonic() - before).as_millis());
            })
        },
    );
    cluster.at(20_000, |engine| RedisCluster::cut(engine, "redis-1", "redis-2"));
    cluster.run(22_000);
    assert_eq!(
        ["fresh", "healthy", "cut"].map(|name| cluster.value(name)),
        [":1", ":1", ":0"]
    );
    let took: u64 = cluster.value("took").parse().expect("a number");
    assert!(took <= 110, "rounded up to the 100 ms cron: {took}");
}

#[test]
fn a_master_that_is_cut_off_accepts_writes_until_it_counts_its_replicas() {
    // Measured: 2.49 s at max-lag 1.
    let adjust = |config: &mut model_redis::RedisConfig| {
        config.min_replicas_to_write = 1;
        config.min_replicas_max_lag_s = 1;
    };
    let cluster = RedisCluster::new(3, adjust, |client| {
        Box::pin(async move {
            client.sleep_until(20_000).await;
            let mut master = client.connect("redis-1").await;
            loop {
                let reply = master.ask("SET k v").await;
                if reply != "+OK" {
                    return client.note("refused", reply);
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        })
    });
    cluster.at(20_000, |engine| RedisCluster::cut(engine, "redis-1", "redis-2"));
    cluster.run(30_000);
    assert_eq!(
        cluster.value("refused"),
        "-NOREPLICAS Not enough good replicas to write."
    );
    let after = cluster.events_of("client")[0].0 - 20_000;
    assert!((1_000..3_200).contains(&after), "after {after} ms");
}

fn syncs(cluster: &RedisCluster, who: &str, after_ms: u64) -> Vec<String> {
    let said = cluster
        .events_of(who)
        .into_iter()
        .filter(|(at, says)| *at >= after_ms && says.ends_with("Sync"));
    said.map(|(_, says)| says).collect()
}

#[test]
fn a_short_cut_is_caught_up_without_reconnecting() {
    let cluster = RedisCluster::new(
        4,
        |_| {},
        |client| {
            Box::pin(async move {
                client.sleep_until(21_000).await;
                client.connect("redis-1").await.ask("SET k v").await;
                client.sleep_until(22_500).await;
                client.note(
                    "during",
                    client.ask_once("redis-2", 6379, "GET k").await.unwrap_or_default(),
                );
                client.sleep_until(28_000).await;
                client.note(
                    "after",
                    client.ask_once("redis-2", 6379, "GET k").await.unwrap_or_default(),
                );
            })
        },
    );
    cluster.at(20_000, |engine| RedisCluster::cut(engine, "redis-1", "redis-2"));
    cluster.at(23_000, |engine| RedisCluster::mend(engine, "redis-1", "redis-2"));
    cluster.run(30_000);
    assert_eq!(
        (cluster.value("during"), cluster.value("after")),
        ("$-1".into(), "$1|v".into())
    );
    assert_eq!(syncs(&cluster, "redis-2", 20_000), Vec::<String>::new());
}

#[test]
fn a_replica_whose_link_broke_continues_from_its_offset() {
    let cluster = RedisCluster::new(
        5,
        |config| config.repl_timeout_s = 5,
        |client| {
            Box::pin(async move {
                client.sleep_until(21_000).await;
                client.connect("redis-1").await.ask("SET k v").await;
                client.sleep_until(59_000).await;
                client.note(
                    "after",
                    client.ask_once("redis-2", 6379, "GET k").await.unwrap_or_default(),
                );
            })
        },
    );
    cluster.at(20_000, |engine| RedisCluster::cut(engine, "redis-1", "redis-2"));
    cluster.at(35_000, |engine| RedisCluster::mend(engine, "redis-1", "redis-2"));
    cluster.run(60_000);
    assert_eq!(cluster.value("after"), "$1|v");
    let synced = syncs(&cluster, "redis-2", 20_000);
    assert!(
        !synced.is_empty() && synced.iter().all(|kind| kind == "PartialSync"),
        "{synced:?}"
    );
}

#[test]
fn an_old_master_continues_unless_it_wrote_more() {
    for (extra_write, kind) in [(false, "PartialSync"), (true, "FullSync")] {
        let cluster = RedisCluster::new(
            6,
            |_| {},
            move |client| {
                Box::pin(async move {
                    client.sleep_until(15_000).await;
                    let mut master = client.connect("redis-1").await;
                    master.ask("SET k v").await;
                    master.ask("WAIT 1 1000").await;
                    if extra_write {
                        client.sleep_until(20_500).await;
                        master.ask("SET k diverged").await;
                    }
                    client.sleep_until(55_000).await;
                    client.note("k", client.ask_once("redis-1", 6379, "GET k").await.unwrap_or_default());
                })
            },
        );
        // Cut off by itself, with no Sentinel to publish hellos through it: its stream does not grow.
        cluster.at(20_000, |engine| {
            for other in ["redis-2", "sentinel-1", "sentinel-2", "sentinel-3"] {
                RedisCluster::cut(engine, "redis-1", other);
            }
        });
        cluster.at(30_000, |engine| {
            for other in ["redis-2", "sentinel-1", "sentinel-2", "sentinel-3"] {
                RedisCluster::mend(engine, "redis-1", other);
            }
        });
        cluster.run(60_000);
        assert_eq!(cluster.value("k"), "$1|v", "the write that no other node had is lost");
        assert!(cluster.first_at("+convert-to-slave", 30_000).is_some());
        if extra_write {
            assert_eq!(syncs(&cluster, "redis-1", 30_000), [kind]);
        } else {
            assert!(!syncs(&cluster, "redis-1", 30_000).is_empty());
        }
    }
}

#[test]
fn expiry_is_by_each_nodes_own_clock() {
    let cluster = RedisCluster::new(
        7,
        |_| {},
        |client| {
            Box::pin(async move {
                client.sleep_until(20_000).await;
                let mut master = client.connect("redis-1").await;
                master.ask("SET lease A NX PX 30000").await;
                client.note("replicated", master.ask("WAIT 1 1000").await);
                client.sleep_until(25_000).await;
                client.note(
                    "second lease",
                    client.connect("redis-2").await.ask("SET lease B NX PX 30000").await,
                );
            })
        },
    );
    cluster.at(10_000, |engine| {
        engine.clock_offset_ms(RedisCluster::host(engine, "redis-2"), 45_000)
    });
    cluster.at(21_000, |engine| engine.kill(RedisCluster::host(engine, "redis-1")));
    cluster.run(30_000);
    assert_eq!(
        (cluster.value("replicated"), cluster.value("second lease")),
        (":1".into(), "+OK".into())
    );
}

/// Master restarted within the second, so that there is no failover.
fn restart(persistence: PersistenceMode, power_loss: bool, seed: u64) -> RedisCluster {
    let adjust = move |config: &mut model_redis::RedisConfig| config.persistence = persistence;
    let cluster = RedisCluster::new(seed, adjust, |client| {
        Box::pin(async move {
            client.sleep_until(10_000).await;
            client.connect("redis-1").await.ask("MSET old v item v").await;
            client.sleep_until(20_000).await;
            client.connect("redis-1").await.ask("SET new v").await;
            client.connect("redis-1").await.ask("GETDEL item").await;
            client.sleep_until(25_000).await;
            client.note(
                "old",
                client.ask_once("redis-1", 6379, "GET old").await.unwrap_or_default(),
            );
            client.note(
                "new",
                client.ask_once("redis-1", 6379, "GET new").await.unwrap_or_default(),
            );
            client.note(
                "item",
                client.ask_once("redis-1", 6379, "GET item").await.unwrap_or_default(),
            );
            client.note(
                "copied",
                client.ask_once("redis-2", 6379, "GET old").await.unwrap_or_default(),
            );
        })
    });
    let disk = cluster.disk(1).clone();
    cluster.at(20_100, move |engine| {
        if power_loss {
            engine.power_loss(RedisCluster::host(engine, "redis-1"));
            disk.power_loss();
        } else {
            engine.kill(RedisCluster::host(engine, "redis-1"));
        }
    });
    cluster.at(20_300, |engine| engine.start(RedisCluster::host(engine, "redis-1")));
    cluster.run(30_000);
    cluster
}

#[test]
fn a_restart_keeps_what_the_disk_has() {
    let values = |cluster: RedisCluster| ["old", "new", "copied"].map(|name| cluster.value(name));
    let (none, aof) = (PersistenceMode::None, PersistenceMode::Aof);
    assert_eq!(
        values(restart(none, false, 1)),
        ["$-1", "$-1", "$-1"],
        "the replica copies the emptiness"
    );
    assert_eq!(
        values(restart(aof, false, 2)),
        ["$1|v", "$1|v", "$1|v"],
        "a kill loses nothing"
    );
    assert_eq!(
        values(restart(aof, true, 3)),
        ["$1|v", "$-1", "$1|v"],
        "a power loss loses up to a second"
    );
}

#[test]
fn a_restart_from_a_snapshot_brings_a_taken_item_back() {
    // One snapshot is due between the two writes, and none after.
    let rdb = PersistenceMode::Rdb {
        after_s: 15,
        changes: 1,
    };
    for (power_loss, seed) in [(false, 4), (true, 5)] {
        let cluster = restart(rdb, power_loss, seed);
        let values = ["old", "item", "new", "copied"].map(|name| cluster.value(name));
        assert_eq!(values, ["$1|v", "$1|v", "$-1", "$1|v"]);
    }
    let aof = restart(PersistenceMode::Aof, false, 6);
    assert_eq!(aof.value("item"), "$-1");
}
