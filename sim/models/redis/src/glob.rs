//! Patterns of KEYS, SCAN, PSUBSCRIBE, CONFIG GET and ACLs (stringmatchlen in util.c).

/// Whether the text matches: `*`, `?`, `[abc]`, `[^a-z]`, `\x`. Only the last `*` is
/// extended on a mismatch: the time is bounded by the product of the lengths, and the stack does not depend on the input.
pub(super) fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut pattern, mut text) = (pattern, text);
    let mut last_star: Option<(&[u8], &[u8])> = None; // the pattern after it, and the text that it has not matched
    loop {
        if let [b'*', rest @ ..] = pattern {
            if rest.is_empty() {
                return true;
            }
            (pattern, last_star) = (rest, Some((rest, text)));
            continue;
        }
        let Some((&byte, tail)) = text.split_first() else {
            return pattern.is_empty();
        };
        if let Some(rest) = after(pattern, byte) {
            (pattern, text) = (rest, tail);
        } else if let Some((rest, [_, left @ ..])) = last_star {
            (pattern, text, last_star) = (rest, left, Some((rest, left)));
        } else {
            return false;
        }
    }
}

/// The rest of a pattern that does not begin with `*`, after it has matched one byte.
fn after(pattern: &[u8], byte: u8) -> Option<&[u8]> {
    let (&first, rest) = pattern.split_first()?;
    let (matches, rest) = match first {
        b'?' => (true, rest),
        b'[' => class(rest, byte),
        b'\\' if !rest.is_empty() => (rest[0] == byte, &rest[1..]),
        _ => (first == byte, rest),
    };
    matches.then_some(rest)
}

/// Whether a class (after its `[`) contains the byte, and the pattern after the class. A class that is not closed ends with
/// the pattern.
fn class(mut rest: &[u8], byte: u8) -> (bool, &[u8]) {
    let negated = rest.first() == Some(&b'^');
    rest = &rest[usize::from(negated)..];
    let mut found = false;
    loop {
        match rest {
            [] => return (found != negated, rest),
            [b']', after @ ..] => return (found != negated, after),
            [b'\\', wanted, after @ ..] => {
                found |= *wanted == byte;
                rest = after;
            }
            [from, b'-', to, after @ ..] => {
                found |= (*from.min(to)..=*from.max(to)).contains(&byte);
                rest = after;
            }
            [wanted, after @ ..] => {
                found |= *wanted == byte;
                rest = after;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn patterns_match_as_in_redis() {
        for (pattern, text, matches) in [
            ("*", "", true),
            ("h?llo", "hello", true),
            ("h*llo", "heeeello", true),
            ("h[ae]llo", "hallo", true),
            ("h[^e]llo", "hello", false),
            ("h[a-b]llo", "hbllo", true),
            ("h[b-a]llo", "hallo", true),
            (r"h\*llo", "h*llo", true),
            (r"h\*llo", "hello", false),
            ("[abc", "a", true),
            ("a*", "a", true),
            ("a", "ab", false),
            ("**b", "ab", true),
            ("", "a", false),
            ("*a*b*", "xaxbx", true),
            ("*ab", "aab", true),
            ("*a?", "aabc", false),
            ("*[ab]c", "abbc", true),
            ("a*", "", false),
        ] {
            assert_eq!(glob(pattern.as_bytes(), text.as_bytes()), matches, "{pattern} {text}");
        }
    }

    #[test]
    fn no_pattern_takes_for_ever_and_no_text_is_too_long() {
        assert!(!glob(&[b"*a".repeat(30), b"b".to_vec()].concat(), &b"a".repeat(200)));
        assert!(glob(&b"a?".repeat(500_000), &b"a".repeat(1_000_000)));
    }
}
