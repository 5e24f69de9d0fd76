//! When two answers agree. Mostly: when they are the same bytes.

use super::{arm::Heard, reply};
use redis::Value;
use std::collections::VecDeque;

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
    /// The same but for the number of the connection.
    AnyId,
}

/// Milliseconds by which two servers may be asked at different times.
const APART_MS: i64 = 250;

fn rule(command: &str) -> Rule {
    match command {
        "smembers" | "sinter" | "sunion" | "sdiff" | "hgetall" | "hkeys" | "hvals" | "keys" | "pubsub" | "scan"
        | "sscan" | "hscan" | "zscan" => Rule::AnyOrder,
        "pttl" | "pexpiretime" => Rule::Near(APART_MS),
        "ttl" | "expiretime" => Rule::Near(1),
        "randomkey" | "srandmember" | "hrandfield" | "zrandmember" | "spop" | "time" | "client" | "info" => Rule::Kind,
        "hello" => Rule::AnyId,
        _ => Rule::Same,
    }
}

/// What one connection has been asked and not answered yet: what comes is compared by the rule of its command. Who is
/// blocked answers several at once.
#[derive(Debug, Clone, Default)]
pub(super) struct Conversation {
    /// Commands, in lower case.
    awaiting: VecDeque<String>,
    /// Those of its transaction.
    queued: Vec<String>,
    /// The first that is awaited was confirmed: it has no other answer.
    confirmed: bool,
}

impl Conversation {
    /// This command was sent, in lower case.
    pub(super) fn asked(&mut self, command: &str) {
        self.awaiting.push_back(command.to_owned());
    }

    /// Whether what the model said is what the real server said.
    pub(super) fn agree(&mut self, model: &Heard, real: &Heard) -> bool {
        let Some(theirs) = reply::values(&real.bytes) else {
            return model == real;
        };
        let mut ours_as_well = self.clone();
        let theirs = self.read(theirs);
        if model == real {
            return true;
        }
        let Some(ours) = reply::values(&model.bytes) else {
            return false;
        };
        let ours = ours_as_well.read(ours);
        let mut pairs = ours.iter().zip(&theirs);
        model.closed == real.closed
            && ours.len() == theirs.len()
            && pairs.all(|((ours, _), (theirs, rule))| alike(*rule, ours, theirs))
    }

    /// Each value with its rule; a transaction's answer as the answers to its commands.
    fn read(&mut self, values: Vec<Value>) -> Vec<(Value, Rule)> {
        let (mut values, mut read) = (VecDeque::from(values), Vec::new());
        while let Some(value) = values.pop_front() {
            // What is subscribed to is confirmed channel by channel, and messages come between.
            if let Some((kind, _)) = reply::pushed(&value) {
                self.confirmed |= self.awaiting.front() == Some(&kind);
                read.push((value, Rule::Same));
                continue;
            }
            self.leave_confirmed();
            let command = self.awaiting.pop_front().unwrap_or_default();
            if value == Value::SimpleString("QUEUED".into()) {
                self.queued.push(command.clone());
            } else if ["exec", "discard", "reset"].contains(&command.as_str()) {
                let queued = std::mem::take(&mut self.queued);
                if let ("exec", Value::Array(members)) = (command.as_str(), &value) {
                    read.push((Value::Int(members.len() as i64), Rule::Same));
                    members
                        .iter()
                        .rev()
                        .for_each(|member| values.push_front(member.clone()));
                    queued.into_iter().rev().for_each(|name| self.awaiting.push_front(name));
                    continue;
                }
            }
            read.push((value, rule(&command)));
        }
        self.leave_confirmed();
        reply::in_order(&mut read, |(value, _)| value);
        read
    }

    fn leave_confirmed(&mut self) {
        if std::mem::take(&mut self.confirmed) {
            self.awaiting.pop_front();
        }
    }
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
        Rule::Kind => {
            ours == theirs || (std::mem::discriminant(ours) == std::mem::discriminant(theirs) && !is_error(ours))
        }
        Rule::AnyId => without_id(ours) == without_id(theirs),
    }
}

fn is_error(value: &Value) -> bool {
    matches!(value, Value::ServerError(_))
}

