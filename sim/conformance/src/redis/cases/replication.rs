//! Acknowledgements, and what a replica shows.

use super::Case;

pub(super) const CASES: &[Case] = &[
    Case {
        claim: "the question for acknowledgements is part of the stream, and only what comes after it waits for it",
        steps: r#"
            1> SET x 0
            replica
            ack all
            1> SET x 1
            ack
            1> WAIT 1 0
            1> SET x 2
            1> WAIT 1 0
            ack
            1> WAIT 1 100
            1> PING
            1> WAIT 1 0
            ack
            1> WAIT 1 100
            2> WAIT 1 100
            1> PING
            1> WAIT 1 0
            ack all
        "#,
    },
    Case {
        claim: "the question moves the offset also while no replica is there to hear it",
        steps: r#"
            1> CONFIG SET repl-ping-replica-period 3600
            1> SET x 0
            replica
            ack all
            1> CLIENT KILL TYPE replica
            1# INFO replication; connected_slaves master_repl_offset
            2> SET x 1
            1# INFO replication; connected_slaves master_repl_offset
            2> WAIT 1 2000
            1# INFO replication; connected_slaves master_repl_offset
            wait 2500
        "#,
    },
    Case {
        claim: "during a pause of writes nobody is asked, and afterwards the question comes after the writes that waited",
        steps: r#"
            1> SET x 0
            replica
            ack all
            2> SET x 1
            1> CLIENT PAUSE 100000 WRITE
            2> WAIT 1 0
            3> SET x 2
            4> SET x 3
            wait 300
            1> CLIENT UNPAUSE
            ack
            2> SET x 4
            1> CLIENT PAUSE 2000 WRITE
            2> WAIT 1 0
            wait 2500
            ack
        "#,
    },
    Case {
        claim: "RANDOMKEY on a replica shows no expired key while there is another one",
        steps: r#"
            1> MSET a 1 b 1 c 1 d 1 live 1
            1> PEXPIRE a 6000
            1> PEXPIRE b 6000
            1> PEXPIRE c 6000
            1> PEXPIRE d 6000
            1> REPLICAOF 127.0.0.1 1
            wait 6500
            1> DBSIZE
            1> RANDOMKEY
            1> RANDOMKEY
            1> RANDOMKEY
            1> RANDOMKEY
            1> RANDOMKEY
            1> RANDOMKEY
            1> RANDOMKEY
            1> RANDOMKEY
        "#,
    },
    Case {
        claim: "a replica all of whose keys have expired shows one of them",
        steps: r#"
            1> SET a 1 PX 6000
            1> REPLICAOF 127.0.0.1 1
            wait 6500
            1> GET a
            1> RANDOMKEY
        "#,
    },
    Case {
        claim: "on a replica a script that declares no flags may run and not write, one that may write does not run",
        steps: r##"
            1> SET a 1
            1> REPLICAOF 127.0.0.1 1
            1> EVAL "return redis.call('get','a')" 0
            1> EVAL "return redis.call('set','a',1)" 0
            1> EVAL "#!lua\nreturn redis.call('get','a')" 0
            1> EVAL "#!lua flags=no-writes\nreturn redis.call('get','a')" 0
            1> CONFIG SET replica-serve-stale-data no
            1> EVAL "return 1" 0
            1> EVAL "#!lua flags=no-writes\nreturn 1" 0
            1> EVAL "#!lua flags=no-writes,allow-stale\nreturn 1" 0
            1> EVAL "#!lua flags=no-writes,allow-stale\nreturn redis.call('get','a')" 0
            1> EVAL "#!lua flags=no-writes,allow-stale\nreturn redis.call('echo','a')" 0
        "##,
    },
];
