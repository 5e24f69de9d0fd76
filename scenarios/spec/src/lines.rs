//! What a line of the log may say: the rows of core/MESSAGES.md, "Lines of the log", with places that stand for more.

use std::sync::LazyLock;

/// How a failure begins that was certainly not done.
const NOT_DONE: &str = "not done: ";
/// How a failure begins of which nobody knows whether it was done.
const UNKNOWN: &str = "outcome unknown: ";

/// What SQLite says of a file or a disk that fails (`sqlite3ErrStr`). The others are mistakes of who asks it.
const SQLITE: [&str; 9] = [
    "disk I/O error",
    "database disk image is malformed",
    "attempt to write a readonly database",
    "unable to open database file",
    "file is not a database",
    "access permission denied",
    "locking protocol",
    "out of memory",
    "interrupted",
];

/// Lines, causes, and what is being done while something fails.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    lines: Vec<(&'static str, Vec<Piece>)>,
    causes: Vec<Cause>,
    steps: Vec<Step>,
}

/// Whose failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    Store,
    Directory,
    Mail,
    Analytics,
    Clock,
    Anything,
}

impl Of {
    fn named(name: &str) -> Of {
        match name {
            "store" => Of::Store,
            "directory" => Of::Directory,
            "mail" => Of::Mail,
            "analytics" => Of::Analytics,
            "clock" => Of::Clock,
            "anything" => Of::Anything,
            name => panic!("core/MESSAGES.md blames {name:?}: store, directory, mail, analytics, clock or anything"),
        }
    }

    fn includes(self, other: Of) -> bool {
        self == Of::Anything || other == Of::Anything || self == other
    }
}

/// Why something failed.
#[derive(Debug)]
struct Cause {
    of: Of,
    /// Whether it always says that nothing was done.
    is_not_done: bool,
    pieces: Vec<Piece>,
}

/// Something that is done for a request.
#[derive(Debug)]
struct Step {
    says: &'static str,
    of: Of,
    paths: Vec<&'static str>,
}

/// A piece of a row: a text, or a place by its name.
#[derive(Debug)]
pub(crate) enum Piece {
    Says(&'static str),
    Place(&'static str),
}

impl Lines {
    /// Adds a row of the table of lines.
    pub(crate) fn add_line(&mut self, level: &'static str, line: &'static str) {
        self.lines.push((level, pieces(line)));
    }

    /// Adds a row of the table of causes.
    pub(crate) fn add_cause(&mut self, cause: &'static str, of: &str, outcome: &str) {
        let is_not_done = match outcome {
            "not done" => true,
            "either" => false,
            outcome => panic!("core/MESSAGES.md gives a cause the outcome {outcome:?}: not done, or either"),
        };
        self.causes.push(Cause {
            of: Of::named(of),
            is_not_done,
            pieces: pieces(cause),
        });
    }

    /// Adds a row of the table of steps.
    pub(crate) fn add_step(&mut self, says: &'static str, of: &str, paths: &'static str) {
        let of = Of::named(of);
        let paths = paths.split(", ").collect();
        self.steps.push(Step { says, of, paths });
    }

    /// Whether a line may stand in the log at a level.
    ///
    /// # Errors
    /// What is wrong, as a clause.
    pub(crate) fn check(&self, level: &str, text: &str) -> Result<(), String> {
        let fits =
            |(_, pieces): &&(&str, Vec<Piece>)| Matching { lines: self, text }.ends(pieces, 0).contains(&text.len());
        match self.lines.iter().find(fits) {
            Some((as_told, _)) if *as_told == level => Ok(()),
            Some((as_told, _)) => Err(format!("is written at the level {level} instead of {as_told}")),
            None => Err("is none that core/MESSAGES.md knows".into()),
        }
    }
}

/// The pieces of a row, whose places stand in braces.
pub(crate) fn pieces(row: &'static str) -> Vec<Piece> {
    let mut pieces = vec![];
    let mut rest = row;
    while let Some((before, after)) = rest.split_once('{') {
        let (place, after) = after.split_once('}').expect("a place is closed");
        pieces.extend((!before.is_empty()).then_some(Piece::Says(before)));
        pieces.push(Piece::Place(place));
        rest = after;
    }
    pieces.extend((!rest.is_empty()).then_some(Piece::Says(rest)));
    pieces
}

/// Matches a line with rows. What has matched may end at several places.
#[derive(Clone, Copy)]
struct Matching<'a> {
    lines: &'a Lines,
    text: &'a str,
}

impl Matching<'_> {
    fn ends(self, pieces: &[Piece], from: usize) -> Vec<usize> {
        let mut ends = vec![from];
        for (place, piece) in pieces.iter().enumerate() {
            let next = pieces.get(place + 1);
            ends = ends
                .into_iter()
                .flat_map(|from| self.after(piece, next, from))
                .collect();
            ends.sort_unstable();
            ends.dedup();
        }
        ends
    }

