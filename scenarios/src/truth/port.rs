//! Ports of the loopback, each for one program of ours and for nobody else.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};
use tokio::net::TcpSocket;

/// A port that is ours until this is dropped. It is bound and not listened on, both with SO_REUSEADDR: Linux then
/// lets one program listen there that asks for the same (socket(7)), as Redis, nginx and tokio do, and gives the
/// port to no connection that goes out, nor to any other process that asks for one that is free.
pub(crate) struct Port {
    number: u16,
    _held: TcpSocket,
}

impl Port {
    /// Reserves one.
    ///
    /// # Errors
    /// None is left.
    pub(crate) fn reserve() -> io::Result<Port> {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        Ok(Port {
            number: socket.local_addr()?.port(),
            _held: socket,
        })
    }

    /// Its number.
    pub(crate) fn number(&self) -> u16 {
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
        let port = Port::reserve().expect("one is left");
        for _ in 0..3 {
            let address = (Ipv4Addr::LOCALHOST, port.number());
            let listener = TcpListener::bind(address).expect("it is ours");
            let client = TcpStream::connect(address).expect("somebody listens");
            drop((listener.accept().expect("a connection"), client));
        }
    }

    #[test]
    fn nobody_else_is_given_it() {
        let ports: Vec<_> = (0..64).map(|_| Port::reserve().expect("one is left")).collect();
        let numbers: BTreeSet<_> = ports.iter().map(Port::number).collect();
        assert_eq!(numbers.len(), ports.len());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("one is left");
        let address = listener.local_addr().expect("an address");
        let going_out: Vec<_> = (0..64)
            .map(|_| TcpStream::connect(address).expect("somebody listens"))
            .collect();
        for connection in &going_out {
            assert!(!numbers.contains(&connection.local_addr().expect("an address").port()));
        }
    }
}
