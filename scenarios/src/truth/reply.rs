//! What came on a connection, value by value.

use redis::Value;

/// What pub/sub commands confirm, a channel at a time.
pub(super) const CONFIRMED: [&str; 4] = ["subscribe", "unsubscribe", "psubscribe", "punsubscribe"];

/// All values of these bytes; nothing if the last is torn.
pub(super) fn values(mut bytes: &[u8]) -> Option<Vec<Value>> {
    let mut values = Vec::new();
    while !bytes.is_empty() {
        let (value, rest) = bytes.split_at(length(bytes)?);
        values.push(redis::parse_redis_value(value).ok()?);
        bytes = rest;
    }
    Some(values)
}

/// Of the first value, in bytes.
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

/// Of what kind a message of pub/sub is, or a confirmation, and what it says; in RESP2 these look like arrays.
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

/// Puts values, where Redis tells them in the order of one of its hash tables, in an order of ours: one message that
/// several patterns match, and what is unsubscribed from.
pub(super) fn in_order<T>(told: &mut [T], value: fn(&mut T) -> &mut Value) {
    let mut values: Vec<&mut Value> = told.iter_mut().map(value).collect();
    for run in values.chunk_by_mut(|one, other| together(one, other)) {
        let mut names: Vec<Value> = run
            .iter_mut()
            .filter_map(|value| name(value))
            .map(|name| name.clone())
            .collect();
        names.sort_by_key(|name| format!("{name:?}"));
        // Only the names change places: how many are left is counted in the order of telling.
        let places = run.iter_mut().filter_map(|value| name(value));
        places.zip(names).for_each(|(place, name)| *place = name);
    }
}

fn together(one: &Value, other: &Value) -> bool {
    match (pushed(one), pushed(other)) {
        (Some((one, ours)), Some((other, theirs))) if one == other => match one.as_str() {
            "pmessage" => ours.len() == 3 && theirs.len() == 3 && ours[1..] == theirs[1..],
            "unsubscribe" | "punsubscribe" => true,
            _ => false,
        },
        _ => false,
    }
}

/// The channel or the pattern that it is about.
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
    fn values_end_where_they_say() {
        let bytes = b"%1\r\n+a\r\n*2\r\n$1\r\n\r\r\n$-1\r\n*-1\r\n:7\r\n_\r\n";
        assert_eq!(values(bytes).map(|values| values.len()), Some(4));
        for torn in ["*1\r\n", "$3\r\nab", "+a", "$3\r\nabc\r", "x"] {
            assert_eq!(values(torn.as_bytes()), None, "{torn:?}");
        }
    }
}
