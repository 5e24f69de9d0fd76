//! TCP streams and listeners that belong to their host.
//!
//! turmoil-net's sockets are numbers, which it looks up in the current host. The sockets of this module know their
//! host, so that a stream which is polled or dropped anywhere still uses its own kernel. A reader that has read
//! everything is registered with [`super::wire`], which wakes it when something arrives; polling the kernel meanwhile
//! would be useless.
//!
//! A listener that is dropped is kept with its port closed, instead of being closed. turmoil-net would refuse to bind
//! the port again (AddrInUse) while a connection accepted through it exists. A real port can be bound again at once
//! (tokio sets SO_REUSEADDR), and a service that closes its port when it is degraded needs that.

use super::{
    cluster::{Cluster, Place, Scope},
    flow::Flow,
};
use crate::tls::{self, Check};
use seams::{BoxFuture, Listener, Network, Stream};
use std::{
    cell::RefCell,
    future::poll_fn,
    io, mem,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    pin::Pin,
    task::{Context, Poll, Waker, ready},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use turmoil_net::shim::tokio::net as turmoil;

/// The most bytes read at once on a connection within a host, where the engine does not see how much arrives.
const LOCAL_READ_BYTES: usize = 4_096;

thread_local! {
    /// Data is read here first, then copied. turmoil-net zeroes the whole buffer at every attempt to read (measured: 40
    /// % of all instructions), so it gets a buffer no larger than the data to read.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

fn gone() -> io::Error {
    io::Error::new(io::ErrorKind::NetworkDown, "this host is down")
}

pub(super) struct HostNetwork {
    pub(super) place: Place,
}

impl HostNetwork {
    fn resolve(&self, name: &str) -> io::Result<IpAddr> {
        let scope = Scope::enter(self.place)
            .filter(|scope| scope.cluster().accepts(self.place))
            .ok_or_else(gone)?;
        let hosts = scope.cluster().hosts.borrow();
        if let Some(host) = hosts.iter().find(|host| *host.name == *name) {
            return Ok(host.ip);
        }
        match name.parse::<IpAddr>() {
            Ok(ip) if ip.is_loopback() || hosts.iter().any(|host| host.ip == ip) => Ok(ip),
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
            let socket = InHost::new(self.place, turmoil::TcpStream::connect(peer)).await?;
            Ok(HostStream::seam(socket, self.place, peer))
        })
    }

    fn secure<'a>(&'a self, stream: Stream, name: &'a str) -> BoxFuture<'a, io::Result<Stream>> {
        Box::pin(tls::connect(stream, name, Check::Everything))
    }

    fn listen(&self, port: u16) -> BoxFuture<'_, io::Result<Box<dyn Listener>>> {
        Box::pin(async move {
            let socket = match self.reopen(port)? {
                Some(socket) => socket,
                None => {
                    let any = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port);
                    InHost::new(self.place, turmoil::TcpListener::bind(any)).await?
                }
            };
            let _scope = Scope::enter(self.place).ok_or_else(gone)?;
            let local = socket.local_addr()?;
            Ok(Box::new(HostListener {
                socket: Some(socket),
                place: self.place,
                local,
            }) as Box<dyn Listener>)
        })
    }
}

impl HostNetwork {
    /// The listener on this port that this process has dropped before, if there is one. Connections that have reached
    /// it since are discarded.
    fn reopen(&self, port: u16) -> io::Result<Option<turmoil::TcpListener>> {
        let scope = Scope::enter(self.place)
            .filter(|scope| scope.cluster().accepts(self.place))
            .ok_or_else(gone)?;
        let cluster = scope.cluster();
        let Some(socket) = cluster.host(self.place.host).shut.borrow_mut().remove(&port) else {
            return Ok(None);
        };
        refuse_pending(cluster, &socket);
        cluster.wire.borrow_mut().shut_ports.remove(&(self.place.host, port));
        Ok(Some(socket))
    }
}

/// Resets the connections that wait to be accepted. The listener's host must be current.
fn refuse_pending(cluster: &Cluster, socket: &turmoil::TcpListener) {
    let mut context = Context::from_waker(Waker::noop());
    while let Poll::Ready(Ok((child, peer))) = socket.poll_accept(&mut context) {
        if let Some(flow) = child.local_addr().ok().and_then(|local| Flow::between(local, peer)) {
            cluster.wire.borrow_mut().refuse(cluster.now_ms(), flow);
        }
    }
}

struct HostListener {
    /// `None` only while it is being dropped.
    socket: Option<turmoil::TcpListener>,
    place: Place,
    local: SocketAddr,
}

impl HostListener {
    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Stream>> {
        let scope = Scope::enter(self.place).ok_or_else(gone)?;
        let socket = self.socket.as_ref().ok_or_else(gone)?;
        loop {
            let (child, peer) = ready!(socket.poll_accept(cx))?;
            let flow = Flow::between(child.local_addr()?, peer);
            let is_dead = |flow| {
                scope
                    .cluster()
                    .wire
                    .borrow()
                    .directions
                    .get(&flow)
                    .is_some_and(|d| d.dead)
            };
            if !flow.is_some_and(is_dead) {
                return Poll::Ready(Ok(HostStream::seam(child, self.place, peer)));
            }
        }
    }
}

