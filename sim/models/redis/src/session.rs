//! HELLO and AUTH: a connection's user and protocol version.

use super::client::Client;
use super::clients::set_name;
use super::config::RedisEvent;
use super::keyspace::{Context, SYNTAX, is_one_of};
use super::node::Node;
use super::resp::{Args, Reply, parse_int};
use bytes::Bytes;

const WRONGPASS: &str = "WRONGPASS invalid username-password pair or user is disabled.";

pub(super) fn auth(node: &mut Node, client: &mut Client, args: &Args, _: Context) -> Reply {
    let (user, password) = match &args[1..] {
        [password] => {
            if node.users.default_needs_no_password() {
                return Reply::error(
                    "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?",
                );
            }
            (Bytes::from_static(b"default"), password)
        }
        [user, password] => (user.clone(), password),
        _ => return Reply::error(SYNTAX),
    };
    if !node.users.accepts(&user, password) {
        node.tell(RedisEvent::PasswordRefused {
            user: String::from_utf8_lossy(&user).into_owned(),
        });
        return Reply::error(WRONGPASS);
    }
    client.user = Some(user);
    Reply::OK
}

pub(super) fn hello(node: &mut Node, client: &mut Client, args: &Args, _: Context) -> Reply {
    let mut resp3 = client.resp3;
    if let Some(version) = args.get(1) {
        match parse_int(version) {
            Some(2) => resp3 = false,
            Some(3) => resp3 = true,
            Some(_) => return Reply::error("NOPROTO unsupported protocol version"),
            None => return Reply::error("ERR Protocol version is not an integer or out of range"),
        }
    }
    let mut rest = args.get(2..).unwrap_or(&[]);
    while let [option, after @ ..] = rest {
        match after {
            [user, password, after @ ..] if is_one_of(option, &["AUTH"]) => {
                if !node.users.accepts(user, password) {
                    node.tell(RedisEvent::PasswordRefused {
                        user: String::from_utf8_lossy(user).into_owned(),
                    });
                    return Reply::error(WRONGPASS);
                }
                client.user = Some(user.clone());
                rest = after;
            }
            [name, after @ ..] if is_one_of(option, &["SETNAME"]) => {
                if let Some(error) = set_name(client, name) {
                    return error;
                }
                rest = after;
            }
            _ => {
                let option = String::from_utf8_lossy(option);
                return Reply::error(format!("ERR Syntax error in HELLO option '{option}'"));
            }
        }
    }
    if client.user.is_none() {
        return Reply::error(
            "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time",
        );
    }
    client.resp3 = resp3;
    let role = if node.role.is_master() { "master" } else { "replica" };
    let field = |name: &str, value: Reply| (Reply::bulk(name), value);
    Reply::Map(vec![
        field("server", Reply::bulk("redis")),
        field("version", Reply::bulk("7.0.15")),
        field("proto", Reply::Int(if resp3 { 3 } else { 2 })),
        field("id", Reply::Int(client.id as i64)),
        field("mode", Reply::bulk("standalone")),
        field("role", Reply::bulk(role)),
        field("modules", Reply::Array(vec![])),
    ])
}
