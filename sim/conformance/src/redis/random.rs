//! Random sequences of commands, on several connections at once, sent to the model and to a real server.
//!
//! The model's clock follows the real one. Nothing is asked in the milliseconds around an expiry, where either reply would be
//! right: the comparison waits until they are over.

use super::{
    compare::Conversation,
    grammar::{Choices, KEYS, Template},
    real::RealServer,
    server::{ModelServer, Received, Server, request},
    stream,
    templates::TEMPLATES,
};
use crate::Agreement;
use model_redis::RedisConfig;
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner},
};
use seams_os::clock::{Stopwatch, sleep_ms, wall_ms};
use std::{cell::RefCell, collections::BTreeSet, fmt::Write, io, ops::ControlFlow};

/// Connections in one sequence.
const CONNECTIONS: usize = 3;
/// Most commands in one sequence.
const LENGTH_MAX: usize = 120;
/// Bytes of random choices for one command.
const CHOICES_BYTES: usize = 24;
/// Nothing is asked this near to an expiry, milliseconds.
const EXPIRY_MARGIN_MS: i64 = 6;

/// What to ask.
#[derive(Debug, Clone)]
pub struct Options {
    /// The seed of all random choices.
    pub seed: u64,
    /// About how many replies to compare.
    pub commands: u64,
    /// Whether to compare the replication stream, too.
    pub stream: bool,
}

type Step = (usize, [u8; CHOICES_BYTES]);

/// A difference between the two servers, and the commands that led to it.
struct Difference {
    command: String,
    text: String,
}

/// Compares the real server at this port with the model. After a difference its command is left out, so that it does not
/// hide others. `progress` is called with the number of replies compared so far, and may stop the comparison.
///
/// # Errors
/// Nothing listens at the port.
pub fn compare(
    port: u16,
    options: &Options,
    mut progress: impl FnMut(u64) -> ControlFlow<()>,
) -> io::Result<Agreement> {
    let templates: Vec<Template> = TEMPLATES.iter().map(|text| Template::parse(text)).collect();
    let mut left_out = BTreeSet::new();
    let mut agreement = Agreement::default();
    let mut round = 0_u64;
    while agreement.compared < options.commands {
        let usable: Vec<&Template> = templates.iter().filter(|t| !left_out.contains(&t.command())).collect();
        if usable.is_empty() {
            break;
        }
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&options.seed.to_le_bytes());
        seed[8..16].copy_from_slice(&round.to_le_bytes());
        let config = Config {
            cases: 16,
            failure_persistence: None,
            max_shrink_iters: 4_000,
            ..Config::default()
        };
        let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
        let steps = vec((0..CONNECTIONS, any::<[u8; CHOICES_BYTES]>()), 1..=LENGTH_MAX);
        let (counted, found) = (RefCell::new(Agreement::default()), RefCell::new(None));
        let server = RefCell::new(RealServer::new(port)?);
        if options.stream {
            server.borrow_mut().attach();
        }
        let result = runner.run(&steps, |steps| {
            let (result, difference) = play(&mut server.borrow_mut(), &usable, &steps);
            let before = counted.take();
            *counted.borrow_mut() = before.and(result);
            match difference {
                None => Ok(()),
                Some(difference) => {
                    let command = difference.command.clone();
                    *found.borrow_mut() = Some(difference);
                    Err(TestCaseError::fail(command))
                }
            }
        });
        if let Err(TestError::Fail(_, smallest)) = result {
            // The last difference found while shrinking need not be that of the smallest sequence.
            let difference = play(&mut server.borrow_mut(), &usable, &smallest)
                .1
                .or(found.into_inner());
            if let Some(difference) = difference {
                left_out.insert(difference.command);
                agreement.differences.push(difference.text);
            }
        }
        agreement = agreement.and(counted.into_inner());
        round += 1;
        if progress(agreement.compared).is_break() {
            break;
        }
    }
    Ok(agreement)
}

/// Runs one sequence from empty servers: how many replies were compared, and the first difference.
fn play(real: &mut RealServer, templates: &[&Template], steps: &[Step]) -> (Agreement, Option<Difference>) {
    real.start_over();
    let mut model = ModelServer::new(RedisConfig::default(), wall_ms());
    let mut run = Run {
        watch: Stopwatch::start(),
        model_ms: 0,
        conversations: vec![Conversation::default(); CONNECTIONS],
        transcript: Vec::new(),
        counted: Agreement::default(),
    };
    for server in [real as &mut dyn Server, &mut model] {
        (0..CONNECTIONS).for_each(|_| {
            server.connect();
        });
    }
    if real.has_replica() {
        stream::attach(&mut model); // its connection comes after the others
    }
    for (connection, choices) in steps {
        let mut choices = Choices::new(choices);
        if real.has_replica() {
            // When an expired key is deleted on its replicas depends on the cron.
            choices = choices.without_expiry();
        }
        let template = templates[choices.choose(templates.len())];
        let words = template.words(&mut choices);
        match run.ask(real, &mut model, *connection, &words) {
            Verdict::Same => {}
            Verdict::Closed => return (run.counted, None),
            Verdict::Late => {
                run.counted.broken_off += 1;
                return (run.counted, None);
            }
            Verdict::Differs(difference) => return (run.counted, Some(difference)),
        }
    }
    let difference = run.compare_dataset(real, &mut model);
    (run.counted, difference)
}

