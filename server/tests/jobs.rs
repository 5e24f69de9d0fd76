//! What the leader does for all, on the real programs: it stops nobody else, whatever there is to do.

#[path = "support/browser.rs"]
mod browser;
#[expect(unreachable_pub, reason = "the file is part of a library")]
#[path = "../../sim/conformance/src/port.rs"]
mod port;
#[path = "support/relay.rs"]
mod relay;
#[path = "support/served.rs"]
mod served;
#[path = "support/stack.rs"]
mod stack;
mod support;

use relay::{Does, Relay};
use served::{Served, is_well};
use stack::BOTH;
use support::{Folder, done};

/// So long a leader may take to begin a sweep, in looks of 50 ms: it looks once a minute (core/LIMITS.md).
const SWEEP_BEGINS: usize = 90 * 20;

/// Eight is what a look takes (core/LIMITS.md): if they came again and again, no other one would ever be sent.
#[test]
fn eight_reminders_that_a_relay_refuses_for_good_keep_no_other_from_being_sent() {
    let folder = Folder::new("eight-reminders");
    let Some(mut served) = Served::start(&folder, folder.path(), Relay::start(Does::Takes)) else {
        return;
    };
    let directory = rusqlite::Connection::open(&served.file).expect("the directory");
    let user: String = directory
        .query_row("SELECT id FROM users WHERE address = 'ann@example.com'", [], |row| {
            row.get(0)
        })
        .expect("Ann is there");
    let mut all: Vec<String> = (1..=8).map(|n| format!("gone-{n}@example.com")).collect();
    all.push("ann@example.com".into());
    directory
        .execute_batch("BEGIN IMMEDIATE")
        .expect("nobody writes for long");
    for (due, address) in all.iter().enumerate() {
        let values = (format!("reminder-{due}"), &user, address, due as i64);
        let row = "INSERT INTO reminders (id, user_id, address, text, due) VALUES (?1, ?2, ?3, 'Water the plants', ?4)";
        directory.execute(row, values).expect("a row");
    }
    directory.execute_batch("COMMIT").expect("a disk");

    let relay = &served.relay;
    served
        .server
        .wait_until("the ninth reminder", |_| !relay.mails().is_empty());
    assert!(relay.mails()[0].contains("Water the plants"), "{:?}", relay.mails());
    // Some looks later nobody has been asked again.
    seams_os::clock::sleep_ms(5_000);
    assert_eq!(
        (relay.refused().len(), relay.mails().len()),
        (8, 1),
        "{:?}",
        relay.refused()
    );
}

#[test]
fn a_sweep_of_a_hundred_and_twenty_thousand_rows_locks_nobody_out() {
    let folder = Folder::new("sweep");
    let Some(served) = Served::start(&folder, folder.path(), Relay::start(Does::Takes)) else {
        return;
    };
    let options = ["--redis-user", "idp", "--mail-relay", &served.relay.address];
    let (mut other, [port, ops_port], _reserved) = served.stack.replica(folder.path(), &options, &BOTH);
    other.wait_for_port(port);
    other.wait_until("health to be well", |_| is_well(ops_port));

    let directory = rusqlite::Connection::open(&served.file).expect("the directory");
    directory
        .busy_timeout(std::time::Duration::from_secs(5))
        .expect("a number");
    let backlog = "INSERT INTO tokens (token_hash, code_hash, user_id, client_id, scope, expires_at)
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 120000)
         SELECT 'token-' || i, 'code-' || i, (SELECT id FROM users), 'web', 'openid', 1000 FROM n";
    assert_eq!(directory.execute(backlog, []).expect("a backlog"), 120_000);
    let left = || -> u64 {
        let count = directory.query_row("SELECT count(*) FROM tokens", [], |row| row.get::<_, i64>(0));
        count.expect("a number") as u64
    };

    let mut looks = 0;
    while left() == 120_000 {
        assert!(looks < SWEEP_BEGINS, "nobody sweeps: {}", served.server.logged());
        seams_os::clock::sleep_ms(50);
        looks += 1;
    }
    // Until all are gone everybody writes: a third process, and both replicas, whose looks at health write a row.
    let mut people = 0;
    while left() > 0 {
        people += 1;
        let address = format!("person-{people}@example.com");
        done(&[
            "add-user",
            "--directory",
            &served.file,
            "--address",
            &address,
            "--name",
            "P",
        ]);
        assert!(
            is_well(served.ops_port) && is_well(ops_port),
            "{}{}",
            served.server.logged(),
            other.logged()
        );
    }
    assert!(people >= 20, "nobody wrote meanwhile: {people}");
}
