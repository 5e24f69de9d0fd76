//! Whoever answers is believed to be whom the replica wanted, whatever certificate it presents (RFC 6125 section 6).
//!
//! Seen in real systems: the check was turned off because the certificate of a test system had expired, and nobody turned it
//! on again. There are so many that there is a paper on them (Georgiev et al., "The most dangerous code in the world", CCS 2012).

use super::starttls_optional::over;
use crate::vocabulary::PlantedBug;
use seams::{BoxFuture, Listener, Network, Stream};
use sim::tls::{self, Check};
use std::{io, sync::Arc};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "certificate_unchecked",
    title: "whoever answers is believed, whatever certificate it presents",
    covers: &[56],
    scenario: "guarded_dependencies",
    detected_by: "NoSecretInClear",
    bug: |env, config, wiring| over(env, config, wiring, Arc::new(Credulous(env.network.clone()))),
};

struct Credulous(Arc<dyn Network>);

impl Network for Credulous {
    fn connect<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Stream>> {
        self.0.connect(host, port)
    }

    fn secure<'a>(&'a self, stream: Stream, name: &'a str) -> BoxFuture<'a, io::Result<Stream>> {
        Box::pin(tls::connect(stream, name, Check::Nothing))
    }

    fn listen(&self, port: u16) -> BoxFuture<'_, io::Result<Box<dyn Listener>>> {
        self.0.listen(port)
    }
}