impl Listener for HostListener {
    fn accept(&self) -> BoxFuture<'_, io::Result<Stream>> {
        Box::pin(poll_fn(|cx| self.poll_accept(cx)))
    }

    fn local_addr(&self) -> SocketAddr {
        self.local
    }
}

impl Drop for HostListener {
    fn drop(&mut self) {
        let Some(socket) = self.socket.take() else { return };
        let Some(scope) = Scope::enter(self.place) else {
            return mem::forget(socket);
        };
        let cluster = scope.cluster();
        if cluster.accepts(self.place) {
            refuse_pending(cluster, &socket);
            cluster
                .wire
                .borrow_mut()
                .shut_ports
                .insert((self.place.host, self.local.port()));
            cluster
                .host(self.place.host)
                .shut
                .borrow_mut()
                .insert(self.local.port(), socket);
        }
    }
}

struct HostStream {
    /// `None` only while it is being dropped.
    socket: Option<turmoil::TcpStream>,
    place: Place,
    /// The direction in which this end sends; `None` for a connection within its host.
    flow: Option<Flow>,
}

impl HostStream {
    fn seam(socket: turmoil::TcpStream, place: Place, peer: SocketAddr) -> Stream {
        let local = {
            let _scope = Scope::enter(place);
            socket.local_addr().ok()
        };
        let flow = local.and_then(|local| Flow::between(local, peer));
        Stream::new(
            HostStream {
                socket: Some(socket),
                place,
                flow,
            },
            peer,
        )
    }

    /// Makes the socket's host current and returns the socket.
    fn enter(&mut self) -> io::Result<(Scope, Pin<&mut turmoil::TcpStream>)> {
        let scope = Scope::enter(self.place).ok_or_else(gone)?;
        let socket = self.socket.as_mut().ok_or_else(gone)?;
        Ok((scope, Pin::new(socket)))
    }
}

impl AsyncRead for HostStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let flow = self.flow;
        let (scope, socket) = self.enter()?;
        let wire = &scope.cluster().wire;
        let mut waiting = LOCAL_READ_BYTES;
        if let Some(flow) = flow
            && let Some(reader) = wire.borrow_mut().directions.get_mut(&flow)
        {
            // Tasks poll everything that they wait for, so most polls find no new data.
            if reader.has_nothing_to_read() {
                reader.wake_when_readable(cx.waker());
                return Poll::Pending;
            }
            waiting = reader.readable();
        }
        let limit = buf.remaining().min(waiting.max(1));
        SCRATCH.with_borrow_mut(|scratch| {
            if scratch.len() < limit {
                scratch.resize(limit, 0);
            }
            let mut part = ReadBuf::new(&mut scratch[..limit]);
            ready!(socket.poll_read(cx, &mut part))?;
            buf.put_slice(part.filled());
            if let (Some(flow), read @ 1..) = (flow, part.filled().len()) {
                wire.borrow_mut().note_read(flow, read);
            }
            Poll::Ready(Ok(()))
        })
    }
}

impl AsyncWrite for HostStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let flow = self.flow;
        let (scope, socket) = self.enter()?;
        let written = ready!(socket.poll_write(cx, buf))?;
        scope.cluster().wire.borrow_mut().note_written(flow, written);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(())) // the kernel already has the data
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flow = self.flow;
        let (scope, socket) = self.enter()?;
        scope.cluster().wire.borrow_mut().note_shutdown(flow);
        socket.poll_shutdown(cx)
    }
}

impl Drop for HostStream {
    fn drop(&mut self) {
        let Some(socket) = self.socket.take() else { return };
        // Without its engine there is no kernel to close it.
        let Some(scope) = Scope::enter(self.place) else {
            return mem::forget(socket);
        };
        drop(socket);
        scope.cluster().wire.borrow_mut().note_closed(self.flow);
    }
}

/// A socket operation that is polled and dropped while its host is current.
struct InHost<F> {
    /// `None` only while it is being dropped.
    operation: Option<Pin<Box<F>>>,
    place: Place,
}

impl<F> InHost<F> {
    fn new(place: Place, operation: F) -> InHost<F> {
        InHost {
            operation: Some(Box::pin(operation)),
            place,
        }
    }
}

impl<T, F: Future<Output = io::Result<T>>> Future for InHost<F> {
    type Output = io::Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        let scope = Scope::enter(self.place).ok_or_else(gone)?;
        scope.cluster().wire.borrow_mut().pending_egress = true; // usually a SYN
        self.operation.as_mut().ok_or_else(gone)?.as_mut().poll(cx)
    }
}

impl<F> Drop for InHost<F> {
    fn drop(&mut self) {
        let operation = self.operation.take();
        match Scope::enter(self.place) {
            Some(scope) => {
                scope.cluster().wire.borrow_mut().pending_egress = true;
                drop(operation);
            }
            None => mem::forget(operation),
        }
    }
}
