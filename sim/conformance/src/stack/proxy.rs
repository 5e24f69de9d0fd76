//! A proxy that can be cut. All connections between nodes and Sentinels go through such proxies; those of clients do not.

use seams::{Env, Stream};
use std::{
    collections::BTreeSet,
    io,
    net::IpAddr,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf, split},
    sync::Notify,
};

/// The sources from which nothing passes at present. Clones share the same set.
#[derive(Clone, Default)]
pub(super) struct Cuts(Arc<(Mutex<BTreeSet<IpAddr>>, Notify)>);

impl Cuts {
    pub(super) fn cut(&self, from: IpAddr) {
        self.set().insert(from);
    }

    pub(super) fn mend(&self, from: IpAddr) {
        self.set().remove(&from);
        self.0.1.notify_waiters();
    }

    fn set(&self) -> std::sync::MutexGuard<'_, BTreeSet<IpAddr>> {
        self.0.0.lock().expect("no code panics while holding the cuts")
    }

    async fn wait_until_passable(&self, from: IpAddr) {
        loop {
            let mended = self.0.1.notified();
            if !self.set().contains(&from) {
                return;
            }
            mended.await;
        }
    }
}

/// Listens on `port` and carries everything to `target`, a port of the loopback, unless it is cut.
///
/// # Errors
/// The port is taken.
pub(super) async fn serve(env: Env, port: u16, target: u16, cuts: Cuts) -> io::Result<()> {
    let listener = env.network.listen(port).await?;
    let spawner = env.clone();
    spawner.spawn(async move {
        while let Ok(inbound) = listener.accept().await {
            let (from, cuts, connector) = (inbound.peer().ip(), cuts.clone(), env.clone());
            env.spawn(async move {
                cuts.wait_until_passable(from).await;
                // If the target does not listen, the connection is closed.
                let Ok(outbound) = connector.network.connect("127.0.0.1", target).await else {
                    return;
                };
                let ((from_peer, to_peer), (from_target, to_target)) = (split(inbound), split(outbound));
                let back = cuts.clone();
                connector.spawn(async move { carry(from_target, to_peer, from, back).await });
                carry(from_peer, to_target, from, cuts).await;
            });
        }
    });
    Ok(())
}

async fn carry(mut reader: ReadHalf<Stream>, mut writer: WriteHalf<Stream>, from: IpAddr, cuts: Cuts) {
    let mut piece = vec![0; 16 * 1024];
    loop {
        let read = reader.read(&mut piece).await;
        cuts.wait_until_passable(from).await;
        match read {
            Ok(read @ 1..) if writer.write_all(&piece[..read]).await.is_ok() => {}
            _ => break,
        }
    }
    // The other side may already be closed.
    let _ = writer.shutdown().await;
}
