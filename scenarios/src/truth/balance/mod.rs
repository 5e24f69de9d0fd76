//! nginx and the simulated balancer before the same upstreams: same routing, same answers to the
//! client, same executions.
//!
//! What cannot be brought about on a loopback is not compared: a SYN that is dropped, a worker that
//! is killed.

mod peers;
mod real;
mod simulated;

pub use peers::{Ask, Manner, Seen};
pub use real::perform as perform_really;
pub use simulated::perform as perform_in_simulation;

use super::{Agreement, Unavailable};
use Manner::{Answers, Breaks, Closes, Gibberish, Hangs, Refuses};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore, SeedableRng},
};
use sim::engine::EngineError;

/// `fail_timeout`, seconds. No sequence without a wait takes as long, so that nobody comes back
/// meanwhile: nginx counts in whole seconds.
const FAIL_TIMEOUT_S: u64 = 10;
/// `proxy_read_timeout`, seconds.
const READ_TIMEOUT_S: u64 = 1;

/// Requests to a fresh balancer, one after the other.
#[derive(Debug, Clone)]
pub struct Sequence {
    /// Short.
    pub name: String,
    /// `proxy_next_upstream … non_idempotent`.
    pub non_idempotent: bool,
    /// `keepalive` in the upstream block: connections are used again.
    pub keepalive: bool,
    /// What is asked, and what the upstreams do meanwhile.
    pub asks: Vec<Ask>,
}

const fn ask(method: &'static str, a: Manner, b: Manner) -> Ask {
    Ask {
        wait_s: 0,
        method,
        manners: [a, b],
    }
}

const fn later(wait_s: u64, method: &'static str, a: Manner, b: Manner) -> Ask {
    Ask {
        wait_s,
        method,
        manners: [a, b],
    }
}

const FINE: Manner = Answers(200);

/// What is worth a name, and what was measured of it.
pub fn rows() -> Vec<Sequence> {
    let row = |name: &str, asks: &[Ask]| Sequence {
        name: name.to_owned(),
        non_idempotent: false,
        keepalive: false,
        asks: asks.to_vec(),
    };
    let mut rows = vec![
        row("two servers take turns", &[ask("GET", FINE, FINE); 4]),
        row(
            "one refuses: the next is tried, for POST too",
            &[
                ask("POST", Refuses, FINE),
                ask("POST", Refuses, FINE),
                ask("GET", FINE, FINE),
            ],
        ),
        row(
            "a POST is not repeated once it was sent",
            &[ask("POST", Closes, FINE), ask("POST", FINE, FINE)],
        ),
        row(
            "a GET is, so it is executed twice",
            &[ask("GET", Closes, FINE), ask("GET", FINE, FINE)],
        ),
        row("so is a DELETE", &[ask("DELETE", Closes, FINE)]),
        row(
            "a POST that hangs is a 504",
            &[ask("POST", Hangs, FINE), ask("POST", FINE, FINE)],
        ),
        row(
            "a GET that hangs goes to the next",
            &[ask("GET", Hangs, FINE), ask("GET", FINE, FINE)],
        ),
        row(
            "an answer that breaks off is not repeated",
            &[ask("GET", Breaks, FINE), ask("GET", FINE, FINE)],
        ),
        row(
            "500 and 503 are answers",
            &[
                ask("GET", Answers(500), FINE),
                ask("GET", FINE, Answers(503)),
                ask("GET", FINE, FINE),
            ],
        ),
        row(
            "what is no HTTP is passed on, and counts as an answer",
            &[ask("GET", Gibberish, FINE), ask("GET", FINE, FINE)],
        ),
        row(
            "both down: both are tried once, then nobody is",
            &[
                ask("GET", Refuses, Refuses),
                ask("GET", FINE, FINE),
                ask("POST", FINE, FINE),
            ],
        ),
        row(
            "both are back after fail_timeout",
            &[
                ask("GET", Refuses, Refuses),
                ask("GET", FINE, FINE),
                later(12, "GET", FINE, FINE),
                ask("GET", FINE, FINE),
            ],
        ),
        row(
            "one that failed is probed after fail_timeout, once",
            &[
                ask("GET", Refuses, FINE),
                ask("GET", FINE, FINE),
                later(12, "GET", Refuses, FINE),
                ask("GET", Refuses, FINE),
                ask("GET", FINE, FINE),
            ],
        ),
    ];
    let kept = |name: &str, asks: &[Ask]| Sequence {
        keepalive: true,
        ..row(name, asks)
    };
    let warm = [ask("GET", FINE, FINE); 2];
    let then = |asks: &[Ask]| [&warm[..], asks].concat();
    rows.push(kept(
        "a connection that waited closes on reuse: 502 for POST, and the server is out",
        &then(&[
            ask("POST", Closes, FINE),
            ask("GET", FINE, FINE),
            ask("GET", FINE, FINE),
        ]),
    ));
    rows.push(kept(
        "the same with GET goes on to the next",
        &then(&[ask("GET", Closes, FINE), ask("GET", FINE, FINE)]),
    ));
    rows.push(kept(
        "both close on reuse",
        &then(&[ask("GET", Closes, Closes), ask("GET", FINE, FINE)]),
    ));
    rows.push(kept(
        "who listens no more is asked all the same over a connection that waited",
        &then(&[
            ask("GET", Answers(503), FINE),
            ask("POST", Refuses, Refuses),
            ask("POST", FINE, FINE),
        ]),
    ));
    rows.push(kept(
        "what hung is not used again",
        &then(&[
            ask("GET", Hangs, FINE),
            ask("GET", FINE, FINE),
            later(12, "POST", FINE, FINE),
        ]),
    ));
    rows.push(Sequence {
        non_idempotent: true,
        ..row(
            "non_idempotent repeats a POST",
            &[ask("POST", Closes, FINE), ask("POST", Hangs, FINE)],
        )
    });
    rows
}

