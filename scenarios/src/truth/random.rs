//! Random sequences of commands, on several connections at once, to the model and to a real server.
//!
//! The model's clock follows the real one. Nothing is asked in the milliseconds around an expiry, where
//! either answer is right: both are made to wait.

use super::{
    Agreement,
    arm::{Arm, Heard, ModelArm, request},
    compare::Conversation,
    grammar::{KEYS, Tape, Template},
    real::RealArm,
    stream,
    templates::TEMPLATES,
};
use crate::real_clock::{Stopwatch, sleep_ms, wall_ms};
use model_redis::RedisConfig;
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner},
};
use std::{cell::RefCell, collections::BTreeSet, fmt::Write, io, ops::ControlFlow};

/// Connections of one sequence.
const CONNECTIONS: usize = 3;
/// Commands of one sequence, at most.
const LENGTH_MAX: usize = 120;
/// Choices of one command.
const TAPE_BYTES: usize = 24;
/// So near to an expiry nothing is asked, milliseconds.
const EXPIRY_MARGIN_MS: i64 = 6;

/// What to ask.
#[derive(Debug, Clone)]
pub struct Options {
    /// From which everything is drawn.
    pub seed: u64,
    /// How many commands, about.
    pub commands: u64,
    /// Compare the replication stream, too.
    pub stream: bool,
}

type Step = (usize, [u8; TAPE_BYTES]);

/// One difference between the arms, and how it came about.
struct Difference {
    command: String,
    text: String,
}

/// Asks a real server at this port and the model the same, for as long as told. After a difference its
/// command is left out, so that one does not hide the others. `progress` hears how many commands have
/// been compared, and may break off.
///
/// # Errors
/// Nobody listens at the port.
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
        let steps = vec((0..CONNECTIONS, any::<[u8; TAPE_BYTES]>()), 1..=LENGTH_MAX);
        let (played, found) = (RefCell::new(Agreement::default()), RefCell::new(None));
        let arm = RefCell::new(RealArm::new(port)?);
        if options.stream {
            arm.borrow_mut().attach();
        }
        let result = runner.run(&steps, |steps| {
            let (counted, difference) = play(&mut arm.borrow_mut(), &usable, &steps);
            let before = played.take();
            *played.borrow_mut() = before.and(counted);
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
            // The last one found while shrinking need not be the smallest.
            let difference = play(&mut arm.borrow_mut(), &usable, &smallest).1.or(found.into_inner());
            if let Some(difference) = difference {
                left_out.insert(difference.command);
                agreement.differences.push(difference.text);
            }
        }
        agreement = agreement.and(played.into_inner());
        round += 1;
        if progress(agreement.compared).is_break() {
            break;
        }
    }
    Ok(agreement)
}

/// One sequence, from an empty server: what was counted, and the first difference.
fn play(real: &mut RealArm, templates: &[&Template], steps: &[Step]) -> (Agreement, Option<Difference>) {
    real.start_over();
    let mut model = ModelArm::new(RedisConfig::default(), wall_ms());
    let mut game = Game {
        watch: Stopwatch::start(),
        model_ms: 0,
        conversations: vec![Conversation::default(); CONNECTIONS],
        story: Vec::new(),
        counted: Agreement::default(),
    };
    for arm in [real as &mut dyn Arm, &mut model] {
        (0..CONNECTIONS).for_each(|_| {
            arm.connect();
        });
    }
    if real.has_replica() {
        stream::attach(&mut model); // its connection comes after the others
    }
    for (connection, tape) in steps {
        let mut tape = Tape::new(tape);
        if real.has_replica() {
            // When an expired key is deleted, and its replicas are told, is a matter of the cron.
            tape = tape.without_expiry();
        }
        let template = templates[tape.choose(templates.len())];
        let words = template.words(&mut tape);
        match game.ask(real, &mut model, *connection, &words) {
            Verdict::Same => {}
            Verdict::Closed => return (game.counted, None),
            Verdict::Late => {
                game.counted.broken_off += 1;
                return (game.counted, None);
            }
            Verdict::Differs(difference) => return (game.counted, Some(difference)),
        }
    }
    let difference = game.compare_what_is_left(real, &mut model);
    (game.counted, difference)
}

/// What shows all of a key, by the first letter of its name's usual type; another type shows, too.
const SHOW: [(&str, &str); 5] = [
    ("k", "GET"),
    ("l", "LRANGE * 0 -1"),
    ("h", "HGETALL"),
    ("s", "SMEMBERS"),
    ("z", "ZRANGE * 0 -1 WITHSCORES"),
];

enum Verdict {
    Same,
    /// A connection is gone on both sides; the sequence ends.
    Closed,
    /// The real server was asked too late to be compared: something was to expire meanwhile.
    Late,
    Differs(Difference),
}

struct Game {
    watch: Stopwatch,
    model_ms: u64,
    conversations: Vec<Conversation>,
    story: Vec<String>,
    counted: Agreement,
}

impl Game {
    /// The model's clock catches up with the real one.
    fn synchronise(&mut self, model: &mut ModelArm) {
        let now = self.watch.elapsed_ms();
        if now > self.model_ms {
            model.wait(now - self.model_ms);
            self.model_ms = now;
        }
    }

    fn ask(&mut self, real: &mut RealArm, model: &mut ModelArm, connection: usize, words: &[Vec<u8>]) -> Verdict {
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
        self.conversations[connection].asked(&command);
        let shown: Vec<String> = words.iter().map(|word| show(word)).collect();
        self.story.push(format!("{connection}> {}", shown.join(" ")));
        for other in 0..CONNECTIONS {
            let (theirs, ours) = (real.hear(other), model.hear(other));
            if ours == Heard::default() && theirs == Heard::default() {
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
            let (theirs, ours) = (real.hear_replica(), model.hear(CONNECTIONS));
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

    /// All keys, asked for on a connection of its own.
    fn compare_what_is_left(&mut self, real: &mut RealArm, model: &mut ModelArm) -> Option<Difference> {
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
                conversation.asked(&name);
                if !conversation.agree(&ours, &theirs) && !model.expires_within(EXPIRY_MARGIN_MS) {
                    self.story.push(format!("{}> {command}", CONNECTIONS + 1));
                    return Some(self.difference(&name, CONNECTIONS + 1, &ours, &theirs));
                }
            }
        }
        None
    }

    fn difference(&self, command: &str, connection: usize, ours: &Heard, theirs: &Heard) -> Difference {
        let mut text = String::new();
        for line in &self.story {
            let _ = writeln!(text, "    {line}");
        }
        let to = if connection == CONNECTIONS {
            "its replica".to_owned()
        } else {
            format!("connection {connection}")
        };
        let _ = writeln!(text, "  redis-server says to {to}: {}", shown(theirs));
        let _ = write!(text, "  the model says to {to}:    {}", shown(ours));
        Difference {
            command: command.to_owned(),
            text,
        }
    }
}

/// A word as redis-cli takes it.
fn show(word: &[u8]) -> String {
    let plain = !word.is_empty() && word.iter().all(|b| b.is_ascii_graphic() && *b != b'"' && *b != b'\'');
    if plain {
        String::from_utf8_lossy(word).into_owned()
    } else {
        format!("\"{}\"", word.escape_ascii())
    }
}

fn shown(heard: &Heard) -> String {
    let hung_up = if heard.closed { " and hangs up" } else { "" };
    format!("{}{hung_up}", heard.bytes.escape_ascii())
}
