//! A watchdog always makes the same Redis node the master: the one that was the master when the watchdog started,
//! whatever Sentinel decides (inventory 37, 39, 41).
//!
//! Seen in real systems: helm/charts#21303, bitnami/charts#5418 (two masters after a failover, because of a start-up
//! script). Each master accepts writes that the other never gets.

use crate::vocabulary::PlantedBug;
use idp::store::{MasterFinder, SentinelFinder};
use seams::Env;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{sleep, timeout},
};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "master_pinned",
    title: "a watchdog promotes the first master again whenever it follows another",
    covers: &[37, 39, 41],
    scenario: "failover_mid_redemption",
    detected_by: "ReplicationCatchesUp",
    bug: |env, config, wiring| {
        if let Some(finder) = SentinelFinder::of(env, config) {
            env.spawn(watch(env.clone(), finder));
        }
        wiring
    },
};

/// Time between two checks of the watchdog.
const EVERY: Duration = Duration::from_secs(1);

async fn watch(env: Env, finder: SentinelFinder) {
    let first = loop {
        match finder.find().await {
            Ok(master) => break master,
            Err(_) => sleep(EVERY).await,
        }
    };
    loop {
        sleep(EVERY).await;
        // The next check shows whether this worked.
        let _ = timeout(EVERY, promote(&env, &first)).await;
    }
}

async fn promote(env: &Env, (host, port): &(String, u16)) -> std::io::Result<()> {
    let mut node = env.network.connect(host, *port).await?;
    node.write_all(b"ROLE\r\n").await?;
    let mut reply = [0; 512];
    let length = node.read(&mut reply).await?;
    if String::from_utf8_lossy(&reply[..length]).contains("slave") {
        node.write_all(b"REPLICAOF NO ONE\r\n").await?;
        let _ = node.read(&mut reply).await?;
    }
    Ok(())
}
