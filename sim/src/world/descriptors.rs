//! The file descriptors of a process: without one it can accept, connect and listen no more (`EMFILE`, accept(2), socket(2)).

use seams::{BoxFuture, Listener, Network, Stream};
use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// The table of a process. Clones are the same table.
#[derive(Clone, Default)]
pub(crate) struct Descriptors {
    /// Until when it is full, milliseconds of simulated time; 0: it is not.
    full_until_ms: Arc<AtomicU64>,
}

impl Descriptors {
    /// None is left until a simulated time, milliseconds.
    pub(crate) fn run_out_until(&self, until_ms: u64) {
        self.full_until_ms.fetch_max(until_ms, Ordering::Relaxed);
    }

    /// There are some again, unless they are to be gone until later than this.
    pub(crate) fn are_back(&self, at_ms: u64) {
        if self.full_until_ms.load(Ordering::Relaxed) <= at_ms {
            self.full_until_ms.store(0, Ordering::Relaxed);
        }
    }

    /// One descriptor more.
    fn take(&self) -> io::Result<()> {
        /// `EMFILE` of Linux.
        const TOO_MANY_OPEN_FILES: i32 = 24;
        match self.full_until_ms.load(Ordering::Relaxed) {
            0 => Ok(()),
            _ => Err(io::Error::from_raw_os_error(TOO_MANY_OPEN_FILES)),
        }
    }
}

/// The network of a process with such a table.
pub(super) struct LimitedNetwork {
    pub(super) inner: Arc<dyn Network>,
    pub(super) descriptors: Descriptors,
}

impl Network for LimitedNetwork {
    fn connect<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Stream>> {
        Box::pin(async move {
            self.descriptors.take()?;
            self.inner.connect(host, port).await
        })
    }

    fn secure<'a>(&'a self, stream: Stream, name: &'a str) -> BoxFuture<'a, io::Result<Stream>> {
        self.inner.secure(stream, name)
    }

    fn listen(&self, port: u16) -> BoxFuture<'_, io::Result<Box<dyn Listener>>> {
        Box::pin(async move {
            self.descriptors.take()?;
            let listener = LimitedListener {
                inner: self.inner.listen(port).await?,
                descriptors: self.descriptors.clone(),
                next: Mutex::default(),
            };
            Ok(Box::new(listener) as Box<dyn Listener>)
        })
    }
}

struct LimitedListener {
    inner: Box<dyn Listener>,
    descriptors: Descriptors,
    /// The connection that could not be accepted. It stays in the backlog.
    next: Mutex<Option<Stream>>,
}

impl LimitedListener {
    fn next(&self) -> Option<Stream> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Listener for LimitedListener {
    fn accept(&self) -> BoxFuture<'_, io::Result<Stream>> {
        Box::pin(async move {
            let stream = match self.next() {
                Some(stream) => stream,
                None => self.inner.accept().await?,
            };
            match self.descriptors.take() {
                Ok(()) => Ok(stream),
                Err(error) => {
                    *self.next.lock().unwrap_or_else(PoisonError::into_inner) = Some(stream);
                    Err(error)
                }
            }
        })
    }

    fn local_addr(&self) -> SocketAddr {
        self.inner.local_addr()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::duplex;

    /// A port at which everybody connects at once.
    struct Crowded;

    impl Network for Crowded {
        fn connect<'a>(&'a self, _: &'a str, _: u16) -> BoxFuture<'a, io::Result<Stream>> {
            Box::pin(async { Ok(Stream::new(duplex(1).0, ([127, 0, 0, 1], 1).into())) })
        }
        fn listen(&self, _: u16) -> BoxFuture<'_, io::Result<Box<dyn Listener>>> {
            Box::pin(async { Ok(Box::new(Counting(AtomicU64::new(0))) as Box<dyn Listener>) })
        }
    }

    /// Numbers its connections by their ports.
    struct Counting(AtomicU64);

    impl Listener for Counting {
        fn accept(&self) -> BoxFuture<'_, io::Result<Stream>> {
            let port = self.0.fetch_add(1, Ordering::Relaxed) as u16;
            Box::pin(async move { Ok(Stream::new(duplex(1).0, ([127, 0, 0, 1], port).into())) })
        }
        fn local_addr(&self) -> SocketAddr {
            ([127, 0, 0, 1], 80).into()
        }
    }

    #[tokio::test]
    async fn whoever_cannot_be_accepted_waits_and_is_the_next() {
        let descriptors = Descriptors::default();
        let network = LimitedNetwork {
            inner: Arc::new(Crowded),
            descriptors: descriptors.clone(),
        };
        let listener = network.listen(80).await.unwrap();
        assert_eq!(listener.accept().await.unwrap().peer().port(), 0);
        descriptors.run_out_until(500);
        descriptors.run_out_until(300);
        descriptors.are_back(300);
        for _ in 0..2 {
            assert_eq!(listener.accept().await.unwrap_err().raw_os_error(), Some(24));
        }
        assert!(network.connect("there", 80).await.is_err());
        assert!(network.listen(81).await.is_err());
        descriptors.are_back(500);
        for port in [1, 2] {
            assert_eq!(listener.accept().await.unwrap().peer().port(), port);
        }
        assert!(network.connect("there", 80).await.is_ok());
    }
}
