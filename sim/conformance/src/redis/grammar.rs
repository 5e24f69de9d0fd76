//! Random requests from templates.
//!
//! `SET $k $v [EX $s|PX $ms] [NX|XX]`: a word, a `$placeholder`, `[a|b]` one of these or nothing,
//! `{a}` once to three times. Every choice takes a byte from [`Choices`]; zero is the simplest
//! choice, so shrinking the bytes makes the request simpler.

/// The bytes that decide all choices; past their end every choice is the simplest.
pub(super) struct Choices<'a> {
    bytes: std::slice::Iter<'a, u8>,
    /// Whether a key may get a time to live so short that it expires within the sequence.
    expiry: bool,
}

impl<'a> Choices<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Choices<'a> {
        Choices {
            bytes: bytes.iter(),
            expiry: true,
        }
    }

    /// The same choices, but no key expires within the sequence.
    pub(super) fn without_expiry(self) -> Choices<'a> {
        Choices { expiry: false, ..self }
    }

    fn byte(&mut self) -> usize {
        usize::from(self.bytes.next().copied().unwrap_or(0))
    }

    /// One of `n`.
    pub(super) fn choose(&mut self, n: usize) -> usize {
        match n {
            0 | 1 => 0,
            2..=256 => self.byte() % n,
            _ => (self.byte() << 8 | self.byte()) % n,
        }
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.choose(from.len())]
    }
}

/// A piece of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Word(String),
    Placeholder(String),
    Optional(Vec<Vec<Piece>>),
    Repeated(Vec<Piece>),
}

/// A command and what may follow it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template(Vec<Piece>);

impl Template {
    /// # Panics
    /// A bracket is not closed: templates are constants.
    pub(super) fn parse(text: &str) -> Template {
        let spaced = ['[', ']', '{', '}', '|']
            .iter()
            .fold(text.to_owned(), |text, c| text.replace(*c, &format!(" {c} ")));
        let mut tokens = spaced.split_whitespace().peekable();
        let pieces = sequence(&mut tokens);
        assert!(
            tokens.next().is_none(),
            "{text:?} closes a bracket that it has not opened"
        );
        Template(pieces)
    }

    /// In lower case.
    pub(super) fn command(&self) -> String {
        match &self.0[0] {
            Piece::Word(word) => word.to_ascii_lowercase(),
            _ => unreachable!("a template begins with its command"),
        }
    }

    /// The request that these choices give.
    pub(super) fn words(&self, choices: &mut Choices<'_>) -> Vec<Vec<u8>> {
        let mut words = Vec::new();
        expand(&self.0, choices, &mut words);
        // One in 32 is malformed: a word is missing, or there is one too many. SPOP without a count would remove a random member.
        match choices.choose(64) {
            62 if words.len() > 1 && self.command() != "spop" => drop(words.pop()),
            63 => words.push(b"x".to_vec()),
            _ => {}
        }
        words
    }
}

fn sequence<'a>(tokens: &mut std::iter::Peekable<impl Iterator<Item = &'a str>>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    while let Some(token) = tokens.next_if(|token| !["]", "}", "|"].contains(token)) {
        pieces.push(match token {
            "[" => {
                let mut alternatives = vec![sequence(tokens)];
                while tokens.next_if_eq(&"|").is_some() {
                    alternatives.push(sequence(tokens));
                }
                assert_eq!(tokens.next(), Some("]"), "a template opens [ and does not close it");
                Piece::Optional(alternatives)
            }
            "{" => {
                let repeated = sequence(tokens);
                assert_eq!(tokens.next(), Some("}"), "a template opens {{ and does not close it");
                Piece::Repeated(repeated)
            }
            word => match word.strip_prefix('$') {
                Some(name) => Piece::Placeholder(name.to_owned()),
                None => Piece::Word(word.to_owned()),
            },
        });
    }
    pieces
}

fn expand(pieces: &[Piece], choices: &mut Choices<'_>, words: &mut Vec<Vec<u8>>) {
    for piece in pieces {
        match piece {
            Piece::Word(word) => words.push(word.clone().into_bytes()),
            Piece::Placeholder(name) => words.push(value(name, choices)),
            // "nothing" is twice as likely as any one alternative
            Piece::Optional(alternatives) => {
                if let Some(at) = choices.choose(alternatives.len() + 2).checked_sub(2) {
                    expand(&alternatives[at], choices, words);
                }
            }
            Piece::Repeated(repeated) => {
                for _ in 0..=choices.pick(&[0, 0, 1, 2]) {
                    expand(repeated, choices, words);
                }
            }
        }
    }
}

/// Names of keys by what they usually hold.
pub(super) const KEYS: [(&str, &[&str]); 5] = [
    ("k", &["k1", "k2", "k3", "k4"]),
    ("l", &["l1", "l2", "l3"]),
    ("h", &["h1", "h2"]),
    ("S", &["s1", "s2", "s3"]),
    ("z", &["z1", "z2", "z3"]),
];

