//! nginx and the model in front of the same upstreams: the same routing, the same answers to the client, the same
//! executions.
//!
//! Not compared, because it cannot be caused on a loopback: a SYN that is dropped, a worker that is killed.

mod real;
mod simulated;
mod traffic;

pub use real::{Balancer, run as run_real, start};
pub use simulated::run as run_simulated;
pub use traffic::{Behaviour, Exchange, Request, Size};

use crate::{Agreement, Unavailable};
use Behaviour::{
    Answers, AnswersWithHead, AnswersWithLines, BadHeader, BreaksOff, ClosesConnection, Hangs, NotHttp, Refuses,
};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore, SeedableRng},
};
use sim::engine::EngineError;

/// `fail_timeout`, seconds. It is longer than any sequence without a wait, so that no server comes back by chance: nginx
/// counts in whole seconds.
const FAIL_TIMEOUT_S: u64 = 10;
/// `proxy_read_timeout`, seconds.
const READ_TIMEOUT_S: u64 = 1;

/// Requests through a newly started balancer, one after the other.
#[derive(Debug, Clone)]
pub struct Sequence {
    /// What it shows.
    pub name: String,
    /// `proxy_next_upstream … non_idempotent`.
    pub non_idempotent: bool,
    /// `keepalive` in the upstream block: connections are reused.
    pub keepalive: bool,
    /// The requests, each with the behaviour of the upstreams.
    pub requests: Vec<Request>,
}

const fn request(method: &'static str, a: Behaviour, b: Behaviour) -> Request {
    later(0, method, a, b)
}

const fn later(wait_s: u64, method: &'static str, a: Behaviour, b: Behaviour) -> Request {
    Request {
        wait_s,
        method,
        twice: None,
        size: Size::USUAL,
        behaviours: [a, b],
    }
}

/// A request with a header line that is there twice.
const fn twice(method: &'static str, line: &'static str) -> Request {
    Request {
        twice: Some(line),
        ..request(method, HEALTHY, HEALTHY)
    }
}

/// A request with a head of this size.
const fn sized(method: &'static str, request_line: usize, headers: (usize, usize)) -> Request {
    Request {
        size: Size { request_line, headers },
        ..request(method, HEALTHY, HEALTHY)
    }
}

const HEALTHY: Behaviour = Answers(200);

