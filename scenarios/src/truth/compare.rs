//! When two answers agree. Mostly: when they are the same bytes.

use super::arm::Heard;
use redis::Value;

/// How answers to a command are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// Byte by byte.
    Same,
    /// The same members in whatever order: Redis promises none.
    AnyOrder,
    /// Numbers, at most so far apart: time goes on between two questions.
    Near(i64),
    /// Both give an error, both nothing, or both something: chance, or what the process is.
    Kind,
}

/// Milliseconds by which two servers may be asked at different times.
const APART_MS: i64 = 250;

fn rule(command: &str) -> Rule {
    match command {
        "smembers" | "sinter" | "sunion" | "sdiff" | "hgetall" | "hkeys" | "hvals" | "keys" | "pubsub" | "scan"
        | "sscan" | "hscan" | "zscan" => Rule::AnyOrder,
        "pttl" | "pexpiretime" => Rule::Near(APART_MS),
        "ttl" | "expiretime" => Rule::Near(1),
        "randomkey" | "srandmember" | "hrandfield" | "zrandmember" | "spop" | "time" | "client" | "info" | "hello" => {
            Rule::Kind
        }
        _ => Rule::Same,
    }
}

/// Whether what the model said is what the real server said. `transaction` names the commands that an
/// EXEC answers for.
pub(super) fn agree(command: &str, transaction: &[String], model: &Heard, real: &Heard) -> bool {
    if model == real {
        return true;
    }
    if model.closed != real.closed {
        return false;
    }
    let (Some(ours), Some(theirs)) = (parse(&model.bytes), parse(&real.bytes)) else {
        return false;
    };
    if command != "exec" {
        return alike(rule(command), &ours, &theirs);
    }
    match (ours, theirs) {
        (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() && ours.len() == transaction.len() => {
            let pairs = ours.iter().zip(&theirs).zip(transaction);
            pairs
                .into_iter()
                .all(|((ours, theirs), name)| alike(rule(name), ours, theirs))
        }
        (ours, theirs) => ours == theirs,
    }
}

/// One reply, and nothing after it.
fn parse(bytes: &[u8]) -> Option<Value> {
    redis::parse_redis_value(bytes).ok()
}

fn alike(rule: Rule, ours: &Value, theirs: &Value) -> bool {
    match rule {
        Rule::Same => ours == theirs,
        Rule::AnyOrder => sorted(ours) == sorted(theirs),
        Rule::Near(apart) => match (ours, theirs) {
            (Value::Int(ours), Value::Int(theirs)) => {
                ours == theirs || (*ours.min(theirs) >= 0 && (ours - theirs).abs() <= apart)
            }
            (ours, theirs) => ours == theirs,
        },
        Rule::Kind => std::mem::discriminant(ours) == std::mem::discriminant(theirs) && !is_error(ours),
    }
}

fn is_error(value: &Value) -> bool {
    matches!(value, Value::ServerError(_))
}

/// The members in an order that hangs on nothing but themselves. In RESP2 a map is a flat list of
/// fields and values: sorted it still tells two maps apart unless they have exchanged values.
fn sorted(value: &Value) -> Vec<String> {
    let mut members: Vec<String> = match value {
        Value::Array(members) | Value::Set(members) => members.iter().map(|member| sorted(member).join(",")).collect(),
        Value::Map(pairs) => pairs.iter().map(|pair| format!("{pair:?}")).collect(),
        other => vec![format!("{other:?}")],
    };
    members.sort();
    members
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(text: &str) -> Heard {
        Heard {
            bytes: text.into(),
            closed: false,
        }
    }

    #[track_caller]
    fn check(command: &str, ours: &str, theirs: &str, expected: bool) {
        assert_eq!(
            agree(command, &[], &heard(ours), &heard(theirs)),
            expected,
            "{ours:?} {theirs:?}"
        );
    }

    #[test]
    fn sets_have_no_order_and_lists_have_one() {
        check("smembers", "*2\r\n+a\r\n+b\r\n", "*2\r\n+b\r\n+a\r\n", true);
        check("smembers", "*2\r\n+a\r\n+b\r\n", "*2\r\n+b\r\n+b\r\n", false);
        check("lrange", "*2\r\n+a\r\n+b\r\n", "*2\r\n+b\r\n+a\r\n", false);
    }

    #[test]
    fn time_goes_on_between_two_questions() {
        check("pttl", ":1000\r\n", ":990\r\n", true);
        check("pttl", ":1000\r\n", ":500\r\n", false);
        check("pttl", ":-1\r\n", ":-2\r\n", false);
        check("pttl", ":0\r\n", ":-2\r\n", false);
        check("get", ":1000\r\n", ":990\r\n", false);
    }

    #[test]
    fn chance_is_of_one_kind() {
        check("randomkey", "$1\r\na\r\n", "$1\r\nb\r\n", true);
        check("randomkey", "$1\r\na\r\n", "$-1\r\n", false);
        check("randomkey", "-ERR a\r\n", "-ERR b\r\n", false);
    }

    #[test]
    fn a_transaction_is_compared_command_by_command() {
        let queued = ["smembers".to_owned(), "get".to_owned()];
        let (ours, theirs) = (
            heard("*2\r\n*2\r\n+a\r\n+b\r\n+x\r\n"),
            heard("*2\r\n*2\r\n+b\r\n+a\r\n+x\r\n"),
        );
        assert!(agree("exec", &queued, &ours, &theirs));
        let theirs = heard("*2\r\n*2\r\n+b\r\n+a\r\n+y\r\n");
        assert!(!agree("exec", &queued, &ours, &theirs));
    }

    #[test]
    fn a_hang_up_is_an_answer() {
        let mut theirs = heard("+OK\r\n");
        theirs.closed = true;
        assert!(!agree("quit", &[], &heard("+OK\r\n"), &theirs));
    }
}