    fn after(self, piece: &Piece, next: Option<&Piece>, from: usize) -> Vec<usize> {
        let rest = &self.text[from..];
        let one = |length: Option<usize>| length.map(|length| from + length).into_iter().collect();
        match piece {
            Piece::Says(says) => one(rest.starts_with(says).then_some(says.len())),
            Piece::Place("number") => one(run_of(rest, |c| c.is_ascii_digit())),
            Piece::Place("word") => one(run_of(rest, |c| c != ' ')),
            // Not the cause, which comes after it.
            Piece::Place("name") => one(run_of(rest, |c| c != '=')),
            Piece::Place("reference") => {
                one(run_of(rest, |c| c.is_ascii_digit() || matches!(c, 'a'..='f')).filter(|length| *length == 16))
            }
            Piece::Place("sqlite") => {
                let said = SQLITE.iter().filter(|says| rest.starts_with(**says));
                said.map(|says| from + says.len()).collect()
            }
            Piece::Place("text") => match next {
                // A cause ends where its line, or the next field of it, does.
                None => ends_of_words(rest).map(|length| from + length).collect(),
                Some(Piece::Says(says)) => rest
                    .match_indices(says)
                    .map(|(at, _)| from + at)
                    .filter(|to| *to > from)
                    .collect(),
                Some(Piece::Place(_)) => panic!("core/MESSAGES.md: free text is followed by another place"),
            },
            // A library with a time-out of its own would end what the service has time for.
            Piece::Place("end") if rest.contains("timed out") => vec![],
            Piece::Place("end") => ends_of_words(rest).map(|length| from + length).collect(),
            Piece::Place("reasons") => self.reasons(from),
            Piece::Place("what failed") => self.what_failed(from),
            Piece::Place(place) => self.failure(place, from),
        }
    }

    /// `{failure}`, `{not done}` or `{unknown}`, of anything or, `{store failure}`, of one part.
    fn failure(self, place: &str, from: usize) -> Vec<usize> {
        let (of, outcome) = match place.split_once(' ') {
            Some((of @ ("store" | "directory" | "mail" | "analytics"), outcome)) => (Of::named(of), outcome),
            _ => (Of::Anything, place),
        };
        match outcome {
            "not done" => self.causes(NOT_DONE, of, from),
            "unknown" => self.causes(UNKNOWN, of, from),
            "failure" => self.failures(of, from),
            _ => panic!("core/MESSAGES.md: nobody knows what {{{place}}} stands for"),
        }
    }

    fn causes(self, prefix: &str, of: Of, from: usize) -> Vec<usize> {
        if !self.text[from..].starts_with(prefix) {
            return vec![];
        }
        let is_doubtful = prefix == UNKNOWN;
        let causes = self.lines.causes.iter();
        let causes = causes.filter(|cause| of.includes(cause.of) && !(is_doubtful && cause.is_not_done));
        causes
            .flat_map(|cause| self.ends(&cause.pieces, from + prefix.len()))
            .collect()
    }

    fn failures(self, of: Of, from: usize) -> Vec<usize> {
        let mut ends = self.causes(NOT_DONE, of, from);
        ends.extend(self.causes(UNKNOWN, of, from));
        ends
    }

    /// `store: {cause}` and so on, those that are wrong, separated by `; `.
    fn reasons(self, from: usize) -> Vec<usize> {
        let parts = [
            ("store: ", Of::Store),
            ("directory: ", Of::Directory),
            ("mail: ", Of::Mail),
            ("analytics: ", Of::Analytics),
            ("clock: ", Of::Clock),
        ];
        // Where the reasons before a part may end; `None`: there is none yet.
        let mut before: Vec<Option<usize>> = vec![None];
        for (prefix, of) in parts {
            let with = before.iter().flat_map(|end| match end {
                None => self.causes(prefix, of, from),
                Some(end) if self.text[*end..].starts_with("; ") => self.causes(prefix, of, end + 2),
                Some(_) => vec![],
            });
            let with: Vec<Option<usize>> = with.map(Some).collect();
            before.extend(with);
        }
        before.into_iter().flatten().collect()
    }

