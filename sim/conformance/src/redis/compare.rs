//! When two replies agree: mostly when they are the same bytes.

use super::{reply, server::Received};
use redis::Value;
use std::collections::VecDeque;

/// How replies to a command are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// Byte by byte.
    Same,
    /// The same members in any order: Redis promises none.
    AnyOrder,
    /// Numbers, at most so far apart: time passes between the two questions.
    Near(i64),
    /// Both an error, both nothing, or both something: random replies, and those about the process.
    Kind,
    /// The same except for the number of the connection.
    AnyId,
}

/// How much later one server may be asked than the other, milliseconds.
const SKEW_MS_MAX: i64 = 250;

fn rule(command: &str) -> Rule {
    match command {
        "smembers" | "sinter" | "sunion" | "sdiff" | "hgetall" | "hkeys" | "hvals" | "keys" | "pubsub" | "scan"
        | "sscan" | "hscan" | "zscan" => Rule::AnyOrder,
        "pttl" | "pexpiretime" => Rule::Near(SKEW_MS_MAX),
        "ttl" | "expiretime" => Rule::Near(1),
        "randomkey" | "srandmember" | "hrandfield" | "zrandmember" | "spop" | "time" | "client" | "info" => Rule::Kind,
        "hello" => Rule::AnyId,
        _ => Rule::Same,
    }
}

/// The commands on one connection that have no reply yet: a reply is compared by the rule of its command. A blocked client
/// gets several replies at once, when it is unblocked.
#[derive(Debug, Clone, Default)]
pub(super) struct Conversation {
    awaiting: VecDeque<Awaited>,
    /// Commands of its transaction.
    queued: Vec<Awaited>,
    /// The first of `awaiting` is a pub/sub command that was confirmed; it gets no other reply.
    confirmed: bool,
}

/// A command without a reply yet.
#[derive(Debug, Clone, Default)]
struct Awaited {
    /// In lower case.
    command: String,
    /// How many channels or patterns a pub/sub command names, each of which is confirmed; 0: unknown.
    channels: usize,
}

impl Conversation {
    /// A command was sent: its name in lower case, and how many words follow it.
    pub(super) fn asked(&mut self, command: &str, arguments: usize) {
        let is_confirmed = reply::CONFIRMED.contains(&command);
        self.awaiting.push_back(Awaited {
            command: command.to_owned(),
            channels: if is_confirmed { arguments } else { 0 },
        });
    }

    /// Whether the model replied as the real server did.
    pub(super) fn agree(&mut self, model: &Received, real: &Received) -> bool {
        let Some(theirs) = reply::values(&real.bytes) else {
            return model == real;
        };
        let mut model_side = self.clone();
        let theirs = self.read(theirs);
        if model == real {
            return true;
        }
        let Some(ours) = reply::values(&model.bytes) else {
            return false;
        };
        let ours = model_side.read(ours);
        let mut pairs = ours.iter().zip(&theirs);
        model.closed == real.closed
            && ours.len() == theirs.len()
            && pairs.all(|((ours, _), (theirs, rule))| values_agree(*rule, ours, theirs))
    }

    /// Each value with its rule. The reply to EXEC becomes the replies to the commands of the transaction.
    fn read(&mut self, values: Vec<Value>) -> Vec<(Value, Rule)> {
        let (mut values, mut read) = (VecDeque::from(values), Vec::new());
        while let Some(value) = values.pop_front() {
            // SUBSCRIBE and its like are confirmed channel by channel, and messages come in between.
            if let Some((kind, _)) = reply::pushed(&value) {
                if let Some(first) = self.awaiting.front_mut().filter(|first| first.command == kind) {
                    self.confirmed = true;
                    match first.channels {
                        // the last confirmation
                        1 => self.drop_confirmed(),
                        channels => first.channels = channels.saturating_sub(1),
                    }
                }
                read.push((value, Rule::Same));
                continue;
            }
            self.drop_confirmed();
            let awaited = self.awaiting.pop_front().unwrap_or_default();
            let command = awaited.command.clone();
            if value == Value::SimpleString("QUEUED".into()) {
                self.queued.push(awaited);
            } else if ["exec", "discard", "reset"].contains(&command.as_str()) {
                let queued = std::mem::take(&mut self.queued);
                if let ("exec", Value::Array(members)) = (command.as_str(), &value) {
                    read.push((Value::Int(members.len() as i64), Rule::Same));
                    members
                        .iter()
                        .rev()
                        .for_each(|member| values.push_front(member.clone()));
                    queued
                        .into_iter()
                        .rev()
                        .for_each(|awaited| self.awaiting.push_front(awaited));
                    continue;
                }
            }
            read.push((value, rule(&command)));
        }
        self.drop_confirmed();
        reply::sort_unordered(&mut read, |(value, _)| value);
        read
    }

    fn drop_confirmed(&mut self) {
        if std::mem::take(&mut self.confirmed) {
            self.awaiting.pop_front();
        }
    }
}

fn values_agree(rule: Rule, ours: &Value, theirs: &Value) -> bool {
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

/// HELLO's reply, a map, or in RESP2 a flat list, without the connection's number.
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

/// The members, sorted. In RESP2 a map is a flat list of fields and values; sorted, two such lists are equal only if the
/// maps are, or if they have the same values at other fields.
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
mod tests;
