//! Listens to what a process of the service sends to hosts that have a certificate: see [`crate::overheard`].

use super::{Start, build::Addresses, host::Certificates};
use crate::{
    overheard::{Layer, OverheardBook},
    service::Service,
};
use seams::Stream;
use std::sync::Arc;

/// Clones listen to the same process.
#[derive(Clone)]
pub(super) struct Tap {
    from: String,
    certificates: Certificates,
    addresses: Addresses,
    book: OverheardBook,
    now_ms: Arc<dyn Fn() -> u64 + Send + Sync>,
}

impl Tap {
    /// Those for the process on the host that is being prepared.
    pub(super) fn of<S: Service>(start: &Start<'_, S>) -> Tap {
        Tap {
            from: start.host.to_owned(),
            certificates: start.certificates.clone(),
            addresses: start.addresses.clone(),
            book: start.overheard.clone(),
            now_ms: start.now_ms.clone(),
        }
    }

    /// The same stream, listened to if its other end has a certificate.
    pub(super) fn listen(&self, stream: Stream, layer: Layer) -> Stream {
        if self.certificates.is_empty() {
            return stream;
        }
        let peer = stream.peer().ip().to_string();
        match self.addresses.name_of(&peer) {
            Some(to) if self.certificates.contains_key(to) => {
                self.book.listen(stream, (self.now_ms)(), &self.from, to, layer)
            }
            _ => stream,
        }
    }
}