    /// A step that is taken for the path of the line, and its failure.
    fn what_failed(self, from: usize) -> Vec<usize> {
        let path = self
            .text
            .split(" path=")
            .nth(1)
            .and_then(|rest| rest.split(' ').next())
            .unwrap_or_default();
        let rest = &self.text[from..];
        let taken = |step: &&Step| step.paths.iter().any(|known| matches(known, path));
        let steps = self.lines.steps.iter().filter(taken);
        steps
            .filter_map(|step| rest.strip_prefix(step.says)?.starts_with(": ").then_some(step))
            .flat_map(|step| self.failures(step.of, from + step.says.len() + 2))
            .collect()
    }
}

/// Whether a path is one of a row; `*` at its end stands for more.
fn matches(known: &str, path: &str) -> bool {
    match known.strip_suffix('*') {
        Some(prefix) => path.starts_with(prefix),
        None => path == known,
    }
}

fn ends_of_words(text: &str) -> impl Iterator<Item = usize> {
    let between = text.match_indices([' ', ';']).map(|(at, _)| at);
    between.chain([text.len()]).filter(|length| *length > 0)
}

fn run_of(text: &str, is_part: impl Fn(char) -> bool) -> Option<usize> {
    let length = text.find(|c| !is_part(c)).unwrap_or(text.len());
    (length > 0).then_some(length)
}

/// Checks a line by the page of messages.
///
/// # Errors
/// What is wrong, as a clause.
pub(crate) fn check(level: &str, text: &str) -> Result<(), String> {
    static LINES: LazyLock<Lines> = LazyLock::new(crate::messages::lines);
    LINES.check(level, text)
}

#[cfg(test)]
mod tests {
    use super::check;

    fn refused(cause: &str) -> String {
        format!("refused correlation=0a1b2c3d4e5f6071 method=POST path=/token status=503 error=e cause={cause}")
    }

    #[test]
    fn each_place_admits_what_it_stands_for() {
        for (level, text) in [
            ("INFO", "leading epoch=12"),
            (
                "INFO",
                "refused correlation=0a1b2c3d4e5f6071 method=GET path=/x status=404 error=not-found",
            ),
            (
                "WARN",
                &refused("reading an authorization code: outcome unknown: connection lost: redis: broken pipe"),
            ),
            (
                "WARN",
                "not sent; another try later reminder=ann @ 5 cause=not done: refused: 550 no such user",
            ),
            (
                "WARN",
                "something is wrong reasons=directory: the directory is locked ready=true",
            ),
            (
                "WARN",
                "something is wrong reasons=mail: the outbox queue is full; clock: this clock is 301 s behind Redis's ready=true",
            ),
            (
                "WARN",
                "something is wrong reasons=store: no sentinel names a master; mail: the outbox queue is full; analytics: the analytics queue is full ready=true",
            ),
            (
                "WARN",
                "the directory failed cause=outcome unknown: the directory failed: disk I/O error",
            ),
            (
                "ERROR",
                "keys cannot be loaded yet; trying again cause=not done: the directory failed: signing key k1 is not PKCS#8 of a P-256 key",
            ),
        ] {
            assert_eq!(check(level, text), Ok(()), "{text}");
        }
    }

    #[test]
    fn and_nothing_else() {
        for (level, text) in [
            ("WARN", "leading epoch=12"),
            ("INFO", "leading epoch="),
            ("INFO", "leading epoch=12 and more"),
            (
                "INFO",
                "refused correlation=xyz method=GET path=/x status=404 error=not-found",
            ),
            (
                "WARN",
                &refused("reading an authorization code: outcome unknown: connection lost: redis: timed out"),
            ),
            (
                "WARN",
                &refused("reading an authorization code: not done: the directory is locked"),
            ),
            (
                "WARN",
                &refused("ending the session: not done: the directory is locked"),
            ),
            (
                "WARN",
                "something is wrong reasons=mail: the directory is locked ready=true",
            ),
            (
                "WARN",
                "something is wrong reasons=analytics: the analytics queue is full; mail: the outbox queue is full ready=true",
            ),
            ("WARN", "the directory stayed locked waited_ms=2000"),
            (
                "WARN",
                "the directory failed cause=not done: the directory failed: no such column: name",
            ),
            (
                "ERROR",
                "keys cannot be loaded yet; trying again cause=not done: the directory failed: signing key  is not PKCS#8 of a P-256 key",
            ),
        ] {
            assert!(check(level, text).is_err(), "{text}");
        }
    }
}