/// HELLO's answer, a map, or in RESP2 the same flat.
fn without_id(value: &Value) -> Value {
    let is_id = |value: &Value| *value == Value::BulkString(b"id".to_vec());
    match value.clone() {
        Value::Map(pairs) => Value::Map(pairs.into_iter().filter(|(name, _)| !is_id(name)).collect()),
        Value::Array(mut flat) => {
            if let Some(at) = flat.iter().position(is_id).filter(|at| at + 1 < flat.len()) {
                flat.remove(at + 1);
            }
            Value::Array(flat)
        }
        other => other,
    }
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

    fn asked(commands: &[&str]) -> Conversation {
        let mut conversation = Conversation::default();
        commands.iter().for_each(|command| conversation.asked(command));
        conversation
    }

    /// A transaction of these, and EXEC.
    fn transaction(commands: &[&str]) -> Conversation {
        let mut conversation = asked(commands);
        let queued = heard(&"+QUEUED\r\n".repeat(commands.len()));
        assert!(conversation.agree(&queued, &queued));
        conversation.asked("exec");
        conversation
    }

    #[track_caller]
    fn check(command: &str, ours: &str, theirs: &str, expected: bool) {
        let agreed = asked(&[command]).agree(&heard(ours), &heard(theirs));
        assert_eq!(agreed, expected, "{ours:?} {theirs:?}");
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
        check("randomkey", "-ERR a\r\n", "-ERR a\r\n", true);
        let refused = "-ERR a\r\n+a\r\n";
        assert!(asked(&["spop", "randomkey"]).agree(&heard(refused), &heard("-ERR a\r\n+b\r\n")));
    }

    #[test]
    fn a_transaction_is_compared_command_by_command() {
        let (ours, theirs) = (
            heard("*2\r\n*2\r\n+a\r\n+b\r\n+x\r\n"),
            heard("*2\r\n*2\r\n+b\r\n+a\r\n+x\r\n"),
        );
        assert!(transaction(&["smembers", "get"]).agree(&ours, &theirs));
        let theirs = heard("*2\r\n*2\r\n+b\r\n+a\r\n+y\r\n");
        assert!(!transaction(&["smembers", "get"]).agree(&ours, &theirs));
    }

    /// MULTI within MULTI is an error, and ends nothing.
    #[test]
    fn a_transaction_begins_once() {
        let mut conversation = asked(&["multi", "randomkey", "multi", "exec"]);
        let begun = "+OK\r\n+QUEUED\r\n-ERR MULTI calls can not be nested\r\n";
        let (ours, theirs) = (format!("{begun}*1\r\n+a\r\n"), format!("{begun}*1\r\n+b\r\n"));
        assert!(conversation.agree(&heard(&ours), &heard(&theirs)));
    }

    #[test]
    fn who_was_blocked_answers_several_at_once() {
        let commands = ["blpop", "randomkey", "get"];
        let (ours, theirs) = ("+x\r\n+a\r\n+v\r\n", "+x\r\n+b\r\n+v\r\n");
        assert!(asked(&commands).agree(&heard(ours), &heard(theirs)));
        let theirs = "+x\r\n+a\r\n+w\r\n";
        assert!(!asked(&commands).agree(&heard(ours), &heard(theirs)));
    }

    #[test]
    fn every_value_is_compared_and_none_is_left_over() {
        check("subscribe", "+a\r\n+b\r\n", "+a\r\n+c\r\n", false);
        check("subscribe", "+a\r\n", "+a\r\n+b\r\n", false);
        check("randomkey", "+a\r\n", "+b\r\n+", false);
    }

    fn message(pattern: &str, text: &str) -> String {
        format!("*4\r\n$8\r\npmessage\r\n+{pattern}\r\n+c\r\n+{text}\r\n")
    }

    #[test]
    fn several_patterns_hear_a_message_in_whatever_order() {
        let (one, other) = (message("c*", "hi"), message("*", "hi"));
        check(
            "",
            &[one.clone(), other.clone()].concat(),
            &[other.clone(), one.clone()].concat(),
            true,
        );
        check(
            "",
            &[one.clone(), other.clone()].concat(),
            &[other.clone(), other].concat(),
            false,
        );
        let later = message("*", "ho");
        check(
            "",
            &[one.clone(), later.clone()].concat(),
            &[later, one].concat(),
            false,
        );
    }

    #[test]
    fn a_bare_unsubscribe_names_channels_in_whatever_order() {
        let says = |channel: &str, left: u8| format!("*3\r\n$11\r\nunsubscribe\r\n+{channel}\r\n:{left}\r\n");
        let ours = says("a", 1) + &says("b", 0);
        check("unsubscribe", &ours, &(says("b", 1) + &says("a", 0)), true);
        check("unsubscribe", &ours, &(says("b", 0) + &says("a", 1)), false);
    }

    #[test]
    fn hello_tells_everything_but_the_number_of_the_connection() {
        let says = |protocol: u8, id: u8| format!("%2\r\n$5\r\nproto\r\n:{protocol}\r\n$2\r\nid\r\n:{id}\r\n");
        check("hello", &says(3, 7), &says(3, 8), true);
        check("hello", &says(2, 7), &says(3, 7), false);
    }

    #[test]
    fn a_transaction_may_subscribe_to_several() {
        let asked = || transaction(&["hello", "subscribe", "get"]);
        let says = |id: u8, channel: &str, value: &str| {
            let hello = format!("%1\r\n$2\r\nid\r\n:{id}\r\n");
            let confirms = |channel, n| format!(">3\r\n$9\r\nsubscribe\r\n$1\r\n{channel}\r\n:{n}\r\n");
            let (first, second) = (confirms("a", 1), confirms(channel, 2));
            heard(&format!("*3\r\n{hello}{first}{second}+{value}\r\n"))
        };
        assert!(asked().agree(&says(1, "b", "x"), &says(2, "b", "x")));
        assert!(!asked().agree(&says(1, "c", "x"), &says(2, "b", "x")));
        assert!(!asked().agree(&says(1, "b", "x"), &says(2, "b", "y")));
    }

    #[test]
    fn a_hang_up_is_an_answer() {
        let mut theirs = heard("+OK\r\n");
        theirs.closed = true;
        assert!(!asked(&["quit"]).agree(&heard("+OK\r\n"), &theirs));
    }
}
