//! Golden vectors: replies of the real Sentinel. Identifiers, times and counts are replaced by placeholders on both sides;
//! names, order and structure are compared byte by byte.

use super::commands::Session;
use super::config::{Passwords, SentinelConfig, SentinelDisk};
use super::state::{InstanceId, Sentinel};
use bytes::BytesMut;
use model_redis::Moment;
use model_redis::resp::{Reply, split_words};
use std::sync::Arc;

const VECTORS: &str = include_str!("../vectors/sentinel-7.0.15.txt");

/// Master 127.0.0.1:18300, one replica, two other Sentinels, all of them linked.
fn sentinel() -> Sentinel {
    let config = SentinelConfig {
        port: 18400,
        announce_ip: "127.0.0.1".into(),
        master_name: "mymaster".into(),
        master: ("127.0.0.1".into(), 18300),
        quorum: 2,
        down_after_ms: 1000,
        failover_timeout_ms: 10_000,
        passwords: Passwords::default(),
    };
    let now = Moment {
        wall_ms: 1_790_000_000_000,
        mono_ms: 1000,
    };
    let mut sentinel = Sentinel::boot(config, SentinelDisk::new(), now, || 7, Arc::new(|_| {}));
    sentinel.informed(
        &InstanceId::Master,
        "role:master\nslave0:ip=127.0.0.1,port=18301,state=online",
        1000,
    );
    for (port, id) in [(18401, "e"), (18402, "6")] {
        let hello = format!("127.0.0.1,{port},{},0,mymaster,127.0.0.1,18300,0", id.repeat(40));
        sentinel.hello_received(&hello, 1000);
    }
    let replica = "role:slave\nmaster_host:127.0.0.1\nmaster_port:18300\nmaster_link_status:up";
    sentinel.informed(&InstanceId::Replica(("127.0.0.1".into(), 18301)), replica, 1000);
    sentinel.tick(now, 1000);
    sentinel
}

/// Strings unchanged, except for run IDs (unknown here, because no INFO has come), numbers and links.
fn shape(reply: &str) -> String {
    let words = reply.replace(",disconnected", "");
    let mut shaped = vec![];
    for word in words.split("\\r\\n") {
        let id = word.len() == 40 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
        let length = word.starts_with('$');
        shaped.push(match (id || word.is_empty(), number, length) {
            (true, ..) => "-",
            (_, true, _) => "#",
            (.., true) => "$",
            _ => word,
        });
    }
    shaped.join("|")
}

