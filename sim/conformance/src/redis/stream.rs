//! The replication stream: the commands that a replica receives for what clients do.

use super::server::{Received, Server};

/// How much later one server may be asked than the other, milliseconds.
const SKEW_MS_MAX: i64 = 250;

/// How long a full synchronisation may take, milliseconds.
const SYNC_MS_MAX: u64 = 10_000;

/// Becomes a replica on a new connection, and reads the dataset. What arrives on this connection from now on is the stream,
/// whose offset is returned, too.
///
/// # Panics
/// No dataset comes.
pub(super) fn attach(server: &mut dyn Server) -> (usize, u64) {
    let connection = server.connect();
    let mut bytes = server.ask(connection, b"PSYNC ? -1\r\n").bytes;
    let mut waited_ms = 0;
    loop {
        if let Some(length) = payload_end(&bytes)
            && bytes.len() >= length
        {
            return (connection, offset(&bytes));
        }
        assert!(waited_ms < SYNC_MS_MAX, "no dataset came: {}", bytes.escape_ascii());
        server.wait(10);
        waited_ms += 10;
        bytes.extend(server.receive(connection).bytes);
    }
}

/// The number in `+FULLRESYNC id 17`.
fn offset(bytes: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(bytes);
    let number = text
        .lines()
        .next()
        .and_then(|line| line.rsplit(' ').next()?.parse().ok());
    number.expect("an offset")
}

/// Where the dataset ends: after `+FULLRESYNC …`, possibly newlines that keep the link alive, `$n`, and `n` bytes.
fn payload_end(bytes: &[u8]) -> Option<usize> {
    let dollar = bytes.iter().position(|byte| *byte == b'$')?;
    let line = dollar + bytes[dollar..].windows(2).position(|two| two == b"\r\n")?;
    let length: usize = std::str::from_utf8(&bytes[dollar + 1..line]).ok()?.parse().ok()?;
    Some(line + 2 + length)
}

/// Whether two pieces of the stream have the same meaning. Times of expiry may be as far apart as the two questions were.
/// SELECT and PING are left out. It depends on the clock whether an expired key is deleted by the cron or by the next
/// command, and in the latter case both are sent as one transaction.
pub(super) fn agree(ours: &Received, theirs: &Received) -> bool {
    let (Some(mut ours), Some(mut theirs)) = (commands(&ours.bytes), commands(&theirs.bytes)) else {
        return false;
    };
    let is = |words: &[Vec<u8>], name: &[u8]| words.first().is_some_and(|first| first == name);
    let deletes = |commands: &[Vec<Vec<u8>>]| commands.iter().any(|words| is(words, b"DEL") && words.len() == 2);
    if deletes(&ours) && deletes(&theirs) {
        let brackets = |words: &Vec<Vec<u8>>| is(words, b"MULTI") || is(words, b"EXEC");
        ours.retain(|words| !brackets(words));
        theirs.retain(|words| !brackets(words));
    }
    let words_agree = |ours: &Vec<u8>, theirs: &Vec<u8>| match (time(ours), time(theirs)) {
        (Some(ours), Some(theirs)) => (ours - theirs).abs() <= SKEW_MS_MAX,
        _ => ours == theirs,
    };
    ours.len() == theirs.len()
        && ours
            .iter()
            .zip(&theirs)
            .all(|(ours, theirs)| ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(a, b)| words_agree(a, b)))
}

/// A number that can only be a wall-clock time (the years 2020 to 2049), milliseconds.
fn time(word: &[u8]) -> Option<i64> {
    let ms = std::str::from_utf8(word).ok()?.parse().ok()?;
    (1_600_000_000_000..2_500_000_000_000).contains(&ms).then_some(ms)
}

/// The commands in a piece of the stream, without SELECT and PING; `None` if it is incomplete.
fn commands(bytes: &[u8]) -> Option<Vec<Vec<Vec<u8>>>> {
    let mut commands: Vec<_> = commands_with_lengths(bytes)?
        .into_iter()
        .map(|(words, _)| words)
        .collect();
    commands.retain(|words| !is_left_out(words));
    Some(commands)
}