/// Behaviours of nginx that were measured, each as a named sequence.
pub fn named_sequences() -> Vec<Sequence> {
    let row = |name: &str, requests: &[Request]| Sequence {
        name: name.to_owned(),
        non_idempotent: false,
        keepalive: false,
        requests: requests.to_vec(),
    };
    let mut rows = vec![
        row("two servers take turns", &[request("GET", HEALTHY, HEALTHY); 4]),
        row(
            "one refuses: the next is tried, for POST too",
            &[
                request("POST", Refuses, HEALTHY),
                request("POST", Refuses, HEALTHY),
                request("GET", HEALTHY, HEALTHY),
            ],
        ),
        row(
            "a POST is not repeated once it was sent",
            &[
                request("POST", ClosesConnection, HEALTHY),
                request("POST", HEALTHY, HEALTHY),
            ],
        ),
        row(
            "a GET is repeated, so it is executed twice",
            &[
                request("GET", ClosesConnection, HEALTHY),
                request("GET", HEALTHY, HEALTHY),
            ],
        ),
        row(
            "a DELETE is repeated too",
            &[request("DELETE", ClosesConnection, HEALTHY)],
        ),
        row(
            "a POST that hangs gets 504",
            &[request("POST", Hangs, HEALTHY), request("POST", HEALTHY, HEALTHY)],
        ),
        row(
            "a GET that hangs is retried",
            &[request("GET", Hangs, HEALTHY), request("GET", HEALTHY, HEALTHY)],
        ),
        row(
            "an answer that breaks off is not repeated",
            &[request("GET", BreaksOff, HEALTHY), request("GET", HEALTHY, HEALTHY)],
        ),
        row(
            "500 and 503 are answers",
            &[
                request("GET", Answers(500), HEALTHY),
                request("GET", HEALTHY, Answers(503)),
                request("GET", HEALTHY, HEALTHY),
            ],
        ),
        row(
            "an answer that is not HTTP is passed on, and counts as an answer",
            &[request("GET", NotHttp, HEALTHY), request("GET", HEALTHY, HEALTHY)],
        ),
        row(
            "both down: both are tried once, then neither",
            &[
                request("GET", Refuses, Refuses),
                request("GET", HEALTHY, HEALTHY),
                request("POST", HEALTHY, HEALTHY),
            ],
        ),
        row(
            "both are back after fail_timeout",
            &[
                request("GET", Refuses, Refuses),
                request("GET", HEALTHY, HEALTHY),
                later(12, "GET", HEALTHY, HEALTHY),
                request("GET", HEALTHY, HEALTHY),
            ],
        ),
        row(
            "a server that failed is probed once after fail_timeout",
            &[
                request("GET", Refuses, HEALTHY),
                request("GET", HEALTHY, HEALTHY),
                later(12, "GET", Refuses, HEALTHY),
                request("GET", Refuses, HEALTHY),
                request("GET", HEALTHY, HEALTHY),
            ],
        ),
        row(
            "the head of an answer fits into one page: 502 for a larger one, and the server is out",
            &[
                request("GET", AnswersWithHead(4096), HEALTHY),
                request("POST", HEALTHY, AnswersWithHead(4096)),
                request("GET", AnswersWithHead(4097), HEALTHY),
                request("GET", HEALTHY, HEALTHY),
                request("GET", HEALTHY, HEALTHY),
                later(12, "GET", HEALTHY, HEALTHY),
                request("GET", HEALTHY, HEALTHY),
                request("GET", HEALTHY, HEALTHY),
            ],
        ),
        row(
            "of an answer's head the bytes are counted, and not the lines",
            &[
                request("GET", AnswersWithLines(101), HEALTHY),
                request("POST", HEALTHY, AnswersWithLines(650)),
                request("GET", AnswersWithLines(700), HEALTHY),
                request("GET", HEALTHY, HEALTHY),
            ],
        ),
        row(
            "two answers with large heads, and nobody is left",
            &[
                request("GET", AnswersWithHead(9000), AnswersWithHead(9000)),
                request("POST", AnswersWithHead(9000), AnswersWithHead(9000)),
                request("GET", HEALTHY, HEALTHY),
                request("POST", HEALTHY, HEALTHY),
            ],
        ),
        row(
            "a line in an answer's head that is no header: 502, and the server is out",
            &[
                request("GET", BadHeader, HEALTHY),
                request("GET", HEALTHY, HEALTHY),
                request("GET", HEALTHY, HEALTHY),
            ],
        ),
        row(
            "the head of a request fits into its buffers, or no server is asked",
            &[
                sized("GET", 8192, (0, 0)),
                sized("GET", 8193, (0, 0)),
                sized("POST", 8193, (0, 0)),
                sized("GET", 0, (1, 8192)),
                sized("GET", 0, (1, 8193)),
                sized("POST", 0, (1, 8193)),
                sized("GET", 0, (3, 8192)),
                sized("GET", 0, (4, 8192)),
                sized("GET", 0, (5, 8192)),
                sized("GET", 8192, (2, 8192)),
                sized("GET", 8192, (3, 8192)),
                sized("GET", 8192, (4, 8192)),
                sized("GET", 0, (4, 5000)),
                sized("GET", 0, (5, 5000)),
                sized("GET", 0, (500, 20)),
                request("GET", HEALTHY, HEALTHY),
            ],
        ),
        row(
            "header lines that must not come twice, and some that may",
            &[
                twice("POST", "Authorization: Basic YTpi"),
                twice("GET", "Authorization: Bearer abc"),
                twice("GET", "Host: app.example"),
                twice("GET", "If-Match: \"a\""),
                twice("GET", "If-None-Match: \"a\""),
                twice("GET", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT"),
                twice("GET", "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT"),
                twice("GET", "If-Range: \"a\""),
                twice("PUT", "Content-Range: bytes 0-2/3"),
                twice("POST", "Content-Type: text/plain"),
                twice("GET", "Cookie: a=1"),
                twice("GET", "Origin: https://app.example"),
                twice("GET", "Sec-Fetch-Site: none"),
                twice("GET", "Accept: text/html"),
                request("GET", HEALTHY, HEALTHY),
            ],
        ),
    ];
    let with_keepalive = |name: &str, requests: &[Request]| Sequence {
        keepalive: true,
        ..row(name, requests)
    };
    let warm = [request("GET", HEALTHY, HEALTHY); 2];
    let then = |requests: &[Request]| [&warm[..], requests].concat();
    rows.push(with_keepalive(
        "an idle connection closes on reuse: 502 for POST, and the server is out",
        &then(&[
            request("POST", ClosesConnection, HEALTHY),
            request("GET", HEALTHY, HEALTHY),
            request("GET", HEALTHY, HEALTHY),
        ]),
    ));
    rows.push(with_keepalive(
        "the same with GET is retried",
        &then(&[
            request("GET", ClosesConnection, HEALTHY),
            request("GET", HEALTHY, HEALTHY),
        ]),
    ));
    rows.push(with_keepalive(
        "both close on reuse",
        &then(&[
            request("GET", ClosesConnection, ClosesConnection),
            request("GET", HEALTHY, HEALTHY),
        ]),
    ));
    rows.push(with_keepalive(
        "a server that no longer listens still gets requests over an idle connection",
        &then(&[
            request("GET", Answers(503), HEALTHY),
            request("POST", Refuses, Refuses),
            request("POST", HEALTHY, HEALTHY),
        ]),
    ));
    rows.push(with_keepalive(
        "a connection on which an answer timed out is not reused",
        &then(&[
            request("GET", Hangs, HEALTHY),
            request("GET", HEALTHY, HEALTHY),
            later(12, "POST", HEALTHY, HEALTHY),
        ]),
    ));
    rows.push(with_keepalive(
        "the head of an answer over an idle connection is too large: no other server is tried",
        &then(&[
            request("GET", AnswersWithHead(4097), HEALTHY),
            request("GET", BadHeader, BadHeader),
            request("GET", HEALTHY, HEALTHY),
        ]),
    ));
    rows.push(Sequence {
        non_idempotent: true,
        ..row(
            "non_idempotent repeats a POST",
            &[
                request("POST", ClosesConnection, HEALTHY),
                request("POST", Hangs, HEALTHY),
            ],
        )
    });
    rows
}

/// Random sequences.
pub fn random_sequences(seed: u64, count: usize) -> Vec<Sequence> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut choose = |n: usize| rng.next_u32() as usize % n;
    let mut sequences = Vec::new();
    for number in 1..=count {
        let requests = 2 + choose(6);
        let mut hangs = 0;
        let requests = (0..requests).map(|_| {
            let behaviours = [(); 2].map(|()| match choose(14) {
                0 => Refuses,
                1 => ClosesConnection,
                // a hang takes a second, and no server may come back within the sequence
                2 if hangs < 3 => {
                    hangs += 1;
                    Hangs
                }
                3 => BreaksOff,
                4 => Answers(500),
                5 => Answers(503),
                6 => NotHttp,
                7 => AnswersWithHead(4090 + choose(12)),
                8 => BadHeader,
                _ => HEALTHY,
            });
            let method = ["GET", "POST", "DELETE", "PUT", "PATCH", "HEAD"][choose(6)];
            request(method, behaviours[0], behaviours[1])
        });
        sequences.push(Sequence {
            name: format!("random sequence {number} of seed {seed}"),
            requests: requests.collect(),
            non_idempotent: choose(6) == 0,
            keepalive: choose(2) == 0,
        });
    }
    sequences
}

