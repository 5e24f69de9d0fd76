//! TCP.

use super::BoxFuture;
use std::{
    fmt, io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Anything that carries bytes both ways.
pub trait Io: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Io for T {}

/// A connected TCP stream.
pub struct Stream {
    io: Box<dyn Io>,
    peer: SocketAddr,
}

impl Stream {
    /// Wraps a transport's own stream.
    pub fn new(io: impl Io + 'static, peer: SocketAddr) -> Stream {
        Stream { io: Box::new(io), peer }
    }

    /// Address of the other end.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stream({})", self.peer)
    }
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

/// A listening socket. Dropping it closes the port: later connects are refused.
pub trait Listener: Send + Sync {
    /// The next connection.
    fn accept(&self) -> BoxFuture<'_, io::Result<Stream>>;
    /// The address listened on.
    fn local_addr(&self) -> SocketAddr;
}

/// Makes and accepts TCP connections. Neither call has a deadline of its own: the caller wraps it
/// ([`super::within`]).
pub trait Network: Send + Sync {
    /// Connects to a host, by name or IP address.
    ///
    /// # Errors
    /// The host is unknown, or refuses.
    fn connect<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Stream>>;

    /// Encrypts a connection that [`Network::connect`] made, with TLS. The other end must prove that it is `name`, a host name
    /// or an IP address.
    ///
    /// # Errors
    /// The other end cannot prove it. Or there is no TLS on this network, which is the default.
    fn secure<'a>(&'a self, stream: Stream, name: &'a str) -> BoxFuture<'a, io::Result<Stream>> {
        Box::pin(async move {
            drop(stream);
            let what = format!("no TLS on this network, and {name} asks for it");
            Err(io::Error::new(io::ErrorKind::Unsupported, what))
        })
    }

    /// Listens on all of this host's addresses, or, in production, on those configured.
    ///
    /// # Errors
    /// The port is taken.
    fn listen(&self, port: u16) -> BoxFuture<'_, io::Result<Box<dyn Listener>>>;
}