/// The command that shows all of a key, by the first letter of its name, which tells its usual type. For a key of another
/// type it shows an error.
const SHOW: [(&str, &str); 5] = [
    ("k", "GET"),
    ("l", "LRANGE * 0 -1"),
    ("h", "HGETALL"),
    ("s", "SMEMBERS"),
    ("z", "ZRANGE * 0 -1 WITHSCORES"),
];

enum Verdict {
    Same,
    /// Both servers have closed a connection; the sequence ends.
    Closed,
    /// The real server was asked too late: something expired meanwhile.
    Late,
    Differs(Difference),
}

struct Run {
    watch: Stopwatch,
    model_ms: u64,
    conversations: Vec<Conversation>,
    transcript: Vec<String>,
    counted: Agreement,
}

impl Run {
    /// Advances the model's clock to the real one.
    fn synchronise(&mut self, model: &mut ModelServer) {
        let now = self.watch.elapsed_ms();
        if now > self.model_ms {
            model.wait(now - self.model_ms);
            self.model_ms = now;
        }
    }

    fn ask(&mut self, real: &mut RealServer, model: &mut ModelServer, connection: usize, words: &[Vec<u8>]) -> Verdict {
        self.synchronise(model);
        while model.expires_within(EXPIRY_MARGIN_MS) {
            sleep_ms(EXPIRY_MARGIN_MS as u64);
            self.synchronise(model);
        }
        let (wire, asked_ms) = (request(words), self.watch.elapsed_ms());
        real.send(connection, &wire);
        let took_ms = (self.watch.elapsed_ms() - asked_ms) as i64;
        let late = model.expires_within(took_ms + 2);
        model.send(connection, &wire);
        let command = String::from_utf8_lossy(&words[0]).to_ascii_lowercase();
        self.conversations[connection].asked(&command, words.len() - 1);
        let shown: Vec<String> = words.iter().map(|word| show(word)).collect();
        self.transcript.push(format!("{connection}> {}", shown.join(" ")));
        for other in 0..CONNECTIONS {
            let (theirs, ours) = (real.receive(other), model.receive(other));
            if ours == Received::default() && theirs == Received::default() {
                continue;
            }
            self.counted.compared += 1;
            if !self.conversations[other].agree(&ours, &theirs) {
                return if late {
                    Verdict::Late
                } else {
                    Verdict::Differs(self.difference(&command, other, &ours, &theirs))
                };
            }
            if ours.closed {
                return Verdict::Closed;
            }
        }
        if real.has_replica() {
            let (theirs, ours) = (real.receive_replica(), model.receive(CONNECTIONS));
            self.counted.compared += u64::from(!theirs.bytes.is_empty());
            if !stream::agree(&ours, &theirs) {
                return if late {
                    Verdict::Late
                } else {
                    Verdict::Differs(self.difference(&command, CONNECTIONS, &ours, &theirs))
                };
            }
        }
        Verdict::Same
    }

    /// Compares all keys, on a new connection.
    fn compare_dataset(&mut self, real: &mut RealServer, model: &mut ModelServer) -> Option<Difference> {
        let fresh = real.connect();
        let ours = model.connect();
        for key in KEYS.iter().flat_map(|(_, keys)| keys.iter()) {
            let (_, show) = SHOW.iter().find(|(letter, _)| key.starts_with(letter))?;
            let show = if show.contains('*') {
                show.replace('*', key)
            } else {
                format!("{show} {key}")
            };
            for command in [format!("PTTL {key}"), show] {
                self.synchronise(model);
                let words: Vec<&str> = command.split(' ').collect();
                let (theirs, ours) = (real.ask(fresh, &request(&words)), model.ask(ours, &request(&words)));
                self.counted.compared += 1;
                let name = words[0].to_ascii_lowercase();
                let mut conversation = Conversation::default();
                conversation.asked(&name, words.len() - 1);
                if !conversation.agree(&ours, &theirs) && !model.expires_within(EXPIRY_MARGIN_MS) {
                    self.transcript.push(format!("{}> {command}", CONNECTIONS + 1));
                    return Some(self.difference(&name, CONNECTIONS + 1, &ours, &theirs));
                }
            }
        }
        None
    }

    fn difference(&self, command: &str, connection: usize, ours: &Received, theirs: &Received) -> Difference {
        let mut text = String::new();
        for line in &self.transcript {
            let _ = writeln!(text, "    {line}");
        }
        let to = if connection == CONNECTIONS {
            "its replica".to_owned()
        } else {
            format!("connection {connection}")
        };
        let _ = writeln!(text, "  redis-server sends to {to}: {}", shown(theirs));
        let _ = write!(text, "  the model sends to {to}:    {}", shown(ours));
        Difference {
            command: command.to_owned(),
            text,
        }
    }
}

/// A word as redis-cli reads it.
fn show(word: &[u8]) -> String {
    let plain = !word.is_empty() && word.iter().all(|b| b.is_ascii_graphic() && *b != b'"' && *b != b'\'');
    if plain {
        String::from_utf8_lossy(word).into_owned()
    } else {
        format!("\"{}\"", word.escape_ascii())
    }
}

fn shown(received: &Received) -> String {
    let closed = if received.closed {
        " and closes the connection"
    } else {
        ""
    };
    format!("{}{closed}", received.bytes.escape_ascii())
}