/// SELECT and PING: the one is repeated for every replica, the other depends on the clock.
pub(super) fn is_left_out(words: &[Vec<u8>]) -> bool {
    words
        .first()
        .is_some_and(|name| name == b"SELECT" || name.eq_ignore_ascii_case(b"PING"))
}

/// All commands in a piece of the stream, each with its length in bytes; `None` if it is incomplete.
pub(super) fn commands_with_lengths(mut bytes: &[u8]) -> Option<Vec<(Vec<Vec<u8>>, usize)>> {
    let mut commands = Vec::new();
    while !bytes.is_empty() {
        let before = bytes.len();
        let count = number(&mut bytes, b'*')?;
        let mut words = Vec::new();
        for _ in 0..count {
            let length = number(&mut bytes, b'$')?;
            words.push(bytes.get(..length)?.to_vec());
            bytes = bytes.get(length + 2..)?;
        }
        commands.push((words, before - bytes.len()));
    }
    Some(commands)
}

fn number(bytes: &mut &[u8], kind: u8) -> Option<usize> {
    let end = bytes.windows(2).position(|two| two == b"\r\n")?;
    let (line, rest) = (&bytes[..end], &bytes[end + 2..]);
    *bytes = rest;
    let digits = line.strip_prefix(&[kind])?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::server::request;
    use super::*;

    #[track_caller]
    fn check(ours: &[&[&str]], theirs: &[&[&str]], expected: bool) {
        let received = |commands: &[&[&str]]| Received {
            bytes: commands.iter().flat_map(|words| request(words)).collect(),
            closed: false,
        };
        assert_eq!(
            agree(&received(ours), &received(theirs)),
            expected,
            "{ours:?} {theirs:?}"
        );
    }

    #[test]
    fn commands_are_compared_word_by_word() {
        check(&[&["DEL", "a"]], &[&["DEL", "a"]], true);
        check(&[&["DEL", "a"]], &[&["UNLINK", "a"]], false);
        check(&[&["DEL", "a"]], &[&["DEL", "a"], &["DEL", "b"]], false);
        check(&[&["DEL", "a", "b"]], &[&["DEL", "a"]], false);
    }

    #[test]
    fn an_expired_key_may_be_deleted_alone_or_with_the_next_command() {
        let alone: &[&[&str]] = &[&["DEL", "a"], &["SET", "a", "1"]];
        check(alone, &[&["MULTI"], &["DEL", "a"], &["SET", "a", "1"], &["EXEC"]], true);
        check(
            &[&["SET", "a", "1"]],
            &[&["MULTI"], &["SET", "a", "1"], &["EXEC"]],
            false,
        );
    }

    #[test]
    fn times_are_near_and_other_numbers_equal() {
        check(
            &[&["PEXPIREAT", "a", "1790000000000"]],
            &[&["PEXPIREAT", "a", "1790000000100"]],
            true,
        );
        check(
            &[&["PEXPIREAT", "a", "1790000000000"]],
            &[&["PEXPIREAT", "a", "1790000001000"]],
            false,
        );
        check(&[&["INCRBY", "a", "100"]], &[&["INCRBY", "a", "101"]], false);
    }

    #[test]
    fn select_and_ping_are_left_out_and_an_incomplete_command_is_a_difference() {
        check(&[&["SELECT", "0"], &["DEL", "a"]], &[&["DEL", "a"], &["ping"]], true);
        let incomplete = Received {
            bytes: b"*1\r\n$4\r\nDE".to_vec(),
            closed: false,
        };
        assert!(!agree(&incomplete, &incomplete));
    }

    #[test]
    fn an_empty_command_counts() {
        check(&[&[], &["DEL", "a"]], &[&[], &["DEL", "a"]], true);
        check(&[&[], &["DEL", "a"]], &[&["DEL", "a"], &["DEL", "a"]], false);
    }

    #[test]
    fn the_dataset_ends_where_its_length_says() {
        assert_eq!(payload_end(b"+FULLRESYNC x 1\r\n$3\r\nabc*1"), Some(25 - 1));
        assert_eq!(payload_end(b"+FULLRESYNC x 1\r\n\n\n$3"), None);
    }
}
