//! The output of commands, and whether it could be written: a verdict that nobody could read must not count as success.

use super::{Conclusion, Trouble};
use std::{fmt, io};

/// Prints to standard output. A failed write is remembered, and ends the command with an error. A reader that has
/// closed its end (`… list | head`) is not an error, because it has read what it wanted.
pub fn say(text: impl fmt::Display) {
    #[cfg(test)]
    super::tests::capture(&text.to_string());
    #[cfg(not(test))]
    {
        use std::io::Write;
        // Written with one call, so that no other thread's output comes in between.
        let text = format!("{text}\n");
        let mut out = io::stdout().lock();
        lost::remember(
            "standard output",
            out.write_all(text.as_bytes()).and_then(|()| out.flush()),
        );
    }
}

/// Prints to standard error. If standard error is closed or full, this cannot be reported, and changes no verdict.
pub fn tell(text: impl fmt::Display) {
    use std::io::Write;
    let _ = writeln!(io::stderr(), "{text}");
}

/// The result of a command that reached a verdict and then failed to do something. A violation stays the verdict, and
/// the error is printed; any other verdict is replaced by the error.
///
/// # Errors
/// The failure, unless something is violated.
pub fn after_verdict(conclusion: Conclusion, rest: Result<(), Trouble>) -> Result<Conclusion, Trouble> {
    match (conclusion, rest) {
        (conclusion, Ok(())) => Ok(conclusion),
        (Conclusion::Violated, Err(Trouble(what))) => {
            tell(format!("error: {what}"));
            Ok(Conclusion::Violated)
        }
        (_, Err(trouble)) => Err(trouble),
    }
}

/// Joins all errors into one.
pub(crate) fn all(results: impl IntoIterator<Item = Result<(), Trouble>>) -> Result<(), Trouble> {
    let wrong: Vec<String> = (results.into_iter())
        .filter_map(|result| result.err().map(|Trouble(what)| what))
        .collect();
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(Trouble(wrong.join("\n"))),
    }
}

/// Output that was lost.
pub(crate) mod lost {
    use super::Trouble;
    use std::{
        io::{self, ErrorKind},
        sync::Mutex,
    };

    static LOST: Mutex<Option<String>> = Mutex::new(None);

    /// Remembers the first failure, unless the reader has closed its end.
    #[cfg_attr(test, expect(dead_code, reason = "tests capture what is said, and write nothing"))]
    pub(crate) fn remember(what: &str, written: io::Result<()>) {
        if let Err(error) = written
            && error.kind() != ErrorKind::BrokenPipe
        {
            let mut lost = LOST.lock().expect("nothing panics while it is locked");
            lost.get_or_insert_with(|| {
                format!("cannot write to {what}: {error}; what was to be read there is not complete")
            });
        }
    }

    /// The first failure so far, if any.
    pub(crate) fn trouble() -> Option<Trouble> {
        let lost = LOST.lock().expect("nothing panics while it is locked");
        lost.clone().map(Trouble)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Conclusion::{Held, Inconclusive, Violated};

    #[test]
    fn a_violation_is_one_whatever_comes_after() {
        let failed = || Err(Trouble("the disk is full".into()));
        assert_eq!(after_verdict(Violated, failed()).unwrap(), Violated);
        for other in [Held, Inconclusive] {
            assert_eq!(after_verdict(other, Ok(())).unwrap(), other);
            assert_eq!(after_verdict(other, failed()).unwrap_err().0, "the disk is full");
        }
    }

    #[test]
    fn everything_that_failed_is_said() {
        let wrong = |what: &str| Err(Trouble(what.into()));
        assert_eq!(all([wrong("a"), Ok(()), wrong("b")]).unwrap_err().0, "a\nb");
        assert!(all([Ok(()), Ok(())]).is_ok());
    }
}
