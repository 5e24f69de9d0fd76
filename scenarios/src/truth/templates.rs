//! What may be asked at random, a command a line.

/// Everything that the model knows and that answers the same each time.
pub(super) const TEMPLATES: &[&str] = &[
    // strings
    "SET $k $v [EX $s|PX $ms|EXAT $at|PXAT $atms|KEEPTTL] [NX|XX] [GET]",
    "SET $k $v [PX $ms]",
    "GET $k",
    "GETDEL $k",
    "GETEX $k [EX $s|PX $ms|EXAT $at|PXAT $atms|PERSIST]",
    "GETSET $k $v",
    "SETNX $k $v",
    "SETEX $k $s $v",
    "PSETEX $k $ms $v",
    "MGET {$k}",
    "MSET {$k $v}",
    "APPEND $k $v",
    "STRLEN $k",
    "GETRANGE $k $i $i",
    "INCR $k",
    "DECR $k",
    "INCRBY $k $i",
    "DECRBY $k $i",
    // keys
    "DEL {$any}",
    "UNLINK {$any}",
    "EXISTS {$any}",
    "TYPE $any",
    "TTL $any",
    "PTTL $any",
    "PERSIST $any",
    "EXPIRE $any $s [NX|XX|GT|LT] [XX|GT]",
    "PEXPIRE $any $ms [NX|XX|GT|LT]",
    "EXPIREAT $any $at [NX|XX|GT|LT]",
    "PEXPIREAT $any $atms [NX|XX|GT|LT]",
    "KEYS $pat",
    "DBSIZE",
    // transactions
    "MULTI",
    "EXEC",
    "EXEC",
    "DISCARD",
    "WATCH {$any}",
    "UNWATCH",
    // connections
    "PING [$v]",
    "ECHO $v",
    "SELECT 0",
    "SUBSCRIBE {$ch}",
    "UNSUBSCRIBE [$ch]",
    "PUBLISH $ch $v",
    "RESET",
    "CLIENT SETNAME $f",
    "CLIENT GETNAME",
    "NOSUCH {$v}",
];

/// Scripts that are evaluated.
pub(super) const SCRIPTS: &[&str] = &["return 1"];
