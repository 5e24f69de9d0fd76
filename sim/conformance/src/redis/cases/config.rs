//! CONFIG: options that do not matter here are accepted and remembered, with Redis's own checks.

use super::Case;

pub(super) const CASES: &[Case] = &[
    Case {
        claim: "options are accepted, checked and remembered as in Redis",
        steps: r#"
            1> CONFIG SET hash-max-listpack-entries 9
            1= CONFIG GET hash-max-*
            1> CONFIG GET hash-max-listpack-entries
            1> CONFIG GET hash-max-ziplist-entries
            1> CONFIG SET hash-max-ziplist-value 1kb
            1> CONFIG GET hash-max-listpack-value
            1> CONFIG SET list-max-listpack-size -9000000000
            1> CONFIG SET list-max-ziplist-size 5
            1> CONFIG GET list-max-listpack-size
            1> CONFIG SET slowlog-log-slower-than -1 slowlog-max-len 7
            1> CONFIG GET slowlog-max-len
            1> CONFIG GET slowlog-log-slower-than
            1> CONFIG SET slowlog-max-len 8 slowlog-log-slower-than x
            1> CONFIG GET slowlog-max-len
            1> CONFIG GET slowlog-log-slower-than
            1> CONFIG SET loglevel DEBUG
            1> CONFIG GET loglevel
            1> CONFIG SET loglevel loud
            1> CONFIG SET lazyfree-lazy-user-del YES
            1> CONFIG GET lazyfree-lazy-user-del
            1> CONFIG SET lazyfree-lazy-user-del maybe
            1> CONFIG SET client-query-buffer-limit 1
            1> CONFIG SET client-query-buffer-limit 2mb
            1> CONFIG GET client-query-buffer-limit
            1> CONFIG SET client-output-buffer-limit "normal 1mb 2 3"
            1> CONFIG SET client-output-buffer-limit "replica 1 2 3 pubsub 4 5 6"
            1> CONFIG GET client-output-buffer-limit
            1> CONFIG SET client-output-buffer-limit "foo 1 2 3"
            1> CONFIG SET client-output-buffer-limit "normal x 2 3"
            1> CONFIG SET client-output-buffer-limit "normal 1 2"
            1> CONFIG SET latency-tracking-info-percentiles "50.5 100"
            1> CONFIG GET latency-tracking-info-percentiles
            1> CONFIG SET latency-tracking-info-percentiles 101
            1> CONFIG SET latency-tracking-info-percentiles x
            1> CONFIG SET hz 1000
            1> CONFIG GET hz
            1> CONFIG SET slave-priority 7
            1> CONFIG GET replica-priority
            1> CONFIG SET repl-backlog-size 1
            1> CONFIG GET repl-backlog-size
            1> CONFIG SET repl-backlog-size 0
            1> CONFIG SET active-expire-effort 11
            1> CONFIG SET active-defrag-ignore-bytes 0
            1> CONFIG SET maxmemory-samples 0
            1> CONFIG SET maxmemory-samples 10
            1> CONFIG SET acllog-max-len 07
            1> CONFIG SET dbfilename x
            1> CONFIG SET io-threads 2
            1> CONFIG SET cluster-enabled yes
            1> CONFIG SET nosuch 1
            1> CONFIG GET activerehashing
            1> CONFIG GET repl-backlog-ttl
            1> CONFIG GET set-max-intset-entries
            1= CONFIG GET *
        "#,
    },
    Case {
        claim: "the limits of small encodings are those of the options",
        steps: r#"
            1> HSET h a 1 b 2 c 3
            1> SADD s 1 2 3
            1> ZADD z 1 a 2 b 3 c
            1> CONFIG SET hash-max-listpack-entries 2 set-max-intset-entries 2 zset-max-listpack-value 0
            1> HSET h2 a 1 b 2 c 3
            1> SADD s2 1 2 3
            1> ZADD z2 1 a 2 b 3 c
            1> OBJECT ENCODING h2
            1> OBJECT ENCODING s2
            1> OBJECT ENCODING z2
        "#,
    },
];
