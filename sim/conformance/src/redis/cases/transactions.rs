//! Transactions that are refused: when a command is queued, and when they are to be executed.

use super::Case;

pub(super) const CASES: &[Case] = &[
    Case {
        claim: "a transaction of which a command is refused is discarded, and EXEC says why only if that was after it was queued",
        steps: r#"
            1> MULTI
            1> SET x 1
            2> CONFIG SET maxmemory 1
            1> EXEC
            1> MULTI
            1> SET x 0 PX 60000 NX
            1> INCR x
            1> EXEC
            2> CONFIG SET maxmemory 0
            1> MULTI
            1> SET x 2
            2> CONFIG SET min-replicas-to-write 3
            1> EXEC
            2> CONFIG SET min-replicas-to-write 0
            1> MULTI
            1> SET x 3
            2> REPLICAOF 127.0.0.1 1
            1> EXEC
            1> MULTI
            1> SET x 4
            1> EXEC
            2> REPLICAOF NO ONE
            1> GET x
        "#,
    },
    Case {
        claim: "permissions are checked when a command is queued, and again when it is executed",
        steps: r#"
            1> MULTI
            1> SET x 1
            2> ACL SETUSER default -@write
            1> EXEC
            1> MULTI
            1> SET x 2
            1> EXEC
            2> ACL SETUSER default +@all
            1> MULTI
            1> SET x 3
            2> ACL SETUSER default resetkeys ~y
            1> EXEC
            2> ACL SETUSER default allkeys
            1> MULTI
            1> PUBLISH news 1
            2> ACL SETUSER default resetchannels &other
            1> EXEC
            2> ACL SETUSER default allchannels
            1> GET x
        "#,
    },
];
