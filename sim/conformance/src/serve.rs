//! The models as real servers, over real TCP with the real clock, so that any client can talk to them.

use model_redis::{Disk, RedisConfig, RedisEvent};
use model_sentinel::{SentinelConfig, SentinelDisk};
use std::{
    io,
    net::{IpAddr, TcpListener},
    sync::Arc,
};
use tokio::signal::unix::{SignalKind, signal};

/// Serves a Redis node on this address until the process is asked to end, by SIGTERM or SIGINT: a real one ends with status 0
/// then, and so must who calls this. Its data is lost with the process; events go to the log.
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
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        seams::select! {
            _ = terminate.recv() => Ok(()),
            _ = interrupt.recv() => Ok(()),
            () = server() => Err(io::ErrorKind::AddrInUse.into()),
        }
    })
}
