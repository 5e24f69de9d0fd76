//! Which commands there are, how many arguments they take and what they may do.

/// What the table says of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    /// Lower-case name.
    pub name: &'static str,
    /// Number of words, name included; negative: at least so many.
    pub arity: i32,
    /// Changes data: refused by replicas (READONLY) and without enough replicas (NOREPLICAS).
    pub write: bool,
    /// Answered while loading, and by a replica that refuses stale data.
    pub always: bool,
}

const fn read(name: &'static str, arity: i32) -> Spec {
    Spec {
        name,
        arity,
        write: false,
        always: false,
    }
}
const fn write(name: &'static str, arity: i32) -> Spec {
    Spec {
        name,
        arity,
        write: true,
        always: false,
    }
}
const fn always(name: &'static str, arity: i32) -> Spec {
    Spec {
        name,
        arity,
        write: false,
        always: true,
    }
}

/// In alphabetical order.
const TABLE: &[Spec] = &[
    write("append", 3),
    always("auth", -2),
    always("client", -2),
    always("command", -1),
    always("config", -2),
    read("dbsize", 1),
    write("decr", 2),
    write("decrby", 3),
    write("del", -2),
    always("discard", 1),
    read("echo", 2),
    always("exec", 1),
    read("exists", -2),
    write("expire", -3),
    write("expireat", -3),
    write("flushall", -1),
    write("flushdb", -1),
    read("get", 2),
    write("getdel", 2),
    write("getex", -2),
    read("getrange", 4),
    write("getset", 3),
    always("hello", -1),
    write("incr", 2),
    write("incrby", 3),
    always("info", -1),
    read("keys", 2),
    read("mget", -2),
    write("mset", -3),
    always("multi", 1),
    write("persist", 2),
    write("pexpire", -3),
    write("pexpireat", -3),
    // PING is answered while stale, but not while loading (measured); see `Node::refusal`.
    read("ping", -1),
    write("psetex", 4),
    always("psync", -3),
    read("pttl", 2),
    always("publish", 3),
    always("quit", -1),
    always("replconf", -1),
    always("replicaof", 3),
    always("reset", 1),
    always("role", 1),
    read("scan", -2),
    always("select", 2),
    write("set", -3),
    write("setex", 4),
    write("setnx", 3),
    always("slaveof", 3),
    read("strlen", 2),
    always("subscribe", -2),
    always("time", 1),
    read("ttl", 2),
    read("type", 2),
    write("unlink", -2),
    always("unsubscribe", -1),
    always("unwatch", 1),
    read("wait", 3),
    always("watch", -2),
];

/// Number of commands.
pub fn count() -> usize {
    TABLE.len()
}

/// The command of that name, whatever its case.
pub fn lookup(name: &[u8]) -> Option<&'static Spec> {
    let name = name.to_ascii_lowercase();
    TABLE
        .binary_search_by(|spec| spec.name.as_bytes().cmp(&name))
        .ok()
        .map(|at| &TABLE[at])
}

impl Spec {
    /// Whether that many words will do.
    pub fn takes(&self, words: usize) -> bool {
        let words = words as i32;
        if self.arity < 0 {
            words >= -self.arity
        } else {
            words == self.arity
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_table_is_in_order() {
        assert!(super::TABLE.is_sorted_by(|a, b| a.name < b.name));
    }
}
