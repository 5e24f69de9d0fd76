//! Requests, pauses, permissions and counters.

use super::Case;

pub(super) const CASES: &[Case] = &[
    Case {
        claim: "a pause of writes holds up writers and nobody else, and they continue in order when it ends",
        steps: r#"
            1> SET x 0
            1> CLIENT PAUSE 2000 WRITE
            2> SET x 1
            3> APPEND x 2
            4> PING
            4> GET x
            4> NOSUCH
            4> SET
            2> GET x
            wait 2500
            4> GET x
        "#,
    },
    Case {
        claim: "a pause of writes ends early at CLIENT UNPAUSE",
        steps: r#"
            1> CLIENT PAUSE 100000 WRITE
            2> SET x 1
            3> SET x 2
            1> CLIENT UNPAUSE
            1> GET x
        "#,
    },
    Case {
        claim: "a pause of writes holds up a write that would only be queued, and EXEC of one that was queued before",
        steps: r#"
            1> MULTI
            1> SET x 1
            2> MULTI
            2> GET x
            3> CLIENT PAUSE 2000 WRITE
            1> EXEC
            2> EXEC
            2> MULTI
            2> SET x 2
            wait 2500
            2> EXEC
        "#,
    },
    Case {
        claim: "a pause of writes holds up scripts, unless they declare that they do not write",
        steps: r##"
            1> CLIENT PAUSE 2000 WRITE
            2> EVAL "#!lua flags=no-writes\nreturn 1" 0
            3> EVAL "return 2" 0
            4> EVAL_RO "return 3" 0
            5> EVAL "#!lua\nreturn 4" 0
            6> PUBLISH a b
            7> EVALSHA 098e0f0d1448c0a81dafe820f66d460eb09263da 0
            wait 2500
        "##,
    },
    Case {
        claim: "nothing expires during a pause",
        steps: r#"
            1> SET x 1 PX 6000
            1> CLIENT PAUSE 12000 WRITE
            wait 6500
            1> GET x
            1> DBSIZE
            wait 6000
            1> DBSIZE
        "#,
    },
    Case {
        claim: "a request of 200,000 words takes no longer than its length",
        steps: "
            long 200000
            1> LLEN long
            1> LINDEX long 199999
        ",
    },
    Case {
        claim: "a client that must authenticate first may send small requests only",
        steps: r#"
            1> CONFIG SET requirepass secret
            2| *10\r\n$4\r\nPING\r\n
            3| *11\r\n
            4| *1\r\n$16384\r\n
            5| *1\r\n$16385\r\n
            6> AUTH secret
            6| *12\r\n$4\r\nMGET\r\n$1\r\na\r\n$1\r\na\r\n$1\r\na\r\n$1\r\na\r\n$1\r\na\r\n
            6| $1\r\na\r\n$1\r\na\r\n$1\r\na\r\n$1\r\na\r\n$1\r\na\r\n$1\r\na\r\n
            7| *-1\r\n*1\r\n$5\r\nHELLO\r\n
            1> CONFIG SET requirepass ""
            8| *11\r\n
        "#,
    },
    Case {
        claim: "an inline request may have bytes as hexadecimal digits within double quotes",
        steps: r#"
            1| ECHO "\x41b"\r\n
            1| ECHO "\x4"\r\n
            1| ECHO "\xfFz"\r\n
            1| ECHO '\x41'\r\n
            1| ECHO "a\\x41"\r\n
            1| ECHO "\x4\r\n
        "#,
    },
    Case {
        claim: "who listens where the user may no longer listen is disconnected",
        steps: r#"
            1> ACL SETUSER ann on nopass +@all ~* &news &news:* &n*
            2> AUTH ann x
            2> SUBSCRIBE news
            3> AUTH ann x
            3> PSUBSCRIBE n*
            4> AUTH ann x
            4> SSUBSCRIBE news:1
            5> AUTH ann x
            5> PING
            1> ACL SETUSER ann +get
            1> ACL SETUSER ann resetchannels &news &news:*
            1> PUBLISH news x
            1> ACL SETUSER ann resetchannels &other
            1> PUBLISH news x
            5> PING
            6> SUBSCRIBE news
            1> PUBSUB CHANNELS
        "#,
    },
    Case {
        claim: "shard channels need the right to the channel and none to a key",
        steps: r#"
            1> ACL SETUSER bob on nopass +@all ~a &s
            2> AUTH bob x
            2> SPUBLISH s hello
            2> SPUBLISH t hello
            2> GET s
            2> SSUBSCRIBE s
            2> SSUBSCRIBE t
            2> SUNSUBSCRIBE s
            1> COMMAND GETKEYS SSUBSCRIBE a
            1> COMMAND GETKEYS SPUBLISH a b
        "#,
    },
    Case {
        claim: "to ask about a key is no use of it",
        steps: r#"
            1> SET x 1
            wait 2300
            1> TTL x
            1> TYPE x
            1> EXISTS x
            1> KEYS *
            1> SCAN 0
            1> RANDOMKEY
            1> OBJECT ENCODING x
            1% OBJECT IDLETIME x
            1> TOUCH x
            1% OBJECT IDLETIME x
            wait 2300
            1% OBJECT IDLETIME x
            1> GET x
            1% OBJECT IDLETIME x
        "#,
    },
    Case {
        claim: "INFO counts lookups, commands and errors",
        steps: r#"
            1> CONFIG RESETSTAT
            1> SET a 1
            1> GET a
            1> GET b
            1> MGET a b a
            1> EXISTS a b
            1> TTL a
            1> TYPE b
            1> OBJECT ENCODING a
            1> GETSET c 1
            1> SET c 2 GET
            1> COPY c d
            1> GETDEL d
            1> STRLEN c
            1> GETRANGE c 0 1
            1> APPEND c x
            1> SETNX c y
            1> RENAME c e
            1> EXPIRE e 100
            1> RPUSH l a b
            1> LRANGE l 0 -1
            1> LINDEX l 0
            1> LPOS l a
            1> LPOP l
            1> HSET h f v
            1> HGET h f
            1> HMGET h f g
            1> HGETALL h
            1> HINCRBY h n 1
            1> SADD s a
            1> SMEMBERS s
            1> SISMEMBER s a
            1> SINTERSTORE si s s
            1> SUNION s si
            1> SPOP s
            1> ZADD z 1 a
            1> ZRANGE z 0 -1
            1> ZRANGEBYSCORE z 0 1
            1> ZSCORE z a
            1> ZRANK z a
            1> ZRANGESTORE zs z 0 -1
            1> ZUNIONSTORE zu 2 z zs
            1> LCS a e
            1> TOUCH a
            1# INFO stats; keyspace_hits keyspace_misses total_error_replies expired_keys evicted_keys pubsub_channels
            1> LPUSH a x
            1> GET
            1> NOSUCH
            1> CONFIG NOSUCH
            1> CONFIG GET nosuch
            1> EVALSHA abc 0
            1> EVAL "return redis.call('get','a')" 0
            1> EVAL "return redis.call('incr','h')" 0
            1> EVAL "return redis.pcall('incr','h')" 0
            1> EVAL "redis.pcall('incr','h'); return 1" 0
            1> EVAL "return redis.call('nosuch')" 0
            1> EVAL "return redis.call('subscribe','x')" 0
            1> EVAL "return redis.call('get')" 0
            1> EVAL "return redis.call()" 0
            1> EVAL "return redis.error_reply('MY bad')" 0
            1> EVAL "error('boom')" 0
            1> EVAL "return redis.pcall('nosuch').ignore_error_stats_update" 0
            1> MULTI
            1> INCR h
            1> GET a
            1> EXEC
            1> MULTI
            1> GET
            1> EXEC
            1> EXEC
            2> SUBSCRIBE one two
            2> PSUBSCRIBE t*
            1> CLIENT UNBLOCK x
            1> SET gone x PX 20
            wait 60
            1> GET gone
            1# INFO stats; keyspace_hits keyspace_misses total_error_replies expired_keys pubsub_channels pubsub_patterns
            1# INFO errorstats; *
            1# INFO commandstats; *
            1# INFO cpu; x
            1# INFO errorstats commandstats cpu; errorstat_ERR
            1> CONFIG RESETSTAT
            1# INFO errorstats; *
            1# INFO commandstats; *
        "#,
    },
];
