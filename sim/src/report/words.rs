//! Events in plain words. People read these when something has gone wrong: no jargon of ours.

use crate::{
    aim::Aim,
    fault::Fault,
    history::{Event, Op, Seen},
    world::{EPOCH, hosts},
};

/// Simulated time as seconds with milliseconds: `21.004 s`.
pub fn seconds(at_ms: u64) -> String {
    format!("{}.{:03} s", at_ms / 1000, at_ms % 1000)
}

/// A duration as briefly as it may be said: `31 ms`, `2.4 s`.
pub fn duration(ms: u64) -> String {
    if ms < 1000 {
        format!("{ms} ms")
    } else {
        format!("{}.{} s", ms / 1000, ms % 1000 / 100)
    }
}

/// What somebody does: a clause without its subject.
pub fn op(op: &Op) -> String {
    match op {
        Op::LogIn => "begins to log in".into(),
        Op::OpenLogin => "opens the login page".into(),
        Op::SendCode { flow, address } => format!("presses send, for {address} (flow {})", flow.0),
        Op::AwaitMail { address } => format!("waits for the mail to {address}"),
        Op::VerifyCode { flow, address, code } => {
            format!("types mailed code {} for {address} (flow {})", code.0, flow.0)
        }
        Op::ReceiveCode => "comes back with an authorization code".into(),
        Op::Redeem { code, at, rightful } => {
            let how = if *rightful { "" } else { ", with a wrong verifier" };
            format!("redeems authorization code {} at {at}{how}", code.0)
        }
        Op::CheckIdToken => "checks the ID token".into(),
        Op::UserInfo { code } => format!("asks who it is, with the token of code {}", code.0),
        Op::Visit { session } => format!("looks at the account page (session {})", session.0),
        Op::CheckReplication => "looks whether Redis is one master and its replica".into(),
    }
}

/// How an operation came out, without how long it took.
pub fn seen(seen: &Seen) -> String {
    match seen {
        Seen::Ok => "ok".into(),
        Seen::Fail(why) => format!("no: {why}"),
        Seen::Unknown(why) => format!("unknown: {why}"),
    }
}

/// When a reminder was due, in simulated time.
pub(super) fn due(due_ms: u64) -> String {
    seconds(due_ms.saturating_sub(EPOCH.millis()))
}

/// A whole login has an end worth a row of its own.
pub(super) fn login_ended(seen: &Seen) -> &'static str {
    match seen {
        Seen::Ok => "is logged in",
        Seen::Fail(_) => "gives up: not logged in",
        Seen::Unknown(_) => "gives up: cannot tell whether logged in",
    }
}

/// The same for rows that differ in secrets and flows only: what may be counted instead of shown.
pub(super) fn kind(op: &Op) -> u8 {
    match op {
        Op::LogIn => 0,
        Op::OpenLogin => 1,
        Op::SendCode { .. } => 2,
        Op::AwaitMail { .. } => 3,
        Op::VerifyCode { .. } => 4,
        Op::ReceiveCode => 5,
        Op::Redeem { .. } => 6,
        Op::CheckIdToken => 7,
        Op::UserInfo { .. } => 8,
        Op::Visit { .. } => 9,
        Op::CheckReplication => 10,
    }
}

/// The kind of an operation by name, for filters.
pub fn kind_name(op: &Op) -> &'static str {
    const NAMES: [&str; 11] = [
        "login",
        "open",
        "send",
        "mail",
        "verify",
        "receive",
        "redeem",
        "id-token",
        "userinfo",
        "visit",
        "replication",
    ];
    NAMES.get(usize::from(kind(op))).copied().unwrap_or("other")
}

/// A fault that strikes, with what it strikes.
pub(super) fn struck(fault: &Fault, in_flight: usize, after: Option<&Aim>) -> String {
    let what = match in_flight {
        _ if fault.repairs() => fault.to_string(),
        0 => fault.to_string(),
        1 => format!("{fault}, with 1 operation in flight"),
        _ => format!("{fault}, with {in_flight} operations in flight"),
    };
    match after {
        Some(aim) => format!("{what}, {aim}"),
        None => what,
    }
}

/// A change of the world, as a sentence to be ruled across the page; nothing for other events.
pub(super) fn ruled(who: &str, event: &Event) -> Option<String> {
    match event {
        Event::Fault {
            fault,
            in_flight,
            after,
        } => Some(struck(fault, *in_flight, after.as_ref())),
        Event::Role { host, role } => Some(format!("{host} is now a Redis {role}")),
        Event::Ready { host, ready: true, .. } => Some(format!("{host} opens its port: ready")),
        Event::Ready {
            host,
            ready: false,
            why,
        } => Some(format!("{host} closes its port: {why}")),
        Event::Sentinel { says, .. } if says.starts_with("+switch-master") => {
            let new = says.split_whitespace().nth(4).map_or("somebody else", named);
            Some(format!("{who} tells clients that the Redis master is now {new}"))
        }
        _ => None,
    }
}

/// What a Sentinel's own words mean, for those that a story needs.
pub(super) fn sentinel(says: &str) -> Option<String> {
    let mut words = says.split_whitespace();
    let word = words.next()?;
    let kind = words.next().unwrap_or("");
    let rest: Vec<&str> = words.collect();
    // `+sdown master auth 10.0.0.4 6379`, `+sdown slave 10.0.0.5:6379 10.0.0.5 6379 @ auth …`
    let host = rest.get(1).map_or("?", |address| named(address));
    let whom = match kind {
        "master" => format!("the master {host}"),
        "slave" => format!("the replica {host}"),
        "sentinel" => host.to_owned(),
        other => other.to_owned(),
    };
    let meaning = match word {
        "+sdown" => format!("no longer hears from {whom}"),
        "-sdown" => format!("hears from {whom} again"),
        "+odown" => format!("a quorum agrees that {whom} is down"),
        "-odown" => format!("no quorum any more that {whom} is down"),
        "+try-failover" => "wants to lead a failover".into(),
        "+elected-leader" => "is elected to lead the failover".into(),
        "+selected-slave" => format!("chooses {whom} to promote"),
        "+promoted-slave" => format!("sees that {whom} has become master"),
        "+failover-end" => "ends the failover".into(),
        "-failover-abort-no-good-slave" => "finds no replica fit to be promoted".into(),
        "-failover-abort-not-elected" => "was not elected".into(),
        "+convert-to-slave" => format!("tells {whom} to be a replica again"),
        "+tilt" => "distrusts its own clock and stands aside".into(),
        "-tilt" => "trusts its clock again".into(),
        _ => return None,
    };
    Some(format!("{meaning} ({word})"))
}

/// The host of an address: Sentinels know addresses only. The engine counts hosts from 10.0.0.1 on, in
/// the order of [`hosts::ALL`].
fn named(address: &str) -> &str {
    let number = address
        .strip_prefix("10.0.0.")
        .and_then(|last| last.parse::<usize>().ok());
    let host = number.and_then(|number| hosts::ALL.get(number.checked_sub(1)?));
    host.copied().unwrap_or(address)
}