/// Why a comparison could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// nginx is not installed, or does not work.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The engine's own.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Runs a sequence through both, and compares every exchange.
///
/// # Errors
/// nginx is not installed or does not work, or the engine fails.
pub fn compare(sequence: &Sequence) -> Result<Agreement, Failure> {
    let theirs = run_real(sequence)?;
    let ours = run_simulated(sequence)?;
    let differences = match ours == theirs {
        true => Vec::new(),
        false => vec![format!(
            "{}{}{}\n{}",
            sequence.name,
            if sequence.keepalive { " (keepalive)" } else { "" },
            if sequence.non_idempotent {
                " (non_idempotent)"
            } else {
                ""
            },
            side_by_side(sequence, &theirs, &ours)
        )],
    };
    Ok(Agreement {
        compared: sequence.requests.len() as u64,
        differences,
        ..Agreement::default()
    })
}

fn side_by_side(sequence: &Sequence, theirs: &[Exchange], ours: &[Exchange]) -> String {
    let lines = sequence
        .requests
        .iter()
        .zip(theirs)
        .zip(ours)
        .map(|((request, theirs), ours)| {
            let mark = if theirs == ours { ' ' } else { '!' };
            let [a, b] = request.behaviours;
            format!(
                "{mark} {}{}{} (a: {a:?}, b: {b:?})\n    nginx:     {theirs}\n    simulated: {ours}",
                request.method,
                request
                    .twice
                    .map_or(String::new(), |line| format!(" with \"{line}\" twice")),
                match request.size {
                    Size {
                        request_line: 0,
                        headers: (0, _),
                    } => String::new(),
                    size => format!(" of size {size:?}"),
                },
            )
        });
    lines.collect::<Vec<_>>().join("\n")
}
