//! A proxy with a delay, exact to a tenth of a millisecond (tokio's timers would round up to whole milliseconds). It uses
//! threads that end with the scope in which they are spawned.

use seams_os::clock::{Stopwatch, sleep};
use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::channel,
    },
    thread::Scope,
    time::Duration,
};

/// How often a thread checks whether it must end.
const POLL: Duration = Duration::from_millis(5);

/// A link with a delay.
pub(super) struct DelayedLink {
    watch: Stopwatch,
    delay: Duration,
    is_cut: AtomicBool,
    is_over: AtomicBool,
}

impl DelayedLink {
    pub(super) fn new(delay_ms: u64) -> DelayedLink {
        DelayedLink {
            watch: Stopwatch::start(),
            delay: Duration::from_millis(delay_ms),
            is_cut: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
        }
    }

    /// Loses everything in transit and everything that is sent from now on; no connection is closed.
    pub(super) fn cut(&self) {
        self.is_cut.store(true, Ordering::SeqCst);
    }

    /// Ends all threads.
    pub(super) fn end(&self) {
        self.is_over.store(true, Ordering::SeqCst);
    }

    /// Listens on `port`, and carries everything to `target` and back.
    ///
    /// # Errors
    /// The port is taken.
    pub(super) fn serve<'s>(&'s self, scope: &'s Scope<'s, '_>, port: u16, target: u16) -> io::Result<()> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        scope.spawn(move || {
            while !self.is_over.load(Ordering::SeqCst) {
                match listener.accept() {
                    // If the target does not listen, the connection is closed.
                    Ok((inbound, _)) => drop(self.join(scope, inbound, target)),
                    Err(_) => sleep(POLL),
                }
            }
        });
        Ok(())
    }

    fn join<'s>(&'s self, scope: &'s Scope<'s, '_>, inbound: TcpStream, target: u16) -> io::Result<()> {
        let outbound = TcpStream::connect((Ipv4Addr::LOCALHOST, target))?;
        for stream in [&inbound, &outbound] {
            stream.set_nonblocking(false)?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(POLL))?;
        }
        self.carry(scope, inbound.try_clone()?, outbound.try_clone()?);
        self.carry(scope, outbound, inbound);
        Ok(())
    }

    fn carry<'s>(&'s self, scope: &'s Scope<'s, '_>, mut from: TcpStream, mut to: TcpStream) {
        // An empty piece means the end of the stream.
        let (queue, due) = channel::<(Duration, Vec<u8>)>();
        scope.spawn(move || {
            let mut piece = vec![0; 64 * 1024];
            while !self.is_over.load(Ordering::SeqCst) {
                let read = match from.read(&mut piece) {
                    Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                        continue;
                    }
                    read => read.unwrap_or(0),
                };
                let arrives = self.watch.elapsed() + self.delay;
                if queue.send((arrives, piece[..read].to_vec())).is_err() || read == 0 {
                    return;
                }
            }
        });
        scope.spawn(move || {
            for (arrives, piece) in due {
                sleep(arrives.saturating_sub(self.watch.elapsed()));
                if self.is_cut.load(Ordering::SeqCst) {
                    continue;
                }
                // The other side may already be closed.
                let passed = match piece.is_empty() {
                    true => to.shutdown(Shutdown::Write),
                    false => to.write_all(&piece),
                };
                if passed.is_err() {
                    return;
                }
            }
        });
    }
}
