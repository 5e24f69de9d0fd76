//! A watchdog makes the Redis node that was the master when it started the master again, whatever Sentinel says
//! (inventory 37, 39, 41).
//!
//! Seen in the world: helm/charts#21303, bitnami/charts#5418 (two masters after a failover, for a start-up script knows
//! better). Each side takes writes, and the other never sees them.

use crate::vocabulary::PlantedBug;
use idp::{
    config::StateConfig,
    store::{MasterFinder, SentinelFinder},
};
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
        if let StateConfig::Sentinel { sentinels, master } = &config.state {
            let finder = SentinelFinder::new(env.clone(), sentinels.clone(), master.clone(), config.deadlines);
            env.spawn(watch(env.clone(), finder));
        }
        wiring
    },
};

/// Between two looks of the watchdog.
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
        // Whether that worked, the next look will tell.
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
