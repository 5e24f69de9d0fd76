//! The models as real servers, over real TCP with the real clock, so that any client can talk to them.

use model_redis::{Disk, RedisConfig, RedisEvent};
use model_sentinel::{SentinelConfig, SentinelDisk};
use std::{
    io,
    net::{IpAddr, TcpListener},
    sync::Arc,
};

/// Serves a Redis node on this address. Returns only if it cannot listen on its port, or if a client shuts it down. Its
/// data is lost with the process; events go to the log.
///
/// # Errors
/// There is no runtime, or the port is taken.
pub fn redis(config: RedisConfig, bind: IpAddr) -> io::Result<()> {
    serve(bind, config.port, async || {
        let observer = Arc::new(|event| match event {
            RedisEvent::Wrote { .. } => tracing::debug!("{event:?}"),
            _ => tracing::info!("{event:?}"),
        });
        model_redis::serve(seams_os::env("redis", bind), config, Disk::new(), observer).await;
    })
}

/// Serves a Sentinel on this address, as [`redis()`] does.
///
/// # Errors
/// There is no runtime, or the port is taken.
pub fn sentinel(config: SentinelConfig, bind: IpAddr) -> io::Result<()> {
    serve(bind, config.port, async || {
        let observer = Arc::new(|event| tracing::info!("{event}"));
        model_sentinel::serve(seams_os::env("sentinel", bind), config, SentinelDisk::new(), observer).await;
    })
}

fn serve(bind: IpAddr, port: u16, server: impl AsyncFnOnce()) -> io::Result<()> {
    // The models only log that a port is taken; here it is an error.
    drop(TcpListener::bind((bind, port))?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(server());
    Ok(())
}
