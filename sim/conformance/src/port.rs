//! Reserved ports of the loopback.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};
use tokio::net::TcpSocket;

/// A port that no other program gets until this is dropped. It is bound with SO_REUSEADDR and not listened on: Linux then
/// lets one program listen there that also sets SO_REUSEADDR (socket(7)), as Redis, nginx and tokio do, and gives the port
/// neither to an outgoing connection nor to a process that asks for any free port.
pub struct Port {
    number: u16,
    _socket: TcpSocket,
}

impl Port {
    /// Reserves one.
    ///
    /// # Errors
    /// No port is free.
    pub fn reserve() -> io::Result<Port> {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        Ok(Port {
            number: socket.local_addr()?.port(),
            _socket: socket,
        })
    }

    /// Its number.
    pub fn number(&self) -> u16 {
        self.number
    }
}
