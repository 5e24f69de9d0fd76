//! The hosts of the simulated world, as sockets of this machine.

use seams::{BoxFuture, Env, Listener, Network, Stream};
use std::{
    collections::BTreeMap,
    io,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

/// A host and a port of the simulated world.
pub(super) type Place = (String, u16);

/// The real seams, on a network whose hosts have the names and ports of the simulated world: so people do the same, and the
/// history names the same hosts.
pub(super) fn env(host: &str, places: &BTreeMap<Place, u16>) -> Env {
    let real = seams_os::env(host, IpAddr::V4(Ipv4Addr::LOCALHOST));
    Env {
        network: Arc::new(Names {
            real: real.network.clone(),
            places: places.clone(),
        }),
        ..real
    }
}

struct Names {
    real: Arc<dyn Network>,
    /// Where each of them is on the loopback.
    places: BTreeMap<Place, u16>,
}

impl Network for Names {
    fn connect<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Stream>> {
        match self.places.get(&(host.to_owned(), port)) {
            Some(real) => self.real.connect("127.0.0.1", *real),
            None => Box::pin(async { Err(io::ErrorKind::ConnectionRefused.into()) }),
        }
    }

    fn listen(&self, port: u16) -> BoxFuture<'_, io::Result<Box<dyn Listener>>> {
        self.real.listen(port)
    }
}
