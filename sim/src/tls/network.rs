//! A network on which a model speaks TLS on every connection, and knows nothing of it.

use super::{Certificate, Check, accept, connect};
use seams::{BoxFuture, Env, Listener, Network, Stream};
use std::{io, net::SocketAddr, sync::Arc};

/// The same seams, with TLS on every connection that is accepted or made: what `port 0`, `tls-port` and `tls-replication yes`
/// are for a Redis node. It presents this certificate; of others' certificates the name is not checked, as Redis and Sentinel
/// do. A connection within the host is `redis-cli --insecure`.
pub fn network(env: Env, certificate: &Certificate) -> Env {
    let network = Encrypted {
        inner: env.network.clone(),
        own: env.host.clone(),
        certificate: certificate.clone(),
    };
    Env {
        network: Arc::new(network),
        ..env
    }
}

struct Encrypted {
    inner: Arc<dyn Network>,
    /// The name of the host.
    own: Arc<str>,
    certificate: Certificate,
}

impl Network for Encrypted {
    fn connect<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Stream>> {
        Box::pin(async move {
            let stream = self.inner.connect(host, port).await?;
            let check = if *host == *self.own {
                Check::Nothing
            } else {
                Check::NotTheName
            };
            connect(stream, host, check).await
        })
    }

    fn secure<'a>(&'a self, stream: Stream, name: &'a str) -> BoxFuture<'a, io::Result<Stream>> {
        self.inner.secure(stream, name)
    }

    fn listen(&self, port: u16) -> BoxFuture<'_, io::Result<Box<dyn Listener>>> {
        Box::pin(async move {
            let listener = EncryptedListener {
                inner: self.inner.listen(port).await?,
                certificate: self.certificate.clone(),
            };
            Ok(Box::new(listener) as Box<dyn Listener>)
        })
    }
}

struct EncryptedListener {
    inner: Box<dyn Listener>,
    certificate: Certificate,
}

impl Listener for EncryptedListener {
    fn accept(&self) -> BoxFuture<'_, io::Result<Stream>> {
        Box::pin(async move { Ok(accept(self.inner.accept().await?, &self.certificate)) })
    }

    fn local_addr(&self) -> SocketAddr {
        self.inner.local_addr()
    }
}