#[test]
fn replies() {
    let mut wrong = vec![];
    let healthy = VECTORS.lines().take_while(|line| !line.starts_with("## pub/sub"));
    let rows: Vec<Vec<&str>> = healthy
        .map(|line| line.split('\t').collect())
        .filter(|row: &Vec<_>| row.len() == 3)
        .collect();
    assert!(rows.len() > 30, "{} rows", rows.len());
    for protocol in ["RESP2", "RESP3"] {
        let (mut sentinel, mut session) = (
            sentinel(),
            Session {
                id: 104,
                ..Session::default()
            },
        );
        for row in rows.iter().filter(|row| row[0] == protocol) {
            let args = split_words(row[1].as_bytes()).expect("balanced quotes");
            let mut wire = BytesMut::new();
            session.resp3 = protocol == "RESP3";
            for reply in sentinel.execute(&mut session, &args, 1100) {
                reply.encode(session.resp3, &mut wire);
            }
            let reply = String::from_utf8_lossy(&wire).replace('\r', "\\r").replace('\n', "\\n");
            if shape(&reply) != shape(row[2]) {
                wrong.push(format!(
                    "{protocol} {}\n   expected {}\n   answered {}",
                    row[1],
                    shape(row[2]),
                    shape(&reply)
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} replies differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// As measured on Sentinel 7.0.15: while it asks for a password, and afterwards.
#[test]
fn a_password() {
    let mut sentinel = sentinel();
    let mut say = |session: &mut Session, line: &str| {
        let args = split_words(line.as_bytes()).expect("balanced quotes");
        let mut wire = BytesMut::new();
        for reply in sentinel.execute(session, &args, 1100) {
            reply.encode(false, &mut wire);
        }
        String::from_utf8_lossy(&wire).trim_end().to_owned()
    };
    let stranger = || Session {
        must_authenticate: true,
        ..Session::default()
    };
    let none = "-ERR AUTH <password> called without any password configured for the default user. Are you sure your \
                configuration is correct?";
    let wrong = "-WRONGPASS invalid username-password pair or user is disabled.";
    let asked = "-NOAUTH Authentication required.";
    let operator = &mut Session::default();
    for (line, reply) in [
        ("AUTH foo", none),
        ("AUTH default foo", "+OK"),
        ("AUTH bob foo", wrong),
        ("AUTH", "-ERR wrong number of arguments for 'auth' command"),
        ("AUTH a b c", "-ERR syntax error"),
        ("ACL foo", "-ERR unknown subcommand 'foo'. Try ACL HELP."),
        ("ACL", "-ERR wrong number of arguments for 'acl' command"),
        ("ACL SETUSER default resetpass >secret", "+OK"),
        ("PING", "+PONG"),
    ] {
        assert_eq!(say(operator, line), reply, "{line}");
    }
    let client = &mut stranger();
    for (line, reply) in [
        ("PING", asked),
        ("SENTINEL get-master-addr-by-name mymaster", asked),
        ("CLIENT ID", asked),
        ("SUBSCRIBE x", asked),
        ("PUBLISH a b", asked),
        ("ROLE", asked),
        ("SENTINEL", "-ERR wrong number of arguments for 'sentinel' command"),
        ("NOSUCH", "-ERR unknown command 'NOSUCH', with args beginning with:"),
        ("AUTH wrong", wrong),
        ("AUTH default wrong", wrong),
        ("AUTH x secret", wrong),
        ("PING", asked),
        ("AUTH secret", "+OK"),
        ("PING", "+PONG"),
    ] {
        assert_eq!(say(client, line), reply, "{line}");
    }
    let hello = "-NOAUTH HELLO must be called with the client already";
    for line in ["HELLO", "HELLO 2", "HELLO 3"] {
        assert!(say(&mut stranger(), line).starts_with(hello), "{line}");
    }
    assert_eq!(say(&mut stranger(), "HELLO 9"), "-NOPROTO unsupported protocol version");
    // Who was asked for it is served as soon as it is taken back, and asked again when there is another one.
    let (waiting, eager) = (&mut stranger(), &mut stranger());
    assert_eq!(say(waiting, "PING"), asked);
    assert_eq!(say(client, "ACL SETUSER default nopass"), "+OK");
    assert_eq!(say(operator, "AUTH foo"), none);
    assert_eq!(say(waiting, "PING"), "+PONG");
    assert_eq!(
        say(waiting, "SENTINEL CKQUORUM other"),
        "-ERR No such master with that name"
    );
    assert!(say(waiting, "HELLO 3").starts_with(hello));
    assert_eq!(say(eager, "AUTH default any"), "+OK");
    assert_eq!(say(client, "ACL SETUSER default resetpass >secret"), "+OK");
    assert_eq!(say(waiting, "PING"), asked);
    assert_eq!(say(eager, "PING"), "+PONG");
    assert_eq!(say(client, "ACL SETUSER default resetpass >other"), "+OK");
    assert_eq!(say(client, "PING"), "+PONG");
}

/// As measured on Sentinel 7.0.15: the file has the password from its next rewrite on.
#[test]
fn a_password_after_a_restart() {
    let disk = SentinelDisk::new();
    let boot = || {
        let (config, now) = (sentinel().config, Moment { wall_ms: 1, mono_ms: 1 });
        Sentinel::boot(config, disk.clone(), now, || 7, Arc::new(|_| {}))
    };
    let say = |sentinel: &mut Sentinel, line: &str| {
        let args = split_words(line.as_bytes()).expect("balanced quotes");
        assert_eq!(
            sentinel.execute(&mut Session::default(), &args, 1),
            [Reply::OK],
            "{line}"
        );
    };
    let password = |sentinel: &Sentinel| sentinel.password.clone();
    let mut first = boot();
    say(&mut first, "ACL SETUSER default resetpass >secret");
    assert_eq!(password(&boot()), None, "the file has not been rewritten");
    first.vote(1, "alice", 1);
    assert_eq!(password(&boot()).as_deref(), Some(&b"secret"[..]));
    say(&mut boot(), "ACL SETUSER default resetpass >other");
    assert_eq!(password(&boot()).as_deref(), Some(&b"secret"[..]));
    let mut second = boot();
    say(&mut second, "ACL SETUSER default nopass");
    assert_eq!(password(&boot()).as_deref(), Some(&b"secret"[..]), "nor has it now");
    say(&mut second, "SENTINEL FLUSHCONFIG");
    assert_eq!(password(&boot()), None);
}

#[test]
fn one_vote_an_epoch() {
    let mut sentinel = sentinel();
    assert_eq!(sentinel.vote(1, "alice", 2000), (Some("alice".to_owned()), 1));
    assert_eq!(
        sentinel.vote(1, "bob", 2000),
        (Some("alice".to_owned()), 1),
        "the vote is given"
    );
    assert_eq!(sentinel.vote(2, "bob", 2000), (Some("bob".to_owned()), 2));
    assert_eq!(
        sentinel.vote(1, "carol", 2000),
        (Some("bob".to_owned()), 2),
        "an old epoch changes nothing"
    );
}

#[test]
fn the_best_replica_has_the_highest_offset_of_the_last_info() {
    let mut sentinel = sentinel();
    for (port, offset, down) in [(18301, 10, -1), (18302, 30, -1), (18303, 99, 60)] {
        let address = ("127.0.0.1".to_owned(), port);
        if !sentinel.replicas.contains_key(&address) {
            sentinel.add_replica(address.clone(), 1000);
        }
        let down = if down > 0 {
            format!("master_link_down_since_seconds:{down}\n")
        } else {
            String::new()
        };
        sentinel.informed(
            &InstanceId::Replica(address),
            &format!("role:slave\n{down}slave_repl_offset:{offset}"),
            1000,
        );
    }
    sentinel.tick(
        Moment {
            wall_ms: 1_790_000_000_000,
            mono_ms: 1000,
        },
        1000,
    );
    assert_eq!(
        sentinel.best_replica(1200),
        Some(("127.0.0.1".to_owned(), 18302)),
        "18303 was cut off for too long"
    );
}
