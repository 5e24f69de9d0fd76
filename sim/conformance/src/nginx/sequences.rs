//! What is asked of both: sequences of requests, each with the behaviour of the upstreams.

use super::{Behaviour, Request, Size, locations::located};
use Behaviour::{
    Answers, AnswersWithHead, AnswersWithLines, BadHeader, BreaksOff, ClosesConnection, Hangs, NotHttp, Refuses,
};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore, SeedableRng},
};

/// Requests through a newly started balancer, one after the other.
#[derive(Debug, Clone)]
pub struct Sequence {
    /// What it shows.
    pub name: String,
    /// `proxy_next_upstream … non_idempotent`.
    pub non_idempotent: bool,
    /// `keepalive` in the upstream block: connections are reused.
    pub keepalive: bool,
    /// Whether there is a second `upstream` block: see the module `locations`.
    pub has_locations: bool,
    /// The requests, each with the behaviour of the upstreams.
    pub requests: Vec<Request>,
}

pub(super) const fn request(method: &'static str, a: Behaviour, b: Behaviour) -> Request {
    later(0, method, a, b)
}

pub(super) const fn later(wait_s: u64, method: &'static str, a: Behaviour, b: Behaviour) -> Request {
    Request {
        wait_s,
        method,
        twice: None,
        size: Size::USUAL,
        path: "/page",
        behaviours: [a, b],
        others: [HEALTHY; 2],
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

pub(super) const HEALTHY: Behaviour = Answers(200);
/// A GET while both servers are healthy.
const SOUND: Request = request("GET", HEALTHY, HEALTHY);

/// Behaviours of nginx that were measured, each as a named sequence.
pub fn named_sequences() -> Vec<Sequence> {
    let row = |name: &str, requests: &[Request]| Sequence {
        name: name.to_owned(),
        non_idempotent: false,
        keepalive: false,
        has_locations: false,
        requests: requests.to_vec(),
    };
    let mut rows = vec![
        row("two servers take turns", &[SOUND; 4]),
        row(
            "one refuses: the next is tried, for POST too",
            &[
                request("POST", Refuses, HEALTHY),
                request("POST", Refuses, HEALTHY),
                SOUND,
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
            &[request("GET", ClosesConnection, HEALTHY), SOUND],
        ),
        row(
            "a DELETE is repeated too",
            &[request("DELETE", ClosesConnection, HEALTHY)],
        ),
        row(
            "a POST that hangs gets 504",
            &[request("POST", Hangs, HEALTHY), request("POST", HEALTHY, HEALTHY)],
        ),
        row("a GET that hangs is retried", &[request("GET", Hangs, HEALTHY), SOUND]),
        row(
            "an answer that breaks off is not repeated",
            &[request("GET", BreaksOff, HEALTHY), SOUND],
        ),
        row(
            "500 and 503 are answers",
            &[
                request("GET", Answers(500), HEALTHY),
                request("GET", HEALTHY, Answers(503)),
                SOUND,
            ],
        ),
        row(
            "an answer that is not HTTP is passed on, and counts as an answer",
            &[request("GET", NotHttp, HEALTHY), SOUND],
        ),
        row(
            "both down: both are tried once, then neither",
            &[
                request("GET", Refuses, Refuses),
                SOUND,
                request("POST", HEALTHY, HEALTHY),
            ],
        ),
        row(
            "both are back after fail_timeout",
            &[
                request("GET", Refuses, Refuses),
                SOUND,
                later(12, "GET", HEALTHY, HEALTHY),
                SOUND,
            ],
        ),
        row(
            "a server that failed is probed once after fail_timeout",
            &[
                request("GET", Refuses, HEALTHY),
                SOUND,
                later(12, "GET", Refuses, HEALTHY),
                request("GET", Refuses, HEALTHY),
                SOUND,
            ],
        ),
        row(
            "the head of an answer fits into one page: 502 for a larger one, and the server is out",
            &[
                request("GET", AnswersWithHead(4096), HEALTHY),
                request("POST", HEALTHY, AnswersWithHead(4096)),
                request("GET", AnswersWithHead(4097), HEALTHY),
                SOUND,
                SOUND,
                later(12, "GET", HEALTHY, HEALTHY),
                SOUND,
                SOUND,
            ],
        ),
        row(
            "of an answer's head the bytes are counted, and not the lines",
            &[
                request("GET", AnswersWithLines(101), HEALTHY),
                request("POST", HEALTHY, AnswersWithLines(650)),
                request("GET", AnswersWithLines(700), HEALTHY),
                SOUND,
            ],
        ),
        row(
            "two answers with large heads, and nobody is left",
            &[
                request("GET", AnswersWithHead(9000), AnswersWithHead(9000)),
                request("POST", AnswersWithHead(9000), AnswersWithHead(9000)),
                SOUND,
                request("POST", HEALTHY, HEALTHY),
            ],
        ),
        row(
            "a line in an answer's head that is no header: 502, and the server is out",
            &[request("GET", BadHeader, HEALTHY), SOUND, SOUND],
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
                SOUND,
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
                SOUND,
            ],
        ),
    ];
    let with_keepalive = |name: &str, requests: &[Request]| Sequence {
        keepalive: true,
        ..row(name, requests)
    };
    let warm = [SOUND; 2];
    let then = |requests: &[Request]| [&warm[..], requests].concat();
    rows.push(with_keepalive(
        "an idle connection closes on reuse: 502 for POST, and the server is out",
        &then(&[request("POST", ClosesConnection, HEALTHY), SOUND, SOUND]),
    ));
    rows.push(with_keepalive(
        "the same with GET is retried",
        &then(&[request("GET", ClosesConnection, HEALTHY), SOUND]),
    ));
    rows.push(with_keepalive(
        "both close on reuse",
        &then(&[request("GET", ClosesConnection, ClosesConnection), SOUND]),
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
            SOUND,
            later(12, "POST", HEALTHY, HEALTHY),
        ]),
    ));
    rows.push(with_keepalive(
        "the head of an answer over an idle connection is too large: no other server is tried",
        &then(&[
            request("GET", AnswersWithHead(4097), HEALTHY),
            request("GET", BadHeader, BadHeader),
            SOUND,
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
    rows.extend(located());
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
        let has_locations = choose(3) == 0;
        let requests = (0..requests).map(|_| {
            let behaviours = [(); 4].map(|()| match choose(14) {
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
            let [a, b, c, d] = behaviours;
            Request {
                path: ["/page", "/page", "/pages/a", "/other"][choose(4)],
                others: if has_locations { [c, d] } else { [HEALTHY; 2] },
                ..request(method, a, b)
            }
        });
        sequences.push(Sequence {
            name: format!("random sequence {number} of seed {seed}"),
            requests: requests.collect(),
            non_idempotent: choose(6) == 0,
            keepalive: choose(2) == 0,
            has_locations,
        });
    }
    sequences
}
