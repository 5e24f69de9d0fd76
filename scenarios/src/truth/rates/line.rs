//! A link that takes its time: what goes in comes out so much later, to a tenth of a millisecond (tokio's timers would
//! round up to whole ones). Threads that end with the scope they are spawned in.

use crate::real_clock::{Stopwatch, sleep};
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

/// How often a thread looks whether it is over.
const LOOK: Duration = Duration::from_millis(5);

/// The link.
pub(super) struct Line {
    watch: Stopwatch,
    takes: Duration,
    dark: AtomicBool,
    over: AtomicBool,
}

impl Line {
    pub(super) fn new(takes_ms: u64) -> Line {
        Line {
            watch: Stopwatch::start(),
            takes: Duration::from_millis(takes_ms),
            dark: AtomicBool::new(false),
            over: AtomicBool::new(false),
        }
    }

    /// What is on its way is lost, and so is what comes; nobody is told.
    pub(super) fn cut(&self) {
        self.dark.store(true, Ordering::SeqCst);
    }

    /// All threads end.
    pub(super) fn end(&self) {
        self.over.store(true, Ordering::SeqCst);
    }

    /// Listens on one port, and carries everything to the other and back.
    ///
    /// # Errors
    /// The port is taken.
    pub(super) fn serve<'s>(&'s self, scope: &'s Scope<'s, '_>, port: u16, target: u16) -> io::Result<()> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        scope.spawn(move || {
            while !self.over.load(Ordering::SeqCst) {
                match listener.accept() {
                    // Who cannot be carried to the target hears that the connection ends.
                    Ok((inbound, _)) => drop(self.join(scope, inbound, target)),
                    Err(_) => sleep(LOOK),
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
            stream.set_read_timeout(Some(LOOK))?;
        }
        self.carry(scope, inbound.try_clone()?, outbound.try_clone()?);
        self.carry(scope, outbound, inbound);
        Ok(())
    }

    fn carry<'s>(&'s self, scope: &'s Scope<'s, '_>, mut from: TcpStream, mut to: TcpStream) {
        // An empty piece is the end.
        let (held, due) = channel::<(Duration, Vec<u8>)>();
        scope.spawn(move || {
            let mut piece = vec![0; 64 * 1024];
            while !self.over.load(Ordering::SeqCst) {
                let read = match from.read(&mut piece) {
                    Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                        continue;
                    }
                    read => read.unwrap_or(0),
                };
                let arrives = self.watch.elapsed() + self.takes;
                if held.send((arrives, piece[..read].to_vec())).is_err() || read == 0 {
                    return;
                }
            }
        });
        scope.spawn(move || {
            for (arrives, piece) in due {
                sleep(arrives.saturating_sub(self.watch.elapsed()));
                if self.dark.load(Ordering::SeqCst) {
                    continue;
                }
                // The other side may have gone already.
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
