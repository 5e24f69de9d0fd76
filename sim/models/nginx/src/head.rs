//! Heads of messages, as nginx's buffers limit them.
//!
//! The head of an answer must fit into one buffer (`proxy_buffer_size`, `ngx_http_upstream_process_header`): else the client
//! gets 502 and the server counts as failed, and no other server is tried (measured). The head of a request is kept in one
//! small and a few large buffers; a line is never split over two (`ngx_http_alloc_large_header_buffer`).

use seams::Stream;
use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What an upstream has sent of an answer's head.
#[derive(Debug, Default)]
struct Head {
    bytes: usize,
    /// The first bytes, as many as `HTTP/` has.
    start: Vec<u8>,
    /// Bytes of the line that has not ended. A head ends with an empty line.
    line_bytes: usize,
    is_whole: bool,
    is_too_large: bool,
}

const HTTP: &[u8] = b"HTTP/";

impl Head {
    fn add(&mut self, bytes: &[u8], max: usize) {
        for byte in bytes {
            if self.is_whole || self.is_too_large {
                return; // the rest is the body
            }
            self.bytes += 1;
            if self.start.len() < HTTP.len() {
                self.start.push(*byte);
            }
            match byte {
                b'\n' if self.line_bytes == 0 => self.is_whole = true,
                b'\n' => self.line_bytes = 0,
                b'\r' => {}
                _ => self.line_bytes += 1,
            }
            self.is_too_large = !self.is_whole && self.bytes >= max;
        }
    }
}

/// The head of the answer that comes over a connection.
#[derive(Clone, Default)]
pub(super) struct HeadWatch(Arc<Mutex<Head>>);

impl HeadWatch {
    fn lock(&self) -> MutexGuard<'_, Head> {
        self.0.lock().expect("no code panics while holding a head")
    }

    /// Another answer is awaited.
    pub(super) fn begin(&self) {
        *self.lock() = Head::default();
    }

    /// Whether the head was larger than a buffer.
    pub(super) fn is_too_large(&self) -> bool {
        self.lock().is_too_large
    }

    /// Whether it begins as HTTP does. nginx takes anything else for HTTP/0.9.
    pub(super) fn is_http(&self) -> bool {
        self.lock().start == HTTP
    }
}

/// A connection to an upstream. Reading fails once a head is too large.
pub(super) struct Watched {
    stream: Stream,
    watch: HeadWatch,
    max: usize,
}

impl Watched {
    pub(super) fn new(stream: Stream, watch: HeadWatch, max: usize) -> Watched {
        Watched { stream, watch, max }
    }
}

impl AsyncRead for Watched {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        let mut head = self.watch.lock();
        head.add(&buf.filled()[before..], self.max);
        Poll::Ready(match head.is_too_large {
            true => Err(io::ErrorKind::InvalidData.into()),
            false => Ok(()),
        })
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// The buffers for the head of a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct RequestBuffers {
    pub(super) first: usize,
    pub(super) count: usize,
    pub(super) size: usize,
}

/// Why the head of a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TooLarge {
    /// The request line: 414.
    RequestLine,
    /// A header line, or all of them together: 400.
    Headers,
}

impl RequestBuffers {
    /// Whether lines of these lengths, each with its end, fit: the request line, then the header lines.
    pub(super) fn check(self, request_line: usize, headers: impl IntoIterator<Item = usize>) -> Result<(), TooLarge> {
        let (mut left, mut buffers_left) = (self.first, self.count);
        let mut put = |line: usize| {
            if line <= left {
                left -= line;
                return true;
            }
            // It is moved to the beginning of another buffer.
            if line > self.size || buffers_left == 0 {
                return false;
            }
            buffers_left -= 1;
            left = self.size - line;
            true
        };
        if !put(request_line) {
            return Err(TooLarge::RequestLine);
        }
        const EMPTY_LINE: usize = 2;
        let mut lines = headers.into_iter().chain([EMPTY_LINE]);
        match lines.all(put) {
            true => Ok(()),
            false => Err(TooLarge::Headers),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(parts: &[&str], max: usize) -> Head {
        let mut head = Head::default();
        for part in parts {
            head.add(part.as_bytes(), max);
        }
        head
    }

    #[test]
    fn a_head_fits_exactly_or_not() {
        let (line, end) = ("HTTP/1.1 200 OK\r\na: ", "\r\n\r\n");
        let room = 100 - line.len() - end.len();
        for (bytes, fits) in [(room, true), (room + 1, false)] {
            let head = seen(&[line, &"x".repeat(bytes), end, "body\r\n\r\nbody"], 100);
            assert_eq!((head.is_whole, head.is_too_large), (fits, !fits));
            assert_eq!(head.start, HTTP);
        }
        let split = seen(&["HTTP/1.1 200 OK\r", "\n\r", "\nbody"], 100);
        assert_eq!((split.is_whole, split.bytes), (true, 19));
    }

    #[test]
    fn a_line_is_not_split_over_two_buffers() {
        let buffers = RequestBuffers {
            first: 1024,
            count: 4,
            size: 8192,
        };
        assert_eq!(
            buffers.check(8192, [8192; 3]),
            Err(TooLarge::Headers),
            "no room for the empty line"
        );
        assert_eq!(buffers.check(8192, [8192, 8192, 8190]), Ok(()));
        assert_eq!(buffers.check(8193, []), Err(TooLarge::RequestLine));
        assert_eq!(buffers.check(100, [8193]), Err(TooLarge::Headers));
        assert_eq!(buffers.check(100, [900, 8192, 8192, 8192, 8190]), Ok(()));
        assert_eq!(buffers.check(100, [5000; 5]), Err(TooLarge::Headers));
    }
}
