//! A host whose programs listen for IPv6 and IPv4 at one socket, as they do by default on many systems (RFC 3493 section 3.7): they
//! see an IPv4 peer as an IPv6 address that contains it.

use seams::{BoxFuture, Env, Listener, Network, Stream};
use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

/// The seams of a process on such a host.
pub(super) fn env(env: &Env) -> Env {
    Env {
        network: Arc::new(DualStack(env.network.clone())),
        ..env.clone()
    }
}

struct DualStack(Arc<dyn Network>);

struct Both(Box<dyn Listener>);

fn mapped(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(v4) => SocketAddr::new(v4.to_ipv6_mapped().into(), address.port()),
        IpAddr::V6(_) => address,
    }
}

impl Network for DualStack {
    fn connect<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Stream>> {
        self.0.connect(host, port)
    }

    fn secure<'a>(&'a self, stream: Stream, name: &'a str) -> BoxFuture<'a, io::Result<Stream>> {
        self.0.secure(stream, name)
    }

    fn listen(&self, port: u16) -> BoxFuture<'_, io::Result<Box<dyn Listener>>> {
        Box::pin(async move {
            let listener = self.0.listen(port).await?;
            Ok(Box::new(Both(listener)) as Box<dyn Listener>)
        })
    }
}

impl Listener for Both {
    fn accept(&self) -> BoxFuture<'_, io::Result<Stream>> {
        Box::pin(async move {
            let stream = self.0.accept().await?;
            let peer = mapped(stream.peer());
            Ok(Stream::new(stream, peer))
        })
    }

    fn local_addr(&self) -> SocketAddr {
        mapped(self.0.local_addr())
    }
}
