use super::*;

fn received(text: &str) -> Received {
    Received {
        bytes: text.into(),
        closed: false,
    }
}

fn asked(commands: &[&str]) -> Conversation {
    let mut conversation = Conversation::default();
    commands.iter().for_each(|command| conversation.asked(command, 0));
    conversation
}

/// A transaction of these commands, and EXEC.
fn transaction(commands: &[&str]) -> Conversation {
    let mut conversation = asked(commands);
    let queued = received(&"+QUEUED\r\n".repeat(commands.len()));
    assert!(conversation.agree(&queued, &queued));
    conversation.asked("exec", 0);
    conversation
}

#[track_caller]
fn check(command: &str, ours: &str, theirs: &str, expected: bool) {
    let agreed = asked(&[command]).agree(&received(ours), &received(theirs));
    assert_eq!(agreed, expected, "{ours:?} {theirs:?}");
}

#[test]
fn sets_have_no_order_and_lists_have_one() {
    check("smembers", "*2\r\n+a\r\n+b\r\n", "*2\r\n+b\r\n+a\r\n", true);
    check("smembers", "*2\r\n+a\r\n+b\r\n", "*2\r\n+b\r\n+b\r\n", false);
    check("lrange", "*2\r\n+a\r\n+b\r\n", "*2\r\n+b\r\n+a\r\n", false);
}

#[test]
fn times_to_live_may_be_a_little_apart() {
    check("pttl", ":1000\r\n", ":990\r\n", true);
    check("pttl", ":1000\r\n", ":500\r\n", false);
    check("pttl", ":-1\r\n", ":-2\r\n", false);
    check("pttl", ":0\r\n", ":-2\r\n", false);
    check("get", ":1000\r\n", ":990\r\n", false);
}

#[test]
fn random_replies_are_compared_by_kind() {
    check("randomkey", "$1\r\na\r\n", "$1\r\nb\r\n", true);
    check("randomkey", "$1\r\na\r\n", "$-1\r\n", false);
    check("randomkey", "-ERR a\r\n", "-ERR b\r\n", false);
    check("randomkey", "-ERR a\r\n", "-ERR a\r\n", true);
    let refused = "-ERR a\r\n+a\r\n";
    assert!(asked(&["spop", "randomkey"]).agree(&received(refused), &received("-ERR a\r\n+b\r\n")));
}

#[test]
fn a_transaction_is_compared_command_by_command() {
    let (ours, theirs) = (
        received("*2\r\n*2\r\n+a\r\n+b\r\n+x\r\n"),
        received("*2\r\n*2\r\n+b\r\n+a\r\n+x\r\n"),
    );
    assert!(transaction(&["smembers", "get"]).agree(&ours, &theirs));
    let theirs = received("*2\r\n*2\r\n+b\r\n+a\r\n+y\r\n");
    assert!(!transaction(&["smembers", "get"]).agree(&ours, &theirs));
}

/// MULTI within MULTI is an error, and the transaction goes on.
#[test]
fn a_second_multi_does_not_end_the_transaction() {
    let mut conversation = asked(&["multi", "randomkey", "multi", "exec"]);
    let begun = "+OK\r\n+QUEUED\r\n-ERR MULTI calls can not be nested\r\n";
    let (ours, theirs) = (format!("{begun}*1\r\n+a\r\n"), format!("{begun}*1\r\n+b\r\n"));
    assert!(conversation.agree(&received(&ours), &received(&theirs)));
}

#[test]
fn a_client_that_was_blocked_gets_several_replies_at_once() {
    let commands = ["blpop", "randomkey", "get"];
    let (ours, theirs) = ("+x\r\n+a\r\n+v\r\n", "+x\r\n+b\r\n+v\r\n");
    assert!(asked(&commands).agree(&received(ours), &received(theirs)));
    let theirs = "+x\r\n+a\r\n+w\r\n";
    assert!(!asked(&commands).agree(&received(ours), &received(theirs)));
}

#[test]
fn every_value_is_compared() {
    check("subscribe", "+a\r\n+b\r\n", "+a\r\n+c\r\n", false);
    check("subscribe", "+a\r\n", "+a\r\n+b\r\n", false);
    check("randomkey", "+a\r\n", "+b\r\n+", false);
}

fn message(pattern: &str, text: &str) -> String {
    format!("*4\r\n$8\r\npmessage\r\n+{pattern}\r\n+c\r\n+{text}\r\n")
}

#[test]
fn several_patterns_receive_a_message_in_any_order() {
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
fn unsubscribe_without_arguments_confirms_channels_in_any_order() {
    let says = |channel: &str, left: u8| format!("*3\r\n$11\r\nunsubscribe\r\n+{channel}\r\n:{left}\r\n");
    let ours = says("a", 1) + &says("b", 0);
    check("unsubscribe", &ours, &(says("b", 1) + &says("a", 0)), true);
    check("unsubscribe", &ours, &(says("b", 0) + &says("a", 1)), false);
}

/// Two UNSUBSCRIBE in a row: the replies after them belong to the commands after them.
#[test]
fn each_pubsub_command_has_as_many_confirmations_as_it_names_channels() {
    let asked = || {
        let mut conversation = Conversation::default();
        for (command, arguments) in [("unsubscribe", 1), ("unsubscribe", 2), ("set", 2), ("randomkey", 0)] {
            conversation.asked(command, arguments);
        }
        conversation
    };
    let confirmed = "*3\r\n$11\r\nunsubscribe\r\n+a\r\n:0\r\n".repeat(3);
    let replies = |set: &str, key: &str| received(&format!("{confirmed}+{set}\r\n+{key}\r\n"));
    assert!(asked().agree(&replies("OK", "a"), &replies("OK", "b")));
    assert!(!asked().agree(&replies("NO", "a"), &replies("OK", "b")));
}

#[test]
fn hello_is_compared_without_the_number_of_the_connection() {
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
        received(&format!("*3\r\n{hello}{first}{second}+{value}\r\n"))
    };
    assert!(asked().agree(&says(1, "b", "x"), &says(2, "b", "x")));
    assert!(!asked().agree(&says(1, "c", "x"), &says(2, "b", "x")));
    assert!(!asked().agree(&says(1, "b", "x"), &says(2, "b", "y")));
}

#[test]
fn a_closed_connection_is_a_difference() {
    let mut theirs = received("+OK\r\n");
    theirs.closed = true;
    assert!(!asked(&["quit"]).agree(&received("+OK\r\n"), &theirs));
}
