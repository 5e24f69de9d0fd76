//! The bytes received on a connection as single RESP values.

use redis::Value;

/// Commands that are confirmed once for each channel.
pub(super) const CONFIRMED: [&str; 4] = ["subscribe", "unsubscribe", "psubscribe", "punsubscribe"];

/// All values in these bytes; `None` if the last one is incomplete.
pub(super) fn values(mut bytes: &[u8]) -> Option<Vec<Value>> {
    let mut values = Vec::new();
    while !bytes.is_empty() {
        let (value, rest) = bytes.split_at(length(bytes)?);
        values.push(redis::parse_redis_value(value).ok()?);
        bytes = rest;
    }
    Some(values)
}

/// The length of the first value, bytes.
fn length(bytes: &[u8]) -> Option<usize> {
    let end = 2 + bytes.windows(2).position(|two| two == b"\r\n")?;
    let count = || std::str::from_utf8(&bytes[1..end - 2]).ok()?.parse::<i64>().ok();
    let members = match bytes[0] {
        b'$' | b'=' | b'!' => {
            let whole = usize::try_from(count()?).map_or(end, |bulk| end + bulk + 2);
            return (whole <= bytes.len()).then_some(whole);
        }
        b'*' | b'~' | b'>' => count()?,
        b'%' => 2 * count()?,
        _ => 0,
    };
    (0..members).try_fold(end, |end, _| Some(end + length(&bytes[end..])?))
}

/// The kind and the data of a pub/sub message or confirmation; in RESP2 these are arrays like any other.
pub(super) fn pushed(value: &Value) -> Option<(String, &[Value])> {
    match value {
        Value::Push { kind, data } => Some((kind.to_string(), data)),
        Value::Array(members) => {
            let Some((Value::BulkString(kind), data)) = members.split_first() else {
                return None;
            };
            let kind = String::from_utf8(kind.clone()).ok()?;
            let known = matches!(kind.as_str(), "message" | "pmessage") || CONFIRMED.contains(&kind.as_str());
            (known && data.len() >= 2).then_some((kind, data))
        }
        _ => None,
    }
}

/// Sorts those values that Redis sends in the order of one of its hash tables: a message that several patterns match, and
/// the confirmations of UNSUBSCRIBE.
pub(super) fn sort_unordered<T>(items: &mut [T], value: fn(&mut T) -> &mut Value) {
    let mut values: Vec<&mut Value> = items.iter_mut().map(value).collect();
    for run in values.chunk_by_mut(|one, other| are_unordered(one, other)) {
        let mut names: Vec<Value> = run
            .iter_mut()
            .filter_map(|value| name(value))
            .map(|name| name.clone())
            .collect();
        names.sort_by_key(|name| format!("{name:?}"));
        // Only the names change places: the number of remaining subscriptions counts down in the order of sending.
        let places = run.iter_mut().filter_map(|value| name(value));
        places.zip(names).for_each(|(place, name)| *place = name);
    }
}

/// Whether Redis could have sent these two values in the other order.
fn are_unordered(one: &Value, other: &Value) -> bool {
    match (pushed(one), pushed(other)) {
        (Some((one, ours)), Some((other, theirs))) if one == other => match one.as_str() {
            "pmessage" => ours.len() == 3 && theirs.len() == 3 && ours[1..] == theirs[1..],
            "unsubscribe" | "punsubscribe" => true,
            _ => false,
        },
        _ => false,
    }
}

/// The channel or the pattern of a pub/sub message.
fn name(value: &mut Value) -> Option<&mut Value> {
    pushed(value)?;
    match value {
        Value::Push { data, .. } => data.first_mut(),
        Value::Array(members) => members.get_mut(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_end_where_their_length_says() {
        let bytes = b"%1\r\n+a\r\n*2\r\n$1\r\n\r\r\n$-1\r\n*-1\r\n:7\r\n_\r\n";
        assert_eq!(values(bytes).map(|values| values.len()), Some(4));
        for incomplete in ["*1\r\n", "$3\r\nab", "+a", "$3\r\nabc\r", "x"] {
            assert_eq!(values(incomplete.as_bytes()), None, "{incomplete:?}");
        }
    }
}
