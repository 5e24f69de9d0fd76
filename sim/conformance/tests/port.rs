//! Reserved ports. A program of its own: a process that another thread starts has the listening socket for a moment.

use conformance::port::Port;
use std::{
    collections::BTreeSet,
    io,
    net::{Ipv4Addr, TcpListener, TcpStream},
};
use tokio::net::TcpSocket;

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
    for port in &ports {
        let other = TcpSocket::new_v4().expect("a socket"); // without SO_REUSEADDR
        let taken = other.bind((Ipv4Addr::LOCALHOST, port.number()).into());
        assert_eq!(taken.expect_err("it is reserved").kind(), io::ErrorKind::AddrInUse);
    }
}