fn value(name: &str, choices: &mut Choices<'_>) -> Vec<u8> {
    if let Some((_, keys)) = KEYS.iter().find(|(kind, _)| *kind == name) {
        // One key in twelve is of another type.
        return match choices.choose(12) {
            11 => {
                let (_, others) = choices.pick(&KEYS);
                choices.pick(others).into()
            }
            n => keys[n % keys.len()].into(),
        };
    }
    let text: &str = match name {
        "any" => {
            let (_, keys) = choices.pick(&KEYS);
            choices.pick(keys)
        }
        "v" => {
            return match choices.choose(16) {
                13 => b"\x00\xff\r\n".to_vec(),
                14 => vec![b'x'; 200],
                15 => Vec::new(),
                n => [
                    "a",
                    "b",
                    "c",
                    "1",
                    "10",
                    "-3",
                    "3.5",
                    "abc",
                    "Hello World",
                    " 7",
                    "0",
                    "9223372036854775807",
                    "1e3",
                ][n]
                    .into(),
            };
        }
        "m" => choices.pick(&["a", "b", "c", "d", "1", "2", "30", "-4", "x y", ""]),
        "f" => choices.pick(&["f", "g", "1", "2", "long field", ""]),
        "i" => choices.pick(&[
            "1",
            "0",
            "2",
            "-1",
            "3",
            "5",
            "-2",
            "10",
            "-100",
            "100",
            "9223372036854775807",
            "-9223372036854775808",
            "abc",
            "1.5",
            "",
            " 1",
            "+1",
            "01",
        ]),
        "n" => choices.pick(&["1", "2", "3", "0", "-1", "-2", "10", "abc"]),
        "d" => choices.pick(&[
            "1",
            "1.5",
            "0",
            "-2.25",
            "10",
            "3e2",
            "0.1",
            "inf",
            "-inf",
            "nan",
            "abc",
            "1e400",
            "3.0",
            "100000000000000000",
            "1.7976931348623157e308",
        ]),
        "score" => choices.pick(&[
            "1", "2", "0", "-1", "1.5", "3", "10", "-2.5", "inf", "-inf", "2", "abc", "nan",
        ]),
        "min" => choices.pick(&["-inf", "1", "(1", "0", "2", "(2", "-1", "+inf", "abc", "(inf"]),
        "max" => choices.pick(&["+inf", "2", "(2", "3", "10", "(10", "1", "-inf", "abc"]),
        "lmin" => choices.pick(&["-", "[a", "(a", "[b", "[", "+", "abc"]),
        "lmax" => choices.pick(&["+", "[c", "(c", "[b", "[z", "-", "abc"]),
        "s" => choices.pick(&["100", "1000", "0", "-1", "abc", "9223372036854775807"]),
        "ms" => choices.pick(&["100000", "40", "1000000", "40", "0", "-5", "abc", "9223372036854775807"]),
        "at" => choices.pick(&["4102444800", "1", "0", "-1", "abc"]),
        "atms" => choices.pick(&["4102444800000", "1", "0", "-1", "abc"]),
        "pat" => choices.pick(&["*", "k*", "?1", "[kl]1", "[^k]*", "*[", "nomatch", "\\k1", ""]),
        "ch" => choices.pick(&["c1", "c2", "news"]),
        "chpat" => choices.pick(&["c*", "news", "*"]),
        "bit" => choices.pick(&["0", "1", "2"]),
        "type" => choices.pick(&["string", "list", "hash", "set", "zset", "nosuch"]),
        "script" => choices.pick(super::templates::SCRIPTS),
        other => unreachable!("no placeholder ${other}"),
    };
    match (name, text) {
        ("ms", "40") if !choices.expiry => "100000".into(),
        ("at" | "atms", "1") if !choices.expiry => "4102444800000".into(),
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(template: &str, choices: &[u8]) -> String {
        let words = Template::parse(template).words(&mut Choices::new(choices));
        words
            .iter()
            .map(|word| String::from_utf8_lossy(word))
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn zero_is_simplest() {
        assert_eq!(words("SET $k $v [EX $s|PX $ms] [NX|XX]", &[]), "SET k1 a");
        assert_eq!(words("MSET {$k $v}", &[]), "MSET k1 a");
    }

    #[test]
    fn choices_come_from_the_tape() {
        assert_eq!(
            words("SET $k $v [EX $s|PX $ms] [NX|XX]", &[1, 1, 3, 1, 2]),
            "SET k2 b PX 40 NX"
        );
        assert_eq!(words("DEL {$k}", &[3, 0, 1, 2]), "DEL k1 k2 k3");
        assert_eq!(words("GET $k", &[0, 62]), "GET");
        assert_eq!(words("GET $k", &[0, 63]), "GET k1 x");
    }

    #[test]
    #[should_panic(expected = "does not close")]
    fn a_bracket_is_closed() {
        Template::parse("SET $k [NX");
    }
}
