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

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        collections::BTreeSet,
        net::{TcpListener, TcpStream},
    };

    #[test]
    fn a_reserved_port_can_be_listened_on_again_and_again() {
        let port = Port::reserve().expect("a port is free");
        for _ in 0..3 {
            let address = (Ipv4Addr::LOCALHOST, port.number());
            let listener = TcpListener::bind(address).expect("it is reserved for us");
            let client = TcpStream::connect(address).expect("it listens");
            drop((listener.accept().expect("a connection"), client));
        }
    }

    #[test]
    fn no_other_socket_gets_it() {
        let ports: Vec<_> = (0..64).map(|_| Port::reserve().expect("a port is free")).collect();
        let numbers: BTreeSet<_> = ports.iter().map(Port::number).collect();
        assert_eq!(numbers.len(), ports.len());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let address = listener.local_addr().expect("an address");
        let outgoing: Vec<_> = (0..64)
            .map(|_| TcpStream::connect(address).expect("it listens"))
            .collect();
        for connection in &outgoing {
            assert!(!numbers.contains(&connection.local_addr().expect("an address").port()));
        }
    }
}
