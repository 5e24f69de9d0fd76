//! Patterns of KEYS, SCAN, PSUBSCRIBE, CONFIG GET and ACLs (stringmatchlen in util.c).

/// Whether the text matches: `*`, `?`, `[abc]`, `[^a-z]`, `\x`.
pub(super) fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (Some((&first, rest)), Some((&byte, tail))) = (pattern.split_first(), text.split_first()) else {
        return text.is_empty() && pattern.iter().all(|byte| *byte == b'*');
    };
    match first {
        b'*' => {
            let rest = &pattern[pattern.iter().take_while(|byte| **byte == b'*').count()..];
            rest.is_empty() || (0..=text.len()).any(|at| glob(rest, &text[at..]))
        }
        b'?' => glob(rest, tail),
        b'[' => {
            let (matches, rest) = class(rest, byte);
            matches && glob(rest, tail)
        }
        b'\\' if !rest.is_empty() => rest[0] == byte && glob(&rest[1..], tail),
        _ => first == byte && glob(rest, tail),
    }
}

/// Whether the class, whose `[` is already read, has the byte; and what follows it. A class that is not
/// closed ends with the pattern.
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
        ] {
            assert_eq!(glob(pattern.as_bytes(), text.as_bytes()), matches, "{pattern} {text}");
        }
    }
}
