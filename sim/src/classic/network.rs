//! The network seam over turmoil's sockets.

use super::host::Place;
use crate::tls::{self, Check};
use seams::{BoxFuture, Listener, Network, Stream};
use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    pin::Pin,
    task::{Context, Poll, Waker, ready},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use turmoil::net as turmoil_tcp;

fn gone() -> io::Error {
    io::Error::new(io::ErrorKind::NetworkDown, "this host is down")
}

pub(super) struct HostNetwork {
    pub(super) place: Place,
}

impl HostNetwork {
    /// Resolves only declared hosts; turmoil would invent an address for an unknown name.
    fn resolve(&self, name: &str) -> io::Result<IpAddr> {
        if !self.place.is_live() {
            return Err(gone());
        }
        let addresses = self.place.process.world.addresses();
        if let Some(ip) = addresses.get(name) {
            return Ok(*ip);
        }
        match name.parse::<IpAddr>() {
            Ok(ip) if ip.is_loopback() || addresses.values().any(|known| *known == ip) => Ok(ip),
            Ok(ip) => Err(io::Error::new(
                io::ErrorKind::HostUnreachable,
                format!("no host has address {ip}"),
            )),
            Err(_) => Err(io::Error::new(
                io::ErrorKind::NotFound,
                format!("no host is called {name}"),
            )),
        }
    }
}

impl Network for HostNetwork {
    fn connect<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Stream>> {
        Box::pin(async move {
            let peer = SocketAddr::new(self.resolve(host)?, port);
            // turmoil's error contains the address; a real error contains only the reason.
            let connected = Connecting::new(turmoil_tcp::TcpStream::connect(peer)).await;
            let socket = connected.map_err(|error| io::Error::from(error.kind()))?;
            Ok(HostStream::seam(socket, self.place.clone(), peer))
        })
    }

    fn secure<'a>(&'a self, stream: Stream, name: &'a str) -> BoxFuture<'a, io::Result<Stream>> {
        Box::pin(tls::connect(stream, name, Check::Everything))
    }

    fn listen(&self, port: u16) -> BoxFuture<'_, io::Result<Box<dyn Listener>>> {
        Box::pin(async move {
            if !self.place.is_live() {
                return Err(gone());
            }
            let any = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port);
            let socket = turmoil_tcp::TcpListener::bind(any).await?;
            let local = socket.local_addr()?;
            let place = self.place.clone();
            Ok(Box::new(HostListener { socket, place, local }) as Box<dyn Listener>)
        })
    }
}

/// A connect in progress.
///
/// turmoil's SYN-ACK takes no time: a caller that cancels in the tick in which the connection is accepted would leave
/// the other side with a stream that is never closed. Therefore a connect is polled once more when it is dropped.
struct Connecting<F: Future> {
    /// `None` when it has finished.
    connect: Option<Pin<Box<F>>>,
    has_begun: bool,
}

impl<F: Future> Connecting<F> {
    fn new(connect: F) -> Connecting<F> {
        let connect = Some(Box::pin(connect));
        Connecting {
            connect,
            has_begun: false,
        }
    }
}

impl<F: Future> Future for Connecting<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        // Removed during the poll, so that it is not polled again if it panics.
        let mut connect = self.connect.take().expect("polled until it is done, and not after");
        let polled = connect.as_mut().poll(cx);
        if polled.is_pending() {
            self.connect = Some(connect);
            self.has_begun = true;
        }
        polled
    }
}

impl<F: Future> Drop for Connecting<F> {
    fn drop(&mut self) {
        if let (Some(mut connect), true) = (self.connect.take(), self.has_begun && turmoil::in_simulation()) {
            // Dropping the stream, if there is one, ends the connection.
            drop(connect.as_mut().poll(&mut Context::from_waker(Waker::noop())));
        }
    }
}

struct HostListener {
    socket: turmoil_tcp::TcpListener,
    place: Place,
    local: SocketAddr,
}

impl Listener for HostListener {
    fn accept(&self) -> BoxFuture<'_, io::Result<Stream>> {
        Box::pin(async {
            let (socket, peer) = self.socket.accept().await?;
            Ok(HostStream::seam(socket, self.place.clone(), peer))
        })
    }

    fn local_addr(&self) -> SocketAddr {
        self.local
    }
}

struct HostStream {
    socket: turmoil_tcp::TcpStream,
    place: Place,
    is_shut: bool,
}

impl HostStream {
    fn seam(socket: turmoil_tcp::TcpStream, place: Place, peer: SocketAddr) -> Stream {
        let is_shut = false;
        Stream::new(HostStream { socket, place, is_shut }, peer)
    }

    fn note_read(&self, read: &[u8]) {
        let ends = [self.socket.peer_addr(), self.socket.local_addr()];
        self.place.process.world.note_read(|wire| {
            for end in ends.into_iter().flatten() {
                wire.update(end.to_string().as_bytes());
            }
            wire.update(read);
        });
    }
}

impl AsyncRead for HostStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.socket).poll_read(cx, buf))?;
        self.note_read(&buf.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for HostStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    /// A second shutdown does nothing, as with real sockets; turmoil returns an error for it.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_shut {
            return Poll::Ready(Ok(()));
        }
        ready!(Pin::new(&mut self.socket).poll_shutdown(cx))?;
        self.is_shut = true;
        Poll::Ready(Ok(()))
    }
}
