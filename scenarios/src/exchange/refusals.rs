//! The refusals that the service's log tells of, by the reference that people and clients got with them.

use crate::vocabulary::Operators;
use spec::exchange::Refused;
use std::collections::BTreeMap;

/// Refusals by correlation ID.
pub(super) type Refusals<'a> = BTreeMap<&'a str, Vec<Refused>>;

/// Reads the lines `refused correlation=… method=… path=… status=… error=… [cause=…]`.
pub(super) fn refusals(operators: &Operators) -> Refusals<'_> {
    let mut refusals = Refusals::new();
    for written in &operators.log {
        if let Some((correlation, refused)) = read(&written.line.text) {
            refusals.entry(correlation).or_default().push(refused);
        }
    }
    refusals
}

fn read(line: &str) -> Option<(&str, Refused)> {
    let rest = line.strip_prefix("refused correlation=")?;
    let (correlation, rest) = rest.split_once(" method=")?;
    let (method, rest) = rest.split_once(" path=")?;
    let (path, rest) = rest.split_once(" status=")?;
    let (status, rest) = rest.split_once(" error=")?;
    let error = rest.split_once(" cause=").map_or(rest, |(error, _)| error);
    let refused = Refused {
        method: method.to_owned(),
        path: path.to_owned(),
        status: status.parse().ok()?,
        error: error.to_owned(),
    };
    Some((correlation, refused))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_line() {
        let line = "refused correlation=0a1b method=POST path=/token status=503 error=temporarily_unavailable \
                    cause=counting: connection lost: error=x";
        let (correlation, refused) = read(line).unwrap();
        assert_eq!((correlation, refused.status), ("0a1b", 503));
        assert_eq!((refused.method.as_str(), refused.path.as_str()), ("POST", "/token"));
        assert_eq!(refused.error, "temporarily_unavailable");
        let line = "refused correlation=0a1b method=POST path=/token status=400 error=invalid_grant: no such code";
        assert_eq!(read(line).unwrap().1.error, "invalid_grant: no such code");
        assert_eq!(read("refused correlation=0a1b method=POST"), None);
        assert_eq!(read("ready"), None);
    }
}