/// Made up, `count` of them.
pub fn random(seed: u64, count: usize) -> Vec<Sequence> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut choose = |n: usize| rng.next_u32() as usize % n;
    let mut sequences = Vec::new();
    for number in 1..=count {
        let asks = 2 + choose(6);
        let mut hangs = 0;
        let asks = (0..asks).map(|_| {
            let manners = [(); 2].map(|()| match choose(12) {
                0 => Refuses,
                1 => Closes,
                // a hang lasts a second, and nobody may come back meanwhile
                2 if hangs < 3 => {
                    hangs += 1;
                    Hangs
                }
                3 => Breaks,
                4 => Answers(500),
                5 => Answers(503),
                6 => Gibberish,
                _ => FINE,
            });
            let method = ["GET", "POST", "DELETE", "PUT", "PATCH", "HEAD"][choose(6)];
            ask(method, manners[0], manners[1])
        });
        sequences.push(Sequence {
            name: format!("made up, {number} of seed {seed}"),
            asks: asks.collect(),
            non_idempotent: choose(6) == 0,
            keepalive: choose(2) == 0,
        });
    }
    sequences
}

/// Why a comparison could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// There is no nginx.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The engine's own.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Performs a sequence on both, and compares.
///
/// # Errors
/// There is no nginx, or the engine's own.
pub fn compare(sequence: &Sequence) -> Result<Agreement, Failure> {
    let theirs = perform_really(sequence)?;
    let ours = perform_in_simulation(sequence)?;
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
        compared: sequence.asks.len() as u64,
        differences,
        ..Agreement::default()
    })
}

fn side_by_side(sequence: &Sequence, theirs: &[Seen], ours: &[Seen]) -> String {
    let lines = sequence.asks.iter().zip(theirs).zip(ours).map(|((ask, theirs), ours)| {
        let mark = if theirs == ours { ' ' } else { '!' };
        let [a, b] = ask.manners;
        format!(
            "{mark} {} (a: {a:?}, b: {b:?})\n    nginx:     {theirs}\n    simulated: {ours}",
            ask.method
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}
